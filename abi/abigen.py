#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Makes C and the status page from the tables of one guest ABI.

    abigen.py --os freebsd --out-dir DIR [--coverage DIR]... [--check]

reads abi/bsd/*.tbl and abi/<os>/*.tbl and writes <os>_abi.h, <os>_abi.c and
compat-<os>.md into DIR; --check only reads and reports. Whatever is wrong is
printed as `file:line: reason` and the exit status is 1.

The tables (docs/add-a-call.md explains them with examples). `#` starts a
comment; a block runs to the next line that is not indented; the order of files
does not matter, the order of rows does.

  calls 0..602              numbers that must have a row, none more, none less

  NR result name(arguments)  by  status [eintr] [%class]... [since R] [until R]
                                        [silent-before R]
    ! note                  one or more; shown on the status page
  NR..NR result name() ...  the same for a range of numbers

      by       host          the host call of the same name does it
               host:NAME     the host call NAME does
          host:NAME(a,b)  the same with these arguments: names from the row, C constants
               error:EXXX    always that guest error
               missing       no such call
          entry         the personality's entry code, before rows are looked up
               freebsd_x     a handler in translate/freebsd, bsd_x in translate/bsd
      status   full partial stub refused todo gone
      eintr    a signal ends the call with EINTR, even under SA_RESTART
      %class   file desc memory process signal network time thread, for trace
               filters; file and desc are also derived from the argument types
      since R, until R      the releases that have the number (until: exclusive)
      silent-before R       where the number is missing, releases below R answer
                            ENOSYS without sending SIGSYS
      argument TYPE name                 a number: int size fd mode oflags ...
               path name, path? name     file that is looked up; ?: may be NULL
               string name               any other string that is read
               strings argv              vector of strings
               addr where                an address that is not followed
               in|out|inout TYPE name    pointer to one (in? out? inout?: or NULL)
               ... name[n]               to as many as argument n says
               ... name[*n]              to as many as argument n points at
               ... name[2]               to two

  flags NAME [ulong]        a word of bits; NAME is then an argument type
    CONSTANT VALUE MEANING
    field MASK [NAME]       the constants below it, indented deeper, are values
      CONSTANT VALUE MEANING        under that mask and not single bits
    field MASK NAME !       the bits hold a number, which the handler uses
  values NAME               an argument that is one of these values
    CONSTANT VALUE MEANING
      MEANING  = HOST       the host's constant (a C expression) means the same
               !            the handler does it
               0            nothing to do
               -            refused

  numbers NAME LAST         a map of small numbers in both directions; LAST is the
                            host's highest
    CONSTANT VALUE = HOST [<= HOST, HOST...]    `<=`: other host numbers that
                                                become this guest number too
    CONSTANT VALUE => HOST  to the host only (something else owns the way back)
    CONSTANT VALUE -        no twin
    CONSTANT VALUE same CONSTANT2               a second name

  constants                 plain numbers
    CONSTANT VALUE

  struct NAME SIZE          how the trace prints it; SIZE in bytes
    OFFSET TYPE FIELD
  opaque NAME...            structs that the trace does not look into
"""

import argparse
import pathlib
import sys

from gen import check, emit, page, parse


def main(argv=None):
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--os", required=True)
    options.add_argument("--out-dir", type=pathlib.Path)
    options.add_argument("--check", action="store_true", help="write nothing")
    options.add_argument("--coverage", action="append", type=pathlib.Path, default=[],
                         metavar="DIR", help="conformance programs (*.c)")
    options.add_argument("--abi-dir", type=pathlib.Path,
                         default=pathlib.Path(__file__).resolve().parent)
    options.add_argument("--depfile", type=pathlib.Path)
    opt = options.parse_args(argv)
    if not opt.check and not opt.out_dir:
        options.error("--out-dir or --check is needed")

    files = sorted((opt.abi_dir / "bsd").glob("*.tbl")) + \
        sorted((opt.abi_dir / opt.os).glob("*.tbl"))
    try:
        tables = parse.read(opt.os, files)
        covers = check.coverage(opt.os, opt.coverage)
        check.check(tables, covers)
    except parse.TableErrors as errors:
        for error in errors.lines:
            print(error, file=sys.stderr)
        return 1
    if opt.check:
        return 0

    opt.out_dir.mkdir(parents=True, exist_ok=True)
    outputs = {f"{opt.os}_abi.h": emit.header(tables),
               f"{opt.os}_abi.c": emit.source(tables),
               f"compat-{opt.os}.md": page.page(tables, covers)}
    for name, text in outputs.items():
        (opt.out_dir / name).write_text(text)
    if opt.depfile:
        # The folders too, so that a new file in one is seen.
        read = files + [p for d in opt.coverage for p in [d, *sorted(d.rglob("*.c"))]] + \
            sorted((opt.abi_dir / "gen").glob("*.py")) + [opt.abi_dir / opt.os]
        targets = " ".join(str(opt.out_dir / name) for name in outputs)
        opt.depfile.write_text(f"{targets}: {' '.join(str(p) for p in read)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
