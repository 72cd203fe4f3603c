from decimal import Decimal

import pytest
from sqlalchemy import select

from certengine.certificates.models import Certificate, CertificateState
from certengine.foundation.clock import SetClock
from certengine.foundation.errors import Conflict, Invalid
from certengine.foundation.jobs import resume_jobs
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.marking import certifying, changing, correcting, service
from certengine.marking.certifying import Step
from certengine.marking.models import ChangeState, EarlierTheoryMark, Result, RulingKind, TheoryMark, Verdict
from certengine.sittings import service as sittings
from tests.marking.corrected import answer_up_to, placed_for, ruling, signed, theory_of
from tests.marking.test_service import ISSUER, SECOND, mark, mark_practical, release
from tests.sittings.factories import Exam, exam


@pytest.fixture
def edge(runtime: Runtime, clock: SetClock) -> Exam:
    """Exactly 60.00; one item short of it; that item is in the paper of the second. All pass the practical part."""
    made = exam(runtime, candidates=3)
    answer_up_to(runtime, clock, made, 0, Decimal(60))
    placed = placed_for(runtime, made, 1)[0]
    answer_up_to(runtime, clock, made, 1, 60 - placed.points, without=placed.item)
    clock.advance(hours=2)
    mark(runtime, made)
    for number in range(2):
        mark_practical(runtime, made, number, "0.8")
    return made


def bad_item(runtime: Runtime, made: Exam) -> str:
    return placed_for(runtime, made, 1)[0].item


def result(runtime: Runtime, made: Exam, number: int) -> Result:
    with runtime.unit_of_work(read_only=True) as session:
        found = service.result_of(session, made.registrations[number])
        assert found is not None
        return found


def test_exactly_the_pass_mark_passes_and_just_below_fails(runtime: Runtime, edge: Exam) -> None:
    assert theory_of(runtime, edge)[0] == Decimal("60.00")
    assert release(runtime, edge) == 1
    assert [result(runtime, edge, n).verdict for n in range(2)] == [Verdict.PASSED, Verdict.FAILED]


def test_the_list_names_apart_who_comes_to_pass_and_nobody_signs_their_own(runtime: Runtime, edge: Exam) -> None:
    row = ruling(runtime, edge, bad_item(runtime, edge))
    with pytest.raises(Conflict, match="second_person"):
        signed(runtime, edge, row, actor=ISSUER)
    found = signed(runtime, edge, row)
    assert [each.standing.candidate.registration_id for each in found.gained] == [edge.registrations[1]]
    assert (found.gained[0].before < 60, found.gained[0].after) == (True, Decimal("60.00"))
    assert found.gained[0].verdict_after is Verdict.PASSED and not found.lost
    assert theory_of(runtime, edge)[1] == Decimal("60.00")
    with pytest.raises(Conflict, match="decided_already"):
        signed(runtime, edge, row)


def test_every_version_of_a_mark_is_kept_and_the_ledger_holds_the_new_ones_hash(runtime: Runtime, edge: Exam) -> None:
    before = theory_of(runtime, edge)[1]
    row = ruling(runtime, edge, bad_item(runtime, edge))
    signed(runtime, edge, row)
    mark(runtime, edge)
    with runtime.unit_of_work(read_only=True) as session:
        of = EarlierTheoryMark.registration_id == edge.registrations[1]
        earlier = session.scalars(select(EarlierTheoryMark).where(of).order_by(EarlierTheoryMark.version)).all()
        assert [(each.version, each.score) for each in earlier] == [(1, before), (2, Decimal("60.00"))]
        now = session.scalars(select(TheoryMark).where(TheoryMark.registration_id == edge.registrations[1])).one()
        assert (now.version, now.score) == (3, Decimal("60.00"))
        acts = ledger.history(session, f"sitting:{edge.theory_id}")
        decided = next(each for each in acts if each.kind == "item.ruling_decided")
        proposed = next(each for each in acts if each.kind == "item.ruling_proposed")
        assert decided.public["item"] == proposed.public["item"] and decided.public["kind"] == "full_marks"
        assert (proposed.actor, decided.actor) == (ISSUER, SECOND) and "题干有误" not in str(proposed.public)
        hashes = {each.public["marks"] for each in acts if each.kind == "marks.computed"}
        assert decided.public["marks"] in hashes


def test_marks_that_changed_after_the_list_was_read_stop_the_signature(runtime: Runtime, edge: Exam) -> None:
    row = ruling(runtime, edge, bad_item(runtime, edge))
    other = ruling(runtime, edge, placed_for(runtime, edge, 0)[-1].item)
    now = runtime.clock.now()
    with runtime.unit_of_work(read_only=True) as session:
        sitting = sittings.sitting(session, edge.theory_id)
        seen = correcting.preview(session, sitting, row, now).marks
    signed(runtime, edge, other)
    with runtime.unit_of_work() as session, pytest.raises(Conflict, match="preview_old"):
        standing = correcting.ruling_of(session, sitting.id, row.id)
        correcting.sign(session, sitting, standing, seen, SECOND, now)


def test_after_the_release_whoever_now_passes_is_due_a_certificate(runtime: Runtime, edge: Exam) -> None:
    release(runtime, edge)
    signed(runtime, edge, ruling(runtime, edge, bad_item(runtime, edge)))
    found = result(runtime, edge, 1)
    assert (found.theory, found.verdict, found.certificate_id) == (Decimal("60.00"), Verdict.PASSED, None)
    now = runtime.clock.now()
    with runtime.unit_of_work() as session:
        due = certifying.due(session, edge.plan_id, now)
        assert [(each.result.registration_id, each.step) for each in due] == [(edge.registrations[1], Step.ISSUE)]
        assert certifying.certify(session, runtime, due, SECOND, now) == 1
        assert certifying.due(session, edge.plan_id, now) == []
        changes = changing.changes_of(session, edge.registrations[1])
        assert [(each.verdict_before, each.verdict_after) for each in changes] == [(Verdict.FAILED, Verdict.PASSED)]


def test_a_pass_never_becomes_a_fail_but_by_two_and_then_the_certificate_goes(runtime: Runtime, edge: Exam) -> None:
    """The first had the item right: void, the rest no longer reaches 60."""
    release(runtime, edge)
    right = placed_for(runtime, edge, 0)[0].item
    found = signed(runtime, edge, ruling(runtime, edge, right, RulingKind.VOID))
    assert edge.registrations[0] in {each.standing.candidate.registration_id for each in found.lost}
    assert (result(runtime, edge, 0).theory, result(runtime, edge, 0).verdict) == (Decimal("60.00"), Verdict.PASSED)
    assert theory_of(runtime, edge)[0] == Decimal("60.00")
    now = runtime.clock.now()
    with runtime.unit_of_work() as session:
        [change] = [
            each for each in changing.changes_of_plan(session, edge.plan_id) if each.state is ChangeState.WAITING
        ]
        with pytest.raises(Conflict, match="not_proposed"):
            changing.sign(session, change, SECOND, now)
        with pytest.raises(Invalid):
            changing.propose(session, change, ChangeState.APPLIED, " ", ISSUER, now)
        changing.propose(session, change, ChangeState.APPLIED, "按规定", ISSUER, now)
        with pytest.raises(Conflict, match="second_person"):
            changing.sign(session, change, ISSUER, now)
        changing.sign(session, change, SECOND, now)
    assert result(runtime, edge, 0).verdict is Verdict.FAILED
    with runtime.unit_of_work(read_only=True) as session:
        assert session.scalars(select(Certificate.state)).all() == [CertificateState.REVOKED]


def test_a_result_can_be_kept_and_its_certificate_with_it(runtime: Runtime, edge: Exam) -> None:
    """And the analysis goes on without the item that was voided."""
    release(runtime, edge)
    signed(runtime, edge, ruling(runtime, edge, placed_for(runtime, edge, 0)[0].item, RulingKind.VOID))
    assert resume_jobs(runtime) == 2
    now = runtime.clock.now()
    with runtime.unit_of_work() as session:
        [change] = [
            each for each in changing.changes_of_plan(session, edge.plan_id) if each.state is ChangeState.WAITING
        ]
        changing.propose(session, change, ChangeState.KEPT, "对考生有利", ISSUER, now)
        changing.sign(session, change, SECOND, now)
        assert certifying.due(session, edge.plan_id, now) == []
        assert not changing.changes_of(session, edge.registrations[0])
    assert result(runtime, edge, 0).verdict is Verdict.PASSED


def test_a_pass_with_another_score_has_its_certificate_issued_anew(runtime: Runtime, edge: Exam) -> None:
    release(runtime, edge)
    blank = placed_for(runtime, edge, 0)[-1].item
    signed(runtime, edge, ruling(runtime, edge, blank))
    now = runtime.clock.now()
    with runtime.unit_of_work() as session:
        due = [each for each in certifying.due(session, edge.plan_id, now) if each.step is Step.REISSUE]
        assert [each.result.registration_id for each in due] == [edge.registrations[0]]
        certifying.certify(session, runtime, due, SECOND, now)
        valid = Certificate.state == CertificateState.VALID
        [held] = session.scalars(
            select(Certificate).where(valid, Certificate.subject.endswith(str(edge.registrations[0])))
        )
        assert Decimal(held.content["theory"]) > 60


def test_a_ruling_needs_marks_a_reason_and_an_item_of_the_sitting(runtime: Runtime, clock: SetClock) -> None:
    made = exam(runtime, candidates=1)
    answer_up_to(runtime, clock, made, 0, Decimal(0))
    clock.advance(hours=2)
    item = placed_for(runtime, made, 0)[0].item
    with pytest.raises(Conflict, match="theory_unmarked"):
        ruling(runtime, made, item)
    mark(runtime, made)
    with pytest.raises(Invalid):
        ruling(runtime, made, item, RulingKind.SECOND_KEY)
    assert ruling(runtime, made, item).accepted == []
