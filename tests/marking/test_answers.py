"""Short answers and written parts of cases, marked by people: laid out blind, marked, settled, and in the totals."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from fractions import Fraction
from threading import Barrier

import pytest
from sqlalchemy import select

from certengine.bank.models import Bank
from certengine.foundation.clock import SetClock
from certengine.foundation.errors import Conflict, Invalid, NotAllowed
from certengine.foundation.runtime import Runtime
from certengine.ledger.models import LedgerEntry
from certengine.marking import answer_entry, answer_markers, answers, service
from certengine.marking.answer_models import AnswerMark, AnswerMarker, AnswerState, MarkingMode, WrittenAnswer
from certengine.marking.models import Result, TheoryMark, Verdict
from certengine.people.models import Account
from certengine.sittings.models import Registration
from tests.factories import account
from tests.marking.answer_factories import CASE, SHORT, WHOLE, Marking, examiner, marking, sat, short_answer
from tests.marking.answer_factories import approve as approve_item
from tests.marking.test_service import mark
from tests.sittings.factories import OFFICER, Exam


def all_answers(runtime: Runtime) -> list[WrittenAnswer]:
    with runtime.unit_of_work(read_only=True) as session:
        return list(session.scalars(select(WrittenAnswer)))


def set_mode(runtime: Runtime, question: Marking, mode: MarkingMode, tolerance: int = 20) -> None:
    with runtime.unit_of_work() as session:
        answer_markers.set_mode(session, question.question_id, mode, tolerance, OFFICER, runtime.clock.now())


def entries(runtime: Runtime, kind: str) -> list[LedgerEntry]:
    with runtime.unit_of_work(read_only=True) as session:
        return list(session.scalars(select(LedgerEntry).where(LedgerEntry.kind == kind)))


def settle_case(runtime: Runtime, made: Exam) -> None:
    """Full points for the written part of every case that is open."""
    question, who = marking(runtime, made, CASE, "2"), examiner(runtime, "case")
    question.assign(who)
    while code := question.next(who):
        question.enter(who, code, "1", "2")


def test_answers_are_laid_out_once_and_blank_ones_are_settled_as_nothing(runtime: Runtime, clock: SetClock) -> None:
    made = sat(runtime, clock, [WHOLE, {}, {SHORT: "  ", CASE: {"1": "b"}}])
    found = all_answers(runtime)
    assert len(found) == 6 and len({each.code for each in found}) == 6
    blank = [each for each in found if each.blank]
    assert len(blank) == 4
    assert all(each.state is AnswerState.SETTLED and each.share == "0/1" for each in blank)
    with runtime.unit_of_work() as session:
        assert answers.open_marking(session, made.theory_id, OFFICER, clock.now()) == 0
    [entry] = entries(runtime, "answers.opened")
    assert entry.public["count"] == 6 and "registration" not in str(entry.public)


def test_nothing_is_laid_out_before_the_end(runtime: Runtime, clock: SetClock) -> None:
    made = sat(runtime, clock, [WHOLE])
    clock.at = clock.now().replace(year=2026, month=11, day=25, hour=4)
    with runtime.unit_of_work() as session, pytest.raises(Conflict, match="not_over"):
        answers.open_marking(session, made.theory_id, OFFICER, clock.now())


def test_one_mark_settles_an_answer_and_the_totals_take_it(runtime: Runtime, clock: SetClock) -> None:
    made = sat(runtime, clock, [WHOLE, {}])
    with pytest.raises(Conflict) as caught:
        mark(runtime, made)
    assert caught.value.code == "marking.answers_open" and caught.value.values == {"count": 2}
    question, who = marking(runtime, made), examiner(runtime, "one")
    question.assign(who)
    code = question.next(who)
    assert code is not None
    assert not question.enter(who, code, "2", "1.5")
    assert question.answer(code).share == "7/10"
    assert question.next(who) is None
    settle_case(runtime, made)
    assert mark(runtime, made) == 2
    with runtime.unit_of_work(read_only=True) as session:
        marks = {row.registration_id: row for row in session.scalars(select(TheoryMark))}
    whole = marks[made.registrations[0]]
    assert whole.items[SHORT] == 700 and whole.items[CASE] == 800 and whole.score == Decimal("15.00")
    assert marks[made.registrations[1]].score == 0
    [entry] = entries(runtime, "marks.computed")
    assert entry.private["written"][f"registration:{made.registrations[0]}"] == {
        SHORT: {"": "7/10"},
        CASE: {"2": "1/1"},
    }


def test_a_mark_that_changes_after_the_totals_asks_for_them_again(runtime: Runtime, clock: SetClock) -> None:
    made = sat(runtime, clock, [WHOLE])
    question, who = marking(runtime, made), examiner(runtime, "one")
    question.assign(who)
    code = question.next(who)
    assert code is not None
    question.enter(who, code, "2", "3")
    settle_case(runtime, made)
    mark(runtime, made)
    clock.advance(minutes=1)
    question.enter(who, code, "0", "3")
    with runtime.unit_of_work(read_only=True) as session:
        assert [each.id for each in service.plan_marks(session, made.plan_id).unmarked] == [made.theory_id]
    clock.advance(minutes=1)
    mark(runtime, made)
    with runtime.unit_of_work(read_only=True) as session:
        assert not service.plan_marks(session, made.plan_id).unmarked
        assert session.scalars(select(TheoryMark)).one().items[SHORT] == 600
        assert [each.number for each in session.scalars(select(AnswerMark).order_by(AnswerMark.number))] == [1, 1, 2]


def test_two_who_agree_make_the_mean_and_two_who_differ_call_a_third(runtime: Runtime, clock: SetClock) -> None:
    made = sat(runtime, clock, [WHOLE, WHOLE])
    question = marking(runtime, made)
    set_mode(runtime, question, MarkingMode.BLIND_DOUBLE)
    one, two, third = (examiner(runtime, login) for login in ("one", "two", "third"))
    question.assign(one)
    question.assign(two)
    question.assign(third, third=True)
    near, far = (str(question.next(one)), "")
    question.enter(one, near, "2", "2")
    far = str(question.next(one))
    question.enter(one, far, "2", "3")
    assert question.answer(near).state is AnswerState.OPEN and question.next(third) is None
    assert question.opened(two, near).others == ()
    question.enter(two, near, "2", "3")
    assert question.answer(near).share == "9/10"
    question.enter(two, far, "0", "1")
    assert question.answer(far).state is AnswerState.DISPUTED
    with pytest.raises(Conflict, match="answers_open"):
        mark(runtime, made)
    with pytest.raises(Conflict, match="answer_disputed"):
        question.enter(two, far, "2", "3")
    assert question.next(third) == far
    question.enter(third, far, "2", "2")
    assert question.answer(far).share == "9/10"
    [decision] = entries(runtime, "answers.dispute_decided")
    assert decision.private["decides"] == far and decision.actor == f"account:{third.id}"


def test_an_open_double_marking_shows_the_first_mark(runtime: Runtime, clock: SetClock) -> None:
    made = sat(runtime, clock, [WHOLE])
    question = marking(runtime, made)
    set_mode(runtime, question, MarkingMode.DOUBLE)
    one, two = examiner(runtime, "one"), examiner(runtime, "two")
    question.assign(one)
    question.assign(two)
    code = str(question.next(one))
    question.enter(one, code, "2", "2")
    assert [each.given for each in question.opened(two, code).others] == [Decimal(4)]
    with pytest.raises(Conflict, match="answers_begun"):
        set_mode(runtime, question, MarkingMode.SINGLE)


def test_of_three_who_mark_one_answer_at_once_none_is_lost_and_the_later_are_told(
    runtime: Runtime, clock: SetClock
) -> None:
    made = sat(runtime, clock, [WHOLE])
    question = marking(runtime, made)
    people = [examiner(runtime, login) for login in ("one", "two", "three")]
    for who in people:
        question.assign(who)
    code = str(question.next(people[0]))
    forms = [question.opened(who, code) for who in people]
    told = [
        question.enter(who, code, "2", points, version=form.version, number=form.number)
        for who, form, points in zip(people, forms, ("3", "0", "2"), strict=True)
    ]
    assert told == [False, True, True]
    with runtime.unit_of_work(read_only=True) as session:
        assert len(session.scalars(select(AnswerMark)).all()) == 3
    # 5, 2 and 4 of 5: the nearest two decide.
    assert question.answer(code).share == "9/10"


def test_marks_entered_in_the_same_moment_wait_for_each_other(runtime: Runtime, clock: SetClock) -> None:
    made = sat(runtime, clock, [WHOLE])
    question = marking(runtime, made)
    people = [examiner(runtime, login) for login in ("one", "two", "three", "four")]
    for who in people:
        question.assign(who)
    code = str(question.next(people[0]))
    start = Barrier(len(people))

    def enter(who: Account) -> bool:
        start.wait()
        return question.enter(who, code, "2", "3", version=0, number=0)

    with ThreadPoolExecutor(len(people)) as pool:
        told = sorted(pool.map(enter, people))
    assert told == [False, True, True, True]
    assert question.answer(code).version == 4 and question.answer(code).share == "1/1"
    with runtime.unit_of_work(read_only=True) as session:
        assert len(session.scalars(select(AnswerMark)).all()) == 4


def test_nothing_is_marked_after_the_release(runtime: Runtime, clock: SetClock) -> None:
    made = sat(runtime, clock, [WHOLE])
    question, who = marking(runtime, made), examiner(runtime, "one")
    question.assign(who)
    code = str(question.next(who))
    with runtime.unit_of_work() as session:
        session.add(
            Result(
                registration_id=made.registrations[0],
                exam_plan_id=made.plan_id,
                verdict=Verdict.FAILED,
                released_at=clock.now(),
                released_by=OFFICER,
            )
        )
    with pytest.raises(Conflict, match="released"):
        question.enter(who, code, "2", "3")
    with runtime.unit_of_work() as session, pytest.raises(Conflict, match="released"):
        answer_markers.send_back(session, question.question_id, OFFICER, clock.now())


def test_an_answer_left_for_later_comes_again_when_nothing_else_waits(runtime: Runtime, clock: SetClock) -> None:
    made = sat(runtime, clock, [WHOLE, WHOLE])
    question, who = marking(runtime, made), examiner(runtime, "one")
    question.assign(who)
    first = str(question.next(who))
    second = str(question.next(who, skip=first))
    assert second != first and question.next(who, skip=second) == first
    question.enter(who, second, "1", "1")
    assert question.next(who, skip=first) == first


def test_ones_own_stale_form_is_refused_and_every_version_is_kept(runtime: Runtime, clock: SetClock) -> None:
    made = sat(runtime, clock, [WHOLE])
    question, who = marking(runtime, made), examiner(runtime, "one")
    question.assign(who)
    code = str(question.next(who))
    first = question.opened(who, code)
    question.enter(who, code, "2", "3")
    with pytest.raises(Conflict, match="changed_meanwhile"):
        question.enter(who, code, "0", "0", version=first.version, number=first.number)
    question.enter(who, code, "1", "3")
    assert question.answer(code).share == "4/5"


@pytest.mark.parametrize("points", [("3", "0"), ("-1", "0"), ("0.005", "0")])
def test_points_beyond_an_answer_point_are_refused(runtime: Runtime, clock: SetClock, points: tuple[str, str]) -> None:
    made = sat(runtime, clock, [WHOLE])
    question, who = marking(runtime, made), examiner(runtime, "one")
    question.assign(who)
    code = str(question.next(who))
    with pytest.raises(Invalid):
        question.enter(who, code, *points)


def test_nobody_marks_themselves_or_people_of_their_own_organisation(runtime: Runtime, clock: SetClock) -> None:
    made = sat(runtime, clock, [WHOLE, WHOLE, WHOLE])
    who = examiner(runtime, "one")
    with runtime.unit_of_work() as session:
        session.get_one(Registration, made.registrations[0]).employer = "山东数字技术评价中心"
        person_id = session.get_one(Registration, made.registrations[1]).person_id
        session.get_one(type(who), who.id).person_id = person_id
    question = marking(runtime, made)
    question.assign(who)
    code = str(question.next(who))
    assert question.answer(code).registration_id == made.registrations[2]
    question.enter(who, code, "1", "1")
    assert question.next(who) is None
    others = [each for each in all_answers(runtime) if each.question_id == question.question_id and each.code != code]
    with pytest.raises(NotAllowed):
        question.opened(who, others[0].code)


def test_only_examiners_who_were_assigned_mark_and_a_quota_ends(runtime: Runtime, clock: SetClock) -> None:
    made = sat(runtime, clock, [WHOLE, WHOLE])
    question, who = marking(runtime, made), examiner(runtime, "one")
    with pytest.raises(NotAllowed):
        question.next(who)
    with pytest.raises(Invalid):
        question.assign(account(runtime, "officer", ["exam_officer"]))
    question.assign(who, quota=1)
    code = str(question.next(who))
    question.enter(who, code, "1", "1")
    assert question.next(who) is None
    other = next(e.code for e in all_answers(runtime) if e.question_id == question.question_id and e.code != code)
    with pytest.raises(Conflict, match="quota_full"):
        question.enter(who, other, "1", "1")
    with runtime.unit_of_work() as session:
        answer_markers.change(session, question.question_id, who.id, "removed", OFFICER, clock.now())
    with pytest.raises(NotAllowed):
        question.next(who)


def test_seeds_come_among_the_rest_and_whoever_is_far_off_is_paused_until_released(
    runtime: Runtime, clock: SetClock
) -> None:
    made = sat(runtime, clock, [WHOLE])
    question, who = marking(runtime, made), examiner(runtime, "one")
    question.assign(who)
    with runtime.unit_of_work() as session:
        seeds = {
            answer_markers.add_seed(session, question.question_id, text, points, OFFICER, clock.now())
            for text, points in (
                ("只看电源", [Decimal(0), Decimal(3)]),
                ("日志和半个电源", [Decimal(2), Decimal("1.5")]),
                ("两步都有", [Decimal(2), Decimal(3)]),
                ("两步都有，还说了顺序", [Decimal(2), Decimal(3)]),
            )
        }
    got = []
    while code := question.next(who):
        got.append(code)
        question.enter(who, code, "1", "0")
    assert len(set(got) & seeds) == 3
    with runtime.unit_of_work(read_only=True) as session:
        marker = session.scalars(select(AnswerMarker)).one()
        assert marker.paused_at is not None
        assert answer_entry.seed_pairs(session, marker)[0][0] == Fraction(1, 5)
    waiting = next(iter(seeds - set(got)))
    with pytest.raises(Conflict, match="marker_paused"):
        question.enter(who, waiting, "1", "0", version=0, number=0)
    with runtime.unit_of_work() as session:
        answer_markers.change(session, question.question_id, who.id, "released", OFFICER, clock.now())
    assert question.next(who) is not None
    assert len(entries(runtime, "answers.marker_paused")) == 1


def test_seeds_never_wait_and_never_count(runtime: Runtime, clock: SetClock) -> None:
    made = sat(runtime, clock, [{}])
    question = marking(runtime, made)
    with runtime.unit_of_work() as session:
        answer_markers.add_seed(session, question.question_id, "都有", [Decimal(2), Decimal(3)], OFFICER, clock.now())
        with pytest.raises(Invalid):
            answer_markers.add_seed(session, question.question_id, " ", [Decimal(9), None], OFFICER, clock.now())
    assert mark(runtime, made) == 1


def test_changed_answer_points_flag_earlier_marks_which_an_officer_sends_back(
    runtime: Runtime, clock: SetClock
) -> None:
    made = sat(runtime, clock, [WHOLE, WHOLE])
    question, who = marking(runtime, made), examiner(runtime, "one")
    question.assign(who)
    first = str(question.next(who))
    question.enter(who, first, "2", "3")
    with runtime.unit_of_work() as session:
        approve_item(session, runtime, session.scalars(select(Bank.id)).one(), short_answer(first="5"))
    with runtime.unit_of_work(read_only=True) as session:
        view = answers.question(session, question.question_id)
        assert view.rubric_version == 2 and view.whole == 8
        assert [each.marker for each in answer_markers.flagged(session, view)] == [f"account:{who.id}"]
    second = str(question.next(who))
    question.enter(who, second, "5", "3")
    with runtime.unit_of_work() as session:
        assert answer_markers.send_back(session, question.question_id, OFFICER, clock.now()) == 1
        assert answer_markers.send_back(session, question.question_id, OFFICER, clock.now()) == 0
    assert question.answer(first).state is AnswerState.OPEN and question.next(who) == first
    question.enter(who, first, "4", "3")
    assert question.answer(first).share == "7/8"


def test_marks_go_to_the_ledger_in_batches_and_the_rest_with_the_totals(runtime: Runtime, clock: SetClock) -> None:
    made = sat(runtime, clock, [WHOLE] * 21)
    question, who = marking(runtime, made), examiner(runtime, "one")
    question.assign(who)
    while code := question.next(who):
        question.enter(who, code, "2", "3")
    assert [each.public["count"] for each in entries(runtime, "answers.marked")] == [20]
    settle_case(runtime, made)
    mark(runtime, made)
    assert sorted(each.public["count"] for each in entries(runtime, "answers.marked")) == [1, 1, 20, 20]
    with runtime.unit_of_work(read_only=True) as session:
        assert not session.scalars(select(AnswerMark).where(AnswerMark.entry.is_(None))).all()
