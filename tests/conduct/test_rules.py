from datetime import UTC, datetime, timedelta

from certengine.conduct import rules
from certengine.conduct.rules import CaseState

NOTICE = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
SIGNERS = ("account:a", "account:b")


def test_the_second_signature_is_another_persons() -> None:
    assert rules.signing_problem(CaseState.RECORDED, "account:a", "account:a") == "conduct.second_person_needed"
    assert rules.signing_problem(CaseState.RECORDED, "account:a", "account:b") is None
    assert rules.signing_problem(CaseState.SIGNED, "account:a", "account:c") is not None


def test_nobody_decides_before_the_candidate_was_told_and_could_object() -> None:
    soon, later = NOTICE + timedelta(days=1), NOTICE + rules.OBJECTION_TIME
    assert rules.decision_problem(CaseState.SIGNED, SIGNERS, "account:c", None, False, soon) == "conduct.not_notified"
    assert (
        rules.decision_problem(CaseState.NOTIFIED, SIGNERS, "account:c", NOTICE, False, soon)
        == "conduct.objection_time_runs"
    )
    assert rules.decision_problem(CaseState.NOTIFIED, SIGNERS, "account:c", NOTICE, True, soon) is None
    assert rules.decision_problem(CaseState.NOTIFIED, SIGNERS, "account:c", NOTICE, False, later) is None


def test_who_signed_the_record_does_not_decide_it() -> None:
    later = NOTICE + rules.OBJECTION_TIME
    assert (
        rules.decision_problem(CaseState.NOTIFIED, SIGNERS, "account:b", NOTICE, False, later)
        == "conduct.decider_signed"
    )


def test_an_entry_of_five_years_made_on_a_leap_day_ends_on_the_28th() -> None:
    decided = datetime(2028, 2, 29, 9, 0, tzinfo=UTC)
    assert rules.recorded_until(rules.TIERS["five_years"], decided) == datetime(2033, 2, 28, 9, 0, tzinfo=UTC)
    assert rules.recorded_until(rules.TIERS["for_good"], decided) is None
