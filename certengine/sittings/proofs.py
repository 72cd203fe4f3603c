"""The documents by which a candidate proves the conditions: handed in with an application, or put there by an officer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import PurePosixPath
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from certengine.foundation.errors import Conflict, Invalid, NotFound, Problem
from certengine.foundation.runtime import Runtime, after_commit
from certengine.foundation.uploads import document_type
from certengine.ledger import service as ledger
from certengine.sittings import problems, proof_rules, rules
from certengine.sittings.importing import by_number, members, photograph
from certengine.sittings.models import (
    Application,
    ApplicationState,
    EligibilityProof,
    ExamPlan,
    Registration,
)
from certengine.sittings.proof_rules import ProofKind
from certengine.standards import service as standards
from certengine.standards.rules import Judgement

__all__ = ["problems"]

LARGEST = 5_000_000
# So many documents at most of one candidate.
MOST = 20
PICTURES = ("image/jpeg", "image/png")
# The words by which a file of an archive says what it is: 370102…-学历.pdf
WORDS = {
    "学时": ProofKind.HOURS,
    "培训": ProofKind.HOURS,
    "学历": ProofKind.DEGREE,
    "学位": ProofKind.DEGREE,
    "职称": ProofKind.TITLE,
    "工作": ProofKind.WORK,
    "证书": ProofKind.CERTIFICATE,
    "其他": ProofKind.OTHER,
}


def of_application(session: Session, application_id: UUID) -> Sequence[EligibilityProof]:
    query = select(EligibilityProof).where(EligibilityProof.application_id == application_id)
    return session.scalars(query.order_by(EligibilityProof.kind, EligibilityProof.added_at)).all()


def of_registration(session: Session, registration_id: UUID) -> Sequence[EligibilityProof]:
    query = select(EligibilityProof).where(EligibilityProof.registration_id == registration_id)
    return session.scalars(query.order_by(EligibilityProof.kind, EligibilityProof.added_at)).all()


def judgement_of(row: Application | Registration) -> Judgement:
    evidence = rules.evidence_from_json(row.evidence)
    return standards.judge(standards.standard(row.plan.field), row.plan.level, evidence)


def missing(judgement: Judgement, kept: Sequence[EligibilityProof]) -> list[ProofKind]:
    return proof_rules.missing(judgement, {each.kind for each in kept})


@dataclass(frozen=True)
class Document:
    """What is kept of a file that was handed in."""

    kind: ProofKind
    name: str
    content: bytes
    media_type: str


def document(kind: ProofKind, name: str, content: bytes, place: str = "") -> Document:
    """A picture is written anew, without place and camera. Raises Invalid at the place, by default the kind."""
    name = PurePosixPath(name.replace("\\", "/")).name.strip()[:120] or "file"
    return Document(kind, name, *_good(content, place or kind.value))


def named_document(name: str, content: bytes) -> Document:
    """Of an archive, whose file names say behind "-" what it is. Raises Invalid."""
    word = PurePosixPath(name).stem.strip().partition("-")[2]
    kind = next((kind for text, kind in WORDS.items() if text in word), None)
    if kind is None:
        raise Invalid([Problem(name, "proofs.word", {"words": "、".join(WORDS)})])
    return document(kind, name, content)


def _good(content: bytes, place: str) -> tuple[bytes, str]:
    if len(content) > LARGEST:
        raise Invalid([Problem(place, "proofs.large")])
    found = document_type(content)
    if found in PICTURES:
        try:
            return photograph(content), "image/jpeg"
        except Invalid as error:
            raise Invalid([Problem(place, each.code, each.values) for each in error.problems]) from None
    if found != "application/pdf":
        raise Invalid([Problem(place, "proofs.kind")])
    return content, found


def add_to_application(
    session: Session, runtime: Runtime, found: Application, given: Document, now: datetime
) -> EligibilityProof:
    """By the applicant. Raises Conflict once it is decided, Invalid beyond the most."""
    if found.state not in (ApplicationState.SUBMITTED, ApplicationState.RETURNED):
        raise Conflict("applications.decided")
    kept = of_application(session, found.id)
    made = _new(runtime, kept, given, now)
    if made.id is None:
        made.application_id, made.added_by = found.id, f"application:{found.id}"
        _add(session, made, f"application:{found.id}", now)
    return made


def add_to_registration(
    session: Session,
    runtime: Runtime,
    row: Registration,
    given: Document,
    *,
    actor: str,
    now: datetime,
) -> EligibilityProof:
    """By an officer. Raises Invalid beyond the most."""
    made = _new(runtime, of_registration(session, row.id), given, now)
    if made.id is None:
        made.registration_id, made.added_by = row.id, actor
        _add(session, made, f"registration:{row.id}", now)
    return made


def _new(runtime: Runtime, kept: Sequence[EligibilityProof], given: Document, now: datetime) -> EligibilityProof:
    """A row that is not stored yet, or the one that has the same bytes already."""
    digest = runtime.files.put(given.content)
    same = next((each for each in kept if each.digest == digest and each.kind is given.kind), None)
    if same is not None:
        return same
    if len(kept) >= MOST:
        raise Invalid([Problem(given.kind.value, "proofs.many", {"most": MOST})])
    return EligibilityProof(
        kind=given.kind,
        name=given.name,
        digest=digest,
        media_type=given.media_type,
        size=len(given.content),
        added_at=now,
    )


def _add(session: Session, made: EligibilityProof, subject: str, now: datetime) -> None:
    session.add(made)
    session.flush()
    ledger.record(
        session,
        kind="proof.added",
        actor=made.added_by,
        subject=subject,
        now=now,
        private={"kind": made.kind.value, "sha256": made.digest},
    )


def one(kept: Sequence[EligibilityProof], proof_id: UUID) -> EligibilityProof:
    """Raises NotFound for another's."""
    found = next((each for each in kept if each.id == proof_id), None)
    if found is None:
        raise NotFound("proofs.not_found")
    return found


def remove(
    session: Session, runtime: Runtime, found: EligibilityProof, subject: str, actor: str, now: datetime
) -> None:
    """The ledger keeps that it was there, and its hash."""
    private = {"kind": found.kind.value, "sha256": found.digest}
    ledger.record(session, kind="proof.removed", actor=actor, subject=subject, now=now, private=private)
    drop(session, runtime, [found])


def drop(session: Session, runtime: Runtime, rows: Sequence[EligibilityProof]) -> None:
    """Takes the rows away, and the files that nobody else has handed in."""
    digests = {each.digest for each in rows}
    for each in rows:
        session.delete(each)
    session.flush()
    query = select(EligibilityProof.digest).where(EligibilityProof.digest.in_(digests))
    for digest in digests - set(session.scalars(query)):
        after_commit(session, partial(runtime.files.remove, digest))


def hand_over(session: Session, application_id: UUID, registration_id: UUID) -> None:
    """An accepted application's documents are the candidate's from then on."""
    for each in of_application(session, application_id):
        each.registration_id = registration_id


def add_many(
    session: Session, runtime: Runtime, plan: ExamPlan, archive: bytes, *, actor: str, now: datetime
) -> tuple[int, list[Problem]]:
    """Documents from a ZIP, each named by ticket or document number and what it is; (how many, what was wrong)."""
    query = select(Registration).options(joinedload(Registration.person), joinedload(Registration.plan))
    find = by_number(runtime, session.scalars(query.where(Registration.exam_plan_id == plan.id)).all(), now)
    done = 0
    faults: list[Problem] = []
    for name, content in members(archive, LARGEST):
        number = PurePosixPath(name).stem.strip().partition("-")[0]
        row = find(number.strip())
        if row is None:
            faults.append(Problem(name, "photos.nobody", {"name": number}))
        else:
            try:
                given = named_document(name, content)
                add_to_registration(session, runtime, row, given, actor=actor, now=now)
                done += 1
            except Invalid as error:
                faults.extend(Problem(name, each.code, each.values) for each in error.problems)
    return done, faults
