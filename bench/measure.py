"""How one value is taken of one side: a function for each kind of benchmark."""

import contextlib
import os
import pathlib
import re
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TOP / "conformance/real")]
import projects  # noqa: E402

LIMIT = 120


class Trouble(Exception):
	"""This side could not be measured; the text says why."""


class NotHere(Exception):
	"""Nobody can be measured: what the benchmark needs is not on this machine."""


def allow_many_descriptors():
	hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
	resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextlib.contextmanager
def pinned(wanted):
	"""Whoever is started meanwhile runs on the last processor only."""
	before = os.sched_getaffinity(0)
	if wanted:
		os.sched_setaffinity(0, {max(before)})
	try:
		yield
	finally:
		os.sched_setaffinity(0, before)


def finish(words, **how):
	try:
		done = subprocess.run([str(word) for word in words], timeout=LIMIT, check=False, **how)
	except subprocess.TimeoutExpired:
		raise Trouble(f"no end after {LIMIT} s") from None
	return done


def last_line(text):
	lines = text.strip().splitlines()
	return lines[-1] if lines else "it said nothing"


def big_file(build):
	path = build / "bench/64k"
	if not path.exists() or path.stat().st_size < 65536:
		path.write_bytes(bytes(65536))
	return path


def micro(side, context, program, parameter, per):
	"""Nanoseconds: what the program itself counted. Its standard input is a file of 64 KiB."""
	under = ["under", side.trap] if side.floor else []
	with open(big_file(context.build), "rb") as given:
		done = finish([*side.before, side.program(context.build), *under, program, parameter, context.milliseconds],
			      stdin=given, capture_output=True, text=True)
	answer = re.fullmatch(r"([0-9a-f]{16}) ([0-9a-f]{16})\n", done.stdout)
	if done.returncode != 0 or not answer:
		raise Trouble(f"status {done.returncode}: {last_line(done.stderr)}")
	return int(answer[2], 16) / int(answer[1], 16) / per


def start(side, context):
	"""Milliseconds from spawn to end, without what Python's subprocess adds."""
	words = [*side.before, side.program(context.build), "exit"]
	began = time.perf_counter()
	pid = os.posix_spawn(words[0], words, os.environ)
	status = os.waitpid(pid, 0)[1]
	seconds = time.perf_counter() - began
	if status != 0:
		raise Trouble(f"wait status {status:#x}")
	return 1000 * seconds


def sleeps(pid):
	"""Whether it waits in the pipe: two looks apart, lest it only rests on its way there."""
	def look():
		return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "S"
	first = look()
	time.sleep(0.02)
	return first and look()


@contextlib.contextmanager
def waiting(side, context, count):
	"""The pids of so many processes that all sit in read(2)."""
	inner, outer = os.pipe()
	started = []
	try:
		for _ in range(count):
			started.append(subprocess.Popen([*side.before, side.program(context.build), "wait"], stdin=inner,
							stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
		os.close(inner)
		until = time.monotonic() + LIMIT
		while not all(sleeps(process.pid) for process in started[-3:]):
			if time.monotonic() > until or any(process.poll() is not None for process in started):
				raise Trouble("a process that should wait does not")
		yield [process.pid for process in started]
	finally:
		os.close(outer)
		for process in started:
			process.wait(LIMIT)


def rollup(pid, name):
	"""KiB of the sum that /proc has under this name."""
	text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
	return int(re.search(rf"^{name}:\s*(\d+) kB", text, re.M)[1])


def memory(side, context):
	"""MiB resident in one process."""
	with waiting(side, context, 1) as pids:
		return rollup(pids[0], "Rss") / 1024


def crowd_memory(side, context, count):
	"""MiB for each of so many, where a page that n processes share counts an nth for each."""
	with waiting(side, context, min(count, context.most_processes)) as pids:
		return sum(rollup(pid, "Pss") for pid in pids) / len(pids) / 1024


def fetched(context, package, inside):
	"""A file of what conformance/real/fetch brings; asked for once."""
	folder = context.build / "real" / package
	if not (folder / ".complete").exists() and folder not in context.made:
		subprocess.run([TOP / "conformance/real/fetch", "-o", folder.parent, package], check=False, stdout=sys.stderr)
		context.made.add(folder)
	if not (folder / ".complete").exists():
		raise NotHere(f"{package} could not be fetched")
	return folder / inside


def project(context, name):
	"""A folder with one of conformance/real/projects.py, made once in a run."""
	folder = context.build / "bench/projects" / name
	if folder not in context.made:
		shutil.rmtree(folder, ignore_errors=True)
		getattr(projects, name)(folder)
		context.made.add(folder)
	return folder


SYSTEMS = {"freebsd": "freebsd", "linux-x86_64": "linux", "linux-i386": "linux-ia32"}


def of_system(side, context, package, inside):
	return [*side.before, fetched(context, f"{package}-{SYSTEMS[side.guest]}", inside)]


def tsc(side, context):
	return [*of_system(side, context, "tsc", "lib/tsc"), "-p", ".", "--noEmit"], project(context, "typescript"), (1, 2)


def ffmpeg(side, context):
	"""Three seconds of a moving picture to H.264, in one thread."""
	words = [*of_system(side, context, "ffmpeg", "ffmpeg"), "-nostdin", "-v", "error", "-f", "lavfi"]
	pictures = ["-i", "testsrc2=d=3:s=640x360:r=25"]
	return [*words, *pictures, "-c:v", "libx264", "-threads", "1", "-f", "null", "-"], context.build, (0,)


def esbuild(side, context):
	words = of_system(side, context, "esbuild", "bin/esbuild")
	return [*words, "src/first.ts", "--bundle", "--minify", "--sourcemap", "--outdir=out"], project(context, "modules"), (0,)


def i386_tree(context):
	"""The one that was named, else BUILD/real/debian-i386, which conformance/real/debian makes."""
	if not context.tree:
		folder = context.build / "real"
		if not (folder / "debian-i386").exists():
			subprocess.run([TOP / "conformance/real/debian", "-o", folder, "i386"], check=False, stdout=sys.stderr)
		context.tree = folder / "debian-i386"
	return context.tree


# As its own root, with the machine's /dev and /proc, which end with the process: needs no root.
IN_TREE = """mount --rbind /dev "$1/dev" && mount --rbind /proc "$1/proc" && mount --bind "$0" "$1/run" && exec chroot "$@" """


def run_as(side, context, program, looked_up=False):
	"""The words before the arguments of a program of the i386 tree, which is / by chroot; `looked_up`: by --root."""
	tree = i386_tree(context)
	if not (tree / program.lstrip("/")).exists():
		raise NotHere(f"no {program} in an i386 tree at {tree} (conformance/real/debian i386)")
	if side.peer:
		return [*side.before, "-L", tree, tree / program.lstrip("/")]
	if looked_up and not side.native:
		return [*side.before[:-1], f"--root={tree}", "--", program]
	dragoman, *options = side.before or ("",)
	layer = ["/run/" + pathlib.Path(dragoman).name, *options] if dragoman else []
	return ["unshare", "-rm", "sh", "-c", IN_TREE, context.build, tree, *layer, program]


def make(side, context):
	words = run_as(side, context, "/usr/bin/make")
	folder = c_project(context.tree)
	if side.peer:
		raise Trouble("it runs one program, not those that this one starts")
	shutil.rmtree(folder / "out", ignore_errors=True)
	return [*words, "-s", "-j2", "-C", "/tmp/bench-project"], context.build, (0,)


def c_project(tree):
	"""Forty files of C and a Makefile, within the tree's own /tmp, so that all sides have it under one name."""
	folder = tree / "tmp/bench-project"
	folder.mkdir(parents=True, exist_ok=True)
	for n in range(40):
		lines = [f"#include <stdio.h>\n#include <string.h>\nint part_{n}(int x)\n{{\n\tchar text[64];"]
		lines += [f"\tx = x * {k + 3} + {n};\n\tsnprintf(text, sizeof text, \"%d\", x);\n\tx += (int)strlen(text);"
			  for k in range(30)]
		(folder / f"part_{n}.c").write_text("\n".join([*lines, "\treturn x;\n}\n"]))
	parts = " ".join(f"out/part_{n}.o" for n in range(40))
	(folder / "Makefile").write_text(f"out/all.a: {parts}\n\tar cr $@ $^\nout/%.o: %.c\n"
					 "\t@mkdir -p out\n\tgcc -O1 -c -o $@ $<\n")
	return folder


PROGRAMS = {"tsc": tsc, "esbuild": esbuild, "ffmpeg": ffmpeg, "make": make}


def program(side, context, name):
	"""Seconds from start to end."""
	words, folder, good = PROGRAMS[name](side, context)
	began = time.perf_counter()
	done = finish(words, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
	seconds = time.perf_counter() - began
	if done.returncode not in good:
		raise Trouble(f"status {done.returncode}: {last_line(done.stderr.decode(errors='replace'))}")
	return seconds


def seven_zip(side, context):
	"""Nanoseconds for what 7-Zip's own benchmark counts as an instruction; in the tree, whose libraries it needs."""
	program = i386_tree(context) / "tmp/bench-7za"
	if not program.exists():
		shutil.copy(fetched(context, "7zip", "linux/ia32/7za"), program)
		program.chmod(0o755)
	words = [*run_as(side, context, "/tmp/bench-7za"), "b", "1", "-mmt1", "-md18"]
	done = finish(words, stdin=subprocess.DEVNULL, capture_output=True, text=True)
	rating = re.search(r"^Tot: .* (\d+)$", done.stdout, re.M)
	if done.returncode != 0 or not rating:
		raise Trouble(f"status {done.returncode}: {last_line(done.stdout)}")
	return 1000 / int(rating[1])


def free_port():
	with socket.socket() as s:
		s.bind(("127.0.0.1", 0))
		return s.getsockname()[1]


def redis(side, context, port, looked_up):
	words = [*run_as(side, context, "/usr/bin/redis-server", looked_up), "--port", port, "--save", "", "--appendonly", "no"]
	load = [*run_as(native_of(side), context, "/usr/bin/redis-benchmark"), "-p", port, "-c", "20", "-n",
		2000 * context.milliseconds, "-t", "get"]
	return words, load, r"(\d+) requests completed in ([\d.]+) seconds"


NGINX_CONF = """user root; daemon off; master_process off; pid {temporary}/bench-nginx.pid; error_log /dev/null; events {{}}
http {{
	access_log off; keepalive_requests 1000000;
	client_body_temp_path {temporary}/bench-nginx; proxy_temp_path {temporary}/bench-nginx;
	fastcgi_temp_path {temporary}/bench-nginx; uwsgi_temp_path {temporary}/bench-nginx;
	scgi_temp_path {temporary}/bench-nginx;
	server {{ listen 127.0.0.1:{port}; root /tmp/bench-www; }}
}}
"""


def nginx(side, context, port, looked_up):
	words = [*run_as(side, context, "/usr/sbin/nginx", looked_up), "-c", "/tmp/bench-nginx.conf"]
	if not shutil.which("wrk"):
		raise NotHere("wrk, which makes the load, is not installed (apt-get install wrk)")
	(context.tree / "tmp/bench-www").mkdir(parents=True, exist_ok=True)
	(context.tree / "tmp/bench-www/index.html").write_text("x" * 1000)
	# qemu-i386 -L looks up what is there in the tree, and makes what is new on the host.
	temporary = context.build / "bench" if side.peer else "/tmp"
	(context.tree / "tmp/bench-nginx.conf").write_text(NGINX_CONF.format(port=port, temporary=temporary))
	load = ["wrk", "-t", 1, "-c", 20, "-d", max(1, context.milliseconds // 10), f"http://127.0.0.1:{port}/"]
	return words, load, r"(\d+) requests in ([\d.]+)s"


LOADS = {"redis": redis, "nginx": nginx}


def native_of(side):
	return type(side)(side.twin, side.guest)


@contextlib.contextmanager
def serving(words, port):
	"""A server that answers at this port, and is ended afterwards."""
	with tempfile.TemporaryFile("w+") as said:
		server = subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=said, stderr=said)
		try:
			wait_for_port(server, port, said)
			yield server.pid
		finally:
			server.terminate()
			try:
				server.wait(10)
			except subprocess.TimeoutExpired:
				server.kill()
				server.wait()


def wait_for_port(server, port, said):
	until = time.monotonic() + 20
	while time.monotonic() < until:
		if server.poll() is not None:
			said.seek(0)
			raise Trouble(f"the server ended with status {server.returncode}: {last_line(said.read())}")
		with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
			return
		time.sleep(0.05)
	raise Trouble("the server does not answer")


def processor_seconds(pid):
	"""What the process has used, in all its threads."""
	fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
	return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load(side, context, name, looked_up=False, processor=False):
	"""Microseconds a request, twenty connections at once; `processor`: of the server's own time."""
	port = free_port()
	words, generator, pattern = LOADS[name](side, context, port, looked_up)
	with serving(words, port) as server:
		used = processor_seconds(server)
		done = finish(generator, stdin=subprocess.DEVNULL, capture_output=True, text=True)
		used = processor_seconds(server) - used
	found = re.search(pattern, done.stdout)
	if done.returncode != 0 or not found:
		raise Trouble(f"{generator[0]}: status {done.returncode}: {last_line(done.stderr)}")
	return 1e6 * (used if processor else float(found[2])) / int(found[1])


KINDS = {"micro": micro, "start": start, "memory": memory, "crowd_memory": crowd_memory, "program": program,
	 "seven_zip": seven_zip, "load": load}
