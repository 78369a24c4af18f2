"""Which rows are direct calls (struct direct, translate/core/abi.h): a host call with the same arguments."""

from . import layout, model

REGISTERS = 6


def words(t):
    """(row, C expression) of the calls that need not go down to their rows."""
    for row, host, addresses, small in calls(t):
        number = f"{t.host_numbers[host]} /* {host} */" if t.columns else f"__NR_{host}"
        yield row, " | ".join(["DIRECT_CALL", number] +
                              [f"1u << (DIRECT_ADDRESSES + {i})" for i in addresses] +
                              [f"1u << (DIRECT_SMALL + {i})" for i in small])
    yield from ((row, "DIRECT_EARLY") for row in t.rows if row.early)


def calls(t):
    """(row, host call's name, indices of addresses, indices of numbers that must be small)."""
    if t.data_model is not model.DATA_MODELS["lp64"]:
        return
    for row in t.rows:
        host = row.direct or (row.host if is_passed_on(row) else None)
        if host and not row.is_missing and len(row.args) <= REGISTERS and \
                all(is_the_same(t, row, host, i) for i in range(len(row.args))):
            yield (row, host,
                   [i for i, a in enumerate(row.args) if a.is_pointer],
                   [i for i, a in enumerate(row.args) if not a.is_pointer and t.size_of(a.type) == 8])


def is_passed_on(row):
    """By the host, with all arguments in their places, whatever the release."""
    return row.host and row.host_args == [a.name for a in row.args] and row.last == row.nr and \
        not (row.since or row.until)


def is_the_same(t, row, host, i):
    arg = row.args[i]
    if arg.is_pointer:
        return arg.type not in (*model.PATHS, "strings") and \
            not (arg.direction and arg.type != "bytes" and layout.needs_map(t, arg.type))
    if t.is_host_family:
        return True
    if arg.type in t.words and not row.direct:
        return False
    return t.size_of(arg.type) == host_size(t.host, host, i)


def host_size(host, name, i):
    """Bytes of the host call's argument that count; 0: it has no such number."""
    row = host.row(name)
    args = row.args if row else []
    return host.argument_size(args[i].type) if i < len(args) and not args[i].is_pointer else 0
