#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A file's bytes as a C array and its size, for what the core carries with it.

usage: embed.py NAME INPUT OUTPUT
"""
import pathlib
import sys


def main():
	name, source, made = sys.argv[1:]
	data = pathlib.Path(source).read_bytes()
	lines = [f"\t{', '.join(str(byte) for byte in data[at:at + 20])}," for at in range(0, len(data), 20)]
	pathlib.Path(made).write_text("\n".join([
		f"extern const unsigned char {name}[];", f"extern const unsigned long {name}_size;",
		f"const unsigned char {name}[{len(data)}] = {{", *lines, "};",
		f"const unsigned long {name}_size = sizeof {name};", ""]))


if __name__ == "__main__":
	main()
