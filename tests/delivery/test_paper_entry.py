"""A power cut, and the exam goes on on paper: two people type what was written, and it is marked and replayed like the rest."""

from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select

from certengine.bank.rules import ItemType
from certengine.delivery import paper_entry
from certengine.delivery.models import Attempt, AttemptState
from certengine.foundation.clock import SetClock
from certengine.foundation.runtime import Runtime
from certengine.marking import service as marking
from certengine.papers import on_paper, printing
from certengine.papers import service as papers
from certengine.papers.sheets import LETTERS
from certengine.sittings import service as sittings
from tests.bank.pages import signed_in
from tests.delivery.test_service import begun, first_item, send
from tests.factories import account
from tests.marking.test_service import answer_all, mark
from tests.oversight.test_replay import exported, findings
from tests.papers.test_on_paper import form as printed_form
from tests.sittings.factories import OFFICER, Exam, exam


@pytest.fixture
def made(runtime: Runtime, clock: SetClock) -> Exam:
    """Three candidates with seats and papers, two forms for printing; the exam has begun."""
    made = exam(runtime, candidates=3)
    with runtime.unit_of_work() as session:
        draw = papers.draw_of(session, f"sitting:{made.theory_id}")
        assert draw is not None
        printing.draw_forms(session, draw.id, 2, OFFICER, clock.now(), runtime.cipher)
    clock.advance(hours=2, minutes=5)
    return made


@pytest.fixture
def officers(runtime: Runtime, app: Flask) -> tuple[FlaskClient, FlaskClient]:
    for login, name in (("typist1", "钱录入"), ("typist2", "孙录入")):
        account(runtime, login, ["exam_officer"], name=name)
    return signed_in(app, "typist1"), signed_in(app, "typist2")


def key_of(place: on_paper.Place) -> str:
    key = place.item.key
    if place.item.type is ItemType.JUDGEMENT:
        return "√" if key == "true" else "×"
    if place.item.type is ItemType.FILL_IN:
        blank = place.item.blank(place.gap)
        return str(blank.value) if blank.value is not None else blank.accept[0]
    chosen = key if isinstance(key, tuple) else (str(key),)
    return "".join(LETTERS[place.options.index(each)] for each in chosen)


def typed(runtime: Runtime, made: Exam, rows: dict[int, str], spoil: str = "") -> dict[str, object]:
    """The form field of a filled workbook: candidate → letter of the form, all answered right; spoil empties a question."""
    with runtime.unit_of_work(read_only=True) as session:
        sitting = sittings.sitting(session, made.theory_id)
        forms = {form.letter: form for form in paper_entry.forms_of(session, sitting)}
        people = [(each.ticket_number, each.name) for each in sittings.placements(session, sitting.id)]
    book = load_workbook(BytesIO(on_paper.workbook(list(forms.values()), people)))
    at = {ticket: row for row, (ticket, _name) in enumerate(people, 2)}
    for candidate, letter in rows.items():
        sheet, row = book[f"{letter}卷"], at[made.tickets[candidate]]
        sheet.cell(row, 3, "是")
        for column, place in enumerate(forms[letter].places, 4):
            if place.label != spoil:
                sheet.cell(row, column, key_of(place))
    out = BytesIO()
    book.save(out)
    return {"file": (BytesIO(out.getvalue()), "录入.xlsx")}


def test_what_two_people_typed_alike_is_handed_in_marked_and_replayed(
    runtime: Runtime, clock: SetClock, made: Exam, officers: tuple[FlaskClient, FlaskClient], tmp_path: Path
) -> None:
    one, other = officers
    answer_all(runtime, clock, made, 2, right=True)
    address = f"/sittings/{made.theory_id}/on-paper"
    assert "录入纸笔作答" in one.get(f"/sittings/{made.theory_id}").text
    assert len(load_workbook(BytesIO(one.get(f"{address}/workbook.xlsx").data)).sheetnames) == 2
    rows = {0: "A", 1: "B"}
    kept = one.post(address, data=typed(runtime, made, rows), follow_redirects=True).text
    assert "已保存 2 名考生的答案" in kept and "钱录入" in kept
    taken = other.post(address, data=typed(runtime, made, rows), follow_redirects=True).text
    assert "两次录入一致，2 名考生已交卷" in taken and "钱录入、孙录入" in taken
    clock.advance(hours=2)
    assert mark(runtime, made) == 3
    with runtime.unit_of_work(read_only=True) as session:
        standings = marking.plan_marks(session, made.plan_id).standings
        forms = session.scalars(select(Attempt.form).order_by(Attempt.form)).all()
    assert [str(each.theory) for each in standings] == ["100.00"] * 3 and forms == ["", "A", "B"]
    assert findings(*exported(runtime, clock, tmp_path, made)) == {
        "replay.seed": True,
        "replay.papers": True,
        "replay.marks": True,
    }


def test_where_the_two_differ_nothing_is_taken_and_each_difference_is_told(
    runtime: Runtime, made: Exam, officers: tuple[FlaskClient, FlaskClient]
) -> None:
    one, other = officers
    address = f"/sittings/{made.theory_id}/on-paper"
    one.post(address, data=typed(runtime, made, {0: "A", 1: "A"}))
    refused = other.post(address, data=typed(runtime, made, {0: "A", 2: "B"}, spoil="3"))
    assert refused.status_code == 422
    assert f"{made.tickets[0]}：第 3 题两次录入不同" in refused.text
    assert f"{made.tickets[1]}：只有一次录入中有该考生" in refused.text
    other_form = other.post(address, data=typed(runtime, made, {0: "B", 1: "A"}))
    assert f"{made.tickets[0]}：两次录入的卷别不同" in other_form.text
    with runtime.unit_of_work(read_only=True) as session:
        assert session.scalars(select(Attempt)).all() == []
    # Whoever typed first may mend their own, and the second then agrees.
    again = one.post(address, data=typed(runtime, made, {0: "B", 1: "A"}), follow_redirects=True)
    assert "已保存 2 名考生的答案" in again.text and "您再次上传会代替它" in again.text
    assert (
        "2 名考生已交卷" in other.post(address, data=typed(runtime, made, {0: "B", 1: "A"}), follow_redirects=True).text
    )


def test_who_answered_on_a_computer_cannot_be_typed_over_but_who_only_signed_in_can(
    runtime: Runtime, clock: SetClock, made: Exam, officers: tuple[FlaskClient, FlaskClient]
) -> None:
    attempt = begun(runtime, clock, made, 0)
    assert send(runtime, attempt, (first_item(runtime, made), 1, None)).problem is None
    begun(runtime, clock, made, 1)
    one, other = officers
    address = f"/sittings/{made.theory_id}/on-paper"
    refused = one.post(address, data=typed(runtime, made, {0: "A", 1: "A"}))
    assert refused.status_code == 422 and f"准考证号 {made.tickets[0]} 已在计算机上作答" in refused.text
    for officer in (one, other):
        officer.post(address, data=typed(runtime, made, {1: "A"}))
    with runtime.unit_of_work(read_only=True) as session:
        states = {each.registration_id: (each.state, each.form) for each in session.scalars(select(Attempt))}
    assert states == {
        made.registrations[0]: (AttemptState.RUNNING, ""),
        made.registrations[1]: (AttemptState.SUBMITTED, "A"),
    }


def test_nothing_is_typed_before_the_start_and_what_waits_can_be_thrown_away(
    runtime: Runtime, clock: SetClock, made: Exam, officers: tuple[FlaskClient, FlaskClient]
) -> None:
    one, _other = officers
    address = f"/sittings/{made.theory_id}/on-paper"
    content = typed(runtime, made, {0: "A"})
    now, clock.at = clock.at, clock.at.replace(hour=5)
    assert one.post(address, data=content).status_code == 422
    clock.at = now
    assert one.post(address, data={}).status_code == 422
    one.post(address, data=typed(runtime, made, {0: "A"}))
    assert "已删除" in one.post(f"{address}/discard", follow_redirects=True).text
    assert "没有等待核对的录入" in one.post(f"{address}/discard", follow_redirects=True).text


def test_a_sitting_without_printed_forms_says_so(
    runtime: Runtime, clock: SetClock, officers: tuple[FlaskClient, FlaskClient]
) -> None:
    made = exam(runtime)
    page = officers[0].get(f"/sittings/{made.theory_id}/on-paper").text
    assert "没有供打印的固定卷" in page
    assert officers[0].get(f"/sittings/{made.theory_id}/on-paper/workbook.xlsx").status_code == 404


def test_a_text_that_is_too_long_is_named_by_its_question_on_the_form_that_was_answered() -> None:
    forms = [printed_form("A", 1), printed_form("B", 2)]
    script = on_paper.Script("B", {"f": {"1": "x" * 401}, "c": {"3": "y" * 20_001}, "s": "a"})
    found = paper_entry.malformed("录入.xlsx", forms, {"26110001": script})
    assert [(each.code, each.values) for each in found] == [
        ("delivery.typed_badly", {"ticket": "26110001", "label": 4}),
        ("delivery.typed_badly", {"ticket": "26110001", "label": 7}),
    ]
