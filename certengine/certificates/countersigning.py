"""Which institutions' certificates a department countersigns, what waits for it, and its signatures, a batch at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from certengine.certificates import authority
from certengine.certificates.models import Certificate, CertificateState, Countersigning
from certengine.certificates.sealing import BATCH, NOT_GOOD, Sealer, keep
from certengine.foundation.errors import Conflict, NotFound
from certengine.foundation.jobs import Job, JobState, submit
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.people import reach
from certengine.people import service as people
from certengine.people.models import Organisation, OrganisationKind

COUNTERSIGN = "certificate.countersign"
ISSUERS = (OrganisationKind.EVALUATION_INSTITUTION, OrganisationKind.TRAINING_INSTITUTION, OrganisationKind.BASE)


@dataclass(frozen=True)
class Line:
    """An institution of a department's region. by: which department countersigns for it, None where none does;
    unsealed: certificates whose files are not complete yet."""

    id: UUID
    name: str
    by: UUID | None
    by_name: str
    waiting: int
    unsealed: int
    done: int


def department(session: Session, organisation_id: UUID) -> Organisation:
    """Raises NotFound for what is no department."""
    found = people.organisation(session, organisation_id)
    if found.kind is not OrganisationKind.DEPARTMENT:
        raise NotFound("certificate.not_found")
    return found


def set_for(session: Session, department_id: UUID, institution_id: UUID, on: bool, actor: str, now: datetime) -> None:
    """Whether the department countersigns what this institution of its region has issued and issues.

    What it has countersigned stays so. Raises NotFound, also for other regions' institutions; Conflict where another
    department does it.
    """
    mine = department(session, department_id)
    institution = session.get(Organisation, institution_id)
    if institution is None or institution.kind not in ISSUERS or not reach.covers(session, mine.region, institution_id):
        raise NotFound("certificate.not_found")
    row = session.get(Countersigning, institution_id, with_for_update=True)
    if row is not None and row.department_id != department_id:
        raise Conflict("certificate.countersigned_elsewhere")
    if on is (row is not None):
        return
    if row is not None:
        session.delete(row)
    else:
        session.add(
            Countersigning(organisation_id=institution_id, department_id=department_id, set_at=now, set_by=actor)
        )
    session.flush()
    ledger.record(
        session,
        kind="certificate.countersigning_set" if on else "certificate.countersigning_ended",
        actor=actor,
        subject=f"organisation:{institution_id}",
        now=now,
        public={"institution": institution.code, "department": mine.code},
    )


def lines(session: Session, department_id: UUID) -> list[Line]:
    """The institutions of a department's region that issue certificates, by their names."""
    region = department(session, department_id).region
    query = select(Organisation).where(Organisation.kind.in_(ISSUERS), Organisation.id.in_(reach.within(region)))
    found = session.scalars(query.order_by(Organisation.name)).all()
    set_rows = session.scalars(select(Countersigning).where(Countersigning.organisation_id.in_([x.id for x in found])))
    by = {row.organisation_id: row.department_id for row in set_rows}
    query_names = select(Organisation.id, Organisation.name).where(Organisation.id.in_(set(by.values())))
    names = {each.id: each.name for each in session.execute(query_names)}
    counts = _counts(session, [each.id for each in found])
    return [
        Line(each.id, each.name, by.get(each.id), names.get(by.get(each.id), ""), *counts.get(each.id, (0, 0, 0)))
        for each in found
    ]


def _counts(session: Session, institutions: Sequence[UUID]) -> dict[UUID, tuple[int, int, int]]:
    """institution → how many wait, are not complete yet, and are done."""
    done = Certificate.countersigned_at.is_not(None)
    open_ = Certificate.countersigned_at.is_(None) & (Certificate.state == CertificateState.VALID)
    sealed = Certificate.sealed.is_not(None)
    sums = (func.sum(case((each, 1), else_=0)) for each in (open_ & sealed, open_ & ~sealed, done))
    query = select(Certificate.organisation_id, *sums).where(Certificate.organisation_id.in_(institutions))
    return {row[0]: (row[1], row[2], row[3]) for row in session.execute(query.group_by(Certificate.organisation_id))}


def waiting_query(department_id: UUID, institution_id: UUID | None = None) -> Select[Any]:
    """Valid certificates with complete files that wait for a department's signature, oldest first."""
    mine = select(Countersigning.organisation_id).where(Countersigning.department_id == department_id)
    query = select(Certificate).where(
        Certificate.organisation_id.in_(mine),
        Certificate.state == CertificateState.VALID,
        Certificate.sealed.is_not(None),
        Certificate.countersigned_at.is_(None),
    )
    if institution_id is not None:
        query = query.where(Certificate.organisation_id == institution_id)
    return query.order_by(Certificate.id)


def begin(session: Session, department_id: UUID, institution_id: UUID | None, actor: str, now: datetime) -> Job:
    """The department's act: everything that waits now, of one institution or of all, is countersigned by a job.

    Raises Conflict where nothing waits or a job runs already.
    """
    department(session, department_id)
    if any(each.state in (JobState.WAITING, JobState.RUNNING) for each in jobs(session, department_id, 5)):
        raise Conflict("certificate.countersigning_runs")
    waiting = waiting_query(department_id, institution_id).order_by(None).subquery()
    count = session.scalar(select(func.count()).select_from(waiting)) or 0
    if not count:
        raise Conflict("certificate.nothing_to_countersign")
    payload = {"actor": actor, "institution": str(institution_id) if institution_id else None}
    job = submit(session, COUNTERSIGN, f"organisation:{department_id}", payload, now)
    job.total = count
    session.flush()
    return job


def countersign_next(session: Session, runtime: Runtime, job_id: UUID, now: datetime) -> bool:
    """The next batch of a job, with how far it is in the same transaction; returns whether there was one."""
    job = session.get_one(Job, job_id)
    department_id = UUID(job.subject.partition(":")[2])
    institution = job.payload["institution"]
    query = waiting_query(department_id, UUID(institution) if institution else None)
    # What came after the act was not looked at by whoever acted.
    query = query.where(Certificate.issued_at <= job.created_at).limit(BATCH)
    if job.cursor:
        query = query.where(Certificate.id > UUID(job.cursor))
    rows: Sequence[Certificate] = session.scalars(query.with_for_update()).all()
    if not rows:
        return False
    mine = department(session, department_id)
    signer = authority.countersigner(session, runtime, authority.subject_of(mine), now)
    sealer = Sealer(session, runtime, now)
    for row in rows:
        try:
            # A file that is lost or not good is left as it is, and keeps nobody else's waiting.
            made = (
                sealer.countersigned(runtime.files.get(row.file), signer) if runtime.files.is_whole(row.file) else None
            )
        except Conflict as error:
            if error.code != NOT_GOOD:
                raise
            made = None
        if made is None:
            continue
        _countersigned(session, row, mine, job.payload["actor"], now)
        keep(session, runtime, row, made, now)
        job.done += 1
    job.cursor, job.heard_at = str(rows[-1].id), now
    session.flush()
    return True


def _countersigned(session: Session, row: Certificate, mine: Organisation, actor: str, now: datetime) -> None:
    ledger.record(
        session,
        kind="certificate.countersigned",
        actor=actor,
        subject=f"certificate:{row.id}",
        now=now,
        # The file that was signed, and whose signature it is.
        public={"pdf": row.pdf, "file": row.file, "department": mine.code},
        private={"code": row.code},
    )
    row.countersigned_by, row.countersigned_at = mine.id, now


def jobs(session: Session, department_id: UUID, limit: int = 10) -> Sequence[Job]:
    """The newest of a department."""
    query = select(Job).where(Job.kind == COUNTERSIGN, Job.subject == f"organisation:{department_id}")
    return session.scalars(query.order_by(Job.created_at.desc(), Job.id.desc()).limit(limit)).all()


def job_of(session: Session, department_id: UUID, job_id: UUID) -> Job:
    """Raises NotFound, for another department's too."""
    found = session.get(Job, job_id)
    if found is None or found.kind != COUNTERSIGN or found.subject != f"organisation:{department_id}":
        raise NotFound("certificate.no_batch")
    return found
