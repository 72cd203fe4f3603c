"""The end of a class: assessment, completion, certificates in one batch, and what a completion proves."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from certengine.certificates import service as certificates
from certengine.certificates.rules import CertificateContent, CertificateKind
from certengine.foundation.clock import CHINA
from certengine.foundation.errors import Conflict, Invalid, NotFound, Problem
from certengine.foundation.runtime import Runtime, current
from certengine.people import service as people
from certengine.standards.rules import Level
from certengine.standards.service import standard
from certengine.training import hours_accounts, problems, rules
from certengine.training.course_models import Subject, Way
from certengine.training.course_rules import MOST_HOURS, city_of
from certengine.training.hours_accounts import Earned, Where
from certengine.training.models import Enrolment, TrainingClass
from certengine.training.service import Progress, progress, record

__all__ = ["problems"]


def assess(session: Session, enrolment: Enrolment, score: Decimal, *, actor: str, now: datetime) -> None:
    """The completion assessment, open only to those whose hours are full."""
    if enrolment.completed_at:
        raise Conflict("training.completed")
    if not 0 <= score <= 100:
        raise Invalid([Problem("score", "training.assessment_range")])
    row = next(each for each in progress(session, enrolment.training_class) if each.enrolment.id == enrolment.id)
    if not row.ready:
        raise Conflict("training.assessed_without_hours")
    enrolment.assessment, enrolment.assessed_at, enrolment.assessed_by = score, now, actor
    record(session, "training.assessed", enrolment, actor, now, {"score": str(score)})


def by_hand_problem(opened: TrainingClass) -> str | None:
    """Why the institution may not enter a score itself: another holds the assessment, or trainers do not examine."""
    if opened.assessor_id not in (None, opened.organisation_id):
        return "training.assessed_elsewhere"
    return "training.same_trainer" if current().settings.separate_duties else None


def enter_score(session: Session, enrolment: Enrolment, score: Decimal, *, actor: str, now: datetime) -> None:
    """The score of an assessment that the institution held without the system. Raises Conflict."""
    if problem := by_hand_problem(enrolment.training_class):
        raise Conflict(problem)
    assess(session, enrolment, score, actor=actor, now=now)


def ready_for_assessment(session: Session, opened: TrainingClass) -> list[Enrolment]:
    """Those whose hours and content are done and who have neither passed nor completed."""
    return [
        each.enrolment
        for each in progress(session, opened)
        if each.ready
        and each.enrolment.completed_at is None
        and (each.enrolment.assessment is None or each.enrolment.assessment < rules.ASSESSMENT_PASS)
    ]


def classes_assessed_by(session: Session, organisation_id: UUID) -> Sequence[TrainingClass]:
    """The classes whose completion assessment an organisation holds: its own and those that name it, newest first."""
    own = TrainingClass.assessor_id.is_(None) & (TrainingClass.organisation_id == organisation_id)
    query = select(TrainingClass).where(or_(own, TrainingClass.assessor_id == organisation_id))
    return session.scalars(query.order_by(TrainingClass.created_at.desc())).all()


def class_assessed_by(session: Session, organisation_id: UUID, class_id: UUID) -> TrainingClass:
    found = session.get(TrainingClass, class_id)
    if found is None or (found.assessor_id or found.organisation_id) != organisation_id:
        raise NotFound("training.class_not_found")
    return found


def record_completion(
    session: Session, class_id: UUID, person_id: UUID, score: Decimal, *, actor: str, now: datetime
) -> bool:
    """The score of a completion assessment that was sat as an exam; False for who is not, or no longer, open to it."""
    query = select(Enrolment).where(Enrolment.training_class_id == class_id, Enrolment.person_id == person_id)
    enrolment = session.scalar(query)
    if enrolment is None or enrolment.completed_at or enrolment.assessment == score:
        return False
    assess(session, enrolment, score, actor=actor, now=now)
    return True


def completed_hours(session: Session, person_id: UUID, field: str, level: Level) -> int:
    """The hours that a person's completed classes of a field and level prove, for eligibility."""
    return max(
        session.scalars(
            select(TrainingClass.hours_required)
            .join(Enrolment, Enrolment.training_class_id == TrainingClass.id)
            .where(
                Enrolment.person_id == person_id,
                Enrolment.completed_at.is_not(None),
                TrainingClass.field == field,
                TrainingClass.level == level,
            )
        ),
        default=0,
    )


def trainers_of(session: Session, person_id: UUID, field: str) -> set[UUID]:
    """The organisations in whose classes of an occupation a person is or was."""
    query = select(TrainingClass.organisation_id).join(Enrolment, Enrolment.training_class_id == TrainingClass.id)
    return set(session.scalars(query.where(Enrolment.person_id == person_id, TrainingClass.field == field)))


# (session, person, field, level): packages above learn at once that somebody has completed.
Listener = Callable[[Session, UUID, str, Level], None]
_listeners: list[Listener] = []


def on_completion(listener: Listener) -> Listener:
    """Declares who is to know of each completion, in the same transaction."""
    if listener not in _listeners:
        _listeners.append(listener)
    return listener


def issue_certificates(
    session: Session, runtime: Runtime, opened: TrainingClass, *, actor: str, now: datetime
) -> list[Enrolment]:
    """Completes everyone whose hours and assessment are there and issues their certificates in one batch."""
    ready = [each for each in progress(session, opened) if not each.missing and not each.enrolment.completed_at]
    if not ready:
        raise Conflict("training.nobody_completed")
    contents = [_content(session, opened, each, now) for each in ready]
    issued = certificates.issue(session, runtime, contents, actor, now)
    for each, certificate in zip(ready, issued, strict=True):
        each.enrolment.completed_at = now
        each.enrolment.certificate_id = certificate.id
        record(session, "training.completed", each.enrolment, actor, now, {"certificate": str(certificate.id)})
        _credit(session, opened, each.enrolment, actor, now)
        session.flush()
        for listener in _listeners:
            listener(session, each.enrolment.person_id, opened.field, opened.level)
    return [each.enrolment for each in ready]


def _credit(session: Session, opened: TrainingClass, enrolment: Enrolment, actor: str, now: datetime) -> None:
    """A class counts for the year's continuing education, as professional hours and no more than the year asks for."""
    earned = Earned(
        Subject.PROFESSIONAL,
        Way.TRAINING_CLASS,
        min(Decimal(opened.hours_required), MOST_HOURS),
        opened.title,
        f"enrolment:{enrolment.id}",
    )
    where = Where(city_of(people.organisation(session, opened.organisation_id).region))
    hours_accounts.credit(session, enrolment.person_id, earned, where, actor=actor, now=now)


def _content(session: Session, opened: TrainingClass, each: Progress, now: datetime) -> CertificateContent:
    institution = people.organisation(session, opened.organisation_id)
    chosen = standard(opened.field)
    person = each.enrolment.person
    return CertificateContent(
        kind=CertificateKind.TRAINING,
        organisation_id=institution.id,
        institution_name=institution.name,
        institution_name_en=institution.name_en,
        institution_code=institution.code,
        holder_name=person.name,
        sex=person.sex,
        document_type=person.document_type,
        document_masked=person.document_masked,
        document_index=person.document_index,
        photo=person.photo,
        field=opened.field,
        occupation_zh=chosen.title_zh,
        occupation_en=chosen.title_en,
        direction_zh=None,
        level=opened.level,
        theory=None,
        practical=None,
        hours=opened.hours_required,
        course=opened.title,
        assessment=str(each.enrolment.assessment),
        subject=f"enrolment:{each.enrolment.id}",
        issued_on=now.astimezone(CHINA).date(),
    )
