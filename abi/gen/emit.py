"""The C that the tables become: <os>_abi.h and <os>_abi.c."""

import re

from . import direct, layout, model

BANNER = "/* Made by abi/abigen.py from the tables in abi/{os} and abi/bsd. Do not edit. */\n"
STATUS = {s: f"ROW_{s.upper()}" for s in model.STATUSES}
FLAG_KIND = {"=": "FLAG_SAME", "!": "FLAG_HANDLER", "0": "FLAG_HARMLESS", "-": "FLAG_REFUSED",
             model.NUMBER_FIELD: "FLAG_NUMBER"}


# Header

def header(t):
    guard = f"DRAGOMAN_{t.prefix}_ABI_H"
    out = [BANNER.format(os=t.os),
           f"#ifndef {guard}\n#define {guard}\n",
           '#include "abi.h"\n#include "call.h"\n',
           "/* Call numbers */", "enum {"]
    out += [f"\t{t.prefix}_SYS_{r.name} = {r.nr}," for r in t.rows if r.name != "reserved"]
    out += ["};\n", "/* Constants */"]
    out += constants(t)
    out += ["", f"extern const struct row *const {t.os}_rows[];\t/* indexed by number */",
            f"#define {t.prefix}_NROWS {t.nrows}\n"]
    if any(direct.words(t)):
        out.append(f"extern const uint32_t {t.os}_direct_calls[{t.prefix}_NROWS];")
    out += [f"extern const struct flag_map {t.os}_{name};" for name in t.words]
    out += [f"extern const struct number_map {t.os}_{name}{plural(name)};" for name in t.maps]
    out += [f"extern const struct struct_layout {t.os}_{s.name}_layout;"
            for s in t.structs.values() if has_layout(s)]
    out += [f"extern const struct struct_map {t.os}_{s.name}_map;"
            for s in t.structs.values() if has_map(t, s.name)]
    out += ["", "/* Handlers */"]
    seen = set()
    for row in t.rows:
        if row.handler and row.handler not in seen:
            seen.add(row.handler)
            out.append(prototype(t, row))
    return "\n".join(out + ["", "#endif", ""])


def constants(t):
    """A macro each, so that values keep all 64 bits; equal names are one."""
    seen = {}
    for name, value, _ in t.all_constants():
        seen.setdefault(name, value)
    return [f"#define {t.prefix}_{name} {literal(value)}" for name, value in seen.items()]


def literal(value):
    if value < 0:
        return f"({value})"
    return str(value) if value < 10 else f"{value:#x}" + ("ull" if value > 0xffffffff else "")


def plural(name):
    """`numbers errno` is the map freebsd_errnos."""
    return "" if name.endswith("s") else "s"


def ctype(t, arg):
    return "struct guest_ptr" if arg.is_pointer else t.scalar(arg.type).ctype


def prototype(t, row):
    args = ["struct call *c"] + [f"{ctype(t, a)} {a.name}" for a in row.args]
    return f"long {row.handler}({', '.join(args)});"


# Source

def source(t):
    out = [BANNER.format(os=t.os), f'#include "{t.os}_abi.h"\n', host_headers()]
    for part in (flag_maps, number_maps, layouts, struct_maps, wrappers, rows, direct_calls):
        out += part(t)
    return "\n".join(out) + "\n"


def host_headers():
    return '#include "convert.h"\n#include "copy.h"\n#include "last.h"\n#include "layout.h"\n#include "linux_numbers.h"\n#include "path.h"\n'


def flag_maps(t):
    for word in t.words.values():
        whole = (1 << 8 * t.scalar(word.name).size) - 1
        if word.flags:
            yield f"static const struct flag {word.name}_flags[] = {{"
            for f in word.flags:
                if word.is_host:
                    yield host_flag(t, word, f, whole)
                    continue
                value = 0 if f.kind == model.NUMBER_FIELD else f.value & whole
                mask = whole if word.is_values else f.mask or value
                host = f"(uint64_t)({f.host})" if f.host else "0"
                yield (f'\t{{{mask:#x}u, {value:#x}u, {host}, "{f.name}", '
                       f'{FLAG_KIND[f.kind]}}},')
            yield "};"
        flags = f"{word.name}_flags" if word.flags else "0"
        yield (f'const struct flag_map {t.os}_{word.name} = '
               f'{{"{word.name}", {len(word.flags)}, {flags}}};\n')


def host_flag(t, word, flag, whole):
    ctype = "uint64_t" if t.scalar(word.name).size == 8 else "uint32_t"
    value = f"({ctype})({flag.name})"
    mask = f"{whole:#x}u" if word.is_values else f"({ctype})({flag.mask})" if flag.mask else value
    return f'\t{{{mask}, {value}, {value}, "{flag.name}", FLAG_SAME}},'


def number_maps(t):
    if t.maps:
        # The range first, then the rows: what has no row has no twin.
        yield "#pragma GCC diagnostic push"
        yield '#pragma GCC diagnostic ignored "-Wpedantic"'
        yield '#pragma GCC diagnostic ignored "-Woverride-init"\n'
    for numbers in t.maps.values():
        yield from number_map(t, numbers)
    if t.maps:
        yield "#pragma GCC diagnostic pop\n"


def number_map(t, numbers):
    name = numbers.name
    own = [n for n in numbers.rows if n.kind != "same"]
    last = max((n.value for n in own), default=0)
    back = [(host, n) for n in own for host in ([n.host] if n.kind == "=" else []) + n.also]

    yield f"HOT_TABLE static const uint16_t {name}_to_host[] = {{"
    yield f"\t[0 ... {last}] = NO_TWIN,"
    yield from (f"\t[{n.value}] = {n.host},\t/* {n.name} */" for n in own if n.host)
    yield "};"
    yield f"HOT_TABLE static const uint16_t {name}_to_guest[] = {{"
    if back:
        yield f"\t[0 ... {numbers.host_last}] = NO_TWIN,"
    else:
        yield "\tNO_TWIN,"
    yield from (f"\t[{host}] = {n.value},\t/* {n.name} */" for host, n in back)
    yield "};"
    yield f"static const char *const {name}_names[] = {{"
    yield f"\t[{last}] = 0,"
    yield from (f'\t[{n.value}] = "{n.name}",' for n in own)
    yield "};"
    yield f"HOT_TABLE const struct number_map {t.os}_{name}{plural(name)} = {{"
    yield f'\t"{name}", {last + 1}, sizeof {name}_to_guest / sizeof {name}_to_guest[0],'
    yield f"\t{name}_to_host, {name}_to_guest, {name}_names,"
    yield "};\n"


def has_layout(struct):
    """What the trace can show: not `opaque`."""
    return bool(struct.size or struct.fields)


def shown_fields(t, struct):
    """(size of the struct, fields that the trace shows: no padding, no arrays)"""
    if not struct.is_computed:
        return struct.size, [(f.name, f.offset, t.scalar(f.type).size, f.type) for f in struct.fields]
    found, size, _ = layout.guest(t, struct)
    return size, [(x.name, x.offset, x.size, x.type) for x in found
                  if x.count == 1 and not x.name.split(".")[-1].startswith("__")]


def layouts(t):
    for struct in filter(has_layout, t.structs.values()):
        size, shown = shown_fields(t, struct)
        if shown:
            yield f"static const struct field {struct.name}_fields[] = {{"
            for name, offset, bytes_, type_name in shown:
                kind, flag_map = kind_of(t, type_name)
                yield f'\t{{"{name}", {offset}, {bytes_}, {kind}, {flag_map}}},'
            yield "};"
        fields = f"{struct.name}_fields" if shown else "0"
        yield (f'const struct struct_layout {t.os}_{struct.name}_layout = '
               f'{{"{struct.name}", {size}, {len(shown)}, {fields}}};\n')
    # A pointer to a plain number is shown as a struct of one nameless field.
    for name in sorted({a.type for r in t.rows for a in r.args
                        if a.direction and t.scalar(a.type)}):
        size, (kind, flag_map) = t.size_of(name), kind_of(t, name)
        yield (f'static const struct field one_{name}_fields[] = '
               f'{{{{"", 0, {size}, {kind}, {flag_map}}}}};')
        yield (f'static const struct struct_layout one_{name} = '
               f'{{"{name}", {size}, 1, one_{name}_fields}};\n')


def has_map(t, type_name):
    return layout.needs_map(t, type_name) or layout.points_to_memory(t, type_name)


def struct_maps(t):
    """What convert.h works from, for the structs that are not the host's as they stand."""
    for struct in t.structs.values():
        if layout.points_to_memory(t, struct.name):
            size = layout.guest(t, struct)[1] if struct.is_computed else struct.size
            yield from memory_map(t, struct.name, size, layout.memory_fields(t, struct))
        if layout.is_same(t, struct):
            continue
        both = layout.pairs(t, struct)
        yield f"static const struct map_field {struct.name}_map_fields[] = {{"
        for ours, host in both:
            signed = int(layout.is_signed(t, ours.type))
            policy = "FIELD_MEMORY" if ours.type in model.MEMORY else model.POLICIES[ours.policy]
            yield (f"\t{{{ours.offset}, {host.offset}, {ours.count}, {ours.size}, {host.size}, "
                   f"{signed}, {policy}}},")
        yield "};"
        yield (f"const struct struct_map {t.os}_{struct.name}_map = "
               f"{{{layout.guest(t, struct)[1]}, {layout.host(t, struct)[1]}, {len(both)}, 0, "
               f"{struct.name}_map_fields}};\n")
    for name in sorted({a.type for r in t.rows for a in r.args
                        if r.host and a.direction and t.scalar(a.type)}):
        if layout.points_to_memory(t, name):
            yield from memory_map(t, name, t.size_of(name), [(0, t.size_of(name))])
        if not layout.needs_map(t, name):
            continue
        signed = int(layout.is_signed(t, name))
        policy = "FIELD_ID" if name in ("uid16", "gid16") else "FIELD_CUT"
        ours, host = t.size_of(name), t.size_of(name, layout.HOST)
        yield (f"static const struct map_field {name}_map_field = "
               f"{{0, 0, 1, {ours}, {host}, {signed}, {policy}}};")
        yield f"static const struct struct_map {t.os}_{name}_map = {{{ours}, {host}, 1, 0, &{name}_map_field}};\n"


def memory_map(t, name, size, fields):
    """Of a struct in the host's layout: the addresses in it."""
    yield f"static const struct map_field {name}_map_fields[] = {{"
    yield from (f"\t{{{offset}, {offset}, 1, {bytes_}, {bytes_}, 0, FIELD_MEMORY}}," for offset, bytes_ in fields)
    yield "};"
    yield (f"const struct struct_map {t.os}_{name}_map = "
           f"{{{size}, {size}, {len(fields)}, 1, {name}_map_fields}};\n")


def kind_of(t, type_name):
    """(arg_kind, flag map) of a number type."""
    if type_name in t.words:
        return "ARG_FLAGS", f"&{t.os}_{type_name}"
    return f"ARG_{t.scalar(type_name).kind}", "0"


# Rows

def wrappers(t):
    for row in t.rows:
        if row.is_missing:
            continue
        if row.error:
            unused = [] if row.since or row.until else ["\t(void)c;"]
            body = unused + [f"\treturn GUEST_ERROR({t.prefix}_{row.error});"]
        elif row.host:
            body = host_body(t, row)
            pointing = pointing_args(t, row)
            if pointing:
                yield function(f"copied_{row.name}", host_body(t, row, pointing))
                body = in_place(t, row, pointing) + body
        else:
            args = ["c"] + [narrow(t, row, i) for i in range(len(row.args))]
            body = [f"\treturn {row.handler}({', '.join(args)});"]
        if row.since or row.until:
            body = ["\tif (!row_exists(c->row))\n\t\treturn call_missing(c);", *body]
        yield function(f"run_{row.name}", body, hot="process" in t.row_classes(row))


def function(name, body, hot=False):
    """hot: one of those that every fork, exec and end of a process comes by (HOT, layout.h)."""
    head = "HOT static long" if hot else "static long"
    return "\n".join([f"{head}\n{name}(struct call *c)\n{{", *body, "}\n"])


def pointing_args(t, row):
    """Structs that the host's kernel is given as they stand, and in which it follows addresses."""
    return [a.name for a in row.args
            if a.direction == "in" and a.name in row.host_args and layout.points_to_memory(t, a.type)]


def in_place(t, row, pointing):
    """Unless an address in them is in the core's memory: then they are copied."""
    tests = []
    for i, arg in enumerate(row.args):
        if arg.name in pointing:
            n = count(t, row, arg)
            tests.append((f"{n} <= {arg.most} && " if arg.most else "") +
                         f"points_into_core(&{t.os}_{arg.type}_map, guest({address(t, i)}), {n})")
    together = f"({') || ('.join(tests)})" if len(tests) > 1 else tests[0]
    return [f"\tif ({together})", f"\t\treturn copied_{row.name}(c);"]


def narrow(t, row, i):
    arg = row.args[i]
    return f"guest({address(t, i)})" if arg.is_pointer else number(t, arg, f"c->arg[{i}]")


def address(t, i):
    """An argument that the kernel reads or writes at, if it is an address: never in the core's memory."""
    return f"outside_core(c->arg[{i}])" if t.data_model.has_wide_addresses else f"c->arg[{i}]"


def number(t, arg, raw):
    """The argument as its ABI has it: nothing above its own size is left in it."""
    if arg.type in ("uid16", "gid16") and t.size_of(arg.type) == 2:
        return f"wide_id((uint16_t){raw})"
    ctype, size = t.scalar(arg.type).ctype, t.argument_size(arg.type)
    if arg.type in model.MAYBE_ADDRESSES and t.data_model.has_wide_addresses:
        raw = f"outside_core({raw})"
    return f"({re.sub(r'[0-9]+', str(8 * size), ctype)}){raw}"


def host_body(t, row, copied=()):
    """Translate what has another meaning there, then the host call."""
    declare, translate, words, converted = [], [], {}, []
    used = set(re.findall(r"\w+", " ".join(row.host_args)))
    for i, arg in enumerate(row.args):
        if arg.name not in used:
            continue
        if arg.name in copied or (arg.direction and arg.type != "bytes" and layout.needs_map(t, arg.type)):
            words[arg.name] = f"v[{len(converted)}].host"
            converted.append((i, arg))
            continue
        before, check, words[arg.name] = host_argument(t, row, arg, i)
        declare += before
        translate += check
    if any("failed" in line for line in translate):
        declare.append("\tlong failed;")
    args = [re.sub(r"\w+", lambda m: words.get(m[0], m[0]), a) for a in row.host_args]
    nr = direct.host_number(t, row.host)
    # If its answer is the call's, and nothing of this function is lent to it (core/last.h).
    lends = converted or any("struct " in line for line in declare)
    last = "" if lends or row.result in ("uid16", "gid16") else "_last"
    call = f"host_call{last}({', '.join([nr, *args])})"
    unused = [] if words else ["\t(void)c;"]
    if converted:
        declare.append(f"\tstruct converted v[{len(converted)}];")
        declare.append("\tlong r;")
        translate += [f"\tconvert_none(&v[{k}]);" for k in range(len(converted))]
        translate += conversions(t, row, converted) + [f"\tif (r == 0)\n\t\tr = {call};"]
        call = f"convert_end(v, {len(converted)}, r)"
    if row.result in ("uid16", "gid16") and t.size_of(row.result) == 2:
        call = f"narrow_id({call})"
    return declare + ([""] if declare else []) + translate + unused + [f"\treturn {call};"]


def conversions(t, row, converted):
    """Fills v[] from guest memory, as far as it goes without an error."""
    lines = []
    for k, (i, arg) in enumerate(converted):
        n = count(t, row, arg)
        how = f"CONVERT_{arg.direction.upper()}" + (" | CONVERT_NULL" if arg.nullable else "") + \
            (" | CONVERT_ANSWERED" if arg.direction == "out" and arg.length and
             not arg.length.isdigit() else "")
        limit = f"{n} > {arg.most} ? convert_too_many(&v[{k}]) : " if arg.most else ""
        begin = f"convert_begin(&v[{k}], &{t.os}_{arg.type}_map, guest({address(t, i)}), {n}, {how})"
        lines.append(("\tif (r == 0)\n\t\tr = " if k else "\tr = ") + f"{limit}{begin};")
    return lines


def count(t, row, arg):
    """How many elements an argument points at, in C."""
    if not arg.length or arg.length.isdigit():
        return arg.length or "1"
    with_ = [a.name for a in row.args].index(arg.length)
    return f"(uint64_t){number(t, row.args[with_], f'c->arg[{with_}]')}"


def host_argument(t, row, arg, i):
    """(declarations, checks, what the call is given) for one argument of a host row."""
    raw = f"c->arg[{i}]"
    if arg.type in model.PATHS:
        how = next((number(t, a, f"c->arg[{j}]") for j, a in enumerate(row.args)
                    if a.name == "how" and not a.is_pointer), "")
        use = model.PATHS[arg.type].format(how=how)
        given = f"{raw} && " if arg.nullable else ""
        raw = address(t, i)
        folder = folder_of(t, row, i)
        lookup = f"path_for_at(c, {folder}, " if folder else "path_for(c, "
        return ([f"\tstruct host_path {arg.name};"],
                ([f"\t{arg.name}.name = NULL;"] if arg.nullable else []) +
                [f"\tif ({given}(failed = {lookup}guest({raw}), {use}, &{arg.name})) < 0)",
                 "\t\treturn failed;"],
                f"{arg.name}.name")
    if arg.type in t.words and not arg.direction and not t.words[arg.type].is_host:
        unsigned = t.scalar(arg.type).ctype.replace("uint", "int").replace("int", "uint")
        if t.words[arg.type].is_values:
            return ([f"\tlong {arg.name};"],
                    [f"\tif ((failed = choice_to_host(&{t.os}_{arg.type}, ({unsigned}){raw}, "
                     f"&{arg.name})) < 0)", "\t\treturn failed;"],
                    arg.name)
        return ([f"\tlong {arg.name} = flags_to_host(&{t.os}_{arg.type}, ({unsigned}){raw});"],
                [f"\tif ({arg.name} < 0)", f"\t\treturn {arg.name};"],
                arg.name)
    if arg.is_pointer:
        return [], [], address(t, i)
    return [], [], number(t, arg, raw)


def folder_of(t, row, i):
    """The folder that a relative path starts from, if the row has one: `fd dir`, `fd olddir` before the path."""
    before = row.args[i - 1] if i else None
    if before and before.type == "fd" and before.name.endswith("dir"):
        return number(t, before, f"c->arg[{i - 1}]")
    return None


def argument(t, row, arg):
    """The initializer of a struct arg."""
    names = [a.name for a in row.args]
    length = arg.length.lstrip("*")
    with_ = names.index(length) if length in names else -1
    fixed = int(length) if length.isdigit() else 0
    size, flag_map, layout = 8, "0", "0"
    if not arg.direction:
        kind = "ARG_PATH" if arg.type in model.PATHS else \
            {"string": "ARG_PATH", "strings": "ARG_STRINGS", "addr": "ARG_PTR"}.get(arg.type)
        if not kind:
            kind, flag_map = kind_of(t, arg.type)
            size = t.argument_size(arg.type)
    elif arg.type == "bytes":
        kind = "ARG_BYTES_IN" if arg.direction == "in" else "ARG_BYTES_OUT"
    elif arg.type == "addr":
        kind = "ARG_PTR"
    else:
        kind = f"ARG_STRUCT_{arg.direction.upper()}"
        if arg.type not in t.structs:
            layout = f"&one_{arg.type}"
        elif has_layout(t.structs[arg.type]):
            layout = f"&{t.os}_{arg.type}_layout"
    return (f'{{"{arg.name}", "{arg.type}", {kind}, {size}, {with_}, {int(arg.nullable)}, {fixed}, '
            f'{flag_map}, {layout}}}')


def result(t, row):
    if row.result == "void":
        kind, flag_map, size = "ARG_VOID", "0", 8
    elif row.result == "addr":
        kind, flag_map, size = "ARG_PTR", "0", 8
    elif row.result == "size":      # a count, or -1: signed here
        kind, flag_map, size = "ARG_INT", "0", 8
    else:
        (kind, flag_map), size = kind_of(t, row.result), t.argument_size(row.result)
    return f'{{"", "{row.result}", {kind}, {size}, -1, 0, {flag_map}, 0}}'


def rows(t):
    for row in t.rows:
        if row.args:
            yield f"static const struct arg args_{row.nr}[] = {{"
            yield from (f"\t{argument(t, row, a)}," for a in row.args)
            yield "};"
    yield "\nHOT_TABLE static const struct row rows[] = {"
    index = {}
    for row in t.rows:
        for nr in range(row.nr, row.last + 1):
            index[nr] = len(index)
            yield from one_row(t, row, nr)
    yield "};\n"
    yield f"HOT_TABLE const struct row *const {t.os}_rows[] = {{"
    yield from (f"\t[{nr}] = &rows[{i}]," for nr, i in index.items())
    yield "};"


def one_row(t, row, nr):
    run = "call_missing" if row.is_missing else f"run_{row.name}"
    classes = " | ".join(f"CLASS_{c.upper()}" for c in sorted(t.row_classes(row))) or "0"
    yield f"\t{{.nr = {nr}, .status = {STATUS[row.status]}, .nargs = {len(row.args)},"
    yield f'\t .run = {run}, .name = "{row.name}",'
    yield f"\t .result = {result(t, row)},"
    if row.args:
        yield f"\t .args = args_{row.nr},"
    releases = "".join(f" .{name} = {getattr(row, name)}," for name in
                       ("since", "until", "silent_before") if getattr(row, name))
    pairs = sum(1 << i for i, a in enumerate(row.args) if t.is_pair(a))
    if pairs:
        yield f"\t .pairs = {pairs:#x},"
    yield f"\t .never_restarts = {int(row.eintr)}, .classes = {classes},{releases}}},"


def direct_calls(t):
    lines = [f"\t[{row.nr}] = {word},\t/* {row.name} */" for row, word in direct.words(t)]
    if lines:
        yield f"HOT_TABLE const uint32_t {t.os}_direct_calls[{t.prefix}_NROWS] = {{"
        yield from lines
        yield "};"


# The kernel's headers as judges of our layouts

def layout_test(t):
    """Assertions for the compiler of that ABI; needs no libc."""
    asserted = [s for s in t.structs.values() if s.header]
    out = [BANNER.format(os=t.os), "#include <stddef.h>"]
    out += [f"#include {header}" for header in dict.fromkeys(s.header for s in asserted)]
    for struct in asserted:
        ours, size, _ = layout.guest(t, struct)
        out.append(f'_Static_assert(sizeof(struct {struct.c_name}) == {size}, "{struct.place}");')
        out += [f'_Static_assert(offsetof(struct {struct.c_name}, {x.name}) == {x.offset} && '
                f'sizeof(((struct {struct.c_name} *)0)->{x.name}) == {x.size * x.count}, '
                f'"{struct.place}: {x.name}");'
                for x in ours if not x.name.startswith("__")]
    return "\n".join(out) + "\n"
