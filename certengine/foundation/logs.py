"""What the processes of a service write to standard error: one JSON object a line, without personal data.

Of an error its kind and where it arose are written, never its words: a database's words may quote what somebody typed.
Where a connection fails nobody's data is in the words, and they are what mends it.
"""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.exc import OperationalError

# So many places of an error, the innermost last.
FRAMES = 12
OWN = "certengine"


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            # What other libraries fill in may be anything: of theirs the pattern alone.
            "event": record.getMessage() if record.name.split(".")[0] == OWN else str(record.msg),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = _error(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


def _error(error: BaseException) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    told: dict[str, Any] = {
        "kind": f"{type(error).__module__}.{type(error).__qualname__}",
        "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
    if isinstance(error, OperationalError):
        told["words"] = str(error.orig).strip().partition("\n")[0]
    elif isinstance(error, OSError):
        told["words"] = error.strerror or ""
    return told


def set_up() -> None:
    """For a process of a service; called again it changes nothing."""
    root = logging.getLogger()
    if any(isinstance(handler.formatter, JsonLines) for handler in root.handlers):
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(OWN).setLevel(logging.INFO)
