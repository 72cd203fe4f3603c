import json
from io import BytesIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from openpyxl import load_workbook

from certengine.bank import release_file
from certengine.foundation.canonical import canonical_json
from certengine.foundation.clock import SetClock
from certengine.foundation.errors import Invalid
from certengine.foundation.runtime import Runtime
from certengine.ledger import archive
from certengine.ledger import service as ledger
from certengine.marking.models import RulingKind
from certengine.oversight.cli import command
from certengine.oversight.replay import replay
from certengine.papers import service as papers
from certengine.papers.values import Caps
from certengine.sittings import service as sittings
from tests.bank import factories as bank
from tests.factories import PASSWORD, account
from tests.marking.corrected import placed_for, ruling, signed
from tests.marking.test_service import ISSUER, answer_all, mark
from tests.sittings.factories import OFFICER, Exam, exam


@pytest.fixture
def files(runtime: Runtime, clock: SetClock, tmp_path: Path) -> tuple[Path, Path]:
    """An export with everything disclosed, after a sitting that was marked, and its release."""
    made: Exam = exam(runtime, candidates=3)
    answer_all(runtime, clock, made, 0, right=True)
    answer_all(runtime, clock, made, 1, right=False)
    clock.advance(hours=3)
    mark(runtime, made)
    return exported(runtime, clock, tmp_path, made)


def exported(runtime: Runtime, clock: SetClock, tmp_path: Path, made: Exam) -> tuple[Path, Path]:
    with runtime.unit_of_work() as session:
        draw = papers.draw_of(session, f"sitting:{made.theory_id}")
        assert draw is not None
        papers.disclose(session, draw.id, OFFICER, clock.now(), runtime.cipher)
    while ledger.sequence(runtime):
        pass
    export, release = tmp_path / "ledger.jsonl", tmp_path / "release.jsonl"
    with runtime.unit_of_work(read_only=True) as session:
        export.write_bytes(b"".join(line + b"\n" for line in ledger.export_lines(session, runtime, disclose=True)))
        release.write_bytes(b"".join(release_file.write(session, draw.rules.release)))
        assert sittings.sitting(session, made.theory_id)
    return export, release


def findings(export: Path, release: Path) -> dict[str, bool | None]:
    found = release_file.read(release.read_bytes().splitlines(keepends=True), "release")
    entries = archive.entries(export.read_bytes().splitlines(keepends=True))
    answers: dict[str, bool | None] = {}
    for each in replay(entries, {found.digest: found}):
        # One that does not hold is not hidden by another that does.
        answers[each.code] = answers.get(each.code, True) and each.holds
    return answers


def test_an_honest_sitting_comes_out_the_same(files: tuple[Path, Path]) -> None:
    assert findings(*files) == {"replay.seed": True, "replay.papers": True, "replay.marks": True}
    answer = CliRunner().invoke(command, ["replay", str(files[0]), "--release", str(files[1])])
    assert answer.exit_code == 0 and answer.output.count("ok") == 3
    without = CliRunner().invoke(command, ["replay", str(files[0])])
    assert without.exit_code == 0 and "没有给出题库版本" in without.output


@pytest.mark.parametrize("what", ["seed", "commitments", "marks", "answers"])
def test_a_forged_log_that_its_operator_signed_anew_is_found(files: tuple[Path, Path], what: str) -> None:
    """The operator can sign any log; what was committed to before the start still does not fit."""
    lines = []
    for line in files[0].read_bytes().splitlines():
        row = json.loads(line)
        if "e" in row:
            leaf = json.loads(row["e"])
            if what == "seed" and leaf["kind"] == "papers.disclosed":
                leaf["public"]["seed"] = "00" * 32
            if what == "commitments" and leaf["kind"] == "papers.committed":
                leaf["public"]["commitments"][0] = "00" * 32
            if what == "marks" and leaf["kind"] == "marks.computed":
                next(iter(row["d"]["private"]["marks"].values()))["score"] = "60.00"
            if what == "answers" and leaf["kind"] == "attempt.submitted":
                row["d"]["private"]["answers"] = {}
            row["e"] = canonical_json(leaf).decode()
        lines.append(json.dumps(row).encode())
    files[0].write_bytes(b"\n".join(lines) + b"\n")
    assert False in findings(*files).values()


def test_a_release_file_proves_its_own_digest(files: tuple[Path, Path]) -> None:
    content = files[1].read_bytes()
    with pytest.raises(Invalid):
        release_file.read(content.replace(b'"key":"a"', b'"key":"b"', 1).splitlines(keepends=True), "x")
    with pytest.raises(Invalid):
        release_file.read([b"hello"], "x")


def test_the_overview_and_the_log_are_a_supervisors(
    runtime: Runtime, files: tuple[Path, Path], client: FlaskClient
) -> None:
    account(runtime, "watcher", ["supervisor"], institution="省厅", code="SDRS")
    account(runtime, "officer", ["exam_officer"])
    client.post("/sign-in", data={"login": "watcher", "password": PASSWORD})
    page = client.get("/oversight").text
    assert "人工智能初级考试" in page and "第一考场" in page
    log = client.get("/audit?kind=marks.computed").text
    assert "机器评分" in log and "组卷" not in log.split("<table")[1]
    assert client.get("/audit.xlsx").data[:2] == b"PK"
    export = client.get("/oversight/ledger.jsonl").data
    assert archive.verify(export.splitlines(keepends=True)).consistent
    client.post("/sign-in", data={"login": "officer", "password": PASSWORD})
    for path in ("/oversight", "/audit", "/oversight/ledger.jsonl"):
        assert client.get(path).status_code == 403


def test_a_name_that_begins_like_a_formula_stays_a_name_in_the_exported_log(
    runtime: Runtime, client: FlaskClient
) -> None:
    chief = account(runtime, "chief2", ["supervisor"], name="=1+1", institution="省厅", code="ST")
    with runtime.unit_of_work() as session:
        who, now = f"account:{chief.id}", runtime.clock.now()
        ledger.record(session, kind="marks.computed", actor=who, subject="sitting:1", now=now)
    client.post("/sign-in", data={"login": "chief2", "password": PASSWORD})
    sheet = load_workbook(BytesIO(client.get("/audit.xlsx").data)).active
    named = [cell for row in sheet.iter_rows() for cell in row if cell.value == "=1+1"]
    assert named and all(cell.data_type == "s" for cell in named)


def test_monitoring_reads_counts_alone(files: tuple[Path, Path], client: FlaskClient) -> None:
    text = client.get("/metrics").text
    assert "certengine_ledger_pending_entries 0" in text and "certengine_attempts_running 0" in text
    assert all(line.startswith(("#", "certengine_")) for line in text.splitlines())


def forms_for_a_row(runtime: Runtime, clock: SetClock, tmp_path: Path) -> tuple[Path, Path]:
    """A draw of three forms for ten candidates in a row, the last of whom came late, disclosed and exported."""
    names = [f"registration:{number}" for number in range(10)]
    row = list(zip(names, names[1:], strict=False))
    with runtime.unit_of_work() as session:
        release = bank.release(session, runtime)
        draw_id = papers.commit_seed(
            session, sitting="sitting:1", release_id=release.id, direction=None, actor=OFFICER, now=clock.now(),
            caps=Caps(forms=3),
        )  # fmt: skip
        papers.draw_papers(session, draw_id, names[:9], OFFICER, clock.now(), neighbours=row[:8])
        papers.draw_papers(session, draw_id, names, OFFICER, clock.now(), neighbours=row[8:])
        forms = [paper.form for _name, paper in sorted(papers.papers(session, "sitting:1").items())]
        assert all(one != other for one, other in zip(forms, forms[1:], strict=False))
        papers.disclose(session, draw_id, OFFICER, clock.now())
    while ledger.sequence(runtime):
        pass
    export, file = tmp_path / "forms.jsonl", tmp_path / "release.jsonl"
    with runtime.unit_of_work(read_only=True) as session:
        export.write_bytes(b"".join(line + b"\n" for line in ledger.export_lines(session, runtime, disclose=True)))
        file.write_bytes(b"".join(release_file.write(session, release.digest)))
    return export, file


def test_forms_of_neighbours_come_out_the_same_and_other_neighbours_do_not(
    runtime: Runtime, clock: SetClock, tmp_path: Path
) -> None:
    export, release = forms_for_a_row(runtime, clock, tmp_path)
    found = release_file.read(release.read_bytes().splitlines(keepends=True), "release")
    entries = list(archive.entries(export.read_bytes().splitlines(keepends=True)))
    holds = [each.holds for each in replay(entries, {found.digest: found}) if each.code == "replay.papers"]
    assert holds == [True, True]
    for entry in entries:
        if entry.leaf["kind"] == "papers.disclosed" and entry.leaf["public"]["neighbours"]:
            entry.leaf["public"]["neighbours"].pop()
    holds = [each.holds for each in replay(entries, {found.digest: found}) if each.code == "replay.papers"]
    assert holds == [False, False]


@pytest.fixture
def ruled(runtime: Runtime, clock: SetClock, tmp_path: Path) -> tuple[Path, Path]:
    """The same after two rulings on bad items, one of them void."""
    made: Exam = exam(runtime, candidates=2)
    answer_all(runtime, clock, made, 0, right=True)
    answer_all(runtime, clock, made, 1, right=False)
    clock.advance(hours=3)
    mark(runtime, made)
    for place, kind in ((0, RulingKind.VOID), (1, RulingKind.FULL_MARKS)):
        clock.advance(minutes=1)
        signed(runtime, made, ruling(runtime, made, placed_for(runtime, made, 0)[place].item, kind))
    return exported(runtime, clock, tmp_path, made)


def test_marks_under_rulings_come_out_the_same(ruled: tuple[Path, Path]) -> None:
    found = release_file.read(ruled[1].read_bytes().splitlines(keepends=True), "release")
    entries = archive.entries(ruled[0].read_bytes().splitlines(keepends=True))
    answers = [(each.code, each.holds) for each in replay(entries, {found.digest: found})]
    assert answers.count(("replay.marks", True)) == 3 and answers.count(("replay.ruling", True)) == 2
    assert all(holds for _code, holds in answers)


@pytest.mark.parametrize("what", ["item", "alone", "left_out", "kind"])
def test_a_ruling_that_was_not_decided_so_is_found(ruled: tuple[Path, Path], what: str) -> None:
    lines = []
    for line in ruled[0].read_bytes().splitlines():
        row = json.loads(line)
        if "e" in row:
            leaf = json.loads(row["e"])
            if leaf["kind"] == "item.ruling_decided":
                leaf["public"]["item"] = "other" if what == "item" else leaf["public"]["item"]
                leaf["public"]["kind"] = "full_marks" if what == "kind" else leaf["public"]["kind"]
                row["d"]["actor"] = ISSUER if what == "alone" else row["d"]["actor"]
            if leaf["kind"] == "marks.computed" and what == "left_out":
                leaf["public"].pop("rulings", None)
            row["e"] = canonical_json(leaf).decode()
        lines.append(json.dumps(row).encode())
    ruled[0].write_bytes(b"\n".join(lines) + b"\n")
    assert False in findings(*ruled).values()
