"""Revisions appended to a PDF of ours (ISO 32000-2, 7.5.6), spelled in one way, so that a reader can write the same
revision again and demand it byte for byte. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

OBJECT = re.compile(rb"(\d+) 0 obj\s")
TRAILER = re.compile(rb"trailer\s*<<(.*?)>>\s*startxref\s+(\d+)\s+%%EOF\s*\Z", re.S)
XREF = re.compile(rb"xref\s")
# A file of ours has a few revisions; more are somebody else's loop.
MOST_REVISIONS = 200


class NotOurs(ValueError):
    """The file is not laid out as ours are."""


@dataclass(frozen=True)
class Layout:
    """Where a file's objects stand, as its cross-reference tables say."""

    pdf: bytes
    offsets: Mapping[int, int]
    size: int
    root: int
    info: int
    identifier: bytes
    xref: int

    def body(self, number: int) -> bytes:
        """What stands between `obj` and `endobj`; of no stream."""
        start = OBJECT.match(self.pdf, self.offsets.get(number, len(self.pdf)))
        end = self.pdf.find(b"endobj", start.end()) if start else -1
        if start is None or end < 0 or int(start.group(1)) != number:
            raise NotOurs
        return self.pdf[start.end() : end].strip()


def layout(pdf: bytes) -> Layout:
    """Raises NotOurs."""
    offsets: dict[int, int] = {}
    tail = pdf[-2048:]
    found = TRAILER.search(tail, max(tail.rfind(b"trailer"), 0))
    if found is None:
        raise NotOurs
    trailer, xref = found.group(1), int(found.group(2))
    at: int | None = xref
    for _revision in range(MOST_REVISIONS):
        if at is None:
            break
        at = _section(pdf, at, offsets)
    return Layout(
        pdf,
        offsets,
        _number(trailer, rb"/Size (\d+)"),
        _number(trailer, rb"/Root (\d{1,10}) 0 R"),
        _number(trailer, rb"/Info (\d{1,10}) 0 R"),
        _identifier(trailer),
        xref,
    )


def _identifier(trailer: bytes) -> bytes:
    found = re.search(rb"/ID\s*(\[\s*<[0-9a-f]+>\s*<[0-9a-f]+>\s*\])", trailer)
    if found is None:
        raise NotOurs
    return found.group(1)


def _number(text: bytes, pattern: bytes) -> int:
    found = re.search(pattern, text)
    if found is None:
        raise NotOurs
    return int(found.group(1))


def _section(pdf: bytes, at: int, offsets: dict[int, int]) -> int | None:
    """Reads a cross-reference table; what a later one said stands. Returns where the one before is."""
    if not XREF.match(pdf, at):
        raise NotOurs
    lines = pdf[at : pdf.find(b"trailer", at)].split(b"\n")[1:]
    place = 0
    while place < len(lines) and lines[place].strip():
        try:
            first, count = map(int, lines[place].split())
            for number, line in enumerate(lines[place + 1 : place + 1 + count], first):
                offset, _generation, kind = line.split()
                if kind == b"n":
                    offsets.setdefault(number, int(offset))
        except ValueError:
            raise NotOurs from None
        place += 1 + count
    trailer = pdf[pdf.find(b"trailer", at) : pdf.find(b"startxref", at)]
    before = re.search(rb"/Prev (\d+)", trailer)
    return int(before.group(1)) if before and int(before.group(1)) < at else None


def append(before: Layout, objects: Mapping[int, bytes]) -> bytes:
    """The file with a revision in which these objects are new or other than before."""
    out = bytearray(before.pdf)
    places: dict[int, int] = {}
    for number in sorted(objects):
        places[number] = len(out)
        out += b"%d 0 obj\n%b\nendobj\n" % (number, objects[number])
    xref = len(out)
    out += b"xref\n"
    for run in _runs(sorted(objects)):
        out += b"%d %d\n" % (run[0], len(run))
        for number in run:
            out += b"%010d 00000 n \n" % places[number]
    size = max(before.size, max(objects) + 1)
    out += b"trailer\n<< /ID %b /Info %d 0 R /Prev %d /Root %d 0 R /Size %d >>\nstartxref\n%d\n%%%%EOF\n" % (
        before.identifier,
        before.info,
        before.xref,
        before.root,
        size,
        xref,
    )
    return bytes(out)


def _runs(numbers: list[int]) -> list[list[int]]:
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs
