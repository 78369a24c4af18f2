"""Which calls need not go down to their rows (struct direct, translate/core/abi.h)."""

from . import layout, model

REGISTERS = 6
# What the entry code can make without C: x86-64's own registers, and i386's.
MODELS = ("lp64", "i386")


def words(t):
    """(row, C expression) of each early and direct call."""
    if t.data_model not in [model.DATA_MODELS[name] for name in MODELS]:
        return
    for row in t.rows:
        host = host_call(t, row)
        if row.early and t.host is not t:       # the host's own programs have its vDSO
            yield row, "DIRECT_EARLY"
        elif host:
            yield row, " | ".join(["DIRECT_CALL", host_number(t, host), *looked_at(t, row)])


def host_number(t, host):
    return f"{t.host_numbers[host]} /* {host} */" if t.columns else f"__NR_{host}"


def looked_at(t, row):
    """Bits for the arguments that may be odd. All of i386's are below 4 GiB: a small number, and no core there."""
    if t.data_model is not model.DATA_MODELS["lp64"]:
        return
    for i, arg in enumerate(row.args):
        if may_be_address(arg):
            yield f"1u << (DIRECT_ADDRESSES + {i})"
        elif t.size_of(arg.type) == 8:
            yield f"1u << (DIRECT_SMALL + {i})"


def host_call(t, row):
    """The host call with the same arguments that does the row, or None."""
    host = row.direct or (row.host if is_passed_on(row) else None)
    good = host and not row.is_missing and len(row.args) <= REGISTERS and \
        all(is_the_same(t, row, host, i) for i in range(len(row.args)))
    return host if good else None


def may_be_address(arg):
    return arg.is_pointer or arg.type in model.MAYBE_ADDRESSES


def is_passed_on(row):
    """By the host, with all arguments in their places and its answer, whatever the release."""
    return row.host and row.host_args == [a.name for a in row.args] and row.last == row.nr and \
        not (row.since or row.until) and row.result not in ("uid16", "gid16")


def is_the_same(t, row, host, i):
    """Nothing to look up, translate or widen but what is above an unsigned word?"""
    arg = row.args[i]
    if arg.is_pointer:
        return arg.type not in (*model.PATHS, "strings") and \
            not (arg.direction and arg.type != "bytes" and layout.needs_map(t, arg.type)) and \
            not layout.points_to_memory(t, arg.type)
    if arg.type in t.words and not (t.words[arg.type].is_host or row.direct):
        return False
    if t.is_pair(arg) or arg.type in ("uid16", "gid16"):
        return False
    size, there = t.argument_size(arg.type), host_size(t.host, host, i)
    return size == there or (size < there and t.scalar(arg.type).ctype.startswith("u"))


def host_size(host, name, i):
    """Bytes of the host call's argument that count; 0: it has no such number."""
    row = host.row(name) if host else None
    args = row.args if row else []
    return host.argument_size(args[i].type) if i < len(args) and not args[i].is_pointer else 0
