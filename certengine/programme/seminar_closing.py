"""A seminar that is over: satisfaction, summary and roster, certificates with hours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.foundation.clock import chinese_day
from certengine.foundation.errors import Conflict, Invalid, Problem
from certengine.foundation.runtime import Runtime
from certengine.people.models import Organisation
from certengine.programme import documents, notices, problems, rules, seminar_accounts, working_days
from certengine.programme.base_models import Tier
from certengine.programme.document_models import DocumentKind, OfficialDocument
from certengine.programme.document_sheet import Paper
from certengine.programme.documents import Wanted
from certengine.programme.seminar_models import Participant, Seminar, SeminarFeedback, SeminarState
from certengine.programme.seminar_people import is_admitted, participants
from certengine.programme.seminars import record
from certengine.training import hours_accounts
from certengine.training.course_models import Subject, Way
from certengine.training.course_rules import MOST_HOURS, city_of
from certengine.training.hours_accounts import Earned, Where
from certengine.training.rules import hours as hours_of

__all__ = ["problems"]


@dataclass(frozen=True)
class Satisfaction:
    """Means of the forms on the scale of 1 to 5, and all of them as a percentage."""

    forms: int
    content: Decimal
    teaching: Decimal
    organisation: Decimal
    percent: Decimal


def give_feedback(session: Session, present: Participant, marks: Mapping[str, int], remark: str) -> None:
    """Once each; what it says is kept without the name. Raises Conflict before the start or a second time."""
    if present.feedback_given:
        raise Conflict("seminar.feedback_given")
    found = [Problem(name, "seminar.feedback_range") for name, mark in marks.items() if not 1 <= mark <= 5]
    if found:
        raise Invalid(found)
    present.feedback_given = True
    session.add(SeminarFeedback(seminar_id=present.seminar_id, remark=remark.strip()[:2000], **marks))
    session.flush()


def satisfaction(session: Session, seminar_id: UUID) -> Satisfaction | None:
    """None without a form."""
    rows = session.execute(
        select(SeminarFeedback.content, SeminarFeedback.teaching, SeminarFeedback.organisation).where(
            SeminarFeedback.seminar_id == seminar_id
        )
    ).all()
    if not rows:
        return None
    means = [Decimal(sum(row[place] for row in rows)) / len(rows) for place in range(3)]
    cut = [mean.quantize(Decimal("0.01"), ROUND_DOWN) for mean in means]
    percent = (sum(means, Decimal(0)) / 3 * 20).quantize(Decimal("0.01"), ROUND_DOWN)
    return Satisfaction(len(rows), cut[0], cut[1], cut[2], percent)


def remarks(session: Session, seminar_id: UUID) -> Sequence[str]:
    query = select(SeminarFeedback.remark).where(SeminarFeedback.seminar_id == seminar_id, SeminarFeedback.remark != "")
    return session.scalars(query.order_by(SeminarFeedback.remark)).all()


def summarise_seminar(
    session: Session, runtime: Runtime, held: Seminar, *, summary: str, actor: str, now: datetime
) -> None:
    """Closes the seminar with its accounts: people and satisfaction come from its own records.

    A late summary is taken and marked late. Raises Conflict where the accounts lack income or expenses.
    """
    if held.state is not SeminarState.APPROVED:
        raise Conflict("seminar.not_approved")
    if notices.today(now) < held.ends_on:
        raise Conflict("seminar.not_over")
    if not summary.strip():
        raise Invalid([Problem("summary", "seminar.summary_missing")])
    there = [each for each in participants(session, held.id) if each.complete and is_admitted(each)]
    told = satisfaction(session, held.id)
    spent = seminar_accounts.close(session, runtime, held, actor=actor, now=now).spent
    held.state = SeminarState.SUMMARISED
    held.trained, held.satisfaction = len(there), told.percent if told else None
    held.spent, held.summary, held.summarised_at = spent, summary.strip(), now
    late = notices.today(now) > rules.summary_due(held.ends_on, working_days.calendar(session))
    record(session, "seminar.summarised", held, actor, now, {"trained": len(there), "late": late})


def issue_certificates(session: Session, runtime: Runtime, held: Seminar, *, actor: str, now: datetime) -> int:
    """For everybody who was there, once each, with the hours entered in their year. Raises Conflict for nobody."""
    if held.state not in (SeminarState.APPROVED, SeminarState.SUMMARISED) or notices.today(now) < held.ends_on:
        raise Conflict("seminar.not_over")
    there = [each.participant for each in participants(session, held.id) if each.complete and is_admitted(each)]
    known = documents.by_subject(session, [each.subject for each in there])
    wanted = [each for each in there if each.subject not in known]
    if not wanted:
        raise Conflict("seminar.nobody")
    minutes = sum(int((each.ends_at - each.starts_at).total_seconds()) // 60 for each in held.sessions)
    earned = min(hours_of(minutes), MOST_HOURS)
    host = session.get_one(Organisation, held.host_id)
    for each in wanted:
        _certify(session, runtime, held, each, earned, host, actor, now)
    return len(wanted)


def _certify(
    session: Session,
    runtime: Runtime,
    held: Seminar,
    each: Participant,
    earned: Decimal,
    host: Organisation,
    actor: str,
    now: datetime,
) -> None:
    tier = "国家级" if held.tier is Tier.NATIONAL else "省级"
    lines = (
        f"{chinese_day(held.starts_on)}至{chinese_day(held.ends_on)}参加",
        f"{tier}高级研修班“{held.title}”",
        f"学习期满，计 {earned} 学时。承办单位：{host.name}",
    )
    wanted = Wanted(
        DocumentKind.SEMINAR_CERTIFICATE,
        each.subject,
        Paper.CERTIFICATE,
        "高级研修班结业证书",
        each.person.name,
        (f"证件号码：{each.person.document_masked}", *lines),
        person_id=each.person_id,
    )
    documents.issue(session, runtime, wanted, actor=actor, now=now)
    if earned > 0:
        credit = Earned(Subject.PROFESSIONAL, Way.SEMINAR, earned, held.title, each.subject)
        where = Where(city_of(host.region))
        hours_accounts.credit(session, each.person_id, credit, where, actor=actor, now=now)


def roster_rows(session: Session, held: Seminar) -> list[tuple[Any, ...]]:
    """The roster as it is handed in: name, document, employer, post, sessions, certificate."""
    present = [each for each in participants(session, held.id) if is_admitted(each)]
    known = documents.by_subject(session, [each.participant.subject for each in present])

    def number(found: OfficialDocument | None) -> str:
        return found.number if found else ""

    return [
        (
            each.participant.person.name,
            each.participant.person.document_masked,
            each.participant.employer,
            each.participant.post,
            f"{each.signed}/{each.sessions}",
            number(known.get(each.participant.subject)),
        )
        for each in present
    ]
