#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Compares the tables of an ABI with Go's independent lists of the same facts.

    check_upstream.py --os freebsd --arch amd64

The lists were generated on the real systems: package golang.org/x/sys/unix
(Debian: golang-golang-x-sys-dev) and the standard library's syscall package
(golang-*-src). Call numbers, errnos, signals and every constant with the same
name must agree. What Go does not know is listed, not failed. Exit status: 0
all agree, 1 a mismatch, 77 (skipped) neither list is installed. The ABIs of Linux
are compared with libseccomp's lists too (package libseccomp2), x32 with those only.
"""

import argparse
import ctypes
import pathlib
import re
import sys

from gen import parse

HERE = pathlib.Path(__file__).resolve().parent
PLACES = (
    "/usr/share/gocode/src/golang.org/x/sys/unix",
    "/usr/lib/go*/src/syscall",
    "/usr/share/go*/src/syscall",
    "/usr/local/go/src/syscall",
)
CONSTANT = re.compile(r"^\t(\w+)\s+= (?:(?:syscall\.)?(?:Errno|Signal)\()?"
                      r"(-?(?:0x)?[0-9a-fA-F]+)\)?(?:\s*//.*)?$", re.M)

PROTOTYPE = re.compile(r"^\tSYS_(\w+)\s+= (\d+)\s*// \{ .*?\((.*)\);? ?\}", re.M)
# Package syscall is frozen: calls that were renamed since.
FROZEN = {"SYS_OBREAK": "break", "SYS_OVADVISE": "freebsd11_vadvise", "SYS_CAP_GETRIGHTS": "__cap_rights_get",
          "SYS_MADVISE1": "madvise"}


def folders():
    for place in PLACES:
        path = pathlib.Path(place)
        for folder in sorted(pathlib.Path("/").glob(place[1:])) if "*" in place else [path]:
            if folder.is_dir():
                yield folder


def go_constants(folder, os_name, arch):
    """name -> value of one package, or nothing."""
    known = {}
    for part in ("zsysnum", "zerrors"):
        path = folder / f"{part}_{os_name}_{arch}.go"
        if path.exists():
            for name, value in CONSTANT.findall(path.read_text()):
                known[name] = int(value, 0)
    return known


def go_arguments(folder, os_name, arch):
    """(name, number) -> True for each argument that is a pointer, from Go's comments."""
    path = folder / f"zsysnum_{os_name}_{arch}.go"
    known = {}
    for name, nr, arguments in PROTOTYPE.findall(path.read_text() if path.exists() else ""):
        parts = [p for p in arguments.split(",") if p.strip() not in ("", "void")]
        if "..." not in arguments:
            known["SYS_" + name, int(nr)] = ["*" in p or "caddr_t" in p for p in parts]
    return known


def call_numbers(rows):
    """Go's name -> number, for the rows that have one."""
    for row in rows:
        plain = re.sub(r"^[a-z]+\d+_(?=\w)", "", row.name)
        yield row, "SYS_" + plain.upper()


def same(one, other):
    """Equal, or equal as the int that C passes (-0x1000000 is 0xff000000)."""
    return one == other or (one ^ other) & 0xffffffff == 0 and \
        max(abs(one), abs(other)) <= 0xffffffff


class Comparison:
    def __init__(self, tables, folder, known):
        self.tables, self.folder, self.known = tables, folder, known
        self.wrong, self.compared = [], {"calls": 0, "signatures": 0, "constants": 0}

    @staticmethod
    def is_called(row, plain, name):
        return name in (plain, "SYS_" + row.name.upper()) or FROZEN.get(name) == row.name

    def calls(self):
        by_name, by_number = {}, {}
        for row, name in call_numbers(self.tables.rows):
            by_name.setdefault(name, set()).add(row.nr)
            for nr in range(row.nr, row.last + 1):
                by_number[nr] = (row, name)
        for name, nr in self.known.items():
            if not name.startswith("SYS_"):
                continue
            self.compared["calls"] += 1
            if nr not in by_number:
                self.wrong.append(f"{name} = {nr} has no row")
            elif not self.is_called(*by_number[nr], name):
                self.wrong.append(f"{by_number[nr][0].place}: {nr} is "
                                  f"`{by_number[nr][0].name}`, upstream {name}")
        return sorted({row.name for row, name in call_numbers(self.tables.rows)
                       if name not in self.known and row.status != "gone"})

    def signatures(self, known):
        """How many arguments, and which of them are pointers."""
        for row, name in call_numbers(self.tables.rows):
            theirs = known.get((name, row.nr))
            if theirs is None or row.status == "gone":
                continue
            self.compared["signatures"] += 1
            ours = [a.is_pointer for a in row.args]
            if len(ours) != len(theirs):
                self.wrong.append(f"{row.place}: `{row.name}` has {len(ours)} arguments, "
                                  f"upstream {len(theirs)}")
                continue
            for arg, here, there in zip(row.args, ours, theirs):
                if here != there:
                    self.wrong.append(f"{row.place}: `{row.name}`: {arg.name} is "
                                      f"{'a' if here else 'no'} pointer, unlike upstream's")

    def constants(self):
        for name, value, place in self.tables.all_constants():
            if name not in self.known:
                continue
            self.compared["constants"] += 1
            theirs = self.known[name]
            if not same(theirs, value):
                self.wrong.append(f"{place}: {name} is {value:#x}, upstream {theirs:#x}")
        return sorted({name for name, _, _ in self.tables.all_constants()
                       if name not in self.known})


# Column of the Linux tables -> Go's name of the architecture, libseccomp's (seccomp.h).
LINUX = {"x86_64": ("amd64", 0xc000003e), "i386": ("386", 0x40000003), "x32": (None, 0x4000003e)}
HIGHEST = 1023


def seccomp_calls(arch):
    """number -> name of libseccomp's list; nothing if it is not installed."""
    try:
        library = ctypes.CDLL("libseccomp.so.2")
    except OSError:
        return {}
    library.seccomp_syscall_resolve_num_arch.restype = ctypes.c_void_p
    free = ctypes.CDLL(None).free
    free.argtypes = [ctypes.c_void_p]
    known = {}
    for number in range(HIGHEST):
        text = library.seccomp_syscall_resolve_num_arch(ctypes.c_uint32(arch), number)
        if text:
            known[number] = ctypes.string_at(text).decode()
            free(text)
    return known


def seccomp_differences(tables, known):
    rows = {row.nr: row for row in tables.rows}
    for number, name in sorted(known.items()):
        if number not in rows:
            yield f"{tables.column.place}: no row for `{name}`, number {number} of libseccomp"
        elif rows[number].name != name:
            yield f"{rows[number].place}: {number} is `{rows[number].name}`, libseccomp `{name}`"


def check_seccomp(tables):
    """(whether there was a list, what differs)"""
    if not tables.column:
        return False, []
    known = seccomp_calls(LINUX[tables.column.name][1])
    wrong = list(seccomp_differences(tables, known))
    if known:
        print(f"libseccomp: compared {len(known)} calls; {len(wrong)} differ")
    return bool(known), wrong


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--os", default="freebsd")
    options.add_argument("--arch", help="Go's name for it (default: amd64, or the ABI's)")
    options.add_argument("--verbose", action="store_true", help="name what Go does not know")
    opt = options.parse_args()

    column, files = parse.table_files(HERE, opt.os)
    tables = parse.read(opt.os, files, column)
    arch = opt.arch or (LINUX[tables.column.name][0] if tables.column else "amd64")
    seen, wrong = check_seccomp(tables)
    for folder in folders():
        known = go_constants(folder, opt.os.split("_")[0], arch)
        if not known:
            continue
        seen += 1
        comparison = Comparison(tables, folder, known)
        new_calls, new_constants = comparison.calls(), comparison.constants()
        comparison.signatures(go_arguments(folder, opt.os, arch))
        wrong += comparison.wrong
        counts = ", ".join(f"{n} {what}" for what, n in comparison.compared.items())
        print(f"{folder}: compared {counts}; {len(comparison.wrong)} differ")
        print(f"  not known upstream: {len(new_calls)} calls, {len(new_constants)} constants"
              + (":" if opt.verbose else " (--verbose names them)"))
        if opt.verbose:
            print("   ", " ".join(new_calls), "\n   ", " ".join(new_constants))
    if not seen:
        print("skipped: no lists; install golang-golang-x-sys-dev, libseccomp2")
        return 77
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
