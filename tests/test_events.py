#!/usr/bin/env python3
"""What --events writes of a program (watched.c) whose calls are known.

usage: test_events.py DRAGOMAN WATCHED [EXEC-I386]
"""
import fcntl
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

DRAGOMAN, WATCHED = (os.path.abspath(sys.argv.pop(1)) for _ in range(2))
EXEC_I386 = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 and os.path.exists(sys.argv[1]) else None
LINE = 4096
TRAPS = ("--trap=sud", "--trap=seccomp")


def decoded(line):
	"""Strict: no NaN, no repeated member, UTF-8, whole."""
	def members(pairs):
		names = [name for name, _ in pairs]
		assert len(set(names)) == len(names), line
		return dict(pairs)
	assert line.endswith(b"\n") and len(line) <= LINE, line
	return json.loads(line.decode("utf-8", "strict"), object_pairs_hook=members, parse_constant=None)


class Events(unittest.TestCase):
	def setUp(self):
		folder = tempfile.TemporaryDirectory()
		self.addCleanup(folder.cleanup)
		self.dir = os.path.realpath(folder.name)
		self.file = self.dir + "/events"

	def run_watched(self, *words, status=7, **how):
		done = subprocess.run([DRAGOMAN, *words], cwd=self.dir, timeout=120, **dict(dict(capture_output=True), **how))
		self.assertEqual(done.returncode, status, done)
		return done

	def events(self, *words, rules=None):
		options = []
		if rules is not None:
			with open(self.dir + "/rules", "w") as f:
				f.write(rules)
			options = ["--event-rules", "rules"]
		self.run_watched("--events", self.file, *options, *words)
		with open(self.file, "rb") as f:
			events = [decoded(line) for line in f]
		os.unlink(self.file)
		return events

	def test_a_line_says_who_when_what_and_how_it_ended(self):
		before = time.time()
		for trap in TRAPS:
			made, missing, unlinked, left = self.events(trap, "--", WATCHED, "opens")
			self.assertEqual(made, dict(
				made, exe=WATCHED, abi="freebsd", call="openat", result=3,
				args={"dir": "AT_FDCWD", "file": "made", "how": "O_WRONLY|O_CREAT|O_TRUNC", "perm": "0640"}))
			self.assertEqual(made["pid"], made["tid"])
			self.assertTrue(before - 1 < made["time"] <= unlinked["time"] <= left["time"] < time.time() + 1)
			self.assertEqual((missing["call"], missing["args"]["how"], missing["error"]), ("open", "O_WRONLY", "ENOENT"))
			self.assertEqual((unlinked["args"], unlinked["result"]), ({"file": "made"}, 0))
			self.assertEqual((left["call"], left["args"], left["result"]), ("exit", {"status": 7}, None))

	def test_rules_choose(self):
		for rules, wanted in (
				("open write", ["open"]),
				("open", ["open"] * 3),
				("open failed", ["open"] * 2),
				("open ok # one", ["open"]),
				("openat write ok\nunlink failed", ["openat"]),
				("%file\n!open", ["openat", "unlink"]),
				("%file write", ["openat", "open"]),
				("%file failed\n\n# comment\n!open write", ["open"]),
				("exit\r\n  close\tok  \n", ["close", "close", "exit"]),
				("stat", [])):
			self.assertEqual([e["call"] for e in self.events("--", WATCHED, "opens", rules=rules)], wanted, rules)

	def test_no_quicker_way_passes_by(self):
		for trap in TRAPS:
			events = self.events(trap, "--", WATCHED, "clocks", rules="clock_gettime")
			self.assertEqual(len(events), 100)

	def test_bad_rules_are_one_line_with_file_and_line(self):
		for rules, wanted in (
				("opne", "rules:1: no ABI here has a call `opne`"),
				("open\n\n  open wirte\n", "rules:3: `wirte`: write, ok or failed is wanted behind a call"),
				("unlink write", "rules:1: `unlink write`: it opens no file"),
				("open\n%fiel", "rules:2: `%fiel`: a call, or one of %file %desc"),
				("!", "rules:1: `!`: a call, or one of")):
			with open(self.dir + "/rules", "w") as f:
				f.write(rules)
			done = self.run_watched("--events", "e", "--event-rules", "rules", "--", WATCHED, "opens", status=125)
			self.assertRegex(done.stderr.decode(), "^dragoman: " + wanted.replace("|", r"\|"))
			self.assertEqual(done.stderr.count(b"\n"), 1)

	def test_bad_options_are_one_line(self):
		with open(self.dir + "/zero", "wb") as f:
			f.write(b"open\n\0")
		with open(self.dir + "/long", "wb") as f:
			f.write(b"open\n" * 4000)
		for words, wanted in (
				(("--events", "/no/such/e"), "--events /no/such/e: No such file or directory"),
				(("--events", "fd:77"), "--events fd:77: Bad file descriptor"),
				(("--events", "fd:x"), "--events fd:x: a number is wanted behind fd:"),
				(("--events", "fd:"), "--events fd:: a number is wanted behind fd:"),
				(("--events", "fd:0"), "--events fd:0: is open for reading only"),
				(("--event-rules", "rules"), "--event-rules says what --events writes: give both"),
				(("--events", "e", "--event-rules", "gone"), "--event-rules gone: No such file or directory"),
				(("--events", "e", "--event-rules", "."), "--event-rules .: Is a directory"),
				(("--events", "e", "--event-rules", "zero"), "--event-rules zero: is no text: it holds a zero byte"),
				(("--events", "e", "--event-rules", "long"), "--event-rules long: is longer than 16 KiB")):
			with open("/dev/null", "rb") as null:
				done = self.run_watched(*words, "--", WATCHED, "opens", status=125, stdin=null)
			self.assertEqual(done.stderr.decode(), f"dragoman: {wanted}\n")

	def test_any_name_is_json(self):
		events = self.events("--", WATCHED, "odd", rules="unlink\nrename")
		names = [e["args"].get("file", e["args"].get("from")) for e in events]
		self.assertEqual(names[:3], ["plain", 'quote" back\\ tab\t line\n bell\a del\177', "gr\u00fcn \u20ac \U0001f42a"])
		self.assertEqual(names[3], "bad \ufffd \ufffd\ufffd \ufffd\ufffd\ufffd \ufffd\ufffd\ufffd\ufffd \ufffd")
		self.assertEqual(bytes.fromhex(events[3]["args"]["file_bytes"]),
				 b"bad \377 \300\257 \355\240\200 \364\220\200\200 \303")
		self.assertTrue(all("file_bytes" not in e["args"] for e in events[:3]))
		self.assertEqual(names[4], "a" * 1023)
		self.assertEqual([e["error"] for e in events[-2:]], ["EFAULT"] * 2)
		self.assertEqual(names[-2:], [None, None])

	def test_what_is_too_long_is_cut_and_says_so(self):
		*_, longest, control, rename, beyond, _, _ = self.events("--", WATCHED, "odd", rules="unlink\nrename")
		self.assertNotIn("cut", longest)
		for event in (control, rename, beyond):
			self.assertIs(event["cut"], True)
		self.assertRegex(control["args"]["file"], "^\1{500,}$")
		self.assertEqual((rename["args"]["from"], rename["error"]), ("short", "ENOENT"))
		self.assertEqual(beyond["error"], "ENAMETOOLONG")

	def test_addresses_and_ids(self):
		bind, listen, refused, connected, accepted, user, _ = self.events("--", WATCHED, "sockets")
		self.assertIn("{AF_INET, 127.0.0.1:0}", bind["args"].values())
		self.assertEqual(refused["error"], "EAFNOSUPPORT")
		self.assertIn("{AF_INET6, [fe80::1]:80}", refused["args"].values())
		self.assertEqual(connected["result"], 0)
		self.assertTrue(any(str(v).startswith("{AF_INET, 127.0.0.1:") for v in accepted["args"].values()), accepted)
		self.assertEqual((user["call"], user["error"]), ("setuid", "EPERM"))
		self.assertEqual(listen["call"], "listen")

	def test_lines_of_many_are_whole(self):
		for trap in TRAPS:
			events = self.events(trap, "--", WATCHED, "hammer")
			opens = [e for e in events if e["call"] == "open"]
			self.assertEqual(len(opens), 8 * 4 * 50)
			self.assertEqual(len({e["pid"] for e in opens}), 8)
			self.assertEqual(len({e["tid"] for e in opens}), 8 * 4)
			self.assertEqual({e["result"] for e in events if e["call"] == "fork"}, {e["pid"] for e in opens})

	def test_lines_of_many_are_whole_in_a_pipe(self):
		read, write = os.pipe()
		fcntl.fcntl(read, fcntl.F_SETPIPE_SZ, 4096)
		with subprocess.Popen([DRAGOMAN, "--events", f"fd:{write}", "--", WATCHED, "hammer"], pass_fds=[write]) as ran:
			os.close(write)
			with open(read, "rb") as f:
				events = [decoded(line) for line in f]
		self.assertEqual(ran.returncode, 7)
		self.assertEqual(len([e for e in events if e["call"] == "open"]), 8 * 4 * 50)

	def test_lines_that_nobody_takes_are_counted(self):
		for trap in TRAPS:
			read, write = os.pipe()
			fcntl.fcntl(read, fcntl.F_SETPIPE_SZ, 4096)
			fcntl.fcntl(write, fcntl.F_SETFL, os.O_NONBLOCK | os.O_WRONLY)
			with subprocess.Popen([DRAGOMAN, trap, "--events", f"fd:{write}", "--", WATCHED, "floods"], pass_fds=[write],
					      stdin=subprocess.PIPE, stdout=subprocess.PIPE) as ran, open(read, "rb") as f:
				os.close(write)
				self.assertEqual(ran.stdout.read(4), b"full")
				before = [decoded(line) for line in f.read1(4096).splitlines(keepends=True)]
				ran.communicate(b"g")
				last, left = (decoded(line) for line in f)
			self.assertEqual(ran.returncode, 7)
			self.assertEqual([e["call"] for e in before], ["open"] * len(before))
			self.assertTrue(0 < len(before) < 400)
			self.assertEqual((last["args"]["file"], last["lost"]), ("/nowhere/last", 400 - len(before)))
			self.assertEqual((left["call"], "lost" in left), ("exit", False))

	def test_an_exec_chain_goes_on_with_the_same_rules(self):
		for trap in TRAPS:
			events = self.events(trap, "--", WATCHED, "chain", "nfnf", rules="execve\nfexecve")
			calls = [(e["call"], e.get("error"), e["args"]["argv"][-1]) for e in events]
			failed = ("execve", "ENOENT", "of these")
			self.assertEqual(calls, [failed, ("execve", None, "fnf"), failed, ("fexecve", None, "nf"),
						 failed, ("execve", None, "f"), failed, ("fexecve", None, "")])
			self.assertEqual(len({e["pid"] for e in events}), 1)

	@unittest.skipUnless(EXEC_I386, "this build has no i386")
	def test_vectors_of_narrow_pointers(self):
		for trap in TRAPS:
			failed, left = self.events(trap, "--", EXEC_I386)
			self.assertEqual((failed["abi"], failed["call"], failed["error"]), ("linux_i386", "execve", "ENOENT"))
			self.assertIn(["one", "two words"], failed["args"].values())
			self.assertEqual((left["call"], left["result"]), ("exit", None))
			done = self.run_watched(trap, "--trace=execve", "--", EXEC_I386)
			self.assertIn(b'["one", "two words"], ', done.stderr)
			self.assertIn(b"/* 1 strings */", done.stderr)

	def test_the_guest_cannot_reach_the_descriptor(self):
		*_, opened, left = self.events("--", WATCHED, "close_all")
		self.assertEqual((opened["args"]["file"], opened["result"], left["call"]), ("/dev/null", 3, "exit"))

	def test_a_given_descriptor_is_taken(self):
		fd = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
		self.run_watched("--events", f"fd:{fd}", "--", WATCHED, "close_all", pass_fds=[fd])
		with open(self.file, "rb") as f:
			self.assertEqual([decoded(line)["result"] for line in f if b'"open"' in line], [3])

	def test_events_are_appended(self):
		for _ in range(2):
			self.run_watched("--events", self.file, "--", WATCHED, "opens")
		with open(self.file, "rb") as f:
			self.assertEqual(len([decoded(line) for line in f]), 8)

	def test_a_reader_that_has_gone_does_not_hurt_the_program(self):
		read, write = os.pipe()
		os.close(read)
		self.run_watched("--events", f"fd:{write}", "--", WATCHED, "hammer", pass_fds=[write],
				 preexec_fn=lambda: signal.signal(signal.SIGPIPE, signal.SIG_DFL))

	def test_native_programs_do_not_inherit_it(self):
		done = subprocess.run([DRAGOMAN, "--events", self.file, "--", "/bin/ls", "/proc/self/fd"], capture_output=True,
				      text=True, timeout=60)
		self.assertLessEqual({int(fd) for fd in done.stdout.split()}, {0, 1, 2, 3})

	def test_beside_a_trace(self):
		self.run_watched("--trace", "-o", self.dir + "/trace", "--events", self.file, "--", WATCHED, "opens")
		with open(self.dir + "/trace") as trace, open(self.file, "rb") as f:
			self.assertEqual(len([line for line in trace if line.startswith("open")]), 4)
			self.assertEqual([decoded(line)["call"] for line in f], ["openat", "open", "unlink", "exit"])


if __name__ == "__main__":
	unittest.main()
