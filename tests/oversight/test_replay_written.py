"""Totals that hold people's marks are done again from the entries in which each mark was kept."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from certengine.bank import release_file
from certengine.foundation.canonical import canonical_hash, canonical_json
from certengine.foundation.clock import SetClock
from certengine.foundation.runtime import Runtime
from certengine.ledger import archive
from certengine.ledger import service as ledger
from certengine.marking import answer_markers
from certengine.marking.answer_models import MarkingMode
from certengine.oversight.replay import replay
from certengine.papers import service as papers
from tests.marking.answer_factories import CASE, WHOLE, examiner, marking, sat
from tests.marking.test_service import mark
from tests.sittings.factories import OFFICER


def exported(runtime: Runtime, clock: SetClock, folder: Path) -> tuple[list[bytes], bytes]:
    """Two scripts and a blank one; one answer went to a third marker; totals were made, changed and made again."""
    made = sat(runtime, clock, [WHOLE, WHOLE, {}])
    question, written = marking(runtime, made), marking(runtime, made, CASE, "2")
    with runtime.unit_of_work() as session:
        answer_markers.set_mode(session, question.question_id, MarkingMode.BLIND_DOUBLE, 20, OFFICER, clock.now())
    one, two, third = (examiner(runtime, login) for login in ("one", "two", "third"))
    for who in (one, two):
        question.assign(who)
    question.assign(third, third=True)
    written.assign(one)
    for who, given in ((one, ["2", "0"]), (two, ["2", "3"]), (third, ["2", "1"])):
        while code := question.next(who):
            clock.advance(seconds=20)
            question.enter(who, code, *given)
    last = ""
    while code := written.next(one):
        written.enter(one, code, "1", "0.5")
        last = code
    mark(runtime, made)
    written.enter(one, last, "0", "0")
    clock.advance(minutes=1)
    mark(runtime, made)
    with runtime.unit_of_work() as session:
        draw = papers.draw_of(session, f"sitting:{made.theory_id}")
        assert draw is not None
        papers.disclose(session, draw.id, OFFICER, clock.now(), runtime.cipher)
    while ledger.sequence(runtime):
        pass
    with runtime.unit_of_work(read_only=True) as session:
        lines = list(ledger.export_lines(session, runtime, disclose=True))
        return lines, b"".join(release_file.write(session, draw.rules.release))


def findings(lines: list[bytes], release: bytes) -> list[tuple[str, bool | None]]:
    found = release_file.read(release.splitlines(keepends=True), "release")
    entries = archive.entries(line + b"\n" for line in lines)
    return [(each.code, each.holds) for each in replay(entries, {found.digest: found})]


def changed(lines: list[bytes], change: Callable[[dict[str, Any], dict[str, Any]], None]) -> list[bytes]:
    """The export with (leaf, disclosed part) of every entry changed and spelled anew."""
    made = []
    for line in lines:
        row = json.loads(line)
        if "e" in row:
            leaf = json.loads(row["e"])
            change(leaf, row["d"]["private"])
            row["e"] = canonical_json(leaf).decode()
        made.append(json.dumps(row).encode())
    return made


def test_totals_with_peoples_marks_come_out_the_same(runtime: Runtime, clock: SetClock, tmp_path: Path) -> None:
    lines, release = exported(runtime, clock, tmp_path)
    found = findings(lines, release)
    assert found.count(("replay.marks", True)) == 2 and found.count(("replay.written", True)) == 2
    assert all(holds for _code, holds in found)


def raise_total(leaf: dict[str, Any], private: dict[str, Any]) -> None:
    if leaf["kind"] == "marks.computed":
        for items in private["written"].values():
            items["ai-j-911"] = {"": "1/1"}
        leaf["public"]["written"] = canonical_hash(private["written"])


def forge_mark(leaf: dict[str, Any], private: dict[str, Any]) -> None:
    if leaf["kind"] == "answers.marked":
        private["marks"][0]["points"]["1"] = "0.00"


def forge_mark_and_hash(leaf: dict[str, Any], private: dict[str, Any]) -> None:
    if leaf["kind"] == "answers.dispute_decided":
        private["marks"][0]["points"]["2"] = "3.00"
        leaf["public"]["marks"] = canonical_hash(private["marks"])


def call_blank(leaf: dict[str, Any], private: dict[str, Any]) -> None:
    if leaf["kind"] == "answers.opened":
        for place in private["answers"].values():
            place[3] = True
        leaf["public"]["answers"] = canonical_hash(private["answers"])


def test_an_answer_that_was_kept_from_the_markers_is_found(runtime: Runtime, clock: SetClock, tmp_path: Path) -> None:
    lines, release = exported(runtime, clock, tmp_path)

    def leave_out(leaf: dict[str, Any], private: dict[str, Any]) -> None:
        if leaf["kind"] == "answers.opened":
            private["answers"] = {code: each for code, each in private["answers"].items() if each[1] != CASE}
            leaf["public"]["answers"] = canonical_hash(private["answers"])
        if leaf["kind"] == "marks.computed":
            for registration, items in private["written"].items():
                items.pop(CASE, None)
                before = private["marks"][registration]
                before["items"][CASE] = min(before["items"][CASE], 200)
                before["score"] = f"{sum(before['items'].values()) / 100:.2f}"
            leaf["public"]["written"] = canonical_hash(private["written"])
            leaf["public"]["marks"] = canonical_hash(private["marks"])

    assert ("replay.marks", False) in findings(changed(lines, leave_out), release)


@pytest.mark.parametrize("change", [raise_total, forge_mark, forge_mark_and_hash, call_blank])
def test_a_changed_mark_or_total_is_found(
    runtime: Runtime,
    clock: SetClock,
    tmp_path: Path,
    change: Callable[[dict[str, Any], dict[str, Any]], None],
) -> None:
    lines, release = exported(runtime, clock, tmp_path)
    assert ("replay.written", False) in findings(changed(lines, change), release)
