#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Names of the host's calls and errnos for the trace, from the compiler's view of its headers.

usage: host_names.py OUTPUT COMPILER...
"""
import os
import re
import subprocess
import sys

FUNCTION = """
const char *
{function}(unsigned n)
{{
	return n < sizeof {table} / sizeof *{table} ? {table}[n] : NULL;
}}
"""


def macros(compiler, header):
	text = subprocess.run([*compiler, "-E", "-dM", "-x", "c", "-"], input=f"#include <{header}>\n", check=True,
			      capture_output=True, text=True).stdout
	return dict(re.findall(r"^#define (\w+) (\w+)$", text, re.MULTILINE))


def table(name, function, rows):
	lines = [f'\t[{n}] = "{text}",' for n, text in sorted(rows.items())]
	return "\n".join([f"static const char *const {name}[] = {{", *lines, "};", FUNCTION.format(function=function, table=name)])


def main():
	output, *compiler = sys.argv[1:]
	calls = {int(v): k[5:] for k, v in macros(compiler, "asm/unistd_64.h").items() if k.startswith("__NR_")}
	errnos = {int(v): k for k, v in macros(compiler, "asm/errno.h").items() if k[0] == "E" and v.isdigit()}
	texts = {n: os.strerror(n) for n in errnos}
	parts = ['/* Made by host_names.py. */\n#include "trace_decode.h"\n',
		 table("calls", "host_call_name", calls),
		 table("errnos", "host_errno_name", errnos),
		 table("texts", "host_errno_text", texts)]
	with open(output, "w") as f:
		f.write("\n".join(parts))


if __name__ == "__main__":
	main()
