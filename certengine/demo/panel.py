"""Experts who score what the department gave them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from certengine.demo.cast import People
from certengine.people.models import Account
from certengine.programme import applications, panels, selection_rules, seminars

EXPERTS = ("expert1", "expert2", "expert3")


def score(session: Session, staff: People, subject: str, totals: tuple[int, ...], now: datetime) -> None:
    """Assigns as many experts as there are totals; each gives theirs."""
    criteria = selection_rules.CRITERIA["seminar" if subject.startswith("seminar") else "application"]
    accounts = [staff.accounts[login] for login in EXPERTS[: len(totals)]]
    what = panels.Reviewed(subject, _title(session, subject), frozenset())
    panels.assign(session, what, [each.id for each in accounts], actor=staff.actor("supervisor"), now=now)
    for account, total in zip(accounts, totals, strict=True):
        _give(session, account, subject, total, dict(criteria), now)


def _title(session: Session, subject: str) -> str:
    kind, _, identity = subject.partition(":")
    if kind == "seminar":
        return seminars.seminar(session, UUID(identity), None).title
    return applications.application(session, UUID(identity), None).title


def _give(
    session: Session, account: Account, subject: str, total: int, criteria: dict[str, int], now: datetime
) -> None:
    """Shares a total among the criteria by their weights, the rest on the first."""
    scores: dict[str, int | None] = {name: most * total // 100 for name, most in criteria.items()}
    first = next(iter(scores))
    short = total - sum(each or 0 for each in scores.values())
    scores[first] = min(criteria[first], (scores[first] or 0) + short)
    given = next(each for each in panels.reviews_for(session, account.id) if each.subject == subject)
    panels.score(session, given, scores, "材料齐全，同意。", criteria=criteria, actor=f"account:{account.id}", now=now)
