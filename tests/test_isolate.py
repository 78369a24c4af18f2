#!/usr/bin/env python3
"""Rooms: dragoman run --isolate, as root and as an ordinary user, under each trap.

Guests are tell.c (FreeBSD) and, with the host's own files as the tree, Python: what that asks the kernel
shows the room from inside.

usage: test_isolate.py DRAGOMAN TELL TELL-DYNAMIC
STARTS=500 in the environment: the long form, with as many starts in the test of what they leave behind
(else 20), and each kind of user under each trap (else each kind of user, and each trap).
"""
import errno
import json
import os
import pty
import random
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

DRAGOMAN, TELL, TELL_DYNAMIC = (os.path.abspath(sys.argv.pop(1)) for _ in range(3))
STARTS = int(os.environ.get("STARTS", "20"))
NOBODY = 65534
PYTHON = shutil.which("python3", path="/usr/bin:/bin")
NAMESPACES = ("user", "mnt", "pid", "uts", "ipc", "cgroup", "net")


def can_isolate():
	return subprocess.run(["unshare", "-Urm", "true"], capture_output=True).returncode == 0


def installed(folder):
	"""A copy of what is run that an ordinary user may reach, wherever the build folder is."""
	for name in ("dragoman", "dragoman-core", "dragoman-isolate"):
		shutil.copy(os.path.join(os.path.dirname(DRAGOMAN), name), folder)
	os.chmod(folder, 0o755)
	return folder + "/dragoman"


def setUpModule():
	global place, dragoman
	if not can_isolate():
		raise unittest.SkipTest("no user namespaces here")
	place = tempfile.TemporaryDirectory(prefix="dragoman-")
	dragoman = installed(place.name)


def tearDownModule():
	place.cleanup()


def processes_with(word):
	found = []
	for pid in filter(str.isdigit, os.listdir("/proc")):
		try:
			with open(f"/proc/{pid}/cmdline", "rb") as f:
				if word.encode() in f.read():
					found.append(int(pid))
		except OSError:
			pass
	return found


class Room:
	trap = user = None

	def setUp(self):
		folder = tempfile.TemporaryDirectory(prefix="dragoman-")
		self.addCleanup(folder.cleanup)
		self.dir = os.path.realpath(folder.name)
		self.tree = self.dir + "/tree"
		for name in (self.tree, self.tree + "/bin", self.dir + "/outside"):
			os.mkdir(name)
		shutil.copy(TELL, self.tree + "/bin/tell")
		if self.user:
			for name in (self.dir, self.tree, self.tree + "/bin", self.dir + "/outside"):
				os.chown(name, self.user, self.user)

		# The host's programs in a tree of their own, for what the host's / cannot be used for.
		self.host = self.dir + "/host"
		for name in ("", "/dev", "/proc", "/usr", "/mnt", "/tmp"):
			os.mkdir(self.host + name)
		for name in ("bin", "lib", "lib64"):
			os.symlink("usr/" + name, self.host + "/" + name)
		if self.user:
			os.chown(self.host, self.user, self.user)

	def words(self, *words, options=(), root=None):
		drop = ["setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--clear-groups", "--"]
		return [*(drop if self.user else []), dragoman, "run", f"--trap={self.trap}", "--isolate",
			"--root", root or self.tree, *options, "--", *words]

	def room(self, *words, options=(), root=None, **how):
		how = dict(capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60,
			   # What fails in a room before it has a /proc cannot be searched for leaks.
			   env={"PATH": "/usr/bin:/bin", "ASAN_OPTIONS": "detect_leaks=0"}) | how
		return subprocess.run(self.words(*words, options=options, root=root), **how)

	def python(self, code, *words, options=(), root="/", **how):
		if root != "/":
			options = ["--bind=/usr:/usr:ro", *options]
		done = self.room(PYTHON, "-IS", "-c", code, *words, options=options, root=root, **how)
		self.assertEqual((done.returncode, done.stderr), (0, ""), done)
		return done.stdout

	def refused(self, status, reason, *words, **how):
		done = self.room(*(words or ["/bin/tell"]), **how)
		self.assertEqual((done.returncode, done.stdout), (status, ""), done)
		self.assertRegex(done.stderr, r"\Adragoman: [^\n]*" + reason + r"[^\n]*\n\Z")

	# what passes as without a room

	def test_exit_status_passes(self):
		for status in (0, 1, 125, 126, 255):
			done = self.room("/bin/tell", "exit", str(status))
			self.assertEqual((done.returncode, done.stdout, done.stderr), (status, "", ""))

	def test_death_by_a_signal_passes(self):
		for number in (signal.SIGHUP, signal.SIGKILL, signal.SIGTERM, 30):
			self.assertEqual(self.room("/bin/tell", "kill", str(int(number))).returncode, -number)
		self.assertEqual(self.room("/bin/tell", "crash").returncode, -signal.SIGSEGV)

	def test_arguments_and_environment_pass(self):
		done = self.room("/bin/tell", "all", "", "two words", env={"A": "1"})
		self.assertEqual(done.stdout.splitlines(), ["arg /bin/tell", "arg all", "arg ", "arg two words",
			"env A=1", "cwd /", "fd 0", "fd 1", "fd 2"])

	def test_guests_exec_guests(self):
		chain = ["exec", "/bin/tell"] * 3
		self.assertEqual(self.room("/bin/tell", *chain, "exit", "7").returncode, 7)

	def test_a_program_is_found_on_path_in_the_tree(self):
		self.assertEqual(self.room("tell", "exit", "5").returncode, 5)
		self.refused(127, "none-such: not found", "none-such")

	def test_signals_mask_and_umask_pass(self):
		def prepare():
			os.umask(0o137)
			signal.signal(signal.SIGHUP, signal.SIG_IGN)
			signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
		told = self.python("import os, signal; print(oct(os.umask(0)), signal.getsignal(1) == "
				   "signal.SIG_IGN, signal.getsignal(17) == signal.SIG_DFL, "
				   "[int(s) for s in signal.pthread_sigmask(0, [])])", preexec_fn=prepare)
		self.assertEqual(told, "0o137 True True [15]\n")

	@unittest.skipUnless(shutil.which("strace"), "strace is not installed")
	def test_fast_clock_is_told_what_no_sys_in_the_room_tells(self):
		file = self.dir + "/calls"
		subprocess.run(["strace", "-f", "-qq", "-s", "1000", "-e", "trace=execve,execveat", "-o", file,
				*self.words("/bin/tell", "exit", "3", options=["--fast-clock"])], timeout=60, check=False)
		with open("/sys/devices/system/clocksource/clocksource0/current_clocksource") as f:
			word = f'"--host-clock={f.read().strip()}"'
		with open(file) as f:
			told = f.read()
		self.assertEqual(told.count(word), 1, told)

	def test_other_processes_see_the_programs_words(self):
		mark = f"mark-{os.getpid()}-{random.random()}"
		p = subprocess.Popen(self.words(PYTHON, "-IS", "-uc", "print(); input()", mark, root="/", options=["--abi=linux"]),
				     stdin=subprocess.PIPE, stdout=subprocess.PIPE)
		p.stdout.readline()
		seen = []
		for pid in processes_with(mark):
			with open(f"/proc/{pid}/cmdline") as f:
				seen.append(f.read())
		p.communicate(b"\n")
		self.assertIn("\0".join([PYTHON, "-IS", "-uc", "print(); input()", mark, ""]), seen)

	def test_trace_goes_to_a_file_outside(self):
		file = self.dir + "/outside/trace"
		self.assertEqual(self.room("/bin/tell", "exit", "3", options=["--trace", "-o", file]).returncode, 3)
		with open(file) as f:
			self.assertIn("exit(3)", f.read())

	# signals and terminals

	def start(self, code, **how):
		"""Python in a room; comes back when the code has printed a line."""
		p = subprocess.Popen(self.words(PYTHON, "-IS", "-uc", code, root="/"), stdout=subprocess.PIPE,
				     text=True, **how)
		self.addCleanup(p.stdout.close)
		self.addCleanup(p.wait)
		self.addCleanup(p.kill)
		p.stdout.readline()
		return p

	def test_a_signal_reaches_the_program(self):
		# Not pause(): what has come just before it, Python would handle behind it.
		p = self.start("import os, signal, time; signal.signal(15, lambda *a: os._exit(9)); print()\nwhile 1: time.sleep(.1)")
		p.send_signal(signal.SIGTERM)
		self.assertEqual(p.wait(20), 9)
		p = self.start("import time; print(); time.sleep(50)")
		p.send_signal(signal.SIGUSR1)
		self.assertEqual(p.wait(20), -signal.SIGUSR1)

	def test_a_killed_front_door_takes_the_room_along(self):
		mark = f"mark-{os.getpid()}-{random.random()}"
		p = self.start(f"import os, time\nif os.fork(): print('{mark}')\ntime.sleep(50)")
		self.assertGreater(len(processes_with(mark)), 1)
		p.kill()
		p.wait(20)
		deadline = time.monotonic() + 10
		while processes_with(mark) and time.monotonic() < deadline:
			time.sleep(0.01)
		self.assertEqual(processes_with(mark), [])

	def test_what_the_program_leaves_running_ends_with_it(self):
		mark = f"mark-{os.getpid()}-{random.random()}"
		self.python(f"import os, time\nif not os.fork(): os.setsid(), time.sleep(50), '{mark}'")
		self.assertEqual(processes_with(mark), [])

	def test_orphans_are_reaped(self):
		told = self.python("import os, time\n"
				   "for n in range(3):\n"
				   "	if not os.fork():\n"
				   "		os.fork(); os._exit(0)\n"
				   "for n in range(3): os.wait()\n"
				   "for n in range(200):\n"
				   "	left = [p for p in os.listdir('/proc') if p.isdigit()]\n"
				   "	if len(left) == 2: break\n"
				   "	time.sleep(0.02)\n"
				   "print(sorted(left))")
		self.assertEqual(told, "['1', '2']\n")

	def test_the_callers_process_group_cannot_be_signalled(self):
		told = self.python("import os, signal\nsignal.signal(15, lambda *a: None); os.kill(0, 15); print('alive')",
				   start_new_session=True)
		self.assertEqual(told, "alive\n")
		# A sleeper outside, in the same group.
		sleeper = subprocess.Popen(["sleep", "50"], preexec_fn=lambda: (os.setpgid(0, 0), self.user and os.setresuid(
			*[self.user] * 3)))
		self.addCleanup(sleeper.wait)
		self.addCleanup(sleeper.kill)
		self.python("import os, signal; signal.signal(15, 1)\ntry: os.kill(0, 15)\nexcept OSError: pass",
			    preexec_fn=lambda: os.setpgid(0, sleeper.pid))
		time.sleep(0.1)
		self.assertIsNone(sleeper.poll())

	def on_terminal(self, code, until=b"ready"):
		"""Python in a room as a terminal's foreground job, till it has printed that: pid, the other side."""
		words = self.words(PYTHON, "-IS", "-uc", code, root="/")
		pid, fd = pty.fork()
		if pid == 0:
			os.execvp(words[0], words)
		self.addCleanup(os.close, fd)
		self.seen = self.read_until(fd, until)
		return pid, fd

	def read_until(self, fd, word):
		seen = b""
		while word not in seen:
			self.assertTrue(select.select([fd], [], [], 20)[0], seen)
			try:
				seen += os.read(fd, 4096)
			except OSError:
				self.fail(seen)
		return seen

	def test_ctrl_c_interrupts_the_program_once(self):
		pid, fd = self.on_terminal("import signal, time; n = []\nsignal.signal(2, lambda *a: n.append(1))\n"
					   "print('ready')\nwhile not n: time.sleep(0.01)\n"
					   "time.sleep(0.2); print('got', len(n))")
		os.write(fd, b"\x03")
		self.read_until(fd, b"got 1")
		self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)
		pid, fd = self.on_terminal("import signal, time; signal.signal(2, 0); print('ready'); time.sleep(50)")
		os.write(fd, b"\x03")
		self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), -signal.SIGINT)

	def test_ctrl_z_stops_and_a_shell_goes_on(self):
		# A session leader's group is orphaned and never stops: a shell must stand between.
		words = self.words(PYTHON, "-IS", "-uc", "import time; print('ready'); time.sleep(0.5); print('done')",
				   root="/")
		script = '"$@"; echo "stopped $?"; fg; echo "ended $?"'
		pid, fd = pty.fork()
		if pid == 0:
			os.execvp("bash", ["bash", "--norc", "-m", "-c", script, "bash", *words])
		self.addCleanup(os.close, fd)
		self.read_until(fd, b"ready")
		os.write(fd, b"\x1a")
		self.read_until(fd, b"stopped 14")
		self.assertIn(b"done", self.read_until(fd, b"ended 0"))
		os.waitpid(pid, 0)

	def test_nothing_can_be_typed_on_the_callers_terminal(self):
		for request in ("TIOCSTI", "0x541c", "TIOCSTI | 1 << 40"):
			self.on_terminal("import ctypes, termios; TIOCSTI = termios.TIOCSTI\n"
					 "l = ctypes.CDLL(None, use_errno=True)\n"
					 f"r = l.ioctl(0, ctypes.c_ulong({request}), b'x')\n"
					 "print('got', r, ctypes.get_errno(), '.')", b" .")
			self.assertIn(b"got -1 1 .", self.seen, request)

	# what the room is

	def test_every_namespace_is_its_own(self):
		code = f"import os, json; print(json.dumps([os.readlink('/proc/self/ns/' + n) for n in {NAMESPACES}]))"
		inside = json.loads(self.python(code))
		outside = [os.readlink("/proc/self/ns/" + n) for n in NAMESPACES]
		for name, a, b in zip(NAMESPACES, inside, outside):
			self.assertNotEqual(a, b, name)
		inside = json.loads(self.python(code, options=["--net=host"]))
		self.assertEqual(inside[-1], outside[-1])

	def test_no_right_is_left(self):
		told = self.python("print(open('/proc/self/status').read())")
		for name in ("Inh", "Prm", "Eff", "Bnd", "Amb"):
			self.assertRegex(told, rf"Cap{name}:\t0+\n")
		self.assertIn("NoNewPrivs:\t1\n", told)
		self.assertRegex(told, r"Seccomp:\t2\n")

	def test_no_namespace_can_be_made_inside(self):
		told = self.python("import ctypes; l = ctypes.CDLL(None, use_errno=True)\n"
				   "for flag in (0x10000000, 0x00020000, 0x40000000):\n"
				   "	print(l.unshare(flag), ctypes.get_errno() != 0)\n"
				   "print(l.mount(b'none', b'/tmp', b'tmpfs', 0, None))")
		self.assertEqual(told, "-1 True\n" * 3 + "-1\n")

	def test_init_is_out_of_reach(self):
		told = self.python("import os, ctypes; l = ctypes.CDLL(None, use_errno=True)\n"
				   "for n in ('exe', 'root', 'cwd', 'fd/0', 'mem', 'environ'):\n"
				   "	try: open('/proc/1/' + n, 'rb') if n in ('mem', 'environ') else os.readlink('/proc/1/' + n)\n"
				   "	except OSError as e: print(n)\n"
				   "print(l.ptrace(16, 1, 0, 0), open('/proc/1/cmdline').read().strip('\\0'))")
		self.assertEqual(told, "exe\nroot\ncwd\nfd/0\nmem\nenviron\n-1 \n")

	def test_the_core_cannot_be_written(self):
		# CVE-2019-5736: the running program's file, on the host, by its own magic link.
		told = self.python("import os\n"
				   "for way in (os.O_WRONLY, os.O_RDWR, os.O_WRONLY | os.O_TRUNC):\n"
				   "	for fd in os.listdir('/proc/self/fd'):\n"
				   "		try:\n"
				   "			if int(fd) > 9: os.open('/proc/self/fd/' + fd, way); print('open', fd)\n"
				   "		except OSError: pass")
		self.assertEqual(told, "")

	def test_no_descriptor_leaks_in(self):
		with open(TELL, "rb") as f:
			done = self.room("/bin/tell", "all", pass_fds=[f.fileno()])
			self.assertEqual(re.findall("fd .*", done.stdout), ["fd 0", "fd 1", "fd 2"])
			done = self.room("/bin/tell", "all", pass_fds=[f.fileno()],
					 options=[f"--keep-fd={f.fileno()}"])
			self.assertIn(f"fd {f.fileno()}", done.stdout)

	def test_a_folder_as_standard_input_is_refused(self):
		fd = os.open("/", os.O_RDONLY)
		self.addCleanup(os.close, fd)
		self.refused(125, "standard input is a folder", stdin=fd)

	def test_the_callers_keys_are_not_inherited(self):
		code = ("import ctypes; l = ctypes.CDLL(None); KEYCTL, ADD_KEY = 250, 248\n"
			"def key(): return l.syscall(KEYCTL, 10, -3, b'user', b'dragoman-test', 0)\n")
		words = self.words(PYTHON, "-IS", "-c", code + "print(key())", root="/")
		script = code + ("import sys, subprocess\nl.syscall(KEYCTL, 1, None)\n"
				 "l.syscall(ADD_KEY, b'user', b'dragoman-test', b'x', 1, -3)\n"
				 "assert key() > 0\nsubprocess.run(sys.argv[1:])")
		done = subprocess.run([PYTHON, "-c", script, *words], capture_output=True, text=True, timeout=60)
		self.assertEqual((done.stdout, done.stderr), ("-1\n", ""))

	def test_devices_work_and_terminals_are_the_rooms_own(self):
		told = self.python("import os\nopen('/dev/null', 'w').write('x')\n"
				   "print(len(open('/dev/zero', 'rb').read(3)), len(open('/dev/urandom', 'rb').read(3)))\n"
				   "m, s = os.openpty(); print(os.ttyname(s))\n"
				   "open('/dev/shm/x', 'w').write('x'); print(sorted(os.listdir('/dev')))")
		self.assertEqual(told, "3 3\n/dev/pts/0\n['fd', 'full', 'null', 'ptmx', 'pts', 'random', 'shm', "
				 "'stderr', 'stdin', 'stdout', 'tty', 'urandom', 'zero']\n")

	def test_the_hosts_devices_cannot_be_changed(self):
		before = os.stat("/dev/null")
		told = self.python("import os\nfor way in (lambda: os.chmod('/dev/null', 0o600), "
				   "lambda: os.fchmod(os.open('/dev/null', os.O_RDWR), 0o600), "
				   "lambda: os.chown('/dev/null', 1, 1), lambda: os.unlink('/dev/null')):\n"
				   "	try: way(); print('done')\n"
				   "	except OSError as e: print(e.errno in (1, 16, 30))")
		after = os.stat("/dev/null")
		self.assertEqual((told, before.st_mode, before.st_uid), ("True\n" * 4, after.st_mode, after.st_uid))
		told = self.python("import os\ntry: os.fchmod(0, 0o600); print('done')\n"
				   "except OSError as e: print(e.errno, os.fstat(0).st_rdev == os.makedev(1, 3))")
		self.assertEqual((told, os.stat("/dev/null").st_mode), (f"{errno.EROFS} True\n", before.st_mode))

	def test_message_queues_are_the_rooms_own(self):
		code = ("import ctypes; l = ctypes.CDLL(None, use_errno=True)\n"
			"print(l.mq_open(b'/dragoman-test', 0o102, 0o600, None) > 2, l.mq_unlink(b'/dragoman-test'))")
		self.assertEqual(self.python(code), "True 0\n")

	def test_proc_shows_the_room_and_steers_nothing(self):
		told = self.python("import os\nprint(sorted(p for p in os.listdir('/proc') if p.isdigit()))\n"
				   "try: open('/proc/sys/kernel/core_pattern', 'w')\n"
				   "except OSError as e: print(e.errno in (1, 13, 30))\n"
				   "print(len(open('/proc/keys').read()))")
		self.assertEqual(told, "['1', '2']\nTrue\n0\n")

	def test_a_bsd_guest_sees_no_proc(self):
		os.mkdir(self.tree + "/proc")
		for name in ("/proc/self/status", "/proc", "//proc/1", "/proc/"):
			self.assertEqual(self.room("/bin/tell", "open", name).returncode, errno.ENOENT, name)
		self.assertEqual(self.room("/bin/tell", "open", "/dev/null").returncode, 0)

	def test_networks(self):
		code = ("import socket, threading\ntry:\n	s = socket.create_server(('127.0.0.1', 0))\n"
			"	c = socket.create_connection(s.getsockname()); print('connected')\n"
			"except OSError as e: print('no')\n"
			"print([n for _, n in socket.if_nameindex()])")
		self.assertEqual(self.python(code), "no\n['lo']\n")
		self.assertEqual(self.python(code, options=["--net=private"]), "connected\n['lo']\n")
		self.assertRegex(self.python(code, options=["--net=host"]), "connected\n")

	def test_the_callers_abstract_sockets_are_out_of_reach(self):
		import socket
		name = f"\0dragoman-{os.getpid()}"
		with socket.socket(socket.AF_UNIX) as s:
			s.bind(name)
			s.listen()
			for net in ("none", "private", "host"):
				told = self.python("import socket, sys; s = socket.socket(socket.AF_UNIX)\n"
						   "try: s.connect('\\0' + sys.argv[1]); print('in')\n"
						   "except OSError: print('out')", name[1:], options=[f"--net={net}"])
				self.assertEqual(told, "out\n", net)

	def test_name_folder_and_environment(self):
		told = self.python("import os; print(os.uname().nodename, os.getcwd(), os.environ.get('A'), "
				   "os.environ.get('B'))", env={"A": "1", "B": "2"},
				   options=["--hostname=room", "--workdir=/usr", "--env", "A=x=y", "--env=B"])
		self.assertEqual(told, "room /usr x=y None\n")

	def test_limits(self):
		told = self.python("import resource as r; print(r.getrlimit(r.RLIMIT_NOFILE), r.getrlimit(r.RLIMIT_CORE))",
				   options=["--limit=nofile=64:128", "--limit", "core=0"])
		self.assertEqual(told, "(64, 128) (0, 0)\n")

	def test_a_cgroup_limit_that_is_not_delegated_is_named(self):
		if not os.path.exists("/sys/fs/cgroup/cgroup.controllers"):	# the hybrid layout: limits are v1's
			for option in ("--memory=100M", "--pids=9", "--cpus=1.5"):
				self.refused(125, f"{option[2:5]}.*cgroup", options=[option])
		for option in ("--memory=5X", "--memory=0", "--pids=x", "--cpus=0", "--cpus=x", "--cgroup=x",
			       "--cgroup=cgroup.procs=1", "--cgroup=../a.b=1"):
			self.refused(125, option.split("=")[0], options=[option])
		self.refused(125, "none.such=1: the cgroup controller none", options=["--cgroup=none.such=1"])

	def delegated_group(self):
		"""A cgroup as a service manager would delegate it, with a controller to use: folder, file, value."""
		with open("/proc/self/mountinfo") as f:
			found = re.search(r"^\S+ \S+ \S+ / (\S+) .* - cgroup2 ", f.read(), re.M)
		if os.getuid() != 0 or not found:
			self.skipTest("no cgroup to delegate")
		with open(found[1] + "/cgroup.subtree_control") as f:
			controllers = f.read().split()
		usable = [(file, value) for file, value in (("pids.max", "20"), ("hugetlb.2MB.max", "4194304"))
			  if file.split(".")[0] in controllers]
		if not usable:
			self.skipTest("no controller to delegate")
		folder = f"{found[1]}/dragoman-test-{os.getpid()}"
		os.mkdir(folder)
		self.addCleanup(self.remove_group, folder)
		for name in (folder, folder + "/cgroup.procs", folder + "/cgroup.subtree_control"):
			os.chown(name, self.user or 0, -1)
		return folder, *usable[0]

	def remove_group(self, folder):
		for n in range(200):
			try:
				return os.rmdir(folder)
			except OSError:
				time.sleep(0.02)
		self.fail(f"{folder} is still in use: {os.listdir(folder)}")

	def test_cgroup_limits_hold_and_the_group_goes_away(self):
		group, file, value = self.delegated_group()
		def join():
			with open(group + "/cgroup.procs", "w") as f:
				f.write(str(os.getpid()))
		words = self.words(PYTHON, "-IS", "-uc", "print(open('/proc/self/cgroup').read()); input()", root="/",
				   options=[f"--cgroup={file}={value}"])
		for kill in (False, True):
			p = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=join)
			while not p.stdout.readline().startswith("0::/"):
				pass
			made = [d for d in os.listdir(group) if re.fullmatch(r"dragoman-\d+", d)]
			self.assertEqual(len(made), 1)
			with open(f"{group}/{made[0]}/{file}") as f:
				self.assertEqual(f.read().strip(), value)
			with open(f"{group}/{made[0]}/cgroup.procs") as f:
				self.assertEqual(len(f.read().split()), 2)
			if kill:
				p.kill()
			p.communicate(None if kill else "\n")
			deadline = time.monotonic() + 10
			while time.monotonic() < deadline and any(d.startswith("dragoman") for d in os.listdir(group)):
				time.sleep(0.01)
			self.assertEqual([d for d in os.listdir(group) if d.startswith("dragoman")], [])

	# files

	CHANGE = "import os, sys\nopen(sys.argv[1], 'w').write('new')\nprint(open(sys.argv[1]).read())"

	def test_the_tree_is_read_only(self):
		told = self.python("import os, sys\nfor way in (lambda: open(sys.argv[1] + '/x', 'w'), "
				   "lambda: os.mkdir(sys.argv[1] + '/d'), lambda: os.unlink(sys.argv[1] + '/bin/tell'), "
				   "lambda: os.chmod(sys.argv[1], 0)):\n"
				   "	try: way(); print('done')\n"
				   "	except OSError as e: print(e.errno)", self.tree)
		self.assertEqual(told, f"{errno.EROFS}\n" * 4)

	def test_mount_points_that_the_tree_lacks_leave_no_trace_in_it(self):
		self.assertEqual(self.room("/bin/tell", "open", "/dev/null").returncode, 0)
		self.assertEqual(self.room("/bin/tell", "open", "/a/b", options=["--tmpfs=/a/b"]).returncode, 0)
		self.assertEqual(os.listdir(self.tree), ["bin"])

	def test_ephemeral_changes_are_dropped(self):
		told = self.python(self.CHANGE, "/new", options=["--ephemeral"], root=self.host)
		self.assertEqual(told, "new\n")
		self.assertFalse(os.path.exists(self.host + "/new"))

	def test_overlay_changes_are_kept_apart(self):
		how = {"options": [f"--overlay={self.dir}/outside/kept"], "root": self.host}
		self.assertEqual(self.python(self.CHANGE, "/new", **how), "new\n")
		self.assertFalse(os.path.exists(self.host + "/new"))
		self.assertEqual(self.python("print(open('/new').read())", **how), "new\n")

	def test_an_overlay_inside_the_tree_is_refused(self):
		os.mkdir(self.tree + "/a")
		for folder in (self.tree, self.tree + "/bin/kept"):
			self.refused(125, "inside the tree itself", options=[f"--overlay={folder}"])

	def test_an_overlay_folder_serves_one_room_at_a_time(self):
		kept = self.dir + "/outside/kept"
		options = [f"--overlay={kept}", "--bind=/usr:/usr:ro"]
		p = subprocess.Popen(self.words(PYTHON, "-uc", "print(); input()", root=self.host, options=options),
				     stdin=subprocess.PIPE, stdout=subprocess.PIPE)
		p.stdout.readline()
		self.refused(125, "kept: in use by another room", options=[f"--overlay={kept}"])
		p.communicate(b"\n")
		self.assertEqual(self.room("/bin/tell", options=[f"--overlay={kept}"]).returncode, 0)

	def test_where_overlays_are_refused_the_tree_is_copied(self):
		# An overlay on an overlay is what every kernel refuses.
		os.chmod(self.tree + "/bin/tell", 0o755)
		script = ("cd $1; mkdir l u w m; mount -t overlay -o lowerdir=l,upperdir=u,workdir=w,userxattr none m; shift; "
			  '"$@"; echo $?; rm $DIR/tree/bin/tell; "$@"; echo $?')
		drop = ["setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--clear-groups", "--"]
		words = [dragoman, f"--trap={self.trap}", "--isolate", "--root", self.tree, "--overlay",
			 self.dir + "/outside/m/kept", "/bin/tell", "exit", "6"]
		done = subprocess.run([*(drop if self.user else []), "unshare", "-Urm", "sh", "-c", script, "sh",
			self.dir + "/outside", *words], capture_output=True, text=True, env={"DIR": self.dir})
		self.assertEqual(done.stdout, "6\n6\n", done)
		self.assertEqual(len(re.findall(r"kept: no overlay here \(.*\): the tree is copied\n", done.stderr)), 2, done)

	def test_binds(self):
		outside = self.dir + "/outside"
		with open(outside + "/file", "w") as f:
			f.write("old")
		def with_bind(source, read_only, target, file):
			code = ("import sys\ntry: open(sys.argv[1], 'w').write('new')\n"
				"except OSError as e: print(e.errno)")
			return self.python(code, file, options=["--tmpfs=/mnt", "--bind",
				f"{source}:{target}{':ro' * read_only}"])
		if self.user:
			os.chown(outside + "/file", self.user, self.user)
		self.assertEqual(with_bind(outside, True, "/mnt/a", "/mnt/a/file"), f"{errno.EROFS}\n")
		self.assertEqual(with_bind(outside + "/file", True, "/mnt/f", "/mnt/f"), f"{errno.EROFS}\n")
		self.assertEqual(with_bind(outside, False, "/mnt/a/b", "/mnt/a/b/file"), "")
		with open(outside + "/file") as f:
			self.assertEqual(f.read(), "new")

	def test_a_bind_from_the_tree_is_the_hosts_folder(self):
		os.makedirs(self.tree + "/shared", exist_ok=True)
		for name in ("lib", "lib64"):	# python's, by the bound /usr
			os.symlink("usr/" + name, f"{self.tree}/{name}")
		if self.user:
			os.chown(self.tree + "/shared", self.user, self.user)
		self.python("open('/shared/made', 'w')", root=self.tree,
			    options=["--ephemeral", "--bind", f"{self.tree}/shared:/shared"])
		self.assertTrue(os.path.exists(self.tree + "/shared/made"))

	def test_links_in_the_tree_lead_nowhere_outside(self):
		os.symlink(self.dir + "/outside", self.tree + "/out")
		os.symlink("../" * 24 + self.dir.lstrip("/") + "/outside", self.tree + "/up")
		for link in ("out", "up"):
			done = self.room("/bin/tell", options=["--ephemeral", f"--tmpfs=/{link}/made"])
			self.assertEqual(done.returncode, 125, done)
			self.assertEqual(os.listdir(self.dir + "/outside"), [])
		os.symlink("/", self.tree + "/self")
		self.assertEqual(self.room("/self/bin/tell", "open", "/self/../../../bin/tell").returncode, 0)
		os.symlink(self.dir + "/outside", self.tree + "/dev")
		self.assertEqual(self.room("/bin/tell").returncode, 125)

	# what is refused

	def test_bad_input_is_one_line(self):
		for option, reason in (
				("--bind=x", "form is SRC:/DST"), ("--bind=/a:/b:rw:x", "form is SRC:/DST"),
				("--bind=/none-such:/b", "none-such: No such file"), ("--tmpfs=b", "begin with /"),
				("--net=all", "none, host or private"), ("--user=none-such", "no such name"),
				("--env==1", "NAME=VALUE"), ("--keep-fd=x", "not a descriptor"),
				("--limit=nofile", "form is NAME=SOFT"), ("--limit=files=1", "nofile"),
				("--limit=nofile=9:3", "form is"), ("--workdir=/none", "none: No such file"),
				("--overlay=/none-such/x", "none-such/x: No such file"), ("--isolate=full", "strict, or nothing"),
				("--root=/none-such", "none-such: No such file"), ("--root=" + TELL, "Not a directory"),
				("--trap=x", "auto, seccomp or sud"), ("--none-such", "unknown option")):
			with self.subTest(option):
				self.refused(125, reason, options=[option])
		self.refused(125, "give one", options=["--ephemeral", "--overlay=/x"])
		done = subprocess.run([dragoman, "--isolate", "/x"], capture_output=True, text=True)
		self.assertRegex(done.stderr, "needs --root TREE")
		done = subprocess.run([dragoman, "--ephemeral", "/x"], capture_output=True, text=True)
		self.assertRegex(done.stderr, "--ephemeral is for a room: add --isolate")

	def test_where_namespaces_are_refused_the_remedy_is_named(self):
		words = self.words("/bin/true", root="/")
		done = subprocess.run(["unshare", "-Ur", "sh", "-c", "echo 0 >/proc/sys/user/max_user_namespaces; exec \"$@\"",
				       "sh", *words[words.index(dragoman):]], capture_output=True, text=True)
		self.assertEqual((done.returncode, done.stdout), (125, ""), done)
		self.assertRegex(done.stderr, r"\Adragoman: no namespaces for this user: run as root, or sysctl [^\n]*\n\Z")

	def test_a_tree_of_another_os_is_named(self):
		shutil.copy(TELL_DYNAMIC, self.tree + "/bin/dynamic")
		self.refused(126, "tree is not a tree of FreeBSD: /bin/dynamic needs /libexec/ld-test.so", "/bin/dynamic")

	def test_strict_refuses_linux_programs(self):
		self.assertEqual(self.room("/bin/tell", "exit", "4", options=["--isolate=strict"]).returncode, 4)
		self.refused(126, "echo: a Linux program", "/bin/echo", options=["--isolate=strict"], root="/")
		shutil.copy(shutil.which("true"), self.tree + "/bin/true")
		done = self.room("/bin/tell", "exec", "/bin/true", options=["--isolate=strict"])
		self.assertEqual(done.returncode, errno.EACCES)

	def test_who_the_program_is(self):
		code = "import os; print(os.getresuid(), os.getresgid(), len(os.getgroups()))"
		me = self.user or os.getuid()
		self.assertEqual(self.python(code), f"{(me,) * 3} {(me,) * 3} 0\n")
		self.assertEqual(self.python(code, options=["--user=0:0"]), "(0, 0, 0) (0, 0, 0) 0\n")
		self.assertEqual(self.python(code, options=["--user=1234:77"]), "(1234, 1234, 1234) (77, 77, 77) 0\n")
		os.mkdir(self.tree + "/etc")
		with open(self.tree + "/etc/passwd", "w") as f:
			f.write("root:*:0:0::/root:/bin/sh\nwww:*:80:81:World Wide Web:/none:/none\n")
		self.assertEqual(self.room("/bin/tell", options=["--user=www"]).returncode, 0)

	def test_nothing_is_left_behind(self):
		"""Starts, most of them killed at some moment."""
		mark = f"/mark-{os.getpid()}-{random.random()}"
		os.mkdir(self.dir + "/outside/tmp")
		def state():
			with open("/proc/self/mountinfo") as mounts:
				# Others may mount at the same time.
				mounted = [line for line in mounts if self.dir in line or place.name in line]
				return mounted, sorted(path for path, *_ in os.walk(self.dir))
		before = state()
		for n in range(STARTS):
			options = ([], ["--ephemeral"], ["--net=private", "--tmpfs=/tmp"])[n % 3]
			p = subprocess.Popen(self.words("/bin/tell", "all", mark, options=options),
					     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
				     env={"TMPDIR": self.dir + "/outside/tmp"})
			if n % 4:
				time.sleep(random.random() * 0.03)
				p.kill()
			p.wait()
		deadline = time.monotonic() + 10
		while (processes_with(mark) or state() != before) and time.monotonic() < deadline:
			time.sleep(0.02)
		self.assertEqual(processes_with(mark), [])
		self.assertEqual(state(), before)


class Root:
	@classmethod
	def setUpClass(cls):
		if os.getuid() != 0:
			raise unittest.SkipTest("not root")


class Ordinary:
	user = NOBODY if os.getuid() == 0 else None


class RootUnderSud(Root, Room, unittest.TestCase):
	trap = "sud"


class OrdinaryUnderSeccomp(Ordinary, Room, unittest.TestCase):
	trap = "seccomp"


if "STARTS" in os.environ or os.getuid() != 0:
	class RootUnderSeccomp(Root, Room, unittest.TestCase):
		trap = "seccomp"


	class OrdinaryUnderSud(Ordinary, Room, unittest.TestCase):
		trap = "sud"


if __name__ == "__main__":
	unittest.main()
