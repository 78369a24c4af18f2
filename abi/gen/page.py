"""The status page of an ABI, for docs/: counts, then a line for every call."""

import pathlib

from . import model

WORDS = {
    "full": "every documented flag works, and a conformance program proves it",
    "partial": "works, except for what the note says",
    "stub": "accepted, but does less than it says (see the note)",
    "refused": "answered with an error, on purpose (see the note)",
    "todo": "not there yet: answered as a kernel without the call does",
    "gone": "not there in the real kernel either",
}


def page(t, covers):
    count = {s: 0 for s in model.STATUSES}
    for row in t.rows:
        count[row.status] += row.last - row.nr + 1
    out = [f"# {t.os} system calls", "",
           "Made from the tables in abi/ by abi/abigen.py.", "",
           "| status | calls | meaning |", "| --- | ---: | --- |"]
    out += [f"| {s} | {count[s]} | {WORDS[s]} |" for s in WORDS]
    out += ["", "| nr | call | status | proved by | notes |", "| ---: | --- | --- | --- | --- |"]
    for row in t.rows:
        nr = str(row.nr) if row.nr == row.last else f"{row.nr}–{row.last}"
        notes = " ".join(row.notes + releases(row)).replace("|", "\\|")
        programs = ", ".join(pathlib.Path(p.file).name for p in covers.get(row.name, []))
        out.append(f"| {nr} | {row.name} | {row.status} | {programs} | {notes} |")
    return "\n".join(out) + "\n"


def releases(row):
    words = []
    if row.since:
        words.append(f"Since {release(row.since)}.")
    if row.until:
        words.append(f"Until {release(row.until)}.")
    return words


def release(number):
    return f"{number // 100}.{number % 100}"
