"""File formats: which one a file is, and its reader."""

from pathlib import PurePath

from certengine.bank.reading import BankFile, read_bank
from certengine.foundation.errors import Invalid, Problem

SUFFIXES = {".yaml": "yaml", ".yml": "yaml", ".xlsx": "xlsx", ".gift": "gift", ".txt": "gift"}
FORMATS = ("yaml", "xlsx", "gift", "moodle-xml", "qti", "qti3")


def read_file(filename: str, data: bytes, format: str = "auto") -> tuple[BankFile, str]:
    """The file's rows and the format that was used. Raises Invalid."""
    used = detect(filename, data) if format == "auto" else format
    if used == "xlsx":
        from certengine.bank.formats.xlsx import read_xlsx

        return read_xlsx(data, filename), used
    if used in ("qti", "qti3"):
        from certengine.bank.formats.qti import read_qti

        return read_qti(data, filename), used
    if used not in FORMATS:
        raise Invalid([Problem(filename, "bank.format_unknown", {"formats": "、".join(FORMATS)})])
    text = text_of(data, filename)
    if used == "gift":
        from certengine.bank.formats.gift import read_gift

        return read_gift(text, filename), used
    if used == "moodle-xml":
        from certengine.bank.formats.moodle_xml import read_moodle_xml

        return read_moodle_xml(text, filename), used
    return read_bank(text, filename), used


def detect(filename: str, data: bytes) -> str:
    """By the bytes where they tell, else by the name."""
    if data.startswith(b"PK\x03\x04"):
        return "xlsx" if b"xl/" in data else "qti"
    head = data[:2000].lstrip(b"\xef\xbb\xbf \r\n\t")
    if head.startswith(b"<"):
        return "moodle-xml" if b"<quiz" in head else "qti"
    return SUFFIXES.get(PurePath(filename).suffix.lower(), "")


def text_of(data: bytes, filename: str) -> str:
    """UTF-8 with or without a mark; the encodings of older Windows editors where nothing else fits."""
    encodings = ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid([Problem(filename, "bank.encoding")])
