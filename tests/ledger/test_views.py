import base64
import hashlib
import json
import struct

import pytest
from flask.testing import FlaskClient

from certengine.foundation.runtime import Runtime
from certengine.ledger import notes, rules, service
from tests.ledger.test_service import write


@pytest.fixture
def filled(runtime: Runtime) -> Runtime:
    write(runtime, 1, 600)
    service.sequence(runtime)
    return runtime


def test_a_stranger_rebuilds_the_root_from_the_served_entries(filled: Runtime, client: FlaskClient) -> None:
    key = notes.parse_verifier(client.get("/ledger/vkey").text)
    checkpoint = notes.open_checkpoint(client.get("/ledger/checkpoint").text, key)
    leaves = []
    for address in ("000", "001", "002.p/88"):
        content = client.get(f"/ledger/tile/entries/{address}").data
        while content:
            (length,) = struct.unpack(">H", content[:2])
            leaves.append(content[2 : 2 + length])
            content = content[2 + length :]
    assert len(leaves) == checkpoint.size == 600
    assert rules.root_of(map(rules.leaf_hash, leaves)) == checkpoint.root


def test_tiles_hold_the_hashes_of_the_level_below(filled: Runtime, client: FlaskClient) -> None:
    first = client.get("/ledger/tile/0/000").data
    assert len(first) == 256 * 32
    leaves = [first[place : place + 32] for place in range(0, len(first), 32)]
    assert client.get("/ledger/tile/1/000.p/2").data[:32] == rules.root_of(leaves)


@pytest.mark.parametrize(
    "address", ["0/003", "0/002", "0/002.p/89", "0/1", "0/x000/001", "1/000", "entries/002", "entries/x", "0/000.p/0"]
)
def test_what_the_checkpoint_does_not_cover_is_not_found(filled: Runtime, client: FlaskClient, address: str) -> None:
    assert client.get(f"/ledger/tile/{address}").status_code == 404


def test_the_page_shows_checkpoint_key_and_entries(filled: Runtime, client: FlaskClient) -> None:
    page = client.get("/ledger").text
    assert "公开账本" in page and "exam.example.org/ledger" in page and "下一页" in page
    assert "存在证明" in client.get("/ledger/entry/7").text
    assert client.get("/ledger/entry/600").status_code == 404


def test_a_receipt_is_checked_and_a_changed_one_refused(filled: Runtime, client: FlaskClient) -> None:
    with filled.unit_of_work(read_only=True) as session:
        kept = service.by_index(session, 5).as_json()

    def said(value: object) -> str:
        return client.post("/ledger/receipt", data={"receipt": json.dumps(value)}).text

    assert "回执成立" in said(kept)
    assert "回执成立" in client.get(f"/ledger/receipt?hash={kept['leaf_hash']}").text
    assert "内容被改动过" in said({**kept, "leaf": kept["leaf"] + " "})
    other = hashlib.sha256(b"x").hexdigest()
    assert "没有这条记录" in said({"leaf_hash": other})
    assert "证明与其检查点不符" in said({**kept, "index": 6})
    forged = base64.b64encode(b"x" * 68).decode()
    text = kept["checkpoint"].split("\n\n")[0]
    name = kept["checkpoint"].split("\n")[0]
    assert "签署" in said({**kept, "checkpoint": f"{text}\n\n— {name} {forged}\n"})
    assert "不是本系统的回执" in said(["x"])
