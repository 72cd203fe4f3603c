"""The public face of the log: C2SP tlog-tiles for programs, a page with receipts' check for people."""

import json
import struct
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask.blueprints import BlueprintSetupState

from certengine.foundation.errors import NotFound, Problem
from certengine.foundation.paging import paginate
from certengine.ledger import cosignatures, handover, notes, receipts, rules, service
from certengine.ledger.interface import PATHS
from certengine.web.access import public
from certengine.web.errors import say
from certengine.web.interface import add_paths
from certengine.web.request import may_lag, runtime, session
from certengine.web.security import csrf, limiter

blueprint = Blueprint("ledger", __name__)
LONGEST_NOTE = 10_000
IMMUTABLE = "public, max-age=31536000, immutable"


@blueprint.record_once
def set_up(state: BlueprintSetupState) -> None:
    add_paths(state, PATHS)


@blueprint.get("/ledger")
@may_lag
@public("anyone may watch the log")
def ledger() -> str:
    """What the log is, its newest checkpoint, its entries, and a form that checks a receipt."""
    kind = request.args.get("kind", "").strip()
    page = paginate(session(), service.public_query(kind), request.args.get("page", 1, int))
    return render_template(
        "ledger/ledger.html",
        page=page,
        kind=kind,
        checkpoint=service.latest_checkpoint(session()),
        size=service.tree_size(session()),
        key=str(service.verifier(session(), runtime())),
    )


@blueprint.get("/ledger/entry/<int:index>")
@may_lag
@public("an entry holds no personal data")
def entry(index: int) -> str:
    found = service.by_index(session(), index)
    return render_template("ledger/entry.html", receipt=found, leaf=json.loads(found.leaf))


@blueprint.route("/ledger/receipt", methods=["GET", "POST"])
@public("whoever holds a receipt may check it")
def receipt() -> str:
    pasted = (request.form.get("receipt") or request.args.get("hash") or "").strip()
    outcome = receipts.check(session(), _keys(), pasted) if pasted else None
    sentence = say(Problem("", outcome.code)) if outcome else ""
    return render_template("ledger/receipt.html", pasted=pasted, outcome=outcome, sentence=sentence)


def _keys() -> list[notes.Verifier]:
    return [service.verifier(session(), runtime()), *handover.former(session(), stolen=True)]


@blueprint.get("/ledger/checkpoint")
@public("the signed head of the log")
def checkpoint() -> Response:
    note = service.latest_checkpoint(session())
    if note is None:
        raise NotFound("ledger.no_checkpoint")
    return Response(note, content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-cache"})


@blueprint.post("/ledger/cosignature")
@public("a witness hands its cosignature back; it counts only under a key of the settings")
@csrf.exempt
@limiter.limit("60 per minute")
def cosignature() -> dict[str, str]:
    """The cosigned checkpoint as the body."""
    note = request.get_data()[:LONGEST_NOTE].decode("utf-8", "replace")
    return {"witness": cosignatures.take_cosignature(session(), runtime(), note)}


@blueprint.get("/ledger/vkey")
@public("the key by which checkpoints are verified")
def vkey() -> Response:
    return Response(f"{service.verifier(session(), runtime())}\n", content_type="text/plain; charset=utf-8")


@blueprint.get("/ledger/tile/<int:level>/<path:number>")
@may_lag
@public("hashes of the tree")
def tile(level: int, number: str) -> Response:
    first, width = _address(number, rules.TILE_HEIGHT * level)
    hashes = service.NodeReader(session()).tile(level, first)
    return _bytes(b"".join(hashes[:width]), len(hashes) >= width)


@blueprint.get("/ledger/tile/entries/<path:number>")
@may_lag
@public("an entry holds no personal data")
def tile_entries(number: str) -> Response:
    first, width = _address(number, 0)
    leaves = service.leaves(session(), first * rules.TILE_WIDTH, width)
    return _bytes(b"".join(struct.pack(">H", len(leaf)) + leaf for leaf in leaves), len(leaves) == width)


def _address(number: str, height: int) -> tuple[int, int]:
    """Tile number and width; raises NotFound for what the newest checkpoint does not cover."""
    try:
        tile_number, width = rules.parse_tile_number(number)
    except ValueError:
        raise NotFound("ledger.not_a_tile") from None
    if tile_number * rules.TILE_WIDTH + width > service.tree_size(session()) >> height:
        raise NotFound("ledger.not_a_tile")
    return tile_number, width


def _bytes(content: bytes, whole: bool) -> Response:
    if not whole:
        raise NotFound("ledger.not_a_tile")
    return Response(content, content_type="application/octet-stream", headers={"Cache-Control": IMMUTABLE})


# The words for entry kinds, given by rooms above: this one knows none.
_kinds: dict[str, Any] = {}


def add_entry_kinds(kinds: Mapping[str, Any]) -> None:
    """Lazy texts for a room's entry kinds."""
    _kinds.update(kinds)


@blueprint.app_template_filter("entry_kind")
def entry_kind(kind: str) -> str:
    return str(_kinds.get(kind, kind))
