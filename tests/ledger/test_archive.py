import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from certengine.foundation.canonical import canonical_json
from certengine.foundation.runtime import Runtime
from certengine.ledger import archive, notes, rules, service

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
ORIGIN = "log.example.org/ledger"


def export(count: int, disclose: bool = False) -> list[bytes]:
    start = datetime(2026, 11, 25, tzinfo=UTC)
    salt = b"s" * 32
    hidden = {"actor": "account:1", "private": {"name": "𠮷"}, "salt": salt.hex(), "subject": "x:1"}
    bound = rules.commitment(salt, "account:1", "x:1", {"name": "𠮷"})
    leaves = [rules.leaf_entry("x.y", start + timedelta(seconds=n), {"n": n}, bound) for n in range(count)]
    root = rules.root_of(rules.leaf_hash(leaf) for leaf in leaves)
    note = notes.sign(notes.Checkpoint(ORIGIN, count, root), ORIGIN, KEY)
    key = str(notes.verifier_of(ORIGIN, KEY))
    lines = archive.lines_of(((leaf, hidden if disclose else None) for leaf in leaves), note, key)
    return [line + b"\n" for line in lines]


LINES = export(600, disclose=True)


def verify(content: bytes) -> archive.Verdict:
    return archive.verify(content.splitlines(keepends=True))


@pytest.mark.parametrize("count", [0, 1, 255, 256, 257, 512])
def test_an_export_is_consistent(count: int) -> None:
    verdict = archive.verify(export(count))
    assert verdict.consistent and verdict.size == count


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_changed_byte_anywhere_is_found_in_its_line(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(LINES) - 1))
    line = bytearray(LINES[place])
    at = data.draw(st.integers(0, len(line) - 2))
    line[at] ^= data.draw(st.integers(1, 255))
    if line[at] == 10:
        return
    changed = [*LINES[:place], bytes(line), *LINES[place + 1 :]]
    verdict = archive.verify(changed)
    assert verdict.faults[0].line == place + 1


@given(st.integers(1, len(LINES) - 1))
@settings(max_examples=30, deadline=None)
def test_a_line_taken_out_or_doubled_is_found(place: int) -> None:
    assert not archive.verify([*LINES[:place], *LINES[place + 1 :]]).consistent
    assert not archive.verify([*LINES[:place], LINES[place], *LINES[place:]]).consistent


def test_an_entry_forged_with_its_hash_is_found_by_its_tile() -> None:
    forged = archive.entry_line(300, rules.leaf_entry("x.y", datetime(2026, 1, 1, tzinfo=UTC), {}, "0" * 64), None)
    place = next(n for n, line in enumerate(LINES) if b'"n":300}' in line)
    faults = archive.verify([*LINES[:place], forged + b"\n", *LINES[place + 1 :]]).faults
    assert faults[0].code == "ledger.export_tile" and faults[0].entry == 256


def test_a_disclosed_part_that_was_changed_is_found() -> None:
    row = json.loads(LINES[5])
    row["d"]["private"] = {"name": "田"}
    changed = archive.canonical_json(row) + b"\n"
    faults = archive.verify([*LINES[:5], changed, *LINES[6:]]).faults
    assert [(fault.line, fault.code) for fault in faults] == [(6, "ledger.export_disclosed")]


def test_another_key_than_the_trusted_one_is_refused() -> None:
    other = notes.verifier_of(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"1" * 32))
    assert archive.verify(LINES, str(other)).faults[0].code == "ledger.export_other_key"


@given(st.binary(max_size=200))
def test_what_is_no_export_is_unreadable(content: bytes) -> None:
    with pytest.raises(archive.Unreadable):
        verify(content)


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "certengine.cli", "ledger", *map(str, arguments)], capture_output=True, text=True
    )


@pytest.fixture
def exported(runtime: Runtime, tmp_path: Path) -> Iterator[Path]:
    with runtime.unit_of_work() as session:
        for number in range(300):
            service.record(session, kind="x.y", actor="a", subject=f"x:{number}", now=runtime.clock.now())
    while service.sequence(runtime):
        pass
    path = tmp_path / "ledger.jsonl"
    with runtime.unit_of_work(read_only=True) as session:
        path.write_bytes(b"".join(line + b"\n" for line in service.export_lines(session, runtime, disclose=True)))
    yield path


def test_the_command_says_where_a_byte_was_changed(exported: Path) -> None:
    assert run("verify", exported).returncode == 0
    content = bytearray(exported.read_bytes())
    place = content.index(b'"n":123}') - 20
    content[place] ^= 1
    exported.write_bytes(content)
    answer = run("verify", exported)
    assert answer.returncode == 1 and "ledger.jsonl:125:" in answer.stdout
    exported.write_text("hello")
    assert run("verify", exported).returncode == 2
    assert run("verify", exported.with_name("none")).returncode == 2


keys = st.text(st.sampled_from("ab\u00e9\ue000\uffff\U00020bb7\U0001f600"), max_size=3)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**54), 2**54) | st.floats() | st.text(max_size=3),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(keys, inside, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(keys, json_values, max_size=4), st.booleans(), st.sampled_from([(",", ":"), (", ", ": ")]))
def test_a_line_is_read_exactly_where_it_is_spelled_canonically(
    row: dict[str, Any], ordered: bool, separators: tuple[str, str]
) -> None:
    line = json.dumps(row, ensure_ascii=False, sort_keys=ordered, separators=separators).encode("utf-8") + b"\n"
    try:
        wanted = canonical_json(row) + b"\n" == line
    except (TypeError, ValueError):
        wanted = False
    assert (archive._parsed(line) is not None) == wanted
