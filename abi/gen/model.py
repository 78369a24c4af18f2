"""What the tables say, as Python objects. No C here, and no syntax."""

from dataclasses import dataclass, field

STATUSES = ("todo", "full", "partial", "stub", "refused", "gone")
CLASSES = ("file", "desc", "memory", "process", "signal", "network", "time", "thread")


@dataclass(frozen=True)
class Scalar:
    """A number type: its C type after narrowing and how a trace shows it."""
    ctype: str
    size: int
    kind: str


# For the LP64 kernels. uid and gid are shown signed, so that "leave as is" is -1.
SCALARS = {
    "int": Scalar("int32_t", 4, "INT"),
    "uint": Scalar("uint32_t", 4, "UINT"),
    "long": Scalar("int64_t", 8, "INT"),
    "ulong": Scalar("uint64_t", 8, "UINT"),
    "size": Scalar("uint64_t", 8, "UINT"),
    "off": Scalar("int64_t", 8, "INT"),
    "fd": Scalar("int32_t", 4, "FD"),
    "pid": Scalar("int32_t", 4, "INT"),
    "id": Scalar("int64_t", 8, "INT"),
    "lwp": Scalar("int64_t", 8, "INT"),
    "uid": Scalar("uint32_t", 4, "INT"),
    "gid": Scalar("uint32_t", 4, "INT"),
    "mode": Scalar("uint16_t", 2, "MODE"),
    "dev": Scalar("uint64_t", 8, "HEX"),
    "dev32": Scalar("uint32_t", 4, "HEX"),
    "key": Scalar("int64_t", 8, "INT"),
    "socklen": Scalar("uint32_t", 4, "UINT"),
    "signal": Scalar("int32_t", 4, "SIGNAL"),
    "hex": Scalar("uint64_t", 8, "HEX"),
    "hex32": Scalar("uint32_t", 4, "HEX"),
    "i8": Scalar("int8_t", 1, "INT"),
    "u8": Scalar("uint8_t", 1, "UINT"),
    "i16": Scalar("int16_t", 2, "INT"),
    "u16": Scalar("uint16_t", 2, "UINT"),
    "hex16": Scalar("uint16_t", 2, "HEX"),
    "i32": Scalar("int32_t", 4, "INT"),
    "u32": Scalar("uint32_t", 4, "UINT"),
    "i64": Scalar("int64_t", 8, "INT"),
    "u64": Scalar("uint64_t", 8, "UINT"),
    "ptr": Scalar("uint64_t", 8, "PTR"),
}


# Types that are pointers by themselves. `path` is looked up, `string` is not.
POINTERS = ("path", "string", "strings", "addr")


@dataclass(frozen=True)
class Place:
    file: str
    line: int

    def __str__(self):
        return f"{self.file}:{self.line}"


@dataclass
class Arg:
    """`direction` is "" for a number, else in, out or inout; `length` as written."""
    type: str
    name: str
    direction: str = ""
    nullable: bool = False
    length: str = ""

    @property
    def is_pointer(self):
        return bool(self.direction) or self.type in POINTERS


@dataclass
class Row:
    place: Place
    nr: int
    last: int                   # of a range; else nr
    result: str
    name: str
    args: list
    by: str
    status: str
    eintr: bool = False
    classes: set = field(default_factory=set)
    since: int = 0
    until: int = 0
    silent_before: int = 0
    notes: list = field(default_factory=list)

    @property
    def handler(self):
        """The C function that `by` names, or None."""
        if self.by in ("host", "missing", "entry") or ":" in self.by:
            return None
        return self.by

    @property
    def host(self):
        """The host call's name, or None."""
        if self.by == "host":
            return self.name
        return self.by[5:].split("(")[0] if self.by.startswith("host:") else None

    @property
    def host_args(self):
        """What the host call is given: names of arguments and C constants."""
        if "(" not in self.by:
            return [a.name for a in self.args]
        return [w for w in self.by[:-1].split("(")[1].split(",") if w]

    @property
    def error(self):
        return self.by[6:] if self.by.startswith("error:") else None

    @property
    def is_missing(self):
        return self.status in ("todo", "gone") or self.by == "entry"


NUMBER_FIELD = "field"


@dataclass
class Flag:
    place: Place
    name: str
    value: int
    kind: str                   # = ! 0 - or NUMBER_FIELD, a field that holds a number
    host: str = ""
    mask: int = 0               # the field's; 0: a bit of its own


@dataclass
class FlagWord:
    place: Place
    name: str
    type: str                   # the number type that carries it
    is_values: bool
    flags: list = field(default_factory=list)


@dataclass
class Number:
    place: Place
    name: str
    value: int
    kind: str                   # = => - same
    host: str = ""
    also: list = field(default_factory=list)


@dataclass
class NumberMap:
    place: Place
    name: str
    host_last: int              # the host's highest number
    rows: list = field(default_factory=list)


@dataclass
class Constant:
    place: Place
    name: str
    value: int


@dataclass
class Field:
    place: Place
    offset: int
    type: str
    name: str


@dataclass
class Struct:
    place: Place
    name: str
    size: int                   # 0: opaque
    fields: list = field(default_factory=list)


@dataclass
class Tables:
    os: str
    rows: list = field(default_factory=list)
    words: dict = field(default_factory=dict)       # FlagWord by name
    maps: dict = field(default_factory=dict)        # NumberMap by name
    constants: list = field(default_factory=list)
    structs: dict = field(default_factory=dict)     # Struct by name
    calls: tuple = None                             # (first, last, Place)

    @property
    def prefix(self):
        return self.os.upper()

    @property
    def nrows(self):
        return max((row.last for row in self.rows), default=-1) + 1

    def scalar(self, type_name):
        """The number type behind a type word, or None."""
        if type_name in self.words:
            return SCALARS[self.words[type_name].type]
        return SCALARS.get(type_name)

    def all_constants(self):
        """(name, value, place) of everything that becomes a constant."""
        for word in self.words.values():
            yield from ((f.name, f.value, f.place) for f in word.flags)
        for numbers in self.maps.values():
            yield from ((n.name, n.value, n.place) for n in numbers.rows)
        yield from ((c.name, c.value, c.place) for c in self.constants)

    def row_classes(self, row):
        classes = set(row.classes)
        types = [a.type for a in row.args]
        if "path" in types:
            classes.add("file")
        if "fd" in types or row.result == "fd":
            classes.add("desc")
        return classes
