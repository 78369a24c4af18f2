"""Reads .tbl files (the grammar stands at the head of abigen.py)."""

import re

from . import model
from .model import Place

NAME = r"[A-Za-z_]\w*"
NUMBER = r"-?(?:0x[0-9a-fA-F]+|\d+)"
ROW = re.compile(rf"(\d+)(?:\.\.(\d+))?\s+({NAME})\s+({NAME})\s*\(([^)]*)\)"
                 r"\s+(\S+)\s+(\S+)\s*(.*)$")
COLUMN = re.compile(r"(\w+):(\w+):(\S+)$")
CELL = re.compile(r"(\d+|-|=)\s+")
BY = re.compile(rf"host(:{NAME}(\([\w,|-]*\))?)?|error:E[A-Z0-9]+|missing|{NAME}")
ARG = re.compile(rf"(?:(in|out|inout)(\?)?\s+)?({NAME})(\?)?\s+({NAME})"
                 r"(?:\[(\*?\w+)(?:<=(\d+))?\])?$")
FIELD = re.compile(rf"({NAME})\s+({NAME})(?:\[(\d+)\])?"
                   rf"(?:\s+=\s+({NAME}))?(?:\s+([a-z]+))?$")
FLAG = re.compile(rf"({NAME})\s+({NUMBER})\s+([=!0-])(?:\s+(.*))?$")
RELEASE = re.compile(r"(\d+)\.(\d+)$")
SKIP = object()                     # the block of a line that was wrong itself
BLOCKS = ("flags", "values", "hostflags", "hostvalues", "numbers", "constants", "struct")


HOST = "linux"                      # whose tables' first column is the host's own ABI


class TableErrors(Exception):
    def __init__(self, lines):
        super().__init__("\n".join(lines))
        self.lines = lines


class Bad(Exception):
    """One wrong line; read() adds the place."""


def table_files(abi_dir, os_name):
    """(column, files) of an ABI: its own folder, or `FOLDER_COLUMN` of a shared one."""
    folder, column = os_name, ""
    if not (abi_dir / os_name).is_dir() and "_" in os_name:
        folder, _, column = os_name.partition("_")
    return column, sorted((abi_dir / "bsd").glob("*.tbl")) + \
        sorted((abi_dir / folder).glob("*.tbl"))


def read(os_name, files, column=""):
    """All tables of `files`; raises TableErrors with every wrong line."""
    reader = Reader(os_name, column)
    for path in files:
        reader.read_file(path)
    if not files:
        reader.errors.append(f"{os_name}: no tables found")
    if reader.errors:
        raise TableErrors(reader.errors)
    if reader.tables.columns:
        reader.tables.rows.sort(key=lambda row: row.nr)
    return reader.tables


def read_host(abi_dir):
    """The host's own tables, the first column of Linux's, and their files."""
    files = table_files(abi_dir, HOST)[1] if (abi_dir / HOST).is_dir() else []
    return read(HOST, files) if files else model.Tables(HOST), files


def number(text):
    return int(text, 0)


class Reader:
    def __init__(self, os_name, column=""):
        self.tables = model.Tables(os_name, column_name=column)
        self.errors = []
        self.block = None           # the object that indented lines belong to
        self.field = None           # (mask, indent) of the field we are in

    def read_file(self, path):
        self.block = self.field = None
        for place, text in logical_lines(path, self.errors):
            try:
                self.line(place, text)
            except Bad as bad:
                self.errors.append(f"{place}: {bad}")

    def line(self, place, text):
        if text[0].isspace():
            if self.block is None:
                raise Bad("indented line outside a block")
            if self.block is not SKIP:
                self.block_line(place, text)
            return
        word, _, rest = text.partition(" ")
        self.field, self.block = None, SKIP
        if is_row(text):
            self.block = self.any_row(place, text)
        elif word in BLOCKS:
            self.block = getattr(self, f"start_{word}")(place, rest.split())
        elif word == "opaque":
            self.block = None
            for name in rest.split():
                self.define(self.tables.structs, name, model.Struct(place, name, 0))
        elif word == "calls":
            self.block = None
            found = re.fullmatch(r"(\d+)\.\.(\d+)", rest.strip())
            if not found:
                raise Bad("calls: a range like 0..602 is needed")
            self.tables.calls = (int(found[1]), int(found[2]), place)
        elif word == "columns":
            self.block = None
            self.columns(place, rest.split())
        else:
            raise Bad(f"unknown block `{word}`")

    def define(self, where, name, thing):
        for known in (self.tables.words, self.tables.structs):
            if name in known:
                raise Bad(f"`{name}` is already defined at {known[name].place}")
        if name in where:
            raise Bad(f"`{name}` is already defined at {where[name].place}")
        if name in model.SCALARS or name in model.POINTERS + ("bytes", "void"):
            raise Bad(f"`{name}` is the name of a built-in type")
        where[name] = thing
        return thing

    def columns(self, place, words):
        for word in words:
            found = COLUMN.match(word)
            if not found or found[2] not in model.DATA_MODELS:
                raise Bad(f"a column is NAME:MODEL:HEADER, with a model of "
                          f"{', '.join(model.DATA_MODELS)}, not `{word}`")
            self.tables.columns.append(model.Column(found[1], found[2], found[3], place))
        if not self.tables.column:
            raise Bad(f"no column `{self.tables.column_name}`")

    # Rows

    def any_row(self, place, text):
        """A row of this ABI; one that it has no number for is read for its syntax only."""
        tables = self.tables
        if not tables.columns:
            row = self.row(place, text)
            tables.rows.append(row)
            return row
        cells = []
        for _ in tables.columns:
            found = CELL.match(text)
            if not found:
                raise Bad(f"{len(tables.columns)} columns of numbers are needed")
            cells.append(cells[0] if found[1] == "=" and cells else found[1])
            text = text[found.end():]
        number_here = cells[tables.columns.index(tables.column)]
        row = self.row(place, f"{0 if number_here == '-' else number_here} {text}")
        if cells[0] != "-":
            tables.host_numbers.setdefault(row.name, int(cells[0]))
        if number_here != "-":
            tables.rows.append(row)
        return row

    def row(self, place, text):
        found = ROW.match(text)
        if not found:
            raise Bad("not a row: `nr result name(arguments) by status` is needed")
        nr, last, result, name, args, by, status, words = found.groups()
        if status not in model.STATUSES + (model.COVERED,):
            raise Bad(f"unknown status `{status}`")
        if not BY.fullmatch(by):
            raise Bad(f"`by` is host, host:NAME, error:E…, missing or a handler, not `{by}`")
        row = model.Row(place, int(nr), int(last or nr), result, name,
                        self.arguments(args), by, status)
        if row.last < row.nr:
            raise Bad(f"range {nr}..{last} runs backwards")
        self.row_words(row, words.split())
        return row

    def arguments(self, text):
        args = []
        for part in filter(None, (p.strip() for p in text.split(","))):
            found = ARG.fullmatch(part)
            if not found:
                raise Bad(f"not an argument: `{part}`")
            direction, null, type_name, null2, name, length, most = found.groups()
            if any(a.name == name for a in args):
                raise Bad(f"two arguments named `{name}`")
            args.append(model.Arg(type_name, name, direction or "", bool(null or null2),
                                  length or "", int(most or 0)))
        return args

    def row_words(self, row, words):
        releases = {"since": "since", "until": "until", "silent-before": "silent_before"}
        while words:
            word = words.pop(0)
            if word == "eintr":
                row.eintr = True
            elif word == "early":
                row.early = True
            elif word.startswith("direct:"):
                row.direct = word[len("direct:"):]
            elif word.startswith("%"):
                if word[1:] not in model.CLASSES:
                    raise Bad(f"unknown class `{word}`")
                row.classes.add(word[1:])
            elif word in releases:
                found = RELEASE.match(words.pop(0) if words else "")
                if not found:
                    raise Bad(f"`{word}` needs a release like 15.0")
                setattr(row, releases[word], int(found[1]) * 100 + int(found[2]))
            else:
                raise Bad(f"unknown word `{word}` after the status")

    # Blocks

    def start_flags(self, place, words, is_values=False):
        if not 1 <= len(words) <= 2:
            raise Bad("a name is needed, and at most a type")
        carrier = words[1] if len(words) == 2 else "int" if is_values else "uint"
        if carrier not in model.SCALARS:
            raise Bad(f"unknown type `{carrier}`")
        return self.define(self.tables.words, words[0],
                           model.FlagWord(place, words[0], carrier, is_values))

    def start_values(self, place, words):
        return self.start_flags(place, words, True)

    def start_hostflags(self, place, words, is_values=False):
        word = self.start_flags(place, words, is_values)
        word.is_host = True
        return word

    def start_hostvalues(self, place, words):
        return self.start_hostflags(place, words, True)

    def start_numbers(self, place, words):
        if len(words) != 2 or not words[1].isdigit():
            raise Bad("numbers: a name and the host's highest number are needed")
        name = words[0]
        if name in self.tables.maps:
            raise Bad(f"`{name}` is already defined at {self.tables.maps[name].place}")
        self.tables.maps[name] = model.NumberMap(place, name, int(words[1]))
        return self.tables.maps[name]

    def start_constants(self, _place, words):
        if words:
            raise Bad("constants: nothing else belongs on this line")
        return self.tables.constants

    def start_struct(self, place, words):
        if len(words) == 2 and words[1].isdigit() and words[1] != "0":
            return self.define(self.tables.structs, words[0],
                               model.Struct(place, words[0], int(words[1])))
        if not self.tables.columns:
            raise Bad("struct: a name and a size in bytes are needed")
        return self.start_computed_struct(place, words)

    def start_computed_struct(self, place, words):
        """NAME [COLUMN] [= HOST'S NAME] [packed] [<header> [C name]]"""
        tables = self.tables
        struct = model.Struct(place, words.pop(0), 0, is_computed=True)
        struct.twin, struct.c_name = struct.name, struct.name
        columns = [c.name for c in tables.columns]
        only = words.pop(0) if words and words[0] in columns else ""
        if words[:1] == ["="] and len(words) > 1:
            struct.twin, words = words[1], words[2:]
        if words[:1] == ["packed"]:
            struct.is_packed, words = True, words[1:]
        if words and re.fullmatch(r"<[\w/.-]+>", words[0]):
            struct.header, words = words[0], words[1:]
            struct.c_name = words.pop(0) if words else struct.name
        if words:
            raise Bad(f"struct: what is `{words[0]}`?")
        if not only or only == columns[0]:
            self.define(tables.host_structs, struct.name, struct)
        if only == tables.column.name or (not only and struct.name not in tables.structs):
            tables.structs[struct.name] = struct
        return struct

    def block_line(self, place, text):
        body = text.strip()
        if isinstance(self.block, model.Row):
            if not body.startswith("!"):
                raise Bad("a note starts with `!`")
            if len(text) > 100:
                raise Bad("note is longer than 100 columns")
            self.block.notes.append(body[1:].strip())
        elif isinstance(self.block, model.FlagWord) and self.block.is_host:
            self.host_flags(place, body)
        elif isinstance(self.block, model.FlagWord):
            self.flag(place, body, len(text) - len(text.lstrip()))
        elif isinstance(self.block, model.NumberMap):
            self.block.rows.append(self.number(place, body))
        elif isinstance(self.block, model.Struct) and self.block.is_computed:
            found = FIELD.fullmatch(body)
            if not found or (found[5] or "") not in model.POLICIES:
                raise Bad("a field is `type name`, maybe `name[count]`, `= twin`, and one of "
                          + ", ".join(filter(None, model.POLICIES)))
            self.block.fields.append(model.Field(place, 0, found[1], found[2],
                                                 int(found[3] or 1), found[4] or found[2],
                                                 found[5] or ""))
        elif isinstance(self.block, model.Struct):
            words = body.split()
            if len(words) != 3 or not words[0].isdigit():
                raise Bad("a field is `offset type name`")
            self.block.fields.append(model.Field(place, int(words[0]), words[1], words[2]))
        else:
            found = re.fullmatch(rf"({NAME})\s+({NUMBER})", body)
            if not found:
                raise Bad("a constant is `NAME value`")
            self.block.append(model.Constant(place, found[1], number(found[2])))

    def host_flags(self, place, body):
        """Names of the host's constants; after `field MASK:` they are values under it."""
        words, mask = body.split(), 0
        if words[0] == "field":
            if len(words) < 3 or not words[1].endswith(":"):
                raise Bad("a field is `field MASK: NAME...`")
            mask, words = words[1][:-1], words[2:]
        for name in words:
            if not re.fullmatch(NAME, name):
                raise Bad(f"not a constant: `{name}`")
            self.block.flags.append(model.Flag(place, name, 0, "=", name, mask))

    def flag(self, place, body, indent):
        words = body.split()
        if words[0] == "field":
            self.start_field(place, words, indent)
            return
        if self.field and indent <= self.field[1]:
            self.field = None
        found = FLAG.fullmatch(body)
        if not found:
            raise Bad("a flag is `NAME value` and one of `= HOST`, `!`, `0`, `-`")
        name, value, kind, host = found.groups()
        if bool(host) != (kind == "="):
            raise Bad("`=` needs a host constant, and only `=` takes one")
        mask = self.field[0] if self.field else 0
        self.block.flags.append(
            model.Flag(place, name, number(value), kind, host or "", mask))

    def start_field(self, place, words, indent):
        if self.block.is_values or len(words) not in (2, 3, 4) or \
                not re.fullmatch(NUMBER, words[1]) or words[3:] not in ([], ["!"]):
            raise Bad("a field is `field mask [name [!]]`, in a flags block")
        mask = number(words[1])
        if words[3:]:
            self.block.flags.append(
                model.Flag(place, words[2], mask, model.NUMBER_FIELD, "", mask))
            return
        self.field = (mask, indent)
        if words[2:]:
            self.tables.constants.append(model.Constant(place, words[2], mask))

    def number(self, place, body):
        found = re.fullmatch(rf"({NAME})\s+(\d+)\s+(=>|=|-|same)\s*(.*)", body)
        if not found:
            raise Bad("a number is `NAME value` and one of `= HOST`, `=> HOST`, `-`, `same NAME`")
        name, value, kind, rest = found.groups()
        host, _, also = (p.strip() for p in rest.partition("<="))
        if bool(host) == (kind == "-"):
            raise Bad(f"`{kind}` with `{rest}` makes no sense here")
        return model.Number(place, name, int(value), kind, host,
                            [a.strip() for a in also.split(",") if a.strip()])


def is_row(text):
    return text[0].isdigit() or text.startswith("- ")


def logical_lines(path, errors):
    """(Place, text) of each line; a row that is open at `(` goes on in the next."""
    held = None
    for nr, raw in enumerate(path.read_text().splitlines(), 1):
        place = Place(str(path), nr)
        if "\t" in raw:
            errors.append(f"{place}: tab in a table (columns are made with spaces)")
        text = raw.expandtabs().rstrip()
        if not text.lstrip().startswith("!"):
            text = re.sub(r"(^|\s)#.*", "", text).rstrip()
        if not text:
            continue
        if held:
            place, text = held[0], held[1] + " " + text.strip()
            held = None
        if is_row(text) and text.count("(") > text.count(")"):
            held = (place, text)
            continue
        if is_row(text) and text.endswith(")"):    # by and status on the next line
            held = (place, text)
            continue
        yield place, text
    if held:
        errors.append(f"{held[0]}: row does not end")
