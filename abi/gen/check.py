"""Everything about the tables that can be wrong beyond their syntax."""

import re

from . import layout
from .model import COVERED, NUMBER_FIELD, PATHS, POINTERS, Place
from .parse import TableErrors

C_WORDS = set("""auto break case char const continue default do double else enum extern float
    for goto if inline int long register restrict return short signed sizeof static struct
    switch typedef union unsigned void volatile while c""".split())
BUILT_FOR_ALL = ("i386",)
NEEDS_NOTE = ("partial", "stub", "refused")


def coverage(os_name, folders, known=()):
    """
    Call names that conformance programs say they cover: name -> [Place]. A program of Linux's is built for each of
    its ABIs that `only:` does not leave out, and then covers, of the names `known` to the ABI, those of `linux` too.
    """
    covers = {}
    system, _, abi = os_name.partition("_")
    for folder in folders:
        shapes = shapes_of(folder) if abi in BUILT_FOR_ALL else {}
        for path in sorted(folder.rglob("*.c")):
            text = path.read_text()
            shared = abi in BUILT_FOR_ALL and not re.search(rf"\bonly: (?!.*\b{abi}\b)", text)
            for found in re.finditer(rf"\bcovers:\s+({os_name}|{system})\b([^*;]*)", text):
                place = Place(str(path), text.count("\n", 0, found.start()) + 1)
                names = found[2].split()
                if found[1] != os_name:
                    names = [shapes.get(name, name) for name in names if shared]
                    names = [name for name in names if name in known]
                for name in names:
                    covers.setdefault(name, []).append(place)
    return covers


def shapes_of(folder):
    """Which call of an older ABI a shared name stands for: guest_calls.h of the programs says it to their compiler."""
    header = folder / "guest_calls.h"
    return dict(re.findall(r"#define __NR_(\w+) __NR_(\w+)", header.read_text())) if header.exists() else {}


def settle(tables, covers):
    """What `covered` means for each row that says so."""
    for row in tables.rows:
        if row.status == COVERED:
            row.status = "full" if row.name in covers else "partial"
            if row.status == "partial":
                row.notes.append("Not yet covered by a conformance program.")


def check(tables, covers, kernel_numbers=None):
    """Raises TableErrors if anything is wrong. kernel_numbers: name -> number of its headers."""
    errors = []

    def bad(place, reason):
        errors.append(f"{place}: {reason}")

    check_numbers(tables, bad)
    if kernel_numbers:
        check_kernel_numbers(tables, kernel_numbers, bad)
    handlers = {}
    for row in tables.rows:
        check_row(tables, row, bad)
        check_status(row, covers, bad)
        check_direct(tables, row, bad)
        check_handler(tables, row, handlers, bad)
    for word in tables.words.values():
        check_word(word, bad)
    for numbers in tables.maps.values():
        check_map(numbers, bad)
    for struct in tables.structs.values():
        check_struct(tables, struct, bad)
    check_constants(tables, bad)
    known = {row.name for row in tables.rows}
    for name in covers:
        if name not in known:
            bad(covers[name][0], f"covers unknown call `{name}`")
    if errors:
        raise TableErrors(errors)


def check_numbers(tables, bad):
    before = -1
    names = {}
    for row in tables.rows:
        if row.nr <= before:
            bad(row.place, f"number {row.nr} after {before}: rows must be in order, each once")
        elif tables.calls and row.nr != before + 1:
            bad(row.place, f"numbers {before + 1} to {row.nr - 1} have no row")
        before = max(before, row.last)
        if row.name != "reserved" and row.name in names:
            bad(row.place, f"`{row.name}` is already number {names[row.name]}")
        names.setdefault(row.name, row.nr)
    if tables.calls:
        first, last, place = tables.calls
        if not tables.rows or tables.rows[0].nr != first or before != last:
            bad(place, f"the rows run to {before}, not {first}..{last}")


def check_kernel_numbers(tables, kernel, bad):
    """Our numbers are the headers'; what is newer than they are is left to review."""
    names = {number: name for name, number in kernel.items()}
    header = tables.column.header
    for row in tables.rows:
        number = kernel.get(row.name, row.nr)
        if number != row.nr:
            bad(row.place, f"`{row.name}` is {row.nr} here and {number} in {header}")
        elif names.get(row.nr, row.name) != row.name:
            bad(row.place, f"{row.nr} is `{row.name}` here and `{names[row.nr]}` in {header}")
    known = {row.name for row in tables.rows}
    for name in sorted(set(kernel) - known, key=kernel.get):
        bad(tables.column.place, f"no row for `{name}`, number {kernel[name]} of {header}")


def check_row(tables, row, bad):
    if row.nr != row.last and not row.is_missing:
        bad(row.place, "a range of numbers can only be missing")
    if row.by == "missing" and row.status != "gone" or row.status == "gone" and row.by != "missing":
        bad(row.place, "`missing` goes with status gone, and only with it")
    if row.result not in ("void", "addr") and not tables.scalar(row.result):
        bad(row.place, f"unknown type `{row.result}`")
    for arg in row.args:
        check_arg(tables, row, arg, bad)
    if len(row.args) > 8:
        bad(row.place, "more than 8 arguments")
    if tables.columns and len(row.args) + sum(map(tables.is_pair, row.args)) > 6:
        bad(row.place, "more than 6 words of arguments")
    if row.error and row.error not in names_of(tables.maps.get("errno")):
        bad(row.place, f"unknown errno `{row.error}`")
    if row.since and row.until and row.since >= row.until:
        bad(row.place, "`since` is not before `until`")
    if row.host and not row.is_missing:
        check_host_row(tables, row, bad)


def check_arg(tables, row, arg, bad):
    if arg.name in C_WORDS:
        bad(row.place, f"argument cannot be named `{arg.name}` in C")
    if not arg.direction:
        if arg.type not in POINTERS and not tables.scalar(arg.type):
            bad(row.place, f"unknown type `{arg.type}`")
        if arg.length:
            bad(row.place, f"`{arg.name}[{arg.length}]` needs in, out or inout")
    elif arg.type not in tables.structs and arg.type not in ("bytes", "addr") and \
            not tables.scalar(arg.type):
        bad(row.place, f"unknown type `{arg.type}`")
    if arg.type in PATHS and "how" in PATHS[arg.type] and \
            not any(a.name == "how" for a in row.args):
        bad(row.place, f"`{arg.type}` needs an argument named `how`")
    length = arg.length.lstrip("*")
    if length and not length.isdigit() and not any(a.name == length for a in row.args):
        bad(row.place, f"`{arg.name}[{arg.length}]`: no argument `{length}`")


def check_host_row(tables, row, bad):
    if tables.columns and row.host not in tables.host_numbers:
        bad(row.place, f"the host has no call `{row.host}`")
    if len(row.host_args) > 6:
        bad(row.place, "a host call has at most 6 arguments")
    names = [a.name for a in row.args]
    for word in re.findall(r"\b[a-z_]\w*", ",".join(row.host_args)):
        if word not in names:
            bad(row.place, f"`{row.by}`: no argument `{word}`")
    for arg in row.args:
        if arg.name not in re.findall(r"\w+", " ".join(row.host_args)):
            continue
        if (arg.type == "signal" and not tables.is_host_family) or arg.type == "strings":
            bad(row.place, f"`{arg.type}` is not the host's: a handler is needed")
        for flag in tables.words[arg.type].flags if arg.type in tables.words else ():
            if flag.kind in ("!", NUMBER_FIELD) and not arg.direction:
                bad(row.place, f"{flag.name} is for a handler, but the row says `{row.by}`")


def check_direct(tables, row, bad):
    if row.direct and not (row.handler and tables.host and
                           tables.host.row(row.direct)):
        bad(row.place, f"`direct:{row.direct}` is for a handler, and needs a call of the host")


def check_status(row, covers, bad):
    if row.status in NEEDS_NOTE and not row.notes:
        bad(row.place, f"status {row.status} needs a note (`! …`) that says why")
    if row.status == "full" and row.name not in covers:
        bad(row.place, f"status full, but no conformance program covers `{row.name}`")


def check_handler(tables, row, handlers, bad):
    if not row.handler:
        return
    family = tables.os.partition("_")[0] if tables.columns else tables.os
    if not re.match(rf"(bsd|{family}\d*)_", row.handler):
        bad(row.place, f"handler `{row.handler}` is not named {family}_… or bsd_…")
    shape = tuple("guest_ptr" if a.is_pointer or not tables.scalar(a.type)
                  else tables.scalar(a.type).ctype for a in row.args)
    if handlers.setdefault(row.handler, (shape, row))[0] != shape:
        bad(row.place, f"`{row.handler}` has other argument types at "
            f"{handlers[row.handler][1].place}")


def check_word(word, bad):
    """Bits must be single-owner; values must lie under their mask."""
    taken = {}
    if word.is_host:
        return
    fields = {f.mask for f in word.flags if f.mask}
    for flag in word.flags:
        if word.is_values:
            continue
        if flag.mask and flag.value & ~flag.mask:
            bad(flag.place, f"{flag.name} has bits outside its field {flag.mask:#x}")
        if not flag.mask and flag.value == 0:
            bad(flag.place, f"{flag.name} is 0: only a value of a field can be")
        if flag.mask:
            continue
        for mask in fields:
            if flag.value & mask:
                bad(flag.place, f"{flag.name} overlaps the field {mask:#x}")
        for other, value in taken.items():
            if flag.value & value:
                bad(flag.place, f"{flag.name} overlaps {other}")
        taken[flag.name] = flag.value
    values = {}
    for flag in word.flags:
        if flag.mask or word.is_values:
            known = values.setdefault((flag.mask, flag.value), flag.name)
            if known != flag.name:
                bad(flag.place, f"{flag.name} has the value of {known}")


def names_of(numbers):
    return {n.name for n in numbers.rows} if numbers else set()


def check_map(numbers, bad):
    seen, hosts, by_name = {}, {}, {}
    for n in numbers.rows:
        if n.name in by_name:
            bad(n.place, f"{n.name} is there twice")
        if n.kind == "same":
            if by_name.get(n.host) != n.value:
                bad(n.place, f"{n.name} is not the same as {n.host}")
        elif n.value in seen:
            bad(n.place, f"{n.name} has the number of {seen[n.value]} (say `same`)")
        elif seen and n.value < max(seen):
            bad(n.place, f"{n.name}: {n.value} is out of order")
        by_name[n.name] = n.value
        seen.setdefault(n.value, n.name)
        for host in ([n.host] if n.kind == "=" else []) + n.also:
            if host in hosts:
                bad(n.place, f"host {host} already becomes {hosts[host]}")
            hosts[host] = n.name
        if n.value > 0xfffe:
            bad(n.place, f"{n.name}: {n.value} is too large for a map")


def check_computed_struct(tables, struct, bad):
    try:
        layout.guest(tables, struct)
        if not layout.is_same(tables, struct):
            layout.pairs(tables, struct)
    except layout.Wrong as wrong:
        bad(wrong.place, str(wrong))


def check_struct(tables, struct, bad):
    if struct.is_computed:
        check_computed_struct(tables, struct, bad)
        return
    end = 0
    for f in struct.fields:
        scalar = tables.scalar(f.type)
        if not scalar:
            bad(f.place, f"unknown type `{f.type}`")
            continue
        if f.offset < end:
            bad(f.place, f"{f.name} overlaps the field before it")
        end = f.offset + scalar.size
        if end > struct.size:
            bad(f.place, f"{f.name} ends at {end}, behind the struct's {struct.size} bytes")


def check_constants(tables, bad):
    known = {}
    for name, value, place in tables.all_constants():
        if known.setdefault(name, (value, place))[0] != value:
            bad(place, f"{name} is {value:#x} here and {known[name][0]:#x} at {known[name][1]}")
