#!/usr/bin/env python3
"""Static analysis of our own C: clang-tidy (.clang-tidy) and cppcheck. Findings are failures.

usage: analyse.py SOURCE-ROOT BUILD-ROOT
"""
import concurrent.futures
import json
import os
import re
import shlex
import subprocess
import sys

CPPCHECK = ["cppcheck", "--quiet", "--std=c11", "--language=c", "--enable=warning,performance,portability",
	    "--inline-suppr", "--error-exitcode=1", "--suppress=missingIncludeSystem",
	    # What it cannot know: _Noreturn, symbols of the linker, thread_self()'s arithmetic on an
	    # address, and what the kernel writes through one.
	    "-D_Noreturn=__attribute__((noreturn))", "--suppress=comparePointers",
	    "--suppress=nullPointerArithmetic", "--suppress=nullPointerArithmeticRedundantCheck",
	    "--suppress=ctunullpointer", "--suppress=uninitvar", "--suppress=ctuuninitvar"]
# What clang wants to be told: the rest of a command is the compiler's own taste.
WANTED = re.compile(r"-(D|U|I|std=|m|ffreestanding)")
WITH_NEXT = ("-iquote", "-isystem", "-include")


def wanted(words):
	for n, word in enumerate(words):
		if word in WITH_NEXT:
			yield from words[n:n + 2]
		elif WANTED.match(word):
			yield word


def commands(source, build):
	"""(file, folder, arguments) of each C file of ours in the build."""
	with open(os.path.join(build, "compile_commands.json")) as f:
		for entry in json.load(f):
			file = os.path.realpath(os.path.join(entry["directory"], entry["file"]))
			generated = file.startswith(os.path.realpath(build) + os.sep)
			if file.endswith(".c") and file.startswith(os.path.realpath(source)) and not generated:
				words = shlex.split(entry["command"])
				yield file, entry["directory"], [*wanted(words)]


def run(command, folder):
	done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
	return done.returncode, done.stdout + (done.stderr if done.returncode else "")


def analyse(file, folder, args):
	failed = False
	text = ""
	# Quoted includes are found from the file's own folder; cppcheck knows no -iquote.
	flags = [a for a in args if a.startswith(("-D", "-U", "-I"))]
	for command in (["clang-tidy", "--quiet", file, "--", *args], [*CPPCHECK, *flags, file]):
		status, output = run(command, folder)
		failed |= status != 0
		text += output if status else ""
	return failed, text


def main():
	jobs = {entry[0]: entry for entry in commands(*sys.argv[1:3])}
	bad = 0
	with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
		for failed, text in pool.map(lambda job: analyse(*job), jobs.values()):
			bad += failed
			sys.stdout.write(text)
	print(f"{len(jobs)} files analysed, {bad} with findings")
	return bad != 0


if __name__ == "__main__":
	sys.exit(main())
