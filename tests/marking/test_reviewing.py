from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from certengine.certificates.models import Certificate, CertificateState
from certengine.foundation.clock import SetClock
from certengine.foundation.errors import Conflict, Invalid
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.ledger.models import LedgerEntry
from certengine.marking import evidence, reviewing, service
from certengine.marking.models import ReviewState, ScoreReview, TheoryMark, Verdict
from certengine.marking.reviewing import Findings
from tests.marking.test_service import EXAMINER, ISSUER, SECOND, mark, mark_practical, release, sat
from tests.sittings.factories import Exam

__all__ = ["sat"]
CHECKER, DECIDER = "account:checker", "account:decider"


@pytest.fixture
def released(runtime: Runtime, sat: Exam) -> Exam:
    """The first passes with 100.00 and 80.00, the second fails with 0.00 and 90.00."""
    mark(runtime, sat)
    mark_practical(runtime, sat, 0, "0.8")
    mark_practical(runtime, sat, 1, "0.9")
    release(runtime, sat)
    return sat


def asked(runtime: Runtime, made: Exam, number: int = 0) -> ScoreReview:
    with runtime.unit_of_work() as session:
        who = made.registrations[number]
        return reviewing.ask(session, who, "与估分相差较大", f"registration:{who}", runtime.clock.now())


def checked(runtime: Runtime, row: ScoreReview, theory: str, practical: str, actor: str = CHECKER) -> None:
    with runtime.unit_of_work() as session:
        standing = session.get_one(ScoreReview, row.id)
        findings = Findings(Decimal(theory), Decimal(practical), "合分有误")
        reviewing.check(session, standing, findings, actor, runtime.clock.now())


def decided(runtime: Runtime, row: ScoreReview, agree: bool = True, actor: str = DECIDER) -> ScoreReview:
    with runtime.unit_of_work() as session:
        standing = session.get_one(ScoreReview, row.id)
        reviewing.decide(session, runtime, standing, agree, "同意", actor, runtime.clock.now())
        return standing


def test_a_review_is_asked_for_once_and_within_the_window(runtime: Runtime, released: Exam, clock: SetClock) -> None:
    row = asked(runtime, released)
    assert row.state is ReviewState.ASKED
    with pytest.raises(Conflict, match="review_asked"):
        asked(runtime, released)
    clock.advance(days=15)
    asked(runtime, released, 1)
    clock.advance(seconds=1)
    with pytest.raises(Conflict, match="review_over"):
        asked(runtime, released, 2)


def test_nobody_asks_before_the_release_or_under_an_embargo(runtime: Runtime, sat: Exam, clock: SetClock) -> None:
    with pytest.raises(Conflict, match="not_released"):
        asked(runtime, sat)
    mark(runtime, sat)
    mark_practical(runtime, sat, 0, "0.8")
    mark_practical(runtime, sat, 1, "0.9")
    release(runtime, sat, clock.now() + timedelta(days=20))
    with pytest.raises(Conflict, match="not_released"):
        asked(runtime, sat)
    clock.advance(days=35)
    assert asked(runtime, sat).asked_at == clock.now()


@pytest.mark.parametrize("actor", [ISSUER, SECOND, EXAMINER])
def test_whoever_marked_or_released_does_not_check(runtime: Runtime, released: Exam, actor: str) -> None:
    row = asked(runtime, released)
    with pytest.raises(Conflict, match="reviewer_involved"):
        checked(runtime, row, "100", "80", actor)


def test_what_stands_is_found_right_and_stays(runtime: Runtime, released: Exam) -> None:
    row = asked(runtime, released)
    checked(runtime, row, "100.00", "80.00")
    with pytest.raises(Conflict, match="second_person"):
        decided(runtime, row, actor=CHECKER)
    assert decided(runtime, row).state is ReviewState.UNCHANGED
    with runtime.unit_of_work(read_only=True) as session:
        assert session.scalars(select(Certificate.state)).all() == [CertificateState.VALID]
        entry = ledger.history(session, f"registration:{released.registrations[0]}")[0]
        assert entry.kind == "review.decided" and entry.public["changed"] is False


def test_what_is_sent_back_is_checked_again(runtime: Runtime, released: Exam) -> None:
    row = asked(runtime, released)
    checked(runtime, row, "90", "80")
    assert decided(runtime, row, agree=False).state is ReviewState.ASKED
    checked(runtime, row, "100", "80")
    assert decided(runtime, row).state is ReviewState.UNCHANGED


@pytest.mark.parametrize(
    ("number", "scores", "verdict", "states", "said"),
    [
        (0, ("95.50", "80"), Verdict.PASSED, ["superseded", "valid"], "reissued"),
        (0, ("59.99", "80"), Verdict.FAILED, ["revoked"], "revoked"),
        (1, ("60", "90"), Verdict.PASSED, ["valid", "valid"], "issued"),
        (1, ("59.99", "90"), Verdict.FAILED, ["valid"], "none"),
    ],
)
def test_a_changed_result_takes_the_certificate_with_it(
    runtime: Runtime,
    released: Exam,
    number: int,
    scores: tuple[str, str],
    verdict: Verdict,
    states: list[str],
    said: str,
) -> None:
    row = asked(runtime, released, number)
    checked(runtime, row, *scores)
    assert decided(runtime, row).state is ReviewState.CHANGED
    with runtime.unit_of_work(read_only=True) as session:
        result = service.result_of(session, released.registrations[number])
        assert result and (result.theory, result.verdict) == (Decimal(scores[0]), verdict)
        assert sorted(each.value for each in session.scalars(select(Certificate.state))) == states
        entries = ledger.history(session, f"registration:{released.registrations[number]}")
        entry = next(each for each in entries if each.kind == "review.decided")
        assert entry.public["certificate"] == said
        assert set(entry.public) == {"exam", "review", "changed", "certificate"}
        held = session.get(Certificate, result.certificate_id) if said in ("issued", "reissued") else None
        assert held is None or Decimal(held.content["theory"]) == Decimal(scores[0])


@pytest.mark.parametrize(("theory", "practical"), [("100.001", "80"), ("101", "80"), ("-1", "80")])
def test_a_score_that_cannot_be_is_refused(runtime: Runtime, released: Exam, theory: str, practical: str) -> None:
    row = asked(runtime, released)
    with pytest.raises(Invalid):
        checked(runtime, row, theory, practical)
    lost = reviewing.findings_problems(Findings(None, None, " "), Decimal(1), None)
    assert [each.place for each in lost] == ["theory", "text"]


def test_the_evidence_adds_up_anew_and_finds_a_changed_mark_or_script(runtime: Runtime, released: Exam) -> None:
    who, now = released.registrations[0], runtime.clock.now()
    with runtime.unit_of_work(read_only=True) as session:
        found = evidence.theory(session, who, now)
        assert found and found.holds and found.left_out == () and len(found.leaf_hash) == 64
        blank = evidence.theory(session, released.registrations[1], now)
        assert blank and len(blank.left_out) == blank.items
        examiners = evidence.practical(session, released.plan_id, who)
        assert [(each.stored, each.recomputed) for each in examiners] == [(Decimal("80.00"), Decimal("80.00"))] * 3
        assert evidence.theory(session, released.registrations[2], now) is None
    with runtime.unit_of_work() as session:
        session.scalars(select(TheoryMark).where(TheoryMark.registration_id == who)).one().score = Decimal(99)
        for entry in session.scalars(select(LedgerEntry).where(LedgerEntry.kind == "attempt.submitted")):
            entry.private = {**entry.private, "reason": "changed by hand"}
    with runtime.unit_of_work(read_only=True) as session:
        found = evidence.theory(session, who, now)
        assert found and (found.stored, found.recomputed, found.script) == (Decimal(99), Decimal(100), False)
