"""A conversation with `esbuild --service`, as its JavaScript library holds it (esbuild's lib/shared/stdio_protocol.ts).

A packet is its length (32 bits, little-endian), id * 2 + (1 for a reply), and one value. A value is a tag and what
belongs to it: 0 null, 1 bool, 2 integer, 3 string, 4 bytes, 5 list, 6 dictionary. The program speaks first: its
version, with a length before it.
"""

import struct

VERSION = "0.28.2"


def counted(data):
	return struct.pack("<I", len(data)) + data


def encode(value):
	if value is None:
		return b"\0"
	if isinstance(value, bool):
		return bytes((1, value))
	if isinstance(value, int):
		return b"\2" + struct.pack("<I", value)
	if isinstance(value, str):
		return b"\3" + counted(value.encode())
	if isinstance(value, bytes):
		return b"\4" + counted(value)
	if isinstance(value, list):
		return b"\5" + struct.pack("<I", len(value)) + b"".join(map(encode, value))
	return b"\6" + struct.pack("<I", len(value)) + b"".join(
		counted(key.encode()) + encode(one) for key, one in value.items())


def decode(data, at):
	tag, at = data[at], at + 1
	if tag == 0:
		return None, at
	if tag == 1:
		return bool(data[at]), at + 1
	(size,) = struct.unpack_from("<I", data, at)
	at += 4
	if tag == 2:
		return size, at
	if tag in (3, 4):
		value = data[at:at + size]
		return value.decode() if tag == 3 else value, at + size
	if tag == 5:
		values = []
		for _ in range(size):
			value, at = decode(data, at)
			values.append(value)
		return values, at
	found = {}
	for _ in range(size):
		(length,) = struct.unpack_from("<I", data, at)
		key = data[at + 4:at + 4 + length].decode()
		found[key], at = decode(data, at + 4 + length)
	return found, at


def packet(number, value):
	return counted(struct.pack("<I", number << 1) + encode(value))


def transform(source, *flags):
	return {"command": "transform", "flags": list(flags), "inputFS": False, "input": source.encode()}


def conversation(_where):
	"""All that the other side will say: two hundred requests without waiting for an answer."""
	requests = []
	for n in range(200):
		source = f"let x{n}: number = {n} + 1; export enum E {{ A = {n} }} export let t = <b c={{x{n}}}/>;\n" * (1 + n)
		requests.append(transform(source.replace("export enum E", "enum E"), "--loader=tsx",
					  *(["--minify"] if n % 2 else []), *(["--target=es2015"] if n % 3 else [])))
	requests.append(transform("let = ;", "--loader=js"))
	requests.append({"command": "format-msgs", "messages": [{
		"id": "", "pluginName": "", "text": "a message", "location": None, "notes": [], "detail": 0}],
		"isWarning": True, "color": True, "terminalWidth": 80})
	return b"".join(packet(n, request) for n, request in enumerate(requests))


def replies(data):
	"""{number: reply}, in whatever order they came; the version is number -1."""
	(size,) = struct.unpack_from("<I", data)
	found, at = {-1: data[4:4 + size].decode()}, 4 + size
	while at < len(data):
		size, number = struct.unpack_from("<II", data, at)
		found[number >> 1] = repr(decode(data, at + 8)[0])
		at += 4 + size
	return found
