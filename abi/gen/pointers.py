"""The rows that take a pointer, as a C array for the conformance program that gives them bad ones."""

from . import model

# What stands in the place of an argument; a row is as many of these as the call has words.
POINTER, STRING, FD, PID, CHOICE, FLAGS, NUMBER = "psfdvgn"
# An int by one of these names says which of several things the call is to do.
CHOOSING = ("what", "which", "code", "command", "op")


def kind(t, arg):
    """One letter; two for a number of 64 bits where words have 32."""
    if arg.type in (*model.PATHS, "string"):
        return STRING
    if arg.is_pointer or arg.type in model.MAYBE_ADDRESSES:
        return POINTER
    if arg.type in ("fd", "pid"):
        return {"fd": FD, "pid": PID}[arg.type]
    word = t.words.get(arg.type)
    if (word and (word.is_values or any(flag.mask for flag in word.flags))) or arg.name in CHOOSING:
        return CHOICE
    if word or arg.type == "hex32":
        return FLAGS
    return NUMBER * (2 if t.is_pair(arg) else 1)


def rows(t):
    """Without those that answer another error on purpose: their notes say so."""
    out = ["/* Made from abi/ by abi/abigen.py: name, number by the kernel's header, kinds of its arguments. */"]
    for row in t.rows:
        kinds = "".join(kind(t, arg) for arg in row.args)
        if row.status != "refused" and (POINTER in kinds or STRING in kinds):
            out += [f"#ifdef __NR_{row.name}", f'{{"{row.name}", __NR_{row.name}, "{kinds}"}},', "#endif"]
    return "\n".join(out) + "\n"
