#!/usr/bin/env python3
"""What --trace, --stats and --warn show of a program (traced.c) whose calls are known.

usage: test_trace.py DRAGOMAN TRACED
"""
import os
import re
import signal
import subprocess
import sys
import tempfile
import unittest

DRAGOMAN, TRACED = (os.path.abspath(sys.argv.pop(1)) for _ in range(2))
# A line, whole: an optional label, then a call, a signal or an end.
LINE = re.compile(r"(\[\d+( \d+)?\] )?(\w+\(.*\) = .+|#\d+\(.*\) = .+|--- \w+ .*---|\+\+\+ .+ \+\+\+)")
FILES = r'''openat(AT_FDCWD, "new \"file\"\n", O_RDWR|O_CREAT|O_EXCL|O_CLOEXEC, 0640) = 3
write(3, "short", 5) = 5
write(3, "exactly thirty-two bytes of data", 32) = 32
write(3, "more than thirty-two bytes are c"..., 50) = 50
write(3, "\0\1\0012\177\377\t", 7) = 7
read(3, "", 64) = 0
close(3) = 0
close(3) = -1 EBADF (Bad file descriptor)
open("/no/such/file", O_RDONLY, 0000) = -1 ENOENT (No such file or directory)
open(0x10, O_RDONLY|0x80000000, 0000) = -1 EINVAL (Invalid argument)
open(NULL, O_WRONLY, 0000) = -1 EFAULT (Bad address)
open("new \"file\"\n", O_RDONLY, 0000) = 3
read(3, "sho", 3) = 3
unlink("new \"file\"\n") = 0
exit(7) = ?'''.splitlines()
SOCKETS = r'''socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_IP) = 3
bind(3, {AF_INET, 127.0.0.1:0}, 16) = 0
connect(3, {AF_INET6, [fe80::1]:80}, 28) = -1 EAFNOSUPPORT (Address family not supported by protocol)
socket(77, SOCK_STREAM, IPPROTO_IP) = -1 EAFNOSUPPORT (Address family not supported by protocol)
socketpair(AF_LOCAL, SOCK_STREAM, IPPROTO_IP, [4, 5]) = 0
sendmsg(4, {iov=[{"data", 4}], control=[{SCM_RIGHTS, [1, 2]}], flags=0}, MSG_NOSIGNAL) = 4
sendto(4, "x", 1, MSG_DONTWAIT|0x40000000, NULL, 0) = -1 EINVAL (Invalid argument)
shutdown(4, SHUT_RDWR) = 0
exit(7) = ?'''.splitlines()


def guest_side(line):
	"""A line without the host's calls."""
	return line.split("   <- ")[0]


class Trace(unittest.TestCase):
	def setUp(self):
		folder = tempfile.TemporaryDirectory()
		self.addCleanup(folder.cleanup)
		self.dir = os.path.realpath(folder.name)

	def run_traced(self, part, *options, **how):
		how = dict(capture_output=True, text=True, timeout=60, cwd=self.dir) | how
		return subprocess.run([DRAGOMAN, *options, "--", TRACED, part], **how)

	def lines(self, part, *options, status=7):
		done = self.run_traced(part, *options)
		self.assertEqual(done.returncode, status, done.stderr)
		self.assertEqual(done.stdout, "")
		return done.stderr.splitlines()

	def test_files_in_the_guests_words(self):
		shown = [guest_side(line) for line in self.lines("files", "--trace")]
		self.assertEqual(shown, FILES)

	def test_sockets_in_the_guests_words(self):
		self.assertEqual([guest_side(line) for line in self.lines("sockets", "--trace")], SOCKETS)

	def test_local_names_are_the_roots(self):
		os.mkdir(self.dir + "/folder")
		self.assertEqual([guest_side(line) for line in self.lines("named", "--trace=!socket,!exit", "--root", self.dir)], [
			'bind(3, {AF_LOCAL, "/folder/name"}, 14) = 0',
			'listen(3, 1) = 0',
			'connect(4, {AF_LOCAL, "/folder/name"}, 14) = 0',
			'getpeername(4, {AF_LOCAL, "/folder/name"}, [106] => [15]) = 0'])
		self.assertTrue(os.path.exists(self.dir + "/folder/name"))

	def test_host_calls_stand_beside(self):
		first = self.lines("files", "--trace")[0]
		self.assertRegex(first, r"   <- openat\(AT_FDCWD, 0x[0-9a-f]+, 0x[0-9a-f]+c2, 416\) = 3$")
		failed = [line for line in self.lines("files", "--trace") if "/no/such/file" in line][0]
		self.assertTrue(failed.endswith(" = -ENOENT"), failed)

	def test_signals_and_an_end_by_one(self):
		shown = [re.sub(r"0x[0-9a-f]{4,}", "ADDRESS", re.sub(r"(getpid\(\) = |kill\(|si_pid=)\d+", r"\1PID",
								      guest_side(line)))
			 for line in self.lines("signals", "--trace", status=-signal.SIGTERM)]
		self.assertEqual(shown, [
			"sigaction(SIGUSR1, {handler=ADDRESS, flags=0, mask=0x0}, NULL) = 0",
			"sigprocmask(SIG_BLOCK, {SIGTERM SIGUSR1}, NULL) = 0",
			"getpid() = PID",
			"kill(PID, SIGUSR1) = 0",
			"sigprocmask(SIG_SETMASK, {}, {SIGTERM SIGUSR1}) = 0",
			f"--- SIGUSR1 {{si_code=SI_USER, si_pid=PID, si_uid={os.getuid()}}} ---",
			"sigreturn(ADDRESS) = ? (registers from the context)",
			"getpid() = PID",
			"kill(PID, SIGTERM) = 0",
			f"--- SIGTERM {{si_code=SI_USER, si_pid=PID, si_uid={os.getuid()}}} ---",
			"+++ killed by SIGTERM +++"])

	def test_the_second_result_is_shown(self):
		self.assertEqual(guest_side(self.lines("two_results", "--trace")[0]), "freebsd10_pipe() = 3, 4")

	def test_children_are_labelled_and_exec_keeps_the_trace(self):
		lines = self.lines("children", "--trace")
		labels = {re.match(r"\[(\d+)\] ", line)[1] for line in lines}
		self.assertEqual(len(labels), 2)
		# The parent's lines come in between as they may.
		child = next(line for line in lines if re.match(r"\[\d+\] fork\(\) = 0, 1", guest_side(line))).split()[0]
		text = "\n".join(guest_side(line) for line in lines if line.startswith(child))
		self.assertRegex(text, r'execve\("/no/such/program", \["[^"]+"\.*, "two_results"\], '
				       r'0x[0-9a-f]+ /\* \d+ strings \*/\) = -1 ENOENT \(No such file or directory\)')
		self.assertRegex(text, r'execve\("[^"]+"\.*, .*\) = \?\n\[\d+\] freebsd10_pipe')

	def test_lines_of_many_threads_are_whole(self):
		lines = self.lines("many", "--trace", "-o", self.dir + "/out")
		self.assertEqual(lines, [])
		with open(self.dir + "/out") as f:
			lines = f.read().splitlines()
		for line in lines:
			self.assertTrue(LINE.fullmatch(line), line)
		calls = [line for line in lines if "] getppid() = " in line]
		self.assertEqual(len(calls), 800)
		self.assertEqual(len({line.split()[1] for line in calls}), 4)

	def test_filters(self):
		def shown(words):
			return [line.split("(")[0] for line in self.lines("files", "--trace=" + words)]
		self.assertEqual(shown("unlink"), ["unlink"])
		self.assertEqual(shown("unlink,exit"), ["unlink", "exit"])
		self.assertEqual(shown("%file"), ["openat", "open", "open", "open", "open", "unlink"])
		self.assertEqual(shown("%file,!open"), ["openat", "unlink"])
		self.assertEqual(shown("!%desc,!%file,!exit"), [])
		self.assertEqual(self.lines("signals", "--trace=getpid", status=-signal.SIGTERM)[0][:9], "getpid() ")
		self.assertIn("--- SIGUSR1", "\n".join(self.lines("signals", "--trace=%signal", status=-signal.SIGTERM)))

	def test_a_filter_word_that_names_nothing_is_one_line_and_125(self):
		for word in ("nosuch", "%nosuch", "open,nosuch", "!nosuch", "%"):
			done = self.run_traced("files", "--trace=" + word)
			self.assertEqual((done.returncode, done.stderr.count("\n")), (125, 1), done.stderr)
			self.assertTrue(done.stderr.startswith("dragoman: --trace="), done.stderr)

	def test_missing_calls_are_always_in_the_trace(self):
		for words in ("--trace", "--trace=getpid"):
			text = "\n".join(self.lines("missing", words))
			self.assertEqual(text.count("oexecv() = -1 ENOSYS (Function not implemented)   <- not implemented"), 2)
			self.assertIn("#9999(0x1, 0x2, 0x3, 0x0, 0x0, 0x0) = -1 ENOSYS", text)

	def test_missing_calls_are_named_once_with_warn_and_not_without(self):
		self.assertEqual(self.lines("missing"), [])
		self.assertEqual(self.lines("missing", "--warn"), [
			"dragoman: call 11 (oexecv) is not implemented",
			"dragoman: call 9999 (no such number) is not implemented"])

	def test_stats_count_calls_and_errors(self):
		for part, options, wanted in (
				("files", (), {"write": (4, 0), "open": (4, 3), "close": (2, 1), "exit": (1, 0)}),
				("many", (), {"getppid": (800, 0), "thr_new": (4, 0)}),
				("missing", (), {"oexecv": (2, 2), "(no such call)": (1, 1)})):
			table = {}
			lines = self.lines(part, "--stats", *options)
			# Behind it stand sites that trapped more than twice, as one does that two threads come to at a time.
			report = next(n for n, line in enumerate(lines) if line.startswith("sites: "))
			self.assertRegex(lines[report], r" \d+ visited, \d+ traps; \d+ rewritten \(form A \d+, B \d+, C \d+\)")
			del lines[report:]
			self.assertTrue(lines[0].startswith("%time"), lines)
			for line in lines[2:-2]:
				share, seconds, each, calls, rest = line.split(None, 4)
				errors, name = re.fullmatch(r"(\d+)?\s*(\D.*)", rest).groups()
				table[name] = (int(calls), int(errors or 0))
			for name, counts in wanted.items():
				self.assertEqual(table[name], counts, (part, name))
			self.assertTrue(lines[-1].endswith(" total"))
			shares = [float(line.split()[0]) for line in lines[2:-2]]
			self.assertEqual(shares, sorted(shares, reverse=True))

	def test_stats_come_before_a_death_by_signal_too(self):
		lines = self.lines("signals", "--stats", status=-signal.SIGTERM)
		self.assertIn(" kill", "\n".join(lines))

	def test_the_guest_cannot_take_the_trace_away(self):
		for options in (("--trace=getppid", "-o", self.dir + "/out"), ("--trace=getppid",)):
			done = self.run_traced("close_all", *options)
			text = done.stderr
			if len(options) > 1:
				with open(self.dir + "/out") as f:
					text = f.read()
			self.assertEqual(done.returncode, 7)
			self.assertRegex(text, r"^getppid\(\) = \d+   <- getppid\(\) = \d+\n$")

	def test_native_programs_do_not_inherit_the_trace(self):
		done = subprocess.run([DRAGOMAN, "--trace", "-o", self.dir + "/out", "--", "/bin/ls", "/proc/self/fd"],
				      capture_output=True, text=True, timeout=60, close_fds=True)
		self.assertLessEqual({int(fd) for fd in done.stdout.split()}, {0, 1, 2, 3})

	def test_a_reader_that_has_gone_does_not_hurt_the_program(self):
		read, write = os.pipe()
		os.close(read)
		for option in ("--trace", "--stats"):
			done = subprocess.run([DRAGOMAN, option, "--", TRACED, "files"], stderr=write, timeout=60,
					      cwd=self.dir)
			self.assertEqual(done.returncode, 7)
		os.close(write)


if __name__ == "__main__":
	unittest.main()
