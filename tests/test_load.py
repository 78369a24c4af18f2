#!/usr/bin/env python3
"""Programs that need more than a fixed address: interpreters, scripts, roots; and files that are no programs.

usage: test_load.py DRAGOMAN TELL TELL_PIE TELL_DYNAMIC LD

TELL_DYNAMIC asks for /libexec/ld-test.so, which no host has.
"""
import os
import shutil
import stat
import struct
import subprocess
import sys
import tempfile
import unittest

DRAGOMAN, TELL, TELL_PIE, TELL_DYNAMIC, LD = (os.path.abspath(sys.argv.pop(1)) for _ in range(5))
LD_PATH = "/libexec/ld-test.so"
PT_LOAD, PT_INTERP, PHDR = 1, 3, struct.Struct("<IIQQQQQQ")
PHDR_FIELDS = ("type", "flags", "offset", "vaddr", "paddr", "filesz", "memsz", "align")


class Elf:
	"""A program's bytes, with program headers that can be changed."""

	def __init__(self, path):
		with open(path, "rb") as f:
			self.data = bytearray(f.read())
		self.phoff, = struct.unpack_from("<Q", self.data, 32)
		self.phnum, = struct.unpack_from("<H", self.data, 56)

	def find(self, kind, which=0):
		found = [n for n in range(self.phnum) if self.get(n)["type"] == kind]
		return found[which]

	def get(self, n):
		return dict(zip(PHDR_FIELDS, PHDR.unpack_from(self.data, self.phoff + n * PHDR.size)))

	def change(self, n, **fields):
		PHDR.pack_into(self.data, self.phoff + n * PHDR.size, *(self.get(n) | fields).values())
		return self


class Load(unittest.TestCase):
	def setUp(self):
		folder = tempfile.TemporaryDirectory()
		self.addCleanup(folder.cleanup)
		self.dir = os.path.realpath(folder.name)

	def guest(self, *words, options=(), **how):
		how = dict(capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60) | how
		return subprocess.run([DRAGOMAN, *options, "--", *words], **how)

	def write(self, name, data, mode=0o755):
		path = f"{self.dir}/{name}"
		os.makedirs(os.path.dirname(path), exist_ok=True)
		with open(path, "wb") as f:
			f.write(data)
		os.chmod(path, mode)
		return path

	def copy(self, program, name):
		path = f"{self.dir}/{name}"
		os.makedirs(os.path.dirname(path), exist_ok=True)
		return shutil.copy(program, path)

	def refused(self, status, path, reason, options=(), **how):
		done = self.guest(path, options=options, **how)
		self.assertEqual(done.stderr, f"dragoman: {path}: {reason}\n")
		self.assertEqual((done.returncode, done.stdout), (status, ""))

	def test_a_position_independent_program_runs(self):
		done = self.guest(TELL_PIE, "exit", "9")
		self.assertEqual((done.returncode, done.stderr), (9, ""))

	def test_an_interpreter_is_found_under_the_root(self):
		self.copy(LD, "root" + LD_PATH)
		done = self.guest(TELL_DYNAMIC, "all", "x", options=["--root", self.dir + "/root"])
		self.assertEqual(done.stdout.splitlines()[:6], ["ld: base", "ld: headers", f"ld: {TELL_DYNAMIC}",
			f"arg {TELL_DYNAMIC}", "arg all", "arg x"])
		self.assertEqual((done.returncode, done.stderr), (0, ""))

	def test_an_interpreter_is_found_on_the_host_behind_the_root(self):
		path = self.copy(LD, "ld.so")
		elf = self.with_interpreter(path)
		os.mkdir(self.dir + "/root")
		done = self.guest(self.write("program", elf.data), "exit", "4", options=["--root", self.dir + "/root"])
		self.assertEqual((done.returncode, done.stdout.split()[:2]), (4, ["ld:", "base"]))

	def test_an_interpreter_through_a_symlink_of_the_root(self):
		self.copy(LD, "root/usr/ld.so")
		os.makedirs(self.dir + "/root/libexec")
		os.symlink("/usr/ld.so", self.dir + "/root" + LD_PATH)
		done = self.guest(TELL_DYNAMIC, "exit", "5", options=["--root", self.dir + "/root"])
		self.assertEqual(done.returncode, 5)

	def with_interpreter(self, path):
		"""The dynamic program with another interpreter, whose name stands at the file's end."""
		elf = Elf(TELL_DYNAMIC)
		name = os.fsencode(path) + b"\0"
		elf.change(elf.find(PT_INTERP), offset=len(elf.data), filesz=len(name), memsz=len(name))
		elf.data += name
		return elf

	def test_a_relative_interpreter_is_taken_from_the_folder(self):
		self.copy(LD, "sub/ld.so")
		program = self.write("program", self.with_interpreter("sub/ld.so").data)
		done = self.guest(program, "exit", "6", cwd=self.dir)
		self.assertEqual((done.returncode, done.stdout.split()[:2]), (6, ["ld:", "base"]))
		self.refused(127, program, "its interpreter sub/ld.so: no such file or directory", cwd="/")

	def test_bad_interpreters_are_named(self):
		def program(name):
			return self.write("program", self.with_interpreter(name).data)

		self.refused(127, TELL_DYNAMIC, f"its interpreter {LD_PATH}: no such file or directory")
		self.refused(126, program(self.dir), f"its interpreter {self.dir}: is a directory")
		self.refused(126, program("/dev/null"), "its interpreter /dev/null: not a regular file")
		text = self.write("text", b"just text\n")
		self.refused(126, program(text), f"its interpreter {text}: not an ELF program")
		plain = self.copy(LD, "plain")
		os.chmod(plain, 0o644)
		self.refused(126, program(plain), f"its interpreter {plain}: permission denied")
		with open(LD, "rb") as f:
			half = self.write("half", f.read()[:200])
		self.refused(126, program(half), f"its interpreter {half}: truncated in its program headers")

	def test_execpath_is_absolute(self):
		self.copy(LD, "root" + LD_PATH)
		self.copy(TELL_DYNAMIC, "sub/program")
		done = self.guest("./program", "exit", "0", options=["--root", self.dir + "/root"], cwd=self.dir + "/sub")
		self.assertEqual(done.stdout.splitlines()[2], f"ld: {self.dir}/sub/program")

	def test_execpath_under_the_root_is_the_guests(self):
		self.copy(LD, "root" + LD_PATH)
		self.copy(TELL_DYNAMIC, "root/bin/program")
		done = self.guest("/bin/program", "exit", "0", options=["--root", self.dir + "/root"])
		self.assertEqual(done.stdout.splitlines()[2], "ld: /bin/program")
		done = self.guest("./program", "exit", "0", options=["--root", self.dir + "/root"],
				  cwd=self.dir + "/root/bin")
		self.assertEqual(done.stdout.splitlines()[2], "ld: /bin/program")

	def told(self, script, *words, **how):
		done = self.guest(script, *words, **how)
		self.assertEqual((done.returncode, done.stderr), (0, ""))
		return [line[4:] for line in done.stdout.splitlines() if line.startswith("arg ")]

	def test_script_lines(self):
		for line in (" all\n", "\t all \t\n", " all", " all\n#!other\n"):
			script = self.write("script", f"#! {TELL}{line}".encode())
			self.assertEqual(self.told(script, "y"), [TELL, "all", script, "y"])
		script = self.write("script", f"#! {TELL} exit 3\n".encode())	# one argument: "exit 3"
		self.assertEqual(self.guest(script).returncode, 0)
		script = self.write("script", f"#!{TELL}\nall\n".encode())
		self.assertEqual(self.guest(script, "all").returncode, 0)

	def test_a_script_with_a_relative_interpreter(self):
		self.copy(TELL, "bin/tell")
		script = self.write("script", b"#!bin/tell all\n")
		self.assertEqual(self.told(script, cwd=self.dir), ["bin/tell", "all", script])
		self.refused(127, script, "its interpreter bin/tell: no such file or directory", cwd="/")

	def test_a_scripts_interpreter_is_found_under_the_root(self):
		self.copy(TELL, "root/bin/tell-nowhere-else")
		script = self.write("script", b"#!/bin/tell-nowhere-else all\n")
		self.assertEqual(self.told(script, options=["--root", self.dir + "/root"]),
				 ["/bin/tell-nowhere-else", "all", script])

	def test_a_script_under_the_root(self):
		self.copy(TELL, "root/bin/tell")
		self.write("root/bin/script", b"#!/bin/tell all\n")
		self.assertEqual(self.told("/bin/script", options=["--root", self.dir + "/root"]),
				 ["/bin/tell", "all", "/bin/script"])

	def test_a_script_for_the_hosts_shell(self):
		script = self.write("script", b"#!/bin/sh\necho \"$0\" \"$@\"\n")
		done = self.guest(script, "a", "b c")
		self.assertEqual((done.returncode, done.stdout), (0, f"{script} a b c\n"))

	def test_bad_scripts_are_named(self):
		self.refused(126, self.write("s", b"#!\n"), "its `#!` line names no interpreter")
		self.refused(126, self.write("s", b"#!" + b"x" * 5000), "its `#!` line is too long")
		self.refused(127, self.write("s", b"#!/none\n"), "its interpreter /none: no such file or directory")
		self.refused(127, self.write("s", b"#!/bin/sh\r\n"), "its interpreter /bin/sh?: no such file or directory")
		first = self.write("first", f"#!{TELL} all\n".encode())
		self.refused(126, self.write("second", f"#!{first}\n".encode()),
			     f"its interpreter {first}: is a script itself")
		loop = f"{self.dir}/loop"
		self.write("loop", f"#!{loop}\n".encode())
		self.refused(126, loop, f"its interpreter {loop}: is a script itself")

	def test_a_guest_that_execs_bad_files_gets_the_kernels_errno(self):
		ENOENT, ENOEXEC, EACCES = 2, 8, 13
		script = self.write("script", f"#!{TELL} all\n".encode())
		for error, path in ((ENOENT, self.dir + "/none"), (EACCES, self.dir),
				    (EACCES, self.write("plain", b"x", 0o644)),
				    (ENOEXEC, self.write("text", b"just text\n")), (ENOEXEC, self.write("empty", b"")),
				    (ENOENT, self.write("s", b"#!/none\n")),
				    (ENOEXEC, self.write("second", f"#!{script}\n".encode()))):
			done = self.guest(TELL, "exec", path)
			self.assertEqual((done.returncode, done.stdout, done.stderr), (error, "", ""), path)

	def test_files_that_are_no_programs_are_named(self):
		elf = Elf(TELL)
		data, load = bytes(elf.data), elf.find(PT_LOAD)
		cases = (
			(b"", "is empty"),
			(b"\x7fEL", "not an ELF program"),
			(b"MZ" + data[2:], "not an ELF program"),
			(data[:63], "truncated in its ELF header"),
			(data[:4] + b"\3" + data[5:], "neither a 32-bit nor a 64-bit ELF file"),
			(data[:5] + b"\2" + data[6:], "a big-endian program, not for this machine"),
			(data[:16] + b"\1" + data[17:], "an object file, not linked yet"),
			(data[:18] + b"\xb7" + data[19:], "for another machine (ELF machine 183, not x86-64)"),
			(Elf(TELL).change(load, filesz=1 << 40, memsz=1 << 40).data,
			 f"truncated: a segment goes past the end of the file (program header {load})"),
			(Elf(TELL).change(load, memsz=0).data,
			 f"a segment is larger in the file than in memory (program header {load})"),
			(Elf(TELL).change(load, memsz=1 << 62).data,
			 f"a segment lies outside of user memory (program header {load})"),
			(Elf(TELL).change(load, memsz=1 << 46).data,
			 f"two segments overlap, or share a page (program header {elf.find(PT_LOAD, 1)})"),
		)
		for content, reason in cases:
			self.refused(126, self.write("file", content), reason)

	def test_nothing_is_loaded_over_the_core(self):
		elf = Elf(TELL)
		entry, = struct.unpack_from("<Q", elf.data, 24)
		shift = 0x5f0000000000 - elf.get(elf.find(PT_LOAD))["vaddr"]
		for n in range(elf.phnum):
			elf.change(n, vaddr=(elf.get(n)["vaddr"] + shift) % (1 << 64))
		struct.pack_into("<Q", elf.data, 24, entry + shift)
		self.refused(126, self.write("file", elf.data), "its addresses are those of dragoman's own core")

	def test_other_kinds_of_files_are_named(self):
		self.refused(126, self.dir, "is a directory")
		os.mkfifo(self.dir + "/fifo")
		self.refused(126, self.dir + "/fifo", "not a regular file")
		self.refused(126, "/dev/null", "not a regular file")
		self.refused(127, self.dir + "/none", "no such file or directory")
		self.refused(127, TELL + "/x", "a part of the path is not a directory")
		os.symlink("loop", self.dir + "/loop")
		self.refused(126, self.dir + "/loop", "too many symbolic links")

	def test_another_systems_program_is_named(self):
		elf = Elf(TELL)
		elf.data[7] = 2		# NetBSD
		data = bytes(elf.data).replace(b"FreeBSD\0", b"NetBSD\0\0")
		done = self.guest(self.write("file", data))
		self.assertEqual(done.returncode, 126)
		self.assertRegex(done.stderr, r"\Adragoman: [^\n]*/file: [^\n]*NetBSD[^\n]*\n\Z")

	def test_abi_says_what_the_file_does_not(self):
		elf = Elf(TELL)
		elf.data[7] = 0
		data = bytes(elf.data).replace(b"FreeBSD\0", b"Unknown\0")
		done = self.guest(self.write("file", data), "exit", "3", options=["--abi", "freebsd"])
		self.assertEqual((done.returncode, done.stderr), (3, ""))

	@unittest.skipIf(os.getuid() == 0, "root may read everything")
	def test_unreadable_files_are_named(self):
		self.refused(126, self.write("file", b"x", stat.S_IXUSR), "permission denied")


if __name__ == "__main__":
	unittest.main()
