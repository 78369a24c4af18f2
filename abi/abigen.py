#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Makes C and the status page from the tables of one guest ABI.

    abigen.py --os freebsd --out-dir DIR [--coverage DIR]... [--check] [--pointers FILE]

reads abi/bsd/*.tbl and abi/<os>/*.tbl and writes <os>_abi.h, <os>_abi.c and
compat-<os>.md into DIR; --check only reads and reports. Whatever is wrong is
printed as `file:line: reason` and the exit status is 1. Where one folder holds
several ABIs (`columns`), <os> is FOLDER for the first and FOLDER_COLUMN for the
others, and <os>_layouts.c is written too: assertions that the kernel's headers
lay out the structs as we do.

The tables (docs/add-a-call.md explains them with examples). `#` starts a
comment; a block runs to the next line that is not indented; the order of files
does not matter, the order of rows does.

  calls 0..602              numbers that must have a row, none more, none less
  columns NAME:MODEL:HEADER...  the rows begin with a number for each of these ABIs of
                            one kernel: `-` none, `=` the first column's. MODEL (lp64,
                            i386, x32) has the word sizes, HEADER the kernel's numbers.
                            The first column is the host's own ABI.

  NR result name(arguments)  by  status [eintr] [%class]... [since R] [until R]
                                        [silent-before R] [direct:NAME] [early]
    ! note                  one or more; shown on the status page
  NR..NR result name() ...  the same for a range of numbers

      by       host          the host call of the same name does it
               host:NAME     the host call NAME does
          host:NAME(a,b)  the same with these arguments: names from the row, C constants
               error:EXXX    always that guest error
               missing       no such call
          entry         the personality's entry code, before rows are looked up
               freebsd_x     a handler in translate/freebsd, bsd_x in translate/bsd
      status   full partial stub refused todo gone; `covered` is full if a conformance
               program covers the call, else partial with a note that says so
      eintr    a signal ends the call with EINTR, even under SA_RESTART
      %class   file desc memory process signal network time thread, for trace
               filters; file and desc are also derived from the argument types
      since R, until R      the releases that have the number (until: exclusive)
      silent-before R       where the number is missing, releases below R answer
                            ENOSYS without sending SIGSYS
      direct:NAME           the handler does nothing but the host call NAME where numbers
                            are below 2^32 and addresses not the core's, and an error
                            is that call's
      early                 the personality can answer without a host call (struct
                            direct, translate/core/abi.h); not the host's own ABI
      argument TYPE name                 a number: int size fd mode oflags ...
                                         (8 bytes where words have 4: two words)
               path name, path? name     file that is looked up; ?: may be NULL
               linkpath newpath          the same: the name itself, a name to be made
               openpath atpath linkatpath  as the row's argument `how` says
               string name               any other string that is read
               strings argv              vector of strings
               addr where                any other address
               in|out|inout TYPE name    pointer to one (in? out? inout?: or NULL)
               ... name[n]               to as many as argument n says
               ... name[*n]              to as many as argument n points at
               ... name[2]               to two
               ... name[n<=1024]         more are EINVAL

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

  hostflags NAME [ulong]    a word whose bits are the host's: names for the trace
  hostvalues NAME
    CONSTANT...             of the host's headers
    field MASK: CONSTANT... values under that mask

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
  struct NAME [COLUMN] [= TWIN] [packed] [<header> [CNAME]]     with columns only
    TYPE FIELD[COUNT] [= HOST'S FIELD] [POLICY]     laid out by C's rules for each ABI
                            and converted field by field, by name, to the host's struct
                            (TWIN, or the same name; -: never); COLUMN: for that ABI only.
                            Fields that begin with __ need no twin. CNAME in <header>
                            must agree (a test).
      POLICY   fits         a value that is too large: EOVERFLOW (else it is cut)
               saturates    the largest value, which stands for the largest in both
               overflowid   65534, and the largest is -1
      TYPE     a field of type `mem` (`mem64`: 64 bits everywhere) is an address that the kernel
                            reads or writes at, `ptr` one that it keeps
  opaque NAME...            structs that the trace does not look into
"""

import argparse
import pathlib
import re
import subprocess
import sys

from gen import check, emit, page, parse, pointers


def kernel_numbers(compiler, tables):
    """Call name -> number in the kernel's header for this ABI."""
    if not compiler or not tables.column:
        return {}
    text = subprocess.run([*compiler, "-E", "-dM", "-x", "c", "-"], check=True, text=True,
                          input=f"#include <{tables.column.header}>\n", capture_output=True).stdout
    found = re.findall(r"^#define __NR_(\w+) (?:\(__X32_SYSCALL_BIT \+ )?(\d+)\)?$", text, re.M)
    return {name: int(number) for name, number in found}


def main(argv=None):
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--os", required=True)
    options.add_argument("--out-dir", type=pathlib.Path)
    options.add_argument("--check", action="store_true", help="write nothing")
    options.add_argument("--coverage", action="append", type=pathlib.Path, default=[],
                         metavar="DIR", help="conformance programs (*.c)")
    options.add_argument("--pointers", type=pathlib.Path, metavar="FILE",
                         help="write only this: the rows that take pointers, for a conformance program")
    options.add_argument("--abi-dir", type=pathlib.Path,
                         default=pathlib.Path(__file__).resolve().parent)
    options.add_argument("--depfile", type=pathlib.Path)
    options.add_argument("--cc", nargs=argparse.REMAINDER, default=[], metavar="COMPILER",
                         help="whose kernel headers the columns' numbers must agree with (last)")
    opt = options.parse_args(argv)
    if not opt.check and not opt.out_dir and not opt.pointers:
        options.error("--out-dir, --pointers or --check is needed")

    column, files = parse.table_files(opt.abi_dir, opt.os)
    try:
        tables = parse.read(opt.os, files, column)
        tables.host, more = parse.read_host(opt.abi_dir) if opt.os != parse.HOST else (tables, [])
        files = files + more
        covers = check.coverage(opt.os, opt.coverage, {row.name for row in tables.rows})
        check.settle(tables, covers)
        check.check(tables, covers, kernel_numbers(opt.cc, tables))
    except parse.TableErrors as errors:
        for error in errors.lines:
            print(error, file=sys.stderr)
        return 1
    if opt.pointers:
        opt.pointers.write_text(pointers.rows(tables))
    if not opt.out_dir:
        return 0

    opt.out_dir.mkdir(parents=True, exist_ok=True)
    outputs = {f"{opt.os}_abi.h": emit.header(tables),
               f"{opt.os}_abi.c": emit.source(tables),
               f"compat-{opt.os}.md": page.page(tables, covers)}
    if tables.columns:
        outputs[f"{opt.os}_layouts.c"] = emit.layout_test(tables)
    for name, text in outputs.items():
        (opt.out_dir / name).write_text(text)
    if opt.depfile:
        # The folders too, so that a new file in one is seen.
        read = files + [p for d in opt.coverage for p in [d, *sorted(d.rglob("*.c"))]] + \
            sorted((opt.abi_dir / "gen").glob("*.py")) + sorted({f.parent for f in files})
        targets = " ".join(str(opt.out_dir / name) for name in outputs)
        opt.depfile.write_text(f"{targets}: {' '.join(str(p) for p in read)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
