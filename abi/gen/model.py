"""What the tables say, as Python objects. No C here, and no syntax."""

from dataclasses import dataclass, field

STATUSES = ("todo", "full", "partial", "stub", "refused", "gone")
# Written in a row: full if a conformance program covers it, else partial.
COVERED = "covered"
CLASSES = ("file", "desc", "memory", "process", "signal", "network", "time", "thread")


@dataclass(frozen=True)
class Scalar:
    """A number type: its C type after narrowing and how a trace shows it."""
    ctype: str
    size: int
    kind: str


# For the LP64 kernels; DATA_MODELS has what other ABIs make of them. uid and gid are
# shown signed, so that "leave as is" is -1. uid16 and gid16 are the host's 32-bit ones,
# as old i386 calls have them (include/linux/highuid.h).
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
    "mem": Scalar("uint64_t", 8, "PTR"),        # an address that the kernel reads or writes at
    "mem64": Scalar("uint64_t", 8, "PTR"),
    "ssize": Scalar("int64_t", 8, "INT"),
    "time": Scalar("int64_t", 8, "INT"),        # __kernel_old_time_t
    "klong": Scalar("int64_t", 8, "INT"),       # __kernel_long_t
    "kulong": Scalar("uint64_t", 8, "UINT"),
    "khex": Scalar("uint64_t", 8, "HEX"),
    "loff": Scalar("int64_t", 8, "INT"),        # 64 bits everywhere
    "uid16": Scalar("uint32_t", 4, "INT"),
    "gid16": Scalar("uint32_t", 4, "INT"),
}


@dataclass(frozen=True)
class DataModel:
    """What one ABI makes of SCALARS: the sizes that differ, and how a u64 is aligned."""
    sizes: dict
    align: int = 8
    has_pairs: bool = False     # a 64-bit argument comes as two words, low first
    narrow_arguments: bool = True

    @property
    def has_wide_addresses(self):
        """Can an argument be an address above 4 GiB?"""
        return "ptr" not in self.sizes or not self.narrow_arguments


_ADDRESSES = dict.fromkeys(("long", "ulong", "size", "ssize", "ptr", "mem", "hex"), 4)
DATA_MODELS = {
    "lp64": DataModel({}),
    "i386": DataModel(_ADDRESSES | dict.fromkeys(("time", "klong", "kulong", "khex", "off", "key"), 4)
                      | {"uid16": 2, "gid16": 2}, align=4, has_pairs=True),
    # The kernel's own 64-bit calls take the whole register (arch/x86/entry/syscalls).
    "x32": DataModel(_ADDRESSES, narrow_arguments=False),
}


# Paths are looked up under --root, each for what the call does with the last name: the
# C expression says (core/path.h), and may ask the argument `how` of the row.
PATHS = {
    "path": "PATH_FOLLOW",
    "linkpath": "PATH_LINK",
    "oldpath": "PATH_NAME",
    "newpath": "PATH_MAKE",
    "creatpath": "PATH_FOLLOW_OR_MAKE",
    "openpath": "path_use_of_open({how})",
    "atpath": "path_use_of_at({how})",
    "linkatpath": "path_use_of_linkat({how})",
}

# Numbers, but for some a call takes an address there (ioctl's data).
MAYBE_ADDRESSES = ("hex",)
# Addresses in structs that the kernel follows.
MEMORY = ("mem", "mem64")
# Types that are pointers by themselves. A `string` is not looked up.
POINTERS = (*PATHS, "string", "strings", "addr")


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
    most: int = 0               # elements: more are EINVAL; 0: no limit

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
    early: bool = False         # the personality may have the answer without a host call
    direct: str = ""            # the host call that ordinary arguments go to, though a handler does the row
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
    value: int                  # of a host's word: unused
    kind: str                   # = ! 0 - or NUMBER_FIELD, a field that holds a number
    host: str = ""
    mask: int = 0               # the field's; 0: a bit of its own; of a host's word: a C expression


@dataclass
class FlagWord:
    place: Place
    name: str
    type: str                   # the number type that carries it
    is_values: bool
    flags: list = field(default_factory=list)
    is_host: bool = False       # the host's own bits: names for the trace, nothing to translate


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
    offset: int                 # as written, or computed
    type: str
    name: str
    count: int = 1              # elements of an array
    twin: str = ""              # the host's field of a computed struct
    policy: str = ""            # what becomes of a value that does not fit: POLICIES


# How a field that the host has wider is handed to the guest.
POLICIES = {
    "": "FIELD_CUT",
    "fits": "FIELD_FITS",
    "saturates": "FIELD_SATURATES",
    "overflowid": "FIELD_ID",
}


@dataclass
class Struct:
    place: Place
    name: str
    size: int                   # 0: opaque, or computed from the fields
    fields: list = field(default_factory=list)
    is_computed: bool = False
    is_packed: bool = False
    twin: str = ""              # the host's struct; "-": none, handlers read it themselves
    c_name: str = ""            # in the uapi headers
    header: str = ""


@dataclass
class Column:
    """One number column of a table that several ABIs share."""
    name: str
    model: str
    header: str                 # where the kernel's headers have its numbers
    place: Place


@dataclass
class Tables:
    os: str
    rows: list = field(default_factory=list)
    words: dict = field(default_factory=dict)       # FlagWord by name
    maps: dict = field(default_factory=dict)        # NumberMap by name
    constants: list = field(default_factory=list)
    structs: dict = field(default_factory=dict)     # Struct by name
    host_structs: dict = field(default_factory=dict)    # the same as the host has them
    calls: tuple = None                             # (first, last, Place)
    columns: list = field(default_factory=list)     # of Column; empty: one ABI, one number
    column_name: str = ""
    host_numbers: dict = field(default_factory=dict)    # call name -> number in the first column
    host: "Tables" = None                           # the host's own tables; may be these, None: unknown

    @property
    def prefix(self):
        return self.os.upper()

    @property
    def column(self):
        """The column of this ABI; None where there is only one. The first is the default."""
        for column in self.columns:
            if column.name == self.column_name or not self.column_name:
                return column
        return None

    @property
    def is_host_family(self):
        """Same kernel, other word sizes: flags, signals and errnos are the host's."""
        return bool(self.columns)

    @property
    def data_model(self):
        return DATA_MODELS[self.column.model if self.column else "lp64"]

    @property
    def nrows(self):
        return max((row.last for row in self.rows), default=-1) + 1

    def row(self, name):
        return next((row for row in self.rows if row.name == name), None)

    def scalar(self, type_name):
        """The number type behind a type word, or None."""
        if type_name in self.words:
            return SCALARS[self.words[type_name].type]
        return SCALARS.get(type_name)

    def size_of(self, type_name, data_model=None):
        """The bytes of a number in guest memory."""
        carrier = self.words[type_name].type if type_name in self.words else type_name
        return (data_model or self.data_model).sizes.get(carrier, SCALARS[carrier].size)

    def argument_size(self, type_name):
        """The bytes of a number as an argument that count."""
        if self.data_model.narrow_arguments:
            return self.size_of(type_name)
        return self.scalar(type_name).size

    def is_pair(self, arg):
        return self.data_model.has_pairs and not arg.is_pointer and \
            self.argument_size(arg.type) == 8

    def all_constants(self):
        """(name, value, place) of everything that becomes a constant."""
        for word in self.words.values():
            if word.is_host:
                continue
            yield from ((f.name, f.value, f.place) for f in word.flags)
        for numbers in self.maps.values():
            yield from ((n.name, n.value, n.place) for n in numbers.rows)
        yield from ((c.name, c.value, c.place) for c in self.constants)

    def row_classes(self, row):
        classes = set(row.classes)
        types = [a.type for a in row.args]
        if any(t in PATHS for t in types):
            classes.add("file")
        if "fd" in types or row.result == "fd":
            classes.add("desc")
        return classes
