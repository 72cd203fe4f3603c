from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select

from certengine.bank import service as bank
from certengine.certificates import service as certificates
from certengine.certificates.models import Certificate, CertificateState
from certengine.delivery import rules as delivery_rules
from certengine.delivery import service as delivery
from certengine.delivery.journal import Arrived, Journal
from certengine.foundation.clock import SetClock
from certengine.foundation.errors import Conflict, Invalid
from certengine.foundation.runtime import Runtime
from certengine.marking import practical, releasing, service
from certengine.marking.models import Verdict
from certengine.marking.practical import PracticalEntry
from certengine.papers import service as papers
from certengine.sittings import service as sittings
from certengine.standards.rules import Part
from tests.delivery.test_service import begun
from tests.sittings.factories import Exam, exam

ISSUER, SECOND, EXAMINER = "account:issuer", "account:second", "account:examiner"
PANEL = (EXAMINER, "account:examiner2", "account:examiner3")


def answer_all(runtime: Runtime, clock: SetClock, made: Exam, number: int, right: bool) -> None:
    """A whole script, right or left blank, handed in."""
    attempt = begun(runtime, clock, made, number)
    if right:
        with runtime.unit_of_work(read_only=True) as session:
            key = delivery.registration_key(made.registrations[number])
            paper = papers.paper(session, delivery.sitting_key(made.theory_id), key)
            release = sittings.sitting(session, made.theory_id).release_id
            assert release is not None
            items = {item.id: item for item in bank.released_items(session, release).items}
        rows = []
        for sequence, placed in enumerate(paper.items, 1):
            correct = items[placed.item].key
            given = list(correct) if isinstance(correct, tuple) else correct
            rows.append((placed.item, sequence, {"a": given, "f": False}))
        assert Journal(runtime).save(Arrived(attempt.id, 1, rows)).problem is None
    with runtime.unit_of_work() as session:
        delivery.submit(session, attempt.id, key if right else "registration", clock.now())


def mark_practical(runtime: Runtime, made: Exam, number: int, *shares: str) -> None:
    """By the whole panel: each their share of the points, or all the same one."""
    for place, examiner in enumerate(PANEL):
        mark_by(runtime, made, number, shares[place] if len(shares) > 1 else shares[0], examiner)


def mark_by(
    runtime: Runtime, made: Exam, number: int, share: str, examiner: str = EXAMINER, version: int = 0, comment: str = ""
) -> None:
    with runtime.unit_of_work() as session:
        task = practical.task_of(session, sittings.sitting(session, made.practical_id))
        points: dict[str, Decimal | None] = {each.id: each.points * Decimal(share) for each in task.rubric}
        practical.enter(
            session,
            made.practical_id,
            made.registrations[number],
            PracticalEntry(points, comment, version),
            examiner=examiner,
            examiner_name="郑敏",
            now=runtime.clock.now(),
        )


def mark(runtime: Runtime, made: Exam) -> int:
    with runtime.unit_of_work() as session:
        return service.mark_sitting(session, made.theory_id, ISSUER, runtime.clock.now())


def release(runtime: Runtime, made: Exam, embargo: datetime | None = None) -> int:
    """Proposed by one and signed by another, each in a transaction of their own."""
    now = runtime.clock.now()
    with runtime.unit_of_work() as session:
        releasing.propose(session, made.plan_id, embargo, "已核实", ISSUER, now)
    with runtime.unit_of_work() as session:
        return releasing.sign(session, runtime, made.plan_id, SECOND, now)


@pytest.fixture
def sat(runtime: Runtime, clock: SetClock) -> Exam:
    """Three candidates: all right, nothing, absent; the sitting is over."""
    made = exam(runtime, candidates=3)
    answer_all(runtime, clock, made, 0, right=True)
    answer_all(runtime, clock, made, 1, right=False)
    clock.advance(hours=2)
    return made


def test_a_sitting_is_marked_when_it_is_over_and_everyone_has_handed_in(runtime: Runtime, clock: SetClock) -> None:
    made = exam(runtime)
    begun(runtime, clock, made)
    with pytest.raises(Conflict, match="not_over"):
        mark(runtime, made)
    clock.advance(hours=2)
    with pytest.raises(Conflict, match="still_running"):
        mark(runtime, made)
    assert delivery.close_expired(runtime) == 1
    assert mark(runtime, made) == 1


def test_full_marks_and_none_whatever_the_order_of_the_options(runtime: Runtime, sat: Exam) -> None:
    assert mark(runtime, sat) == 2
    with runtime.unit_of_work(read_only=True) as session:
        standings = service.plan_marks(session, sat.plan_id).standings
    assert [each.theory for each in standings] == [Decimal("100.00"), Decimal("0.00"), None]


def test_whoever_passes_both_parts_gets_a_certificate_without_asking(runtime: Runtime, sat: Exam) -> None:
    mark(runtime, sat)
    with pytest.raises(Conflict, match="practical_unmarked"):
        release(runtime, sat)
    mark_practical(runtime, sat, 0, "0.8")
    mark_practical(runtime, sat, 1, "0.9")
    assert release(runtime, sat) == 1
    with runtime.unit_of_work(read_only=True) as session:
        results = [service.result_of(session, each) for each in sat.registrations]
        assert [each.verdict for each in results if each] == [Verdict.PASSED, Verdict.FAILED, Verdict.ABSENT]
        (held,) = session.scalars(select(Certificate)).all()
        assert results[0] is not None and results[0].certificate_id == held.id
        assert held.content["name"] == "王小明"
        assert (held.content["theory"], held.content["practical"]) == ("100.00", "80.00")
    for again in (mark, release):
        with pytest.raises(Conflict, match="released"):
            again(runtime, sat)


def test_a_name_that_cannot_be_printed_stops_the_whole_release(runtime: Runtime, sat: Exam) -> None:
    with runtime.unit_of_work() as session:
        from certengine.people.models import Person

        person_id = sittings.candidate(session, sat.registrations[0]).person_id
        session.get_one(Person, person_id).name = "王\U000e0100"
    mark(runtime, sat)
    mark_practical(runtime, sat, 0, "0.9")
    mark_practical(runtime, sat, 1, "0.9")
    with pytest.raises(Invalid) as caught:
        release(runtime, sat)
    assert caught.value.problems[0].code == "certificate.no_glyph"
    with runtime.unit_of_work(read_only=True) as session:
        assert not session.scalars(select(Certificate)).all()
        assert service.result_of(session, sat.registrations[1]) is None


def test_a_part_voided_before_the_release_passes_nobody(runtime: Runtime, sat: Exam) -> None:
    with runtime.unit_of_work() as session:
        for _time in range(2):
            releasing.void_result(session, sat.registrations[0], list(Part), "雷同卷", ISSUER, runtime.clock.now())
    mark(runtime, sat)
    mark_practical(runtime, sat, 1, "0.9")
    assert release(runtime, sat) == 0
    with runtime.unit_of_work(read_only=True) as session:
        result = service.result_of(session, sat.registrations[0])
        assert result and result.verdict is Verdict.VOID and result.theory is None


def test_a_result_is_voided_after_a_decision_and_its_certificate_by_two(runtime: Runtime, sat: Exam) -> None:
    mark(runtime, sat)
    mark_practical(runtime, sat, 0, "0.9")
    mark_practical(runtime, sat, 1, "0.9")
    release(runtime, sat)
    now = runtime.clock.now()
    with runtime.unit_of_work() as session:
        releasing.void_result(session, sat.registrations[0], [Part.THEORY], "雷同卷", ISSUER, now)
        result = service.result_of(session, sat.registrations[0])
        assert result and result.theory is None and result.verdict is Verdict.VOID
        assert isinstance(result.certificate_id, UUID)
        revoked = certificates.revoke(session, result.certificate_id, "雷同卷", ISSUER, "account:other", now)
        assert revoked.state is CertificateState.REVOKED
    with runtime.unit_of_work() as session, pytest.raises(Invalid):
        releasing.void_result(session, sat.registrations[0], [Part.THEORY], " ", ISSUER, now + timedelta(days=1))


def test_the_last_valid_answer_counts_when_rubbish_follows_and_the_sweep_closes(
    runtime: Runtime, clock: SetClock
) -> None:
    made = exam(runtime)
    attempt = begun(runtime, clock, made, 0)
    with runtime.unit_of_work(read_only=True) as session:
        key = delivery.registration_key(made.registrations[0])
        paper = papers.paper(session, delivery.sitting_key(made.theory_id), key)
        release = sittings.sitting(session, made.theory_id).release_id
        assert release is not None
        items = {item.id: item for item in bank.released_items(session, release).items}
    placed = next(each for each in paper.items if isinstance(items[each.item].key, str))
    right = {"a": items[placed.item].key, "f": False}
    assert Journal(runtime).save(Arrived(attempt.id, 1, [(placed.item, 1, right)])).problem is None
    for sequence, rubbish in enumerate((["a", "b"], {"1": "x"}, "no such option", 7), 2):
        problem = delivery_rules.answer_problem(items[placed.item], placed.options, rubbish)
        assert problem is not None, (sequence, rubbish)
    clock.advance(hours=2)
    # Nobody hands in: everyone who began is closed and marked.
    assert delivery.close_expired(runtime) == 1
    assert mark(runtime, made) == 1
    with runtime.unit_of_work(read_only=True) as session:
        found = service.plan_marks(session, made.plan_id).standings
    assert sorted(each.theory or Decimal(0) for each in found)[-1] == placed.points
