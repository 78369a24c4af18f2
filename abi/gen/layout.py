"""Where the fields of a struct lie in one ABI, and how they become the host's."""

from dataclasses import dataclass

from . import model

HOST = model.DATA_MODELS["lp64"]


class Wrong(Exception):
    """A field that cannot be laid out; check.py adds the place."""

    def __init__(self, place, reason):
        super().__init__(reason)
        self.place = place


@dataclass
class Leaf:
    """A number, or an array of them, at its place in the whole struct."""
    name: str
    twin: str                   # the host's field
    type: str
    offset: int
    size: int
    count: int
    policy: str


def is_signed(t, type_name):
    return t.scalar(type_name).ctype.startswith("int")


def leaves(t, struct, structs, data_model):
    """([Leaf], size, alignment) by the rules of C."""
    found, offset, align = [], 0, 1
    for f in struct.fields:
        if t.scalar(f.type):
            size = t.size_of(f.type, data_model)
            its_align = 1 if struct.is_packed else min(size, data_model.align)
            offset = -(-offset // its_align) * its_align
            found.append(Leaf(f.name, f.twin, f.type, offset, size, f.count, f.policy))
        elif f.type in structs and structs[f.type] is not struct:
            inner, size, its_align = leaves(t, structs[f.type], structs, data_model)
            its_align = 1 if struct.is_packed else its_align
            offset = -(-offset // its_align) * its_align
            for i in range(f.count):
                index = "" if f.count == 1 else f"[{i}]"
                found += [Leaf(f"{f.name}{index}.{x.name}", f"{f.twin}{index}.{x.twin}", x.type, offset + i * size + x.offset, x.size,
                               x.count, x.policy) for x in inner]
        else:
            raise Wrong(f.place, f"unknown type `{f.type}`")
        offset += size * f.count
        align = max(align, its_align)
    return found, -(-offset // align) * align, align


def guest(t, struct):
    return leaves(t, struct, t.structs, t.data_model)


def host(t, struct):
    twin = t.host_structs.get(struct.twin)
    if not twin:
        raise Wrong(struct.place, f"the host has no struct `{struct.twin}`")
    return leaves(t, twin, t.host_structs, HOST)


def pairs(t, struct):
    """[(guest's leaf, host's leaf)] of the fields that both have."""
    theirs = {leaf.name: leaf for leaf in host(t, struct)[0]}
    both = []
    for leaf in guest(t, struct)[0]:
        twin = theirs.get(leaf.twin)
        if twin and twin.count == leaf.count:
            both.append((leaf, twin))
        elif not leaf.name.split(".")[-1].startswith("__"):
            raise Wrong(struct.place, f"`{leaf.name}` is not in the host's struct "
                        f"{struct.twin}" + (" as often" if twin else ""))
    return both


def is_same(t, struct):
    """Is the guest's struct the host's, byte for byte?"""
    if not struct.is_computed or struct.twin == "-":
        return True
    ours, size, _ = guest(t, struct)
    theirs, host_size, _ = host(t, struct)
    return size == host_size and [(x.offset, x.size, x.count) for x in ours] == \
        [(x.offset, x.size, x.count) for x in theirs]


def memory_fields(t, struct):
    """[(offset, size)] of the addresses that the kernel reads or writes at."""
    fields = guest(t, struct)[0] if struct.is_computed else struct.fields
    return [(f.offset, t.size_of(f.type)) for f in fields if f.type in model.MEMORY]


def points_to_memory(t, type_name):
    """Does the host's kernel follow addresses in what a pointer of this type points at, as it stands there?"""
    if needs_map(t, type_name):
        return False
    struct = t.structs.get(type_name)
    return bool(memory_fields(t, struct)) if struct else type_name in model.MEMORY


def needs_map(t, type_name):
    """Does what a pointer of this type points at look otherwise than the host's?"""
    if type_name in t.structs:
        return not is_same(t, t.structs[type_name])
    return bool(t.scalar(type_name)) and t.size_of(type_name) != t.size_of(type_name, HOST)
