"""The tiers of misconduct as data, and who may do what with a case at which time."""

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta

# Time to object after the notice; the regulation leaves it to the institution (model figure, amend to yours).
OBJECTION_TIME = timedelta(days=5)


class Voids(enum.Enum):
    """Which results a decision takes away."""

    NOTHING = "nothing"
    SUBJECT = "subject"
    ALL = "all"


class CaseState(enum.Enum):
    RECORDED = "recorded"
    SIGNED = "signed"
    NOTIFIED = "notified"
    UPHELD = "upheld"
    DISMISSED = "dismissed"


@dataclass(frozen=True)
class Tier:
    """One tier of the regulation on misconduct in professional qualification exams; record_years None: for good."""

    code: str
    zh: str
    en: str
    voids: Voids
    record_years: int | None


TIERS = {
    tier.code: tier
    for tier in (
        Tier("warning", "警告并责令改正", "Warning and correction", Voids.NOTHING, 0),
        Tier("subject_void", "该科目考试成绩无效", "Result of the subject void", Voids.SUBJECT, 0),
        Tier("all_void", "当次全部科目考试成绩无效", "All results of the sitting void", Voids.ALL, 0),
        Tier("five_years", "全部成绩无效并记入诚信档案五年", "All results void, recorded for five years", Voids.ALL, 5),
        Tier("for_good", "全部成绩无效并长期记入诚信档案", "All results void, recorded for good", Voids.ALL, None),
    )
}


def signing_problem(state: CaseState, recorded_by: str, signer: str) -> str | None:
    """Two different proctors sign a record."""
    if state is not CaseState.RECORDED:
        return "conduct.not_waiting_for_signature"
    return "conduct.second_person_needed" if signer == recorded_by else None


def decision_problem(
    state: CaseState,
    signers: tuple[str, ...],
    decider: str,
    notified_at: datetime | None,
    objected: bool,
    now: datetime,
) -> str | None:
    """A case is decided by somebody who did not sign it, after the candidate was told and had time to object."""
    if state is not CaseState.NOTIFIED or notified_at is None:
        return "conduct.not_notified"
    if decider in signers:
        return "conduct.decider_signed"
    if not objected and now < notified_at + OBJECTION_TIME:
        return "conduct.objection_time_runs"
    return None


def recorded_until(tier: Tier, decided_at: datetime) -> datetime | None:
    """When the entry in the register ends; None for a tier that records nothing or for good."""
    if not tier.record_years:
        return None
    try:
        return decided_at.replace(year=decided_at.year + tier.record_years)
    except ValueError:  # 29 February
        return decided_at.replace(year=decided_at.year + tier.record_years, day=28)
