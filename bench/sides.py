"""Who is compared with whom: a guest's ABI by trap, with rewriting and without, and its native twin."""

import shutil
import subprocess
from dataclasses import dataclass

TRAPS = ("sud", "seccomp")
GUESTS = ("freebsd", "linux-x86_64", "linux-i386")
# A guest is compared with the twin that the host's kernel runs: the Linux build of the same source.
TWINS = {"freebsd": "linux-x86_64", "linux-x86_64": "linux-x86_64", "linux-i386": "linux-i386"}
# What the front door must be told where the file alone does not say it.
OPTIONS = {"freebsd": (), "linux-x86_64": ("--abi=linux",), "linux-i386": ()}


@dataclass(frozen=True)
class Side:
	name: str
	guest: str  # whose program it runs; of GUESTS
	before: tuple = ()  # the words before the program's own
	trap: str = ""  # "" natively, and for peers
	rewriting: bool = True
	peer: bool = False
	# Natively, with this trap armed but nothing to catch: what is compared with is the least that the guest can cost.
	floor: bool = False

	@property
	def native(self):
		return not self.trap and not self.peer

	@property
	def twin(self):
		return native(TWINS[self.guest]).name

	def program(self, build):
		return str(build / f"bench/micro-{TWINS[self.guest] if self.floor else self.guest}")


def native(guest):
	return Side(f"native {guest}", guest)


def can_rewrite(dragoman):
	"""Whether this dragoman rewrites sites: then it can be told not to."""
	said = subprocess.run([dragoman, "--help"], capture_output=True, text=True, check=False)
	return "--no-rewrite" in said.stdout


def layered(dragoman, guests, traps, rewriting):
	"""`rewriting`: of "on" and "off"; a dragoman that cannot rewrite has only the latter, and no word for it."""
	can = can_rewrite(dragoman)
	ways = {"on": ("", ()), "off": (", trap only", ("--no-rewrite",) if can else ())}
	for guest in guests:
		for trap in traps:
			for way in ways if can else ("off",):
				label, more = ways[way]
				if way in rewriting or not can:
					words = (dragoman, f"--trap={trap}", *OPTIONS[guest], *more, "--")
					yield Side(f"{guest} {trap}{label}", guest, words, trap, way == "on")


def floors(guests, traps):
	for guest in guests:
		for trap in traps:
			yield Side(f"{guest} {trap}, floor", guest, (), trap, rewriting=False, floor=True)


def peers(guests):
	"""Other layers that are installed: [(side or None, why not)]."""
	if "linux-i386" in guests:
		found = shutil.which("qemu-i386")
		side = Side("qemu-i386", "linux-i386", (found,), peer=True) if found else None
		yield side, "not installed (apt-get install qemu-user)"


def why_not(side, build):
	"""None if this side can run the smallest program; else what it said."""
	try:
		done = subprocess.run([*side.before, side.program(build), "exit"], capture_output=True, text=True, timeout=20,
				      stdin=subprocess.DEVNULL, check=False)
	except (OSError, subprocess.TimeoutExpired) as error:
		return str(error)
	if done.returncode == 0:
		return None
	said = done.stderr.strip().splitlines()
	return said[-1] if said else f"ended with status {done.returncode}"


def all_sides(dragoman, build, guests, traps, rewriting):
	"""(sides, [(name, why it is skipped)]); natives first, those without which nothing can be compared."""
	wanted = [(native(guest), "") for guest in dict.fromkeys(TWINS[guest] for guest in guests)]
	wanted += [(side, "") for side in layered(dragoman, guests, traps, rewriting)]
	wanted += [(side, "") for side in floors(guests, traps)]
	wanted += list(peers(guests))
	sides, skipped = [], []
	for side, reason in wanted:
		reason = why_not(side, build) if side else reason
		if reason is None:
			sides.append(side)
		else:
			skipped.append((side.name if side else "qemu-i386", reason))
	names = {side.name for side in sides}
	for side in list(sides):
		if side.twin not in names:
			sides.remove(side)
			skipped.append((side.name, f"its measure, {side.twin}, cannot run here"))
	return sides, skipped
