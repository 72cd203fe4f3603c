"""The log for programs (C2SP tlog-tiles, checkpoints and cosignatures), as the description of the interface says it."""

from typing import Any

from certengine.web.interface import BINARY, TEXT, content, get, in_json, parameter, post, said

_MISSING = said("Not covered by the newest checkpoint (problem+json)")
_NUMBER = parameter("number", {"type": "string", "description": "As tlog-tiles spells it: x001/x234/067, or 067.p/8"})
_TILE = {"200": content("C2SP tlog-tiles", "application/octet-stream", BINARY), "404": _MISSING}
_WITNESS = {"type": "object", "required": ["witness"], "properties": {"witness": TEXT}}

PATHS: dict[str, Any] = {
    "/ledger/checkpoint": get(
        "checkpoint", [], {"200": content("The signed head of the log", "text/plain", TEXT), "404": said("None yet")}
    ),
    "/ledger/vkey": get("ledgerKey", [], {"200": content("The key of its checkpoints", "text/plain", TEXT)}),
    "/ledger/tile/{level}/{number}": get(
        "tile", [parameter("level", {"type": "integer", "minimum": 0}), _NUMBER], _TILE
    ),
    "/ledger/tile/entries/{number}": get("entries", [_NUMBER], _TILE),
    "/ledger/cosignature": post(
        "cosignature",
        "text/plain",
        {
            "200": in_json("Whose cosignature was taken", _WITNESS),
            "422": said("Not a checkpoint of this log with the signature of a witness of its settings (problem+json)"),
        },
        TEXT,
    ),
}
