from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certengine.app import create_app
from certengine.foundation.runtime import Runtime, use
from certengine.ledger import cosignatures, notes, rules, service, witness
from tests.ledger.test_service import write

LOG = Ed25519PrivateKey.from_private_bytes(bytes(32))
WITNESS = Ed25519PrivateKey.from_private_bytes(b"w" * 32)
ORIGIN, NAME = "log.example.org/ledger", "witness.example.org"
KEY = notes.verifier_of(ORIGIN, LOG)


def leaves(count: int, forged: int | None = None) -> list[bytes]:
    start = datetime(2026, 11, 25, tzinfo=UTC)
    return [
        rules.leaf_hash(
            rules.leaf_entry("x.y", start + timedelta(seconds=n), {"n": -n if n == forged else n}, "0" * 64)
        )
        for n in range(count)
    ]


class Log:
    """A log that serves whatever its operator likes, and signs it."""

    def __init__(self, hashes: list[bytes]) -> None:
        self.hashes = hashes

    def __call__(self, path: str) -> bytes:
        if path == "checkpoint":
            return notes.sign(
                notes.Checkpoint(ORIGIN, len(self.hashes), rules.root_of(self.hashes)), ORIGIN, LOG
            ).encode()
        _tile, row, number = path.split("/", 2)
        first, width = rules.parse_tile_number(number)
        nodes = self.hashes
        for _level in range(int(row)):
            nodes = [rules.root_of(nodes[at : at + 256]) for at in range(0, len(nodes) - len(nodes) % 256, 256)]
        return b"".join(nodes[first * 256 : first * 256 + width])


def look(log: Log, folder: Path) -> notes.Checkpoint:
    return witness.look(log, KEY, witness.Memory(folder), NAME, WITNESS, 1_795_000_000)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 900), min_size=2, max_size=4))
def test_a_log_that_only_grows_is_cosigned(tmp_path_factory: pytest.TempPathFactory, sizes: list[int]) -> None:
    folder = tmp_path_factory.mktemp("witness")
    for size in sorted(sizes):
        assert look(Log(leaves(size)), folder).size == size
    note = (folder / "checkpoint").read_text()
    cosigned = notes.open_checkpoint(note, notes.verifier_of(NAME, WITNESS, notes.COSIGNATURE_V1))
    assert cosigned.size == max(sizes) and notes.open_checkpoint(note, KEY) == cosigned


@pytest.mark.parametrize(
    ("later", "code"),
    [
        (leaves(299), "ledger.witness_shorter"),
        (leaves(300, forged=7), "ledger.witness_other_root"),
        (leaves(700, forged=7), "ledger.witness_rewritten"),
        (leaves(301, forged=299), "ledger.witness_rewritten"),
    ],
)
def test_a_cut_tail_a_fork_and_a_rewritten_past_are_told(tmp_path: Path, later: list[bytes], code: str) -> None:
    look(Log(leaves(300)), tmp_path)
    before = (tmp_path / "seen.json").read_text()
    with pytest.raises(witness.Forked) as caught:
        look(Log(later), tmp_path)
    assert caught.value.code == code
    assert (tmp_path / "seen.json").read_text() == before


def test_a_log_that_answers_nonsense_is_unreachable_and_nothing_is_remembered(tmp_path: Path) -> None:
    def nonsense(_path: str) -> bytes:
        return b"\xff\xfe"

    with pytest.raises(witness.Unreachable):
        witness.look(nonsense, KEY, witness.Memory(tmp_path), NAME, WITNESS, 0)
    assert witness.Memory(tmp_path).last() is None
    look(Log(leaves(10)), tmp_path)

    def without_tiles(path: str) -> bytes:
        return Log(leaves(600))(path) if path == "checkpoint" else b""

    with pytest.raises(witness.Unreachable):
        witness.look(without_tiles, KEY, witness.Memory(tmp_path), NAME, WITNESS, 0)


def test_the_served_log_satisfies_a_witness(runtime: Runtime, client: FlaskClient, tmp_path: Path) -> None:
    def fetch(path: str) -> bytes:
        answer = client.get(f"/ledger/{path}")
        assert answer.status_code == 200, path
        return answer.data

    for number, count in enumerate((5, 300, 700)):
        write(runtime, number, count)
        service.sequence(runtime)
        key = notes.parse_verifier(client.get("/ledger/vkey").text)
        witness.look(fetch, key, witness.Memory(tmp_path), NAME, WITNESS, 0)
    last = witness.Memory(tmp_path).last()
    assert last is not None and last.size == 1005


def test_a_witness_hands_its_cosignature_back_and_receipts_bear_it(runtime: Runtime, tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    known = notes.verifier_of("witness.example.org", key, notes.COSIGNATURE_V1)
    trusting = use(Runtime(replace(runtime.settings, witnesses=(str(known),)), runtime.clock))
    client = create_app(trusting, TESTING=True, WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False).test_client()
    with trusting.unit_of_work() as session:
        first = service.record(session, kind="x", actor="a", subject="b", now=runtime.clock.now())
    service.sequence(trusting)
    note = client.get("/ledger/checkpoint").text
    cosigned = notes.cosign(note, "witness.example.org", key, 1_800_000_000)
    # Neither the log's note alone, nor a stranger's line, nor a checkpoint of another log is taken.
    stranger = notes.cosign(note, "witness.example.org", Ed25519PrivateKey.generate(), 1_800_000_000)
    foreign = notes.sign(notes.Checkpoint("exam.example.org/ledger", 1, b"0" * 32), "exam.example.org/ledger", key)
    for bad in ("", "x", note, stranger, notes.cosign(foreign, "witness.example.org", key, 1)):
        assert client.post("/ledger/cosignature", data=bad).status_code == 422, bad
    assert client.post("/ledger/cosignature", data=cosigned).get_json() == {"witness": "witness.example.org"}
    with trusting.unit_of_work() as session:
        receipt = cosignatures.witnessed_receipt(session, first)
        assert receipt and receipt.checkpoint == cosigned and receipt.tree_size == 1
        second = service.record(session, kind="x", actor="a", subject="c", now=runtime.clock.now())
    service.sequence(trusting)
    with trusting.unit_of_work() as session:
        assert cosignatures.witnessed_receipt(session, second) is None
        assert cosignatures.witnessed_receipt(session, first) == receipt
    trusting.engine.dispose()
