from datetime import timedelta
from decimal import Decimal
from statistics import fmean
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from certengine.certificates import batches
from certengine.certificates.models import Certificate
from certengine.foundation.clock import SetClock
from certengine.foundation.errors import Conflict, Invalid
from certengine.foundation.jobs import Job, JobState, resume_jobs, run_job
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.marking import certifying, practical, releasing, rules, service
from certengine.marking.checks import checks
from certengine.marking.models import MarkState, Verdict
from certengine.marking.standings import figures, plan_marks
from certengine.people.models import Person
from certengine.proctoring import service as proctoring
from certengine.proctoring.models import IncidentKind
from certengine.proctoring.service import IncidentFacts
from certengine.sittings import service as sittings
from tests.marking.corrected import answer_up_to
from tests.marking.test_service import EXAMINER, ISSUER, SECOND, answer_all, mark, mark_by, mark_practical, release, sat
from tests.sittings.factories import Exam, exam

__all__ = ["sat"]


@pytest.fixture
def marked(runtime: Runtime, sat: Exam) -> Exam:
    mark(runtime, sat)
    mark_practical(runtime, sat, 0, "0.8")
    mark_practical(runtime, sat, 1, "0.9")
    return sat


def incident(runtime: Runtime, made: Exam) -> None:
    with runtime.unit_of_work() as session:
        facts = IncidentFacts(IncidentKind.EQUIPMENT, "停电", None, "token")
        proctoring.record_incident(
            session, made.theory_id, made.room_id, facts, actor="account:p", actor_name="刘", now=runtime.clock.now()
        )


def codes(runtime: Runtime, made: Exam) -> list[tuple[str, bool]]:
    with runtime.unit_of_work(read_only=True) as session:
        return [(each.code, each.blocks) for each in checks(session, plan_marks(session, made.plan_id))]


def test_absent_blank_unmarked_and_zero_are_four_states(runtime: Runtime, clock: SetClock) -> None:
    """One of each: nothing handed in, nothing written, written and wrong; before the marking all are unmarked."""
    made = exam(runtime, candidates=4)
    answer_all(runtime, clock, made, 0, right=True)
    answer_all(runtime, clock, made, 1, right=False)
    answer_up_to(runtime, clock, made, 2, Decimal(60))
    clock.advance(hours=2)
    with runtime.unit_of_work(read_only=True) as session:
        before = plan_marks(session, made.plan_id)
    assert {each.theory_state for each in before.standings} == {MarkState.UNMARKED}
    assert figures(before).absent == 0
    mark(runtime, made)
    mark_practical(runtime, made, 0, "0")
    with runtime.unit_of_work() as session:
        practical.record_nothing(
            session, made.practical_id, made.registrations[1], MarkState.BLANK, EXAMINER, clock.now()
        )
    with runtime.unit_of_work(read_only=True) as session:
        marks = plan_marks(session, made.plan_id)
        states = [(each.theory_state.value, each.practical_state.value) for each in marks.standings]
        assert states == [("marked", "marked"), ("blank", "blank"), ("marked", "unmarked"), ("absent", "absent")]
        assert [each.practical for each in marks.standings] == [0, 0, None, None]
        assert marks.waiting_for_practical == 1
        found = figures(marks)
    assert (found.registered, found.absent, found.present) == (4, 1, 3)
    assert (found.theory.scored, found.theory.mean, found.theory.passing) == (3, Decimal("53.33"), 2)
    assert (found.practical.scored, found.practical.mean) == (2, Decimal("0.00"))
    assert found.practical.states[MarkState.UNMARKED] == 1


def test_who_is_recorded_absent_from_the_practical_part_is_not_waited_for(runtime: Runtime, marked: Exam) -> None:
    now = runtime.clock.now()
    with runtime.unit_of_work() as session, pytest.raises(Conflict, match="marked_already"):
        practical.record_nothing(session, marked.practical_id, marked.registrations[0], MarkState.ABSENT, EXAMINER, now)
    with runtime.unit_of_work() as session:
        third = marked.registrations[2]
        practical.record_nothing(session, marked.practical_id, third, MarkState.ABSENT, EXAMINER, now)
    with pytest.raises(Conflict, match="nothing_handed_in"):
        mark_practical(runtime, marked, 2, "0.5")
    with runtime.unit_of_work() as session:
        practical.record_nothing(session, marked.practical_id, third, None, EXAMINER, now)
    mark_practical(runtime, marked, 2, "0.5")


def test_the_release_takes_two_and_its_checks(runtime: Runtime, marked: Exam) -> None:
    now = runtime.clock.now()
    with runtime.unit_of_work() as session:
        with pytest.raises(Invalid) as caught:
            releasing.propose(session, marked.plan_id, None, " ", ISSUER, now)
        assert caught.value.problems[0].code == "marking.note_missing"
        releasing.propose(session, marked.plan_id, None, "空白卷已核实", ISSUER, now)
    with runtime.unit_of_work() as session:
        with pytest.raises(Conflict, match="second_person"):
            releasing.sign(session, runtime, marked.plan_id, ISSUER, now)
        with pytest.raises(Conflict, match="proposed_already"):
            releasing.propose(session, marked.plan_id, None, "x", SECOND, now)
        assert service.result_of(session, marked.registrations[0]) is None
        assert releasing.sign(session, runtime, marked.plan_id, SECOND, now) == 1
        acts = ledger.history(session, f"exam_plan:{marked.plan_id}")
        kinds = {each.kind: each for each in acts}
        assert kinds["results.proposed"].actor == ISSUER and kinds["results.signed"].actor == SECOND
        assert kinds["results.proposed"].public["warnings"] == ["marking.check_blank"]
        assert "空白卷" not in str(kinds["results.proposed"].public)


def test_what_was_found_after_the_proposal_stops_the_signature(runtime: Runtime, marked: Exam, clock: SetClock) -> None:
    def practical() -> None:
        mark_by(runtime, marked, 0, "0.7", version=1)

    for spoil in (lambda: mark(runtime, marked), practical, lambda: incident(runtime, marked)):
        with runtime.unit_of_work() as session:
            releasing.propose(session, marked.plan_id, None, "已核实", ISSUER, clock.now())
        clock.advance(minutes=1)
        spoil()
        with runtime.unit_of_work() as session:
            with pytest.raises(Conflict, match="changed_since_proposal"):
                releasing.sign(session, runtime, marked.plan_id, SECOND, clock.now())
            releasing.reject(session, marked.plan_id, SECOND, clock.now())
    assert release(runtime, marked) == 1


def test_under_an_embargo_there_is_no_certificate_before_its_end(
    runtime: Runtime, marked: Exam, clock: SetClock
) -> None:
    with runtime.unit_of_work() as session, pytest.raises(Invalid):
        releasing.propose(session, marked.plan_id, clock.now(), "x", ISSUER, clock.now())
    assert release(runtime, marked, clock.now() + timedelta(days=1)) == 0
    with runtime.unit_of_work(read_only=True) as session:
        assert certifying.due(session, marked.plan_id, clock.now()) == []
        result = service.result_of(session, marked.registrations[0])
        assert result and result.verdict is Verdict.PASSED and not rules.is_visible(result.visible_from, clock.now())
        assert certifying.running(session, marked.plan_id, clock.now()) is None
    assert resume_jobs(runtime) == 1, "the analysis alone"
    clock.advance(days=1)
    for done in (1, 0):
        assert resume_jobs(runtime) == done
        with runtime.unit_of_work() as session:
            assert rules.is_visible(result.visible_from, clock.now())
            assert certifying.due(session, marked.plan_id, clock.now()) == []
            [held] = session.scalars(select(Certificate)).all()
            assert held.issued_at == clock.now() and isinstance(held.id, UUID)


def test_under_an_embargo_a_name_that_cannot_be_printed_stops_the_signature(
    runtime: Runtime, marked: Exam, clock: SetClock
) -> None:
    with runtime.unit_of_work() as session:
        person_id = sittings.candidate(session, marked.registrations[0]).person_id
        session.get_one(Person, person_id).name = "王\U000e0100"
    with pytest.raises(Invalid) as caught:
        release(runtime, marked, clock.now() + timedelta(days=1))
    assert caught.value.problems[0].code == "certificate.no_glyph"


def test_the_checks_name_incidents_and_whoever_came_and_has_no_script(runtime: Runtime, marked: Exam) -> None:
    assert codes(runtime, marked) == [("marking.check_blank", False)]
    incident(runtime, marked)
    with runtime.unit_of_work() as session:
        proctoring.check_in(
            session, marked.theory_id, marked.room_id, marked.registrations[2], "account:p", runtime.clock.now()
        )
    assert [code for code, _blocks in codes(runtime, marked)] == [
        "marking.check_missing", "marking.check_blank", "marking.check_incidents",
    ]  # fmt: skip


def test_many_certificates_are_issued_by_a_job_batch_by_batch(
    runtime: Runtime, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "LARGE", 2)
    monkeypatch.setattr(batches, "BATCH", 2)
    made = exam(runtime, candidates=5)
    for number in range(5):
        answer_all(runtime, clock, made, number, right=True)
    clock.advance(hours=2)
    mark(runtime, made)
    for number in range(5):
        mark_practical(runtime, made, number, "0.8")
    assert release(runtime, made) == 5
    with runtime.unit_of_work() as session:
        assert session.scalars(select(Certificate)).all() == []
        waiting = certifying.running(session, made.plan_id, clock.now())
        assert waiting is not None and (waiting.done, waiting.total) == (0, 5)
        # Whoever presses the button meanwhile does not start it twice.
        due = certifying.due(session, made.plan_id, clock.now())
        certifying.certify(session, runtime, due, SECOND, clock.now())
        assert session.scalar(select(func.count()).select_from(Job).where(Job.kind == certifying.CERTIFY)) == 1
        organisation = UUID(waiting.payload["organisation"])
        # A process that died after its first batch.
        assert certifying.issue_next(session, runtime, organisation, made.plan_id, SECOND, clock.now()) == 3
    run_job(runtime, waiting.id)
    with runtime.unit_of_work(read_only=True) as session:
        held = session.scalars(select(Certificate).order_by(Certificate.serial)).all()
        assert [each.serial for each in held] == [1, 2, 3, 4, 5]
        assert {each.subject for each in held} == {f"registration:{each}" for each in made.registrations}
        assert certifying.due(session, made.plan_id, clock.now()) == []
        done = certifying.latest(session, made.plan_id)
        assert done and done.state is JobState.DONE and (done.done, done.total) == (5, 5)


def room(*scores: int) -> list[Decimal]:
    return [Decimal(each) for each in scores]


def test_a_room_far_from_the_others_is_named() -> None:
    usual = room(60, 62, 64, 58, 61, 63)
    [found] = rules.unusual_rooms({"一": usual, "二": usual, "三": room(90, 92, 94, 91, 93, 95)})
    assert (found.name, found.mean, found.others) == ("三", 92.5, 61.33)
    assert rules.unusual_rooms({"一": usual, "二": room(95, 96)}) == []
    assert rules.unusual_rooms({"一": usual}) == []


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 100)), max_size=30))
def test_a_named_room_is_large_and_far_away(seats: list[tuple[str, int]]) -> None:
    rooms = {name: [Decimal(score) for other, score in seats if other == name] for name, _score in seats}
    for found in rules.unusual_rooms(rooms):
        assert len(rooms[found.name]) >= rules.FEWEST_IN_ROOM
        assert abs(found.mean - found.others) >= rules.ROOM_DIFFERENCE - 0.02
        assert found.mean == round(fmean(float(each) for each in rooms[found.name]), 2)
