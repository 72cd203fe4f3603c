from collections.abc import Iterable, Sequence
from io import BytesIO

from flask import Response, send_file
from openpyxl import Workbook

from certengine.foundation.spreadsheets import MIMETYPE, append_texts, mark_heads, saved


def sent_spreadsheet(content: bytes, name: str) -> Response:
    """name: with its ending, as the reader's browser keeps it."""
    return send_file(BytesIO(content), mimetype=MIMETYPE, as_attachment=True, download_name=name)


def sent_rows(heads: Sequence[str], rows: Iterable[Sequence[object]], name: str) -> Response:
    """One sheet of a list as it stands on the page; name: without the ending."""
    workbook = Workbook()
    sheet = workbook.active
    sheet.append(list(heads))
    for row in rows:
        append_texts(sheet, row)
    for cell in sheet[1]:
        sheet.column_dimensions[cell.column_letter].width = 20
    mark_heads(sheet)
    sheet.freeze_panes = "A2"
    return sent_spreadsheet(saved(workbook), f"{name}.xlsx")
