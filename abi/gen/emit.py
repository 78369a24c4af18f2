"""The C that the tables become: <os>_abi.h and <os>_abi.c."""

import re

from . import model

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
    out += [f"extern const struct flag_map {t.os}_{name};" for name in t.words]
    out += [f"extern const struct number_map {t.os}_{name}{plural(name)};" for name in t.maps]
    out += [f"extern const struct struct_layout {t.os}_{s.name}_layout;"
            for s in t.structs.values() if s.size]
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
    for part in (flag_maps, number_maps, layouts, wrappers, rows):
        out += part(t)
    return "\n".join(out) + "\n"


def host_headers():
    return '#include "host.h"\n#include "linux_numbers.h"\n'


def flag_maps(t):
    for word in t.words.values():
        whole = (1 << 8 * t.scalar(word.name).size) - 1
        if word.flags:
            yield f"static const struct flag {word.name}_flags[] = {{"
            for f in word.flags:
                value = 0 if f.kind == model.NUMBER_FIELD else f.value & whole
                mask = whole if word.is_values else f.mask or value
                host = f"(uint64_t)({f.host})" if f.host else "0"
                yield (f'\t{{{mask:#x}u, {value:#x}u, {host}, "{f.name}", '
                       f'{FLAG_KIND[f.kind]}}},')
            yield "};"
        flags = f"{word.name}_flags" if word.flags else "0"
        yield (f'const struct flag_map {t.os}_{word.name} = '
               f'{{"{word.name}", {len(word.flags)}, {flags}}};\n')


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

    yield f"static const uint16_t {name}_to_host[] = {{"
    yield f"\t[0 ... {last}] = NO_TWIN,"
    yield from (f"\t[{n.value}] = {n.host},\t/* {n.name} */" for n in own if n.host)
    yield "};"
    yield f"static const uint16_t {name}_to_guest[] = {{"
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
    yield f"const struct number_map {t.os}_{name}{plural(name)} = {{"
    yield f'\t"{name}", {last + 1}, sizeof {name}_to_guest / sizeof {name}_to_guest[0],'
    yield f"\t{name}_to_host, {name}_to_guest, {name}_names,"
    yield "};\n"


def layouts(t):
    for struct in t.structs.values():
        if not struct.size:
            continue
        if struct.fields:
            yield f"static const struct field {struct.name}_fields[] = {{"
            for f in struct.fields:
                scalar, (kind, flag_map) = t.scalar(f.type), kind_of(t, f.type)
                yield f'\t{{"{f.name}", {f.offset}, {scalar.size}, {kind}, {flag_map}}},'
            yield "};"
        fields = f"{struct.name}_fields" if struct.fields else "0"
        yield (f'const struct struct_layout {t.os}_{struct.name}_layout = '
               f'{{"{struct.name}", {struct.size}, {len(struct.fields)}, {fields}}};\n')
    # A pointer to a plain number is shown as a struct of one nameless field.
    for name in sorted({a.type for r in t.rows for a in r.args
                        if a.direction and t.scalar(a.type)}):
        scalar, (kind, flag_map) = t.scalar(name), kind_of(t, name)
        yield (f'static const struct field one_{name}_fields[] = '
               f'{{{{"", 0, {scalar.size}, {kind}, {flag_map}}}}};')
        yield (f'static const struct struct_layout one_{name} = '
               f'{{"{name}", {scalar.size}, 1, one_{name}_fields}};\n')


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
        else:
            args = ["c"] + [narrow(t, row, i) for i in range(len(row.args))]
            body = [f"\treturn {row.handler}({', '.join(args)});"]
        if row.since or row.until:
            body = ["\tif (!row_exists(c->row))\n\t\treturn call_missing(c);", *body]
        yield "\n".join([f"static long\nrun_{row.name}(struct call *c)\n{{", *body, "}\n"])


def narrow(t, row, i):
    arg = row.args[i]
    if arg.is_pointer:
        return f"guest(c->arg[{i}])"
    return f"({t.scalar(arg.type).ctype})c->arg[{i}]"


def host_body(t, row):
    """Translate what has another meaning there, then the host call."""
    declare, translate, words = [], [], {}
    used = set(re.findall(r"\w+", " ".join(row.host_args)))
    for i, arg in enumerate(row.args):
        if arg.name in used:
            before, check, words[arg.name] = host_argument(t, arg, i)
            declare += before
            translate += check
    if any("failed" in line for line in translate):
        declare.append("\tlong failed;")
    args = [re.sub(r"\w+", lambda m: words.get(m[0], m[0]), a) for a in row.host_args]
    call = f"\treturn host_call({', '.join([f'__NR_{row.host}', *args])});"
    unused = [] if words else ["\t(void)c;"]
    return declare + ([""] if declare else []) + translate + unused + [call]


def host_argument(t, arg, i):
    """(declarations, checks, what the call is given) for one argument of a host row."""
    raw = f"c->arg[{i}]"
    if arg.type == "path":
        return ([f"\tstruct host_path {arg.name};"],
                [f"\tif ((failed = path_to_host(c, guest({raw}), &{arg.name})) < 0)",
                 "\t\treturn failed;"],
                f"{arg.name}.name")
    if arg.type in t.words and not arg.direction:
        unsigned = t.scalar(arg.type).ctype.replace("uint", "int").replace("int", "uint")
        return ([f"\tlong {arg.name} = flags_to_host(&{t.os}_{arg.type}, ({unsigned}){raw});"],
                [f"\tif ({arg.name} < 0)", f"\t\treturn {arg.name};"],
                arg.name)
    if arg.is_pointer:
        return [], [], raw
    return [], [], f"({t.scalar(arg.type).ctype}){raw}"


def argument(t, row, arg):
    """The initializer of a struct arg."""
    names = [a.name for a in row.args]
    length = arg.length.lstrip("*")
    with_ = names.index(length) if length in names else -1
    fixed = int(length) if length.isdigit() else 0
    size, flag_map, layout = 8, "0", "0"
    if not arg.direction:
        kind = {"path": "ARG_PATH", "string": "ARG_PATH", "strings": "ARG_STRINGS",
                "addr": "ARG_PTR"}.get(arg.type)
        if not kind:
            kind, flag_map = kind_of(t, arg.type)
            size = t.scalar(arg.type).size
    elif arg.type == "bytes":
        kind = "ARG_BYTES_IN" if arg.direction == "in" else "ARG_BYTES_OUT"
    elif arg.type == "addr":
        kind = "ARG_PTR"
    else:
        kind = f"ARG_STRUCT_{arg.direction.upper()}"
        if arg.type not in t.structs:
            layout = f"&one_{arg.type}"
        elif t.structs[arg.type].size:
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
        (kind, flag_map), size = kind_of(t, row.result), t.scalar(row.result).size
    return f'{{"", "{row.result}", {kind}, {size}, -1, 0, {flag_map}, 0}}'


def rows(t):
    for row in t.rows:
        if row.args:
            yield f"static const struct arg args_{row.nr}[] = {{"
            yield from (f"\t{argument(t, row, a)}," for a in row.args)
            yield "};"
    yield "\nstatic const struct row rows[] = {"
    index = {}
    for row in t.rows:
        for nr in range(row.nr, row.last + 1):
            index[nr] = len(index)
            yield from one_row(t, row, nr)
    yield "};\n"
    yield f"const struct row *const {t.os}_rows[] = {{"
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
    yield f"\t .never_restarts = {int(row.eintr)}, .classes = {classes},{releases}}},"
