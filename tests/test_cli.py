#!/usr/bin/env python3
"""The front door, with a core that only tells what it was given.

usage: test_cli.py DRAGOMAN LIBRUN
"""
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import unittest

DRAGOMAN = os.path.abspath(sys.argv.pop(1))
LIBRUN = os.path.abspath(sys.argv.pop(1))

# Stands in for dragoman-core: prints what it got, or does as FAKE says.
FAKE_CORE = f"""#!{sys.executable} -IS
import json, os, signal, sys
fake = os.environ.get("FAKE", "")
if fake.startswith("exit "):
	sys.exit(int(fake[5:]))
if fake.startswith("kill "):
	os.kill(os.getpid(), int(fake[5:]))
options = sys.argv[1:sys.argv.index("--")]
fds = sorted(int(fd) for fd in os.listdir("/proc/self/fd"))
for option in options:
	if option.startswith("--trace-fd="):
		os.write(int(option[11:]), b"traced\\n")
json.dump(dict(options=options, program=sys.argv[sys.argv.index("--") + 1:], cwd=os.getcwd(),
	env=dict(os.environ), stdin=sys.stdin.read(),
	fds=[fd for fd in fds if os.path.exists(f"/proc/self/fd/{{fd}}")],
	ignored=[s for s in (1, 2, 13) if signal.getsignal(s) == signal.SIG_IGN],
	blocked=[int(s) for s in signal.pthread_sigmask(signal.SIG_BLOCK, [])]), sys.stdout)
"""


def write_program(path, text="#!/bin/sh\n", mode=0o755):
	os.makedirs(os.path.dirname(path), exist_ok=True)
	with open(path, "w") as f:
		f.write(text)
	os.chmod(path, mode)
	return path


class FrontDoor(unittest.TestCase):
	def setUp(self):
		folder = tempfile.TemporaryDirectory()
		self.addCleanup(folder.cleanup)
		self.dir = os.path.realpath(folder.name)
		self.core = write_program(self.dir + "/core", FAKE_CORE)

	def dragoman(self, *words, **how):
		how = dict(capture_output=True, text=True, stdin=subprocess.DEVNULL) | how
		if "input" in how:
			del how["stdin"]
		return subprocess.run([DRAGOMAN, "--core", self.core, *words], timeout=60, **how)

	def told(self, *words, **how):
		done = self.dragoman(*words, **how)
		self.assertEqual((done.returncode, done.stderr), (0, ""))
		return json.loads(done.stdout)

	def refused(self, status, words, reason, **how):
		done = self.dragoman(*words, **how)
		self.assertEqual(done.returncode, status, done)
		self.assertEqual(done.stdout, "")
		self.assertRegex(done.stderr, r"\Adragoman: [^\n]*" + reason + r"[^\n]*\n\Z")

	# options

	def test_no_option_hands_nothing_on(self):
		told = self.told("/a/program", "x", "", "--trace", "--")
		self.assertEqual(told["options"], [])
		self.assertEqual(told["program"], ["/a/program", "/a/program", "x", "", "--trace", "--"])

	def test_options_are_handed_on_in_the_cores_form(self):
		told = self.told("--trap", "seccomp", "--abi=freebsd", "--release=13.2", "/p")
		self.assertEqual(told["options"], ["--trap=seccomp", "--abi=freebsd", "--release=13.2"])

	def test_both_spellings_of_an_argument_mean_the_same(self):
		self.assertEqual(self.told("--trap=sud", "/p")["options"],
						 self.told("--trap", "sud", "/p")["options"])

	def test_run_is_the_command_when_none_is_named(self):
		self.assertEqual(self.told("run", "--trap=sud", "/p", "run")["program"], ["/p", "/p", "run"])

	def test_double_dash_ends_options_and_commands(self):
		program = write_program(self.dir + "/bin/doctor")
		told = self.told("--", "doctor", "-x", env={"PATH": self.dir + "/bin"})
		self.assertEqual(told["program"], [program, "doctor", "-x"])

	def test_a_dash_alone_is_a_program(self):
		program = write_program(self.dir + "/bin/-")
		self.assertEqual(self.told("-", env={"PATH": self.dir + "/bin"})["program"], [program, "-"])

	def test_symlinks_to_the_root_are_resolved(self):
		os.mkdir(self.dir + "/tree")
		os.symlink("tree", self.dir + "/link")
		for root in ("link", self.dir + "/link", self.dir + "/link/../link/."):
			told = self.told("--root", root, "/p", cwd=self.dir)
			self.assertEqual(told["options"], [f"--root={os.path.realpath(self.dir)}/tree"])

	def test_root_is_made_absolute(self):
		os.mkdir(self.dir + "/r")
		told = self.told("--root", "r", "/p", cwd=self.dir)
		self.assertEqual(told["options"], [f"--root={self.dir}/r"])

	def test_unknown_options_are_refused(self):
		self.refused(125, ["--nonsense", "/p"], "unknown option --nonsense")
		self.refused(125, ["--trac", "/p"], "unknown option --trac ")
		self.refused(125, ["-x", "/p"], "unknown option -x")

	def test_missing_and_superfluous_arguments_are_refused(self):
		self.refused(125, ["--root"], "--root needs an argument")
		self.refused(125, ["--stats=yes", "/p"], "--stats takes no argument")

	def test_bad_values_are_refused(self):
		self.refused(125, ["--trap=ptrace", "/p"], "--trap ptrace: must be auto, seccomp or sud")
		self.refused(125, ["--trap=", "/p"], "must be auto")
		self.refused(125, ["--root", self.dir + "/none", "/p"], "none: No such file")
		self.refused(125, ["--root", self.core, "/p"], "core: Not a directory")

	def test_no_program_is_refused(self):
		self.refused(125, [], "no program given")
		self.refused(125, ["--"], "no program given")
		self.refused(125, ["run"], "no program given")

	def test_help_and_version_are_printed(self):
		for option in ("--help", "-h", "--version"):
			done = self.dragoman(option)
			self.assertEqual((done.returncode, done.stderr), (0, ""))
			self.assertIn("dragoman", done.stdout)

	def test_help_names_every_option_of_the_readme(self):
		text = self.dragoman("--help").stdout
		for option in "root trap abi release no-rewrite trace output stats warn core help version".split():
			self.assertRegex(text, rf"--{option}\b")

	# runners: links to the front door

	def runner(self, name, *words):
		prefix = self.dir + "/prefix"
		write_program(prefix + "/libexec/dragoman/dragoman-core", FAKE_CORE)
		os.makedirs(prefix + "/bin")
		shutil.copy(DRAGOMAN, prefix + "/bin/dragoman")
		os.symlink("dragoman", f"{prefix}/bin/{name}")
		return subprocess.run([name, *words], capture_output=True, text=True, stdin=subprocess.DEVNULL,
				      env={"PATH": prefix + "/bin"}, timeout=60)

	def test_a_runner_takes_all_words_for_the_program(self):
		done = self.runner("go_freebsd_amd64_exec", "/p", "-test.v", "--trace", "--")
		told = json.loads(done.stdout)
		self.assertEqual((told["options"], told["program"]), ([], ["/p", "/p", "-test.v", "--trace", "--"]))

	def test_a_runner_without_a_program_is_refused(self):
		done = self.runner("go_freebsd_amd64_exec")
		self.assertEqual((done.returncode, done.stdout), (125, ""))
		self.assertRegex(done.stderr, r"\Adragoman: no program given[^\n]*\n\Z")

	def test_a_runner_for_an_abi_that_the_build_lacks_says_so(self):
		built = self.dragoman("--help").stdout.partition("built for ")[2].partition(" on this")[0]
		for name, abi in (("go_netbsd_amd64_exec", "netbsd"), ("go_dragonfly_amd64_exec", "dragonfly"),
				  ("go_linux_386_exec", "linux_i386")):
			if abi in built.rstrip(",").split(", "):
				continue
			with self.subTest(name):
				self.setUp()
				done = self.runner(name, "/p")
				self.assertEqual((done.returncode, done.stdout), (126, ""))
				self.assertRegex(done.stderr, rf"\Adragoman: this build does not run {abi} [^\n]*\n\Z")

	# the trace's descriptor

	def test_trace_goes_to_a_high_copy_of_stderr(self):
		done = self.dragoman("--trace=open,%file", "/p")
		told = json.loads(done.stdout)
		self.assertEqual(done.stderr, "traced\n")
		self.assertEqual(told["options"][0], "--trace=open,%file")
		self.assertRegex(told["options"][1], r"--trace-fd=\d{2,}")

	def test_trace_without_filter_is_handed_on_bare(self):
		self.assertEqual(json.loads(self.dragoman("--trace", "/p").stdout)["options"][0], "--trace")

	def test_output_file_is_emptied_and_then_appended_to(self):
		file = self.dir + "/trace"
		with open(file, "w") as f:
			f.write("old\n")
		told = self.told("-o", file, "--stats", "/p")
		with open(file) as f:
			self.assertEqual(f.read(), "traced\n")
		number = int(told["options"][-1].split("=")[1])
		self.assertEqual([fd for fd in told["fds"] if fd > 2], [number])

	def test_trace_descriptor_fits_a_low_limit(self):
		limited = ["sh", "-c", 'ulimit -n 16; exec "$@"', "sh", DRAGOMAN, "--core", self.core]
		done = subprocess.run([*limited, "--stats", "/p"], capture_output=True, text=True,
							  stdin=subprocess.DEVNULL, timeout=60)
		self.assertIn("--trace-fd=15", done.stdout)

	def test_output_alone_is_refused(self):
		self.refused(125, ["-o", self.dir + "/t", "/p"], "--output says where")

	def test_output_that_cannot_be_opened_is_refused(self):
		self.refused(125, ["-o", self.dir + "/none/t", "--stats", "/p"], "none/t: No such file")

	def test_trace_needs_a_stderr(self):
		done = subprocess.run(["sh", "-c", 'exec "$@" 2>&-', "sh", DRAGOMAN, "--core", self.core,
							   "--trace", "/p"], capture_output=True, timeout=60)
		self.assertEqual(done.returncode, 125)

	# what passes untouched

	def test_environment_passes(self):
		env = {"A": "1", "EMPTY": "", "PATH": "/nowhere"}
		told = self.told("/p", env=env)
		self.assertEqual({k: v for k, v in told["env"].items() if k != "LC_CTYPE"}, env)

	def test_working_directory_and_stdin_pass(self):
		told = self.told("./p", cwd=self.dir, input="hello")
		self.assertEqual((told["cwd"], told["stdin"]), (self.dir, "hello"))
		self.assertEqual(told["program"][0], "./p")

	def test_descriptors_pass_and_none_is_added(self):
		with open(self.core) as f:
			told = self.told("/p", pass_fds=[f.fileno()])
			self.assertEqual([fd for fd in told["fds"] if fd > 2], [f.fileno()])
		os.mkdir(self.dir + "/r")
		told = self.told("--root", self.dir + "/r", "sh", env={"PATH": "/bin"})
		self.assertEqual([fd for fd in told["fds"] if fd > 2], [])

	def test_ignored_and_blocked_signals_pass(self):
		def prepare():
			signal.signal(signal.SIGHUP, signal.SIG_IGN)
			signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
		told = self.told("/p", preexec_fn=prepare)
		self.assertIn(signal.SIGHUP, told["ignored"])
		self.assertEqual(told["blocked"], [signal.SIGTERM])

	def test_exit_status_passes(self):
		for status in (0, 1, 3, 125, 255):
			done = self.dragoman("/p", env={"FAKE": f"exit {status}"})
			self.assertEqual(done.returncode, status)

	def test_death_by_signal_passes(self):
		for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV):
			done = self.dragoman("/p", env={"FAKE": f"kill {int(number)}"})
			self.assertEqual(done.returncode, -number)

	def test_a_shell_sees_128_and_the_signal(self):
		done = subprocess.run(["sh", "-c", '"$@"; echo $?', "sh", DRAGOMAN, "--core", self.core, "/p"],
							  env={"FAKE": "kill 15"}, capture_output=True, text=True, timeout=60)
		self.assertEqual(done.stdout, "143\n")

	# where programs are

	def test_path_is_searched_in_order(self):
		write_program(self.dir + "/a/tool", mode=0o644)
		os.makedirs(self.dir + "/b/tool")
		found = write_program(self.dir + "/c/tool")
		write_program(self.dir + "/d/tool")
		path = ":".join(self.dir + "/" + d for d in "nabcd")
		self.assertEqual(self.told("tool", env={"PATH": path})["program"], [found, "tool"])

	def test_an_empty_element_is_the_current_folder(self):
		write_program(self.dir + "/tool")
		for path in (":/nowhere", "/nowhere:", "/nowhere::/none", ""):
			told = self.told("tool", env={"PATH": path}, cwd=self.dir)
			self.assertEqual(told["program"][0], "./tool", path)

	def test_without_path_the_system_folders_count(self):
		self.assertIn(self.told("sh", env={})["program"][0], ("/bin/sh", "/usr/bin/sh"))

	def test_programs_under_root_come_first(self):
		write_program(self.dir + "/r/bin/sh")
		told = self.told("--root", self.dir + "/r", "sh", env={"PATH": "/nowhere:/bin"})
		self.assertEqual(told["program"], ["/bin/sh", "sh"])
		write_program(self.dir + "/r/lib/only-guest")
		os.symlink("/lib/only-guest", self.dir + "/r/bin/only-guest")
		told = self.told("--root", self.dir + "/r", "only-guest", env={"PATH": "/bin"})
		self.assertEqual(told["program"][0], "/bin/only-guest")

	def test_programs_of_the_host_are_found_under_a_root_too(self):
		os.mkdir(self.dir + "/r")
		told = self.told("--root", self.dir + "/r", "sh", env={"PATH": "/bin"})
		self.assertEqual(told["program"][0], "/bin/sh")

	def test_a_missing_program_is_127(self):
		self.refused(127, ["none-such"], "none-such: not found", env={"PATH": "/bin"})
		self.refused(127, [""], "not found", env={"PATH": "/bin"})

	def test_a_program_without_permission_is_126(self):
		write_program(self.dir + "/a/tool", mode=0o644)
		self.refused(126, ["tool"], "tool: found in PATH", env={"PATH": self.dir + "/a"})

	def test_files_with_a_slash_are_the_cores_to_judge(self):
		self.assertEqual(self.told("/none/such")["program"][0], "/none/such")

	# the core

	def test_a_missing_core_is_125(self):
		done = subprocess.run([DRAGOMAN, "--core", self.dir + "/none", "/p"], capture_output=True,
							  text=True, timeout=60)
		self.assertEqual(done.returncode, 125)
		self.assertRegex(done.stderr, r"\Adragoman: cannot run the core .*/none: No such file.*\n\Z")

	def test_an_installed_core_is_found_from_anywhere(self):
		prefix = self.dir + "/prefix"
		os.makedirs(prefix + "/bin")
		write_program(prefix + "/libexec/dragoman/dragoman-core", FAKE_CORE)
		with open(DRAGOMAN, "rb") as source, open(prefix + "/bin/dragoman", "wb") as copy:
			copy.write(source.read())
		os.chmod(prefix + "/bin/dragoman", stat.S_IRWXU)
		os.symlink(prefix + "/bin/dragoman", self.dir + "/link")
		done = subprocess.run([self.dir + "/link", "/p"], capture_output=True, text=True,
							  stdin=subprocess.DEVNULL, cwd="/", timeout=60)
		self.assertEqual(json.loads(done.stdout)["program"], ["/p", "/p"])

	def test_what_runs_before_libc_needs_nothing_of_it(self):
		def names(*options):
			text = subprocess.run(["nm", "--format=just-symbols", *options, LIBRUN], check=True,
					      capture_output=True, text=True).stdout
			return {line for line in text.split() if not line.endswith(":")}
		if any("__asan" in name for name in names()):
			self.skipTest("a sanitized build starts with libc")
		left = names("--undefined-only") - names("--defined-only")
		self.assertEqual(left - {"entry_libc", "report_failure", "_GLOBAL_OFFSET_TABLE_"}, set())

	# doctor

	def test_doctor_tells_what_to_do_about_a_missing_core(self):
		done = subprocess.run([DRAGOMAN, "--core", self.dir + "/none", "doctor"],
							  capture_output=True, text=True, timeout=60)
		self.assertEqual(done.returncode, 1)
		self.assertRegex(done.stdout, r"(?m)^core +no .*/none: .*install")
		self.assertRegex(done.stdout, r"cannot run here")

	def test_doctor_reports_each_feature_once(self):
		done = self.dragoman("doctor")
		for feature in ("trap sud", "trap seccomp", "fsgsbase", "user-namespaces", "overlay", "landlock",
						"i386-calls", "x32-calls", "binfmt_misc", "mmap_min_addr"):
			self.assertEqual(len([line for line in done.stdout.splitlines()
								  if line.startswith(feature + " ")]), 1, done.stdout)


if __name__ == "__main__":
	unittest.main()
