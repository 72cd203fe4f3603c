"""An employer or a training institution applies for its people: by a list, with photographs and documents in one archive.

Each row becomes an application like that of somebody who applies alone, and is decided in the same way.
"""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from certengine.foundation.errors import Conflict, Invalid, NotFound, Problem
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.sittings import applications, importing, proofs
from certengine.sittings.importing import Imported
from certengine.sittings.models import Application, ApplicationState, ExamPlan
from certengine.sittings.service import CandidateFacts


def applied_query(organisation_id: UUID, exam_plan_id: UUID, sought: str = "") -> Select[Any]:
    """The organisation's own, in the order in which they came."""
    return (
        applications.applications_query(exam_plan_id, sought=sought)
        .where(Application.applied_by == organisation_id)
        .options(joinedload(Application.plan))
    )


def counts(session: Session, organisation_id: UUID) -> dict[UUID, dict[ApplicationState, int]]:
    """plan → state → how many of the organisation's applications."""
    query = (
        select(Application.exam_plan_id, Application.state, func.count())
        .where(Application.applied_by == organisation_id)
        .group_by(Application.exam_plan_id, Application.state)
    )
    found: dict[UUID, dict[ApplicationState, int]] = {}
    for plan_id, state, count in session.execute(query):
        found.setdefault(plan_id, {})[state] = count
    return found


def plans_of(session: Session, organisation_id: UUID, now: datetime) -> Sequence[ExamPlan]:
    """Those that take applications now, and those for which the organisation has applied."""
    mine = select(Application.exam_plan_id).where(Application.applied_by == organisation_id)
    is_open = (ExamPlan.opens_at <= now) & (ExamPlan.closes_at > now)
    return session.scalars(select(ExamPlan).where(is_open | ExamPlan.id.in_(mine)).order_by(ExamPlan.closes_at)).all()


def apply_list(
    session: Session,
    runtime: Runtime,
    plan: ExamPlan,
    organisation_id: UUID,
    content: bytes,
    name: str,
    *,
    keep_good: bool,
    actor: str,
    now: datetime,
) -> Imported:
    """Raises Invalid with every fault, and applies for nobody, unless keep_good was chosen; Conflict outside the window."""
    if problem := applications.window(plan).problem(now):
        raise Conflict(problem)

    def apply_for(facts: CandidateFacts) -> bool:
        return applications.apply_for(session, runtime, plan, facts, organisation_id, now)

    done = importing.each_row(importing.look(content, name, now), name, apply_for, keep_good=keep_good)
    ledger.record(
        session,
        kind="applications.listed",
        actor=actor,
        subject=f"exam_plan:{plan.id}",
        now=now,
        public={"added": done.added, "unchanged": done.unchanged, "refused": done.refused},
        private={"sha256": sha256(content).hexdigest(), "name": name, "organisation": str(organisation_id)},
    )
    return done


def own(session: Session, organisation_id: UUID, application_id: UUID) -> Application:
    """Raises NotFound, for another organisation's too."""
    found = session.get(Application, application_id)
    if found is None or found.applied_by != organisation_id:
        raise NotFound("applications.not_found")
    return found


def add_files(
    session: Session, runtime: Runtime, plan: ExamPlan, organisation_id: UUID, archive: bytes, now: datetime
) -> tuple[int, list[Problem]]:
    """From a ZIP: the document's number alone names a photograph, with a word behind "-" a document of that kind.

    (how many, what was wrong with the others)
    """
    rows = session.scalars(applied_query(organisation_id, plan.id)).all()
    by_index = {row.document_index: row for row in rows}
    by_number = {row.number: row for row in rows}
    done = 0
    faults: list[Problem] = []
    for name, content in importing.members(archive, importing.LARGEST_PHOTO):
        stem, dash, _word = PurePosixPath(name).stem.strip().partition("-")
        indexes = importing.indexes(runtime, stem.strip(), now)
        row = by_number.get(stem.strip().upper()) or next((by_index[i] for i in indexes if i in by_index), None)
        if row is None:
            faults.append(Problem(name, "applications.nobody", {"name": stem}))
            continue
        try:
            if dash:
                proofs.add_to_application(session, runtime, row, proofs.named_document(name, content), now)
            else:
                applications.set_photo(session, runtime, row, content, now)
            done += 1
        except Invalid as error:
            faults.extend(Problem(name, each.code, each.values) for each in error.problems)
        except Conflict as error:
            faults.append(Problem(name, error.code, error.values))
    return done, faults
