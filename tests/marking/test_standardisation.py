"""Before candidates are marked everybody marks what was agreed on, sees the difference, and waits when it is too large."""

from decimal import Decimal
from io import BytesIO

import pytest
from flask import Flask

from certengine.foundation.clock import SetClock
from certengine.foundation.errors import Conflict, Invalid, NotAllowed
from certengine.foundation.runtime import Runtime
from certengine.marking import answer_entry, answer_markers, practical, samples
from certengine.people.models import Account
from certengine.sittings import service as sittings
from certengine.sittings import staffing
from certengine.sittings.models import ConflictKind, Registration
from certengine.sittings.staffing import Declared
from tests.bank.pages import signed_in
from tests.factories import account
from tests.marking.answer_factories import WHOLE, Marking, examiner, marking
from tests.marking.answer_factories import sat as answered
from tests.marking.test_examiners import address, examiners
from tests.marking.test_service import EXAMINER, mark_by, sat
from tests.sittings.factories import OFFICER, Exam

__all__ = ["sat"]


def agree(runtime: Runtime, question: Marking, text: str, *points: str) -> str:
    with runtime.unit_of_work() as session:
        given = [Decimal(each) for each in points]
        return answer_markers.add_seed(
            session, question.question_id, text, given, OFFICER, runtime.clock.now(), practice=True, note="两步都要有"
        )


def test_agreed_answers_come_first_and_then_the_others(runtime: Runtime, clock: SetClock) -> None:
    made = answered(runtime, clock, [WHOLE])
    question, who = marking(runtime, made), examiner(runtime, "one")
    question.assign(who, quota=1)
    [real] = [each for each in [question.next(who)] if each]
    first = {agree(runtime, question, "都有", "2", "3"), agree(runtime, question, "只看日志", "2", "0")}
    assert question.next(who) in first
    with pytest.raises(Conflict, match="practice_first"):
        question.enter(who, real, "2", "3", version=0, number=0)
    for code in sorted(first):
        assert question.next(who) == code
        question.enter(who, code, "2", "3" if question.answer(code).text == "都有" else "0")
        with pytest.raises(Conflict, match="sample_marked"):
            question.enter(who, code, "1", "1", version=1, number=1)
    # They count neither towards the quota nor towards anybody's result.
    assert question.next(who) == real
    question.enter(who, real, "2", "3")
    assert question.next(who) is None


def test_who_is_far_off_after_the_last_agreed_answer_waits_for_an_officer(runtime: Runtime, clock: SetClock) -> None:
    made = answered(runtime, clock, [WHOLE])
    question, who = marking(runtime, made), examiner(runtime, "one")
    question.assign(who)
    for text in ("都有", "都有，有顺序"):
        agree(runtime, question, text, "2", "3")
    while code := question.next(who):
        question.enter(who, code, "0", "0")
    with runtime.unit_of_work() as session:
        marker = answer_markers.marker_of(session, question.question_id, who.id)
        assert marker is not None and marker.paused_at is not None
        assert len(answer_entry.seed_pairs(session, marker, practice=True)) == 2
        runtime.clock.advance(minutes=1)  # type: ignore[attr-defined]
        answer_markers.change(session, question.question_id, who.id, "released", OFFICER, runtime.clock.now())
    code = question.next(who)
    assert code is not None and not question.answer(code).practice


def test_a_marker_sees_what_was_agreed_and_why(app: Flask, runtime: Runtime, clock: SetClock) -> None:
    made = answered(runtime, clock, [WHOLE])
    question, who = marking(runtime, made), examiner(runtime, "one")
    question.assign(who)
    account(runtime, "officer", ["exam_officer"])
    officer, at = signed_in(app, "officer"), f"/results/answers/question/{question.question_id}"
    seed = {"text": "两步都有", "points-1": "2", "points-2": "3", "practice": "1", "note": "两步都写了"}
    assert "试评" in officer.post(f"{at}/seeds", data=seed, follow_redirects=True).text
    browser, mine = signed_in(app, "one"), f"/marking/answers/{question.question_id}"
    code = question.next(who)
    assert browser.get(f"{mine}/{code}/agreed").status_code == 404
    assert "两步都写了" not in browser.get(f"{mine}/{code}").text
    form = {"points-1": "2", "points-2": "2.5", "version": "0", "number": "0"}
    told = browser.post(f"{mine}/{code}", data=form, follow_redirects=True).text
    assert "您评4.5分，商定5分" in told and "两步都写了" in told and "在允许误差以内" in told
    assert "试评1份" in officer.get(at).text


def sample(runtime: Runtime, made: Exam, share: str = "0.8") -> str:
    with runtime.unit_of_work() as session:
        task = practical.task_of(session, sittings.sitting(session, made.practical_id))
        points: dict[str, Decimal | None] = {each.id: each.points * Decimal(share) for each in task.rubric}
        return samples.add_sample(
            session, made.practical_id, task, text="往年作品", file=("", ""), points=points, note="步骤齐全",
            actor=OFFICER, now=runtime.clock.now(),
        ).code  # fmt: skip


def mark_sample(runtime: Runtime, made: Exam, code: str, share: str, by: str = EXAMINER) -> None:
    with runtime.unit_of_work() as session:
        task = practical.task_of(session, sittings.sitting(session, made.practical_id))
        points: dict[str, Decimal | None] = {each.id: each.points * Decimal(share) for each in task.rubric}
        samples.mark(
            session, samples.sample_of(session, made.practical_id, code), task, points, by, runtime.clock.now()
        )


def test_a_panel_marks_its_samples_before_candidates(runtime: Runtime, sat: Exam) -> None:
    code = sample(runtime, sat)
    with pytest.raises(Conflict, match="samples_first"):
        mark_by(runtime, sat, 0, "0.8")
    mark_sample(runtime, sat, code, "0.7")
    with pytest.raises(Conflict, match="sample_marked"):
        mark_sample(runtime, sat, code, "0.8")
    mark_by(runtime, sat, 0, "0.8")
    # One that is added later comes first too; marks that were given stay, and may be changed.
    sample(runtime, sat)
    mark_by(runtime, sat, 0, "0.7", version=1)
    with pytest.raises(Conflict, match="samples_first"):
        mark_by(runtime, sat, 1, "0.8")


def test_who_is_far_off_a_sample_goes_on_when_an_officer_says_why(runtime: Runtime, sat: Exam) -> None:
    mark_sample(runtime, sat, sample(runtime, sat), "0.2")
    with pytest.raises(Conflict, match="samples_apart"):
        mark_by(runtime, sat, 0, "0.8")
    with runtime.unit_of_work() as session:
        with pytest.raises(Invalid):
            samples.release(session, sat.practical_id, EXAMINER, " ", OFFICER, runtime.clock.now())
        samples.release(session, sat.practical_id, EXAMINER, "已讨论评分标准", OFFICER, runtime.clock.now())
    mark_by(runtime, sat, 0, "0.8")


def test_a_quota_ends_an_examiners_candidates(runtime: Runtime, sat: Exam) -> None:
    with runtime.unit_of_work() as session:
        for wrong in (0, 1_000_000):
            with pytest.raises(Invalid):
                samples.set_quota(session, sat.practical_id, EXAMINER, wrong, OFFICER, runtime.clock.now())
        samples.set_quota(session, sat.practical_id, EXAMINER, 1, OFFICER, runtime.clock.now())
    mark_by(runtime, sat, 0, "0.8")
    mark_by(runtime, sat, 0, "0.9", version=1)
    with pytest.raises(Conflict, match="quota_full"):
        mark_by(runtime, sat, 1, "0.8")
    with runtime.unit_of_work() as session:
        samples.set_quota(session, sat.practical_id, EXAMINER, None, OFFICER, runtime.clock.now())
    mark_by(runtime, sat, 1, "0.8")


def test_officers_and_examiners_do_it_on_their_pages(runtime: Runtime, app: Flask, sat: Exam) -> None:
    [(who, browser)] = examiners(runtime, app, sat, "aa")
    account(runtime, "officer", ["exam_officer"])
    officer, at = signed_in(app, "officer"), f"/results/practical/{sat.practical_id}/samples"
    with runtime.unit_of_work(read_only=True) as session:
        rubric = practical.task_of(session, sittings.sitting(session, sat.practical_id)).rubric
    full = {f"points-{each.id}": str(each.points) for each in rubric}
    bad = officer.post(at, data={**full, "text": ""})
    assert bad.status_code == 422 and "请填写描述，或上传文件" in bad.text
    file = {"file": (BytesIO("作品".encode()), "../作品.txt")}
    assert "作品.txt" in officer.post(at, data={**full, **file, "note": "与往年一致"}, follow_redirects=True).text
    with runtime.unit_of_work(read_only=True) as session:
        [made] = samples.samples_of(session, sat.practical_id)
    assert "请先评完试评样例" in browser.get("/marking/practical").text
    mine = f"/marking/practical/{sat.practical_id}/samples/{made.code}"
    assert browser.get(f"{mine}/file").data == "作品".encode() and "与往年一致" not in browser.get(mine).text
    assert browser.post(mine, data={name: "many" for name in full}).status_code == 422
    told = browser.post(mine, data={name: "0" for name in full}, follow_redirects=True).text
    assert "相差过大" in told and "与往年一致" in told
    assert "相差过大：1" in officer.get(at).text
    act = f"/results/practical/{sat.practical_id}/examiners/{who.id}"
    assert "请写明放行的原因" in officer.post(f"{act}/release", data={}, follow_redirects=True).text
    assert "已放行" in officer.post(f"{act}/release", data={"reason": "已讨论"}, follow_redirects=True).text
    assert "定额应在" in officer.post(f"{act}/quota", data={"quota": "-3"}, follow_redirects=True).text
    assert 'value="5"' in officer.post(f"{act}/quota", data={"quota": "5"}, follow_redirects=True).text
    assert "定额：5名考生" in browser.get("/marking/practical").text
    account(runtime, "stranger", ["exam_officer"], institution="别的机构", code="OTHER")
    stranger = signed_in(app, "stranger")
    assert stranger.get(at).status_code == 404
    assert stranger.post(f"{act}/quota", data={"quota": "5"}).status_code == 404


def test_a_declared_conflict_keeps_an_examiner_from_the_candidate(runtime: Runtime, app: Flask, sat: Exam) -> None:
    [(who, browser)] = examiners(runtime, app, sat, "aa")
    with runtime.unit_of_work() as session:
        row, mine = session.get_one(Registration, sat.registrations[0]), session.get_one(Account, who.id)
        facts = Declared(ConflictKind.RELATIVE, row.ticket_number, "表亲")
        staffing.declare(session, mine.organisation_id, mine, facts, OFFICER, runtime.clock.now())
    assert browser.get(address(sat, sat.registrations[0])).status_code == 403
    assert browser.get(address(sat, sat.registrations[1])).status_code == 200
    with runtime.unit_of_work(read_only=True) as session, pytest.raises(NotAllowed):
        practical.refuse_partial(session, who.id, sat.registrations[0])
