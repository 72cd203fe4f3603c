"""Entries → a file of a format."""

from collections.abc import Sequence

from certengine.bank.formats import FORMATS
from certengine.bank.formats.writing import Written
from certengine.bank.rules import Entry
from certengine.foundation.errors import Invalid, Problem


def export(field: str, level: str, entries: Sequence[Entry], format: str, edition: str = "") -> Written:
    """Raises Invalid for a format that is not there."""
    if format == "yaml":
        from certengine.bank.formats.yaml import write_yaml

        return write_yaml(field, level, edition, entries)
    if format == "xlsx":
        from certengine.bank.formats.xlsx_writing import write_xlsx

        return write_xlsx(entries)
    if format == "gift":
        from certengine.bank.formats.gift_writing import write_gift

        return write_gift(entries)
    if format == "moodle-xml":
        from certengine.bank.formats.moodle_xml_writing import write_moodle_xml

        return write_moodle_xml(entries)
    if format == "qti":
        from certengine.bank.formats.qti_writing import write_qti

        return write_qti(entries)
    raise Invalid([Problem("format", "bank.format_unknown", {"formats": "、".join(FORMATS)})])
