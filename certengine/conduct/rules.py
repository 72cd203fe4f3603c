"""Tiers and acts of misconduct as values, and who may do what with a case at which time."""

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta


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


@dataclass(frozen=True)
class Act:
    """What somebody did, and the tier that it comes under."""

    code: str
    zh: str
    en: str
    tier: str


def tier_problem(act: Act, tier: str, reason: str) -> str | None:
    """Another tier than the act's own needs a reason."""
    return "conduct.tier_reason_missing" if tier != act.tier and not reason.strip() else None


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
    objection_time: timedelta,
) -> str | None:
    """A case is decided by somebody who did not sign it, after the candidate was told and had time to object."""
    if state is not CaseState.NOTIFIED or notified_at is None:
        return "conduct.not_notified"
    if decider in signers:
        return "conduct.decider_signed"
    if not objected and now < notified_at + objection_time:
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
