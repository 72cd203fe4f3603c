"""PAdES B-LTA (ETSI EN 319 142-1): what a signature's check will need in thirty years, appended to a certificate's file.

One revision adds the certificates and lists of revocation (DSS) and a time stamp over the whole file; a later one, made
before an algorithm or a key ages, adds what was missing and stamps again. A reader spells each revision anew from what
it holds and demands the same bytes. The proof that the certificate is in the ledger stands in the time stamp's CMS, as
an unsigned attribute: what is signed is not touched by it, and other programs pass it over. A department's signature over
the whole file before the revision stands in the same way in a revision of its own.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from certengine.certificates.appending import Layout, NotOurs, append, layout
from certengine.certificates.signing import LARGE_CONTENTS, RANGE_HOLE, byte_range, contents_hole, fill

# Runs of digits are kept short: a hole is thousands of zeros, which an open pattern would try from each of them.
STREAM = re.compile(rb"\n(\d{1,10}) 0 obj\n<< /Length (\d{1,10}) >>\nstream\n")
LOOKS = re.compile(rb"/Type /DocTimeStamp.*?/Contents (<[0-9a-f]+>)", re.S)
# A proof grows with the logarithm of the ledger; a checkpoint has a few signatures.
ROOM = LARGE_CONTENTS
# Of this kind is the attribute that holds the ledger's proof: a UUID's arc (ITU-T X.667), so nobody else's.
LEDGER_PROOF = "2.25.176487093320614208340935166178310961459"
# And of this one that which holds a department's signature over the file before the revision.
COUNTERSIGNATURE = "2.25.218017455537013448925479039103506033569"


@dataclass(frozen=True)
class Evidence:
    """What is new in a revision: certificates and lists of revocation, DER."""

    certificates: tuple[bytes, ...]
    lists: tuple[bytes, ...]


@dataclass(frozen=True)
class Extension:
    """A revision as it was read: what it adds, its time stamp's token, and the digest that the token is over."""

    evidence: Evidence
    token: bytes
    digest: bytes
    # Where the file before it ends.
    start: int


def extend(pdf: bytes, evidence: Evidence, stamp: Callable[[bytes], bytes], room: int = ROOM) -> bytes:
    """The file with its next revision; stamp gives the token over a SHA-256. Raises NotOurs."""
    hole = contents_hole(room)
    return fill(_prepared(pdf, evidence, hole), hole, stamp, len(pdf))


def read_extension(pdf: bytes, start: int) -> tuple[Extension, int] | None:
    """The revision that begins at start, and where it ends; None for anything that `extend` would not have written."""
    end = _end(pdf, start)
    shape = LOOKS.search(pdf, start, end)
    if end == start or shape is None:
        return None
    evidence = _evidence(pdf[start - 1 : end])
    hole = b"<" + b"0" * (len(shape.group(1)) - 2) + b">"
    try:
        expected = bytearray(_prepared(pdf[:start], evidence, hole))
    except NotOurs:
        return None
    if len(expected) != end:
        return None
    first, last = shape.span(1)
    place = expected.find(RANGE_HOLE, start)
    if place < 0:
        return None
    expected[place : place + len(RANGE_HOLE)] = byte_range(first, last, end)
    if memoryview(expected)[start:first] != memoryview(pdf)[start:first] or expected[last:] != pdf[last:end]:
        return None
    content = bytes.fromhex(shape.group(1)[1:-1].decode())
    token = content[: _length(content)]
    if content[len(token) :].strip(b"\0"):
        return None
    digest = hashlib.sha256(memoryview(pdf)[:first])
    digest.update(memoryview(pdf)[last:end])
    return Extension(evidence, token, digest.digest(), start), end


def _end(pdf: bytes, start: int) -> int:
    mark = b"\n%%EOF\n"
    found = pdf.find(mark, start)
    return found + len(mark) if found >= 0 else start


def _length(content: bytes) -> int:
    """Of a DER value with its head, of two to four bytes of length."""
    if len(content) < 4 or content[1] < 0x80:
        return 2 + (content[1] if len(content) > 1 else 0)
    count = content[1] & 0x7F
    return 2 + count + int.from_bytes(content[2 : 2 + count], "big")


def _evidence(revision: bytes) -> Evidence:
    """The streams of a revision: certificates come first, lists after them, as the store's arrays say."""
    found = re.search(rb"/Type /DSS /Certs \[([^\]]*)\]", revision)
    certificates = set(re.findall(rb"(\d{1,10}) 0 R", found.group(1))) if found else set()
    streams: dict[bool, list[bytes]] = {True: [], False: []}
    at = 0
    while stream := STREAM.search(revision, at):
        at = stream.end() + int(stream.group(2))
        streams[stream.group(1) in certificates].append(revision[stream.end() : at])
    return Evidence(tuple(streams[True]), tuple(streams[False]))


def _prepared(pdf: bytes, evidence: Evidence, hole: bytes) -> bytes:
    """The next revision with an empty time stamp."""
    before = layout(pdf)
    catalog = before.body(before.root)
    form, page = _reference(catalog, b"/AcroForm"), _page(before.body(before.root), before)
    known = _optional_reference(catalog, b"/DSS")
    number = before.size
    dss = known if known is not None else number
    number += known is None
    streams = [*evidence.certificates, *evidence.lists]
    objects = {number + place: _stream(content) for place, content in enumerate(streams)}
    field = number + len(streams)
    old = before.body(known) if known is not None else b""
    split = number + len(evidence.certificates)
    objects[dss] = _store(old, range(number, split), range(split, field))
    if known is None:
        objects[before.root] = _with_store(catalog, dss)
    objects[form] = _with_reference(before.body(form), b"/Fields", field)
    objects[page] = _with_reference(before.body(page), b"/Annots", field)
    name = len(re.findall(rb"\d{1,10} 0 R", before.body(form)))
    objects[field] = (
        b"<< /F 132 /FT /Sig /P %d 0 R /Rect [ 0 0 0 0 ] /Subtype /Widget /T (Timestamp%d) /Type /Annot /V %d 0 R >>"
        % (page, name, field + 1)
    )
    objects[field + 1] = (
        b"<< /Type /DocTimeStamp /Filter /Adobe.PPKLite /SubFilter /ETSI.RFC3161 /ByteRange %b /Contents %b >>"
        % (RANGE_HOLE, hole)
    )
    return append(before, objects)


def _stream(content: bytes) -> bytes:
    return b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content)


def _store(old: bytes, certificates: Sequence[int], lists: Sequence[int]) -> bytes:
    """The store of what is needed; what an earlier revision put there stays."""
    before = [_references(old, name) for name in (b"/Certs", b"/CRLs")]
    arrays = [
        b" ".join([*kept, *(b"%d 0 R" % number for number in new)])
        for kept, new in zip(before, (certificates, lists), strict=True)
    ]
    return b"<< /Type /DSS /Certs [ %b ] /CRLs [ %b ] >>" % (arrays[0], arrays[1])


def _references(body: bytes, name: bytes) -> list[bytes]:
    found = re.search(re.escape(name) + rb"\s+\[([^\]]*)\]", body)
    return re.findall(rb"\d{1,10} 0 R", found.group(1)) if found else []


def _with_store(catalog: bytes, dss: int) -> bytes:
    if not catalog.endswith(b">>"):
        raise NotOurs
    return catalog[:-2] + b"/DSS %d 0 R >>" % dss


def _with_reference(body: bytes, name: bytes, number: int) -> bytes:
    """The dictionary with a reference more at the end of one of its arrays."""
    found = re.search(re.escape(name) + rb"\s+\[([^\]]*)\]", body)
    if found is None:
        raise NotOurs
    return body[: found.end(1)].rstrip() + b" %d 0 R " % number + body[found.end(1) :]


def _reference(body: bytes, name: bytes) -> int:
    found = _optional_reference(body, name)
    if found is None:
        raise NotOurs
    return found


def _optional_reference(body: bytes, name: bytes) -> int | None:
    found = re.search(re.escape(name) + rb"\s+(\d{1,10}) 0 R", body)
    return int(found.group(1)) if found else None


def _page(catalog: bytes, before: Layout) -> int:
    """The page that bears the signature: the first one with annotations."""
    kids = _references(before.body(_reference(catalog, b"/Pages")), b"/Kids")
    for kid in kids:
        number = int(kid.split()[0])
        if b"/Annots [" in before.body(number):
            return number
    raise NotOurs
