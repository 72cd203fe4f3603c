from io import BytesIO

from flask import Response, send_file

from certengine.foundation.spreadsheets import MIMETYPE


def sent_spreadsheet(content: bytes, name: str) -> Response:
    """name: with its ending, as the reader's browser keeps it."""
    return send_file(BytesIO(content), mimetype=MIMETYPE, as_attachment=True, download_name=name)
