"""A seminar as it is held: participants, programme, signing in, materials, satisfaction, summary, certificates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, joinedload

from certengine.foundation.errors import Conflict, Invalid, NotFound, Problem
from certengine.foundation.keys import FieldCipher
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.people import service as people
from certengine.people.models import DocumentType, Organisation, Person
from certengine.people.rules import parse_document
from certengine.people.service import PersonFacts
from certengine.programme import documents, notices, problems, rules
from certengine.programme.base_models import Tier
from certengine.programme.document_models import DocumentKind, OfficialDocument
from certengine.programme.document_sheet import Paper
from certengine.programme.documents import Wanted
from certengine.programme.seminar_models import (
    Participant,
    ParticipantState,
    Seminar,
    SeminarFeedback,
    SeminarMaterial,
    SeminarSession,
    SeminarSignIn,
    SeminarState,
)
from certengine.programme.seminars import record
from certengine.training import hours_accounts
from certengine.training.course_models import Subject, Way
from certengine.training.course_rules import MOST_HOURS, city_of
from certengine.training.hours_accounts import Earned, Where
from certengine.training.rules import hours as hours_of

__all__ = ["problems"]


@dataclass(frozen=True)
class SessionFacts:
    topic: str
    speaker: str
    place: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Present:
    """A participant with the number of sessions signed in to, of how many."""

    participant: Participant
    signed: int
    sessions: int

    @property
    def complete(self) -> bool:
        return rules.attended(self.signed, self.sessions)


@dataclass(frozen=True)
class Satisfaction:
    """Means of the forms on the scale of 1 to 5, and all of them as a percentage."""

    forms: int
    content: Decimal
    teaching: Decimal
    organisation: Decimal
    percent: Decimal


def nominate(
    session: Session,
    cipher: FieldCipher,
    held: Seminar,
    facts: PersonFacts,
    *,
    organisation_id: UUID,
    employer: str,
    post: str,
    actor: str,
    now: datetime,
) -> tuple[Participant, bool]:
    """(participant, whether new). Raises Conflict unless the seminar is approved and not yet over."""
    _must_be_open(held)
    person = people.register_person(session, cipher, facts, now)
    query = select(Participant).where(Participant.seminar_id == held.id, Participant.person_id == person.id)
    if found := session.scalar(query):
        return found, False
    made = Participant(
        seminar_id=held.id,
        person_id=person.id,
        nominated_by_id=organisation_id,
        employer=employer.strip()[:120],
        post=post.strip()[:80],
        created_at=now,
    )
    session.add(made)
    session.flush()
    ledger.record(session, kind="seminar.nominated", actor=actor, subject=made.subject, now=now)
    return made, True


def admit(
    session: Session, held: Seminar, participant_ids: Sequence[UUID], accept: bool, *, actor: str, now: datetime
) -> int:
    """Admits or refuses. The caller has locked the seminar. Raises Conflict beyond the places."""
    _must_be_open(held)
    chosen = session.scalars(
        select(Participant).where(Participant.seminar_id == held.id, Participant.id.in_(participant_ids))
    ).all()
    after = ParticipantState.ADMITTED if accept else ParticipantState.REFUSED
    changed = [each for each in chosen if each.state is not after]
    if accept and admitted(session, held.id) + len(changed) > held.places:
        raise Conflict("seminar.full", places=held.places)
    for each in changed:
        each.state = after
        kind = "seminar.admitted" if accept else "seminar.not_admitted"
        ledger.record(session, kind=kind, actor=actor, subject=each.subject, now=now)
    session.flush()
    return len(changed)


def admitted(session: Session, seminar_id: UUID) -> int:
    query = select(func.count()).where(
        Participant.seminar_id == seminar_id, Participant.state == ParticipantState.ADMITTED
    )
    return session.scalar(query) or 0


def participants(session: Session, seminar_id: UUID) -> list[Present]:
    """All who were nominated, by state and name, with what they signed in to."""
    signed: Mapping[UUID, int] = {
        row[0]: row[1]
        for row in session.execute(
            select(SeminarSignIn.participant_id, func.count())
            .join(Participant, Participant.id == SeminarSignIn.participant_id)
            .where(Participant.seminar_id == seminar_id)
            .group_by(SeminarSignIn.participant_id)
        )
    }
    count = session.scalar(select(func.count()).where(SeminarSession.seminar_id == seminar_id)) or 0
    query = (
        select(Participant)
        .join(Person, Person.id == Participant.person_id)
        .where(Participant.seminar_id == seminar_id)
        .options(joinedload(Participant.person))
        .order_by(Participant.state, Person.name, Participant.id)
    )
    return [Present(each, signed.get(each.id, 0), count) for each in session.scalars(query)]


def add_session(session: Session, held: Seminar, facts: SessionFacts, *, actor: str, now: datetime) -> SeminarSession:
    """Raises Invalid where it ends before it begins or clashes with another part."""
    _must_be_open(held)
    if facts.ends_at <= facts.starts_at:
        raise Invalid([Problem("ends_at", "seminar.session_times")])
    if any(facts.starts_at < each.ends_at and each.starts_at < facts.ends_at for each in held.sessions):
        raise Invalid([Problem("starts_at", "seminar.session_clash")])
    made = SeminarSession(**vars(facts))
    held.sessions.append(made)
    session.flush()
    record(session, "seminar.session_added", held, actor, now, {}, {"topic": facts.topic})
    return made


def remove_session(session: Session, held: Seminar, session_id: UUID) -> None:
    """Raises Conflict once somebody signed in to it."""
    _must_be_open(held)
    if session.scalar(select(SeminarSignIn.id).where(SeminarSignIn.session_id == session_id).limit(1)):
        raise Conflict("seminar.session_used")
    session.execute(delete(SeminarSession).where(SeminarSession.id == session_id, SeminarSession.seminar_id == held.id))
    session.expire(held, ["sessions"])


def session_of(session: Session, held: Seminar, session_id: UUID) -> SeminarSession:
    found = next((each for each in held.sessions if each.id == session_id), None)
    if found is None:
        raise NotFound("seminar.session_not_found")
    return found


def participant_by_document(
    session: Session, cipher: FieldCipher, held: Seminar, kind: DocumentType, number: str, now: datetime
) -> Participant:
    """Who signs in with a document. Raises Invalid for a number that is none, NotFound for nobody of this seminar."""
    parsed = parse_document(kind, number, notices.today(now))
    if isinstance(parsed, str):
        raise Invalid([Problem("number", parsed)])
    index = people.document_index(cipher, kind, parsed[0])
    query = (
        select(Participant)
        .join(Person, Person.id == Participant.person_id)
        .where(
            Participant.seminar_id == held.id,
            Participant.state == ParticipantState.ADMITTED,
            Person.document_type == kind,
            Person.document_index == index,
        )
    )
    found = session.scalar(query)
    if found is None:
        raise NotFound("seminar.not_admitted")
    return found


def sign_in(session: Session, present: Participant, part: SeminarSession, *, by: str, now: datetime) -> bool:
    """False where they had signed in. Signing oneself in is open from half an hour before to the end."""
    if by == "qr" and not part.starts_at - rules.SIGN_IN_AHEAD <= now <= part.ends_at:
        raise Conflict("seminar.sign_in_closed")
    made = hours_accounts.insert_new(
        session, SeminarSignIn, {"participant_id": present.id, "session_id": part.id, "at": now, "by": by}
    )
    if made:
        actor = present.subject if by == "qr" else by
        private = {"session": str(part.id)}
        ledger.record(session, kind="seminar.signed_in", actor=actor, subject=present.subject, now=now, private=private)
    return made


def add_material(session: Session, runtime: Runtime, held: Seminar, name: str, content: bytes, media: str) -> None:
    session.add(
        SeminarMaterial(
            seminar_id=held.id,
            name=name.strip()[:160] or "file",
            digest=runtime.files.put(content),
            media_type=media,
            added_at=runtime.clock.now(),
        )
    )
    session.flush()


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
    session: Session, held: Seminar, *, spent: Decimal, summary: str, actor: str, now: datetime
) -> None:
    """Closes the seminar: people and satisfaction come from its own records. A late one is taken and marked late."""
    if held.state is not SeminarState.APPROVED:
        raise Conflict("seminar.not_approved")
    if notices.today(now) < held.ends_on:
        raise Conflict("seminar.not_over")
    if not summary.strip():
        raise Invalid([Problem("summary", "seminar.summary_missing")])
    there = [each for each in participants(session, held.id) if each.complete and _is_admitted(each)]
    told = satisfaction(session, held.id)
    held.state = SeminarState.SUMMARISED
    held.trained, held.satisfaction = len(there), told.percent if told else None
    held.spent, held.summary, held.summarised_at = spent, summary.strip(), now
    late = notices.today(now) > rules.summary_due(held.ends_on)
    record(session, "seminar.summarised", held, actor, now, {"trained": len(there), "late": late})


def _is_admitted(each: Present) -> bool:
    return each.participant.state is ParticipantState.ADMITTED


def issue_certificates(session: Session, runtime: Runtime, held: Seminar, *, actor: str, now: datetime) -> int:
    """For everybody who was there, once each, with the hours entered in their year. Raises Conflict for nobody."""
    if held.state not in (SeminarState.APPROVED, SeminarState.SUMMARISED) or notices.today(now) < held.ends_on:
        raise Conflict("seminar.not_over")
    there = [each.participant for each in participants(session, held.id) if each.complete and _is_admitted(each)]
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
        f"{held.starts_on:%Y-%m-%d} 至 {held.ends_on:%Y-%m-%d} 参加",
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


def mine(session: Session, person_id: UUID) -> Sequence[Participant]:
    """The seminars of a person, newest first."""
    query = (
        select(Participant)
        .join(Seminar, Seminar.id == Participant.seminar_id)
        .where(Participant.person_id == person_id)
        .options(joinedload(Participant.seminar))
        .order_by(Seminar.starts_on.desc())
    )
    return session.scalars(query).all()


def my_place(session: Session, person_id: UUID, seminar_id: UUID) -> Participant:
    """Raises NotFound for somebody who was not nominated."""
    query = select(Participant).where(Participant.seminar_id == seminar_id, Participant.person_id == person_id)
    found = session.scalar(query)
    if found is None:
        raise NotFound("seminar.not_found")
    return found


def roster_rows(session: Session, held: Seminar) -> list[tuple[Any, ...]]:
    """The roster as it is handed in: name, document, employer, post, sessions, certificate."""
    present = [each for each in participants(session, held.id) if _is_admitted(each)]
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


def _must_be_open(held: Seminar) -> None:
    if held.state is not SeminarState.APPROVED:
        raise Conflict("seminar.not_approved")


def signed_in(session: Session, session_id: UUID) -> dict[UUID, SeminarSignIn]:
    """participant → when and how they signed in to a part."""
    query = select(SeminarSignIn).where(SeminarSignIn.session_id == session_id)
    return {each.participant_id: each for each in session.scalars(query)}


def signed_count(session: Session, session_id: UUID) -> int:
    return session.scalar(select(func.count()).where(SeminarSignIn.session_id == session_id)) or 0


def admitted_people(session: Session, seminar_id: UUID) -> list[Participant]:
    return [each.participant for each in participants(session, seminar_id) if _is_admitted(each)]
