"""Entries → a file of a format."""

from collections.abc import Callable, Sequence

from certengine.bank.formats import FORMATS
from certengine.bank.formats.writing import Written
from certengine.bank.pictures import names_in
from certengine.bank.rules import Entry
from certengine.foundation.errors import Invalid, Problem


def losses(field: str, level: str, entries: Sequence[Entry], format: str) -> tuple[Problem, ...]:
    """What the format would not hold."""
    return export(field, level, entries, format, load=lambda _digest: b"").left_out


def export(
    field: str,
    level: str,
    entries: Sequence[Entry],
    format: str,
    edition: str = "",
    load: Callable[[str], bytes] | None = None,
) -> Written:
    """load gives a picture's bytes by the hash in its name. Raises Invalid for a format that is not there."""
    names = {name for entry in entries for name in names_in(entry)} if load else set()
    pictures = {name: load(name.partition(".")[0]) for name in sorted(names)} if load else {}
    if format == "yaml":
        from certengine.bank.formats.yaml import write_yaml

        return write_yaml(field, level, edition, entries, pictures=pictures)
    if format == "xlsx":
        from certengine.bank.formats.xlsx_writing import write_xlsx

        return write_xlsx(entries)
    if format == "gift":
        from certengine.bank.formats.gift_writing import write_gift

        return write_gift(entries)
    if format == "moodle-xml":
        from certengine.bank.formats.moodle_xml_writing import write_moodle_xml

        return write_moodle_xml(entries, pictures)
    if format in ("qti", "qti3"):
        from certengine.bank.formats.qti_writing import write_qti

        return write_qti(entries, pictures, "3.0" if format == "qti3" else "2.1")
    raise Invalid([Problem("format", "bank.format_unknown", {"formats": "、".join(FORMATS)})])
