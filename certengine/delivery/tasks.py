"""The practical task of an attempt: material to fetch, files to hand in."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.bank import service as bank
from certengine.bank.rules import PracticalTask
from certengine.delivery import file_rules, rules
from certengine.delivery.models import Attempt, HandedFile, TaskMaterial
from certengine.foundation.errors import Conflict, Invalid, NotFound, Problem
from certengine.foundation.runtime import Runtime, after_commit
from certengine.ledger import service as ledger
from certengine.sittings import service as sittings
from certengine.sittings.service import SittingView
from certengine.standards import service as standards
from certengine.standards.rules import HandIn


def task_of(session: Session, sitting: SittingView) -> PracticalTask:
    """The practical task of a sitting: the release's first that its direction admits. Raises Conflict without one."""
    if sitting.release_id is not None:
        for task in bank.released_items(session, sitting.release_id).tasks:
            if not task.directions or sitting.direction is None or sitting.direction in task.directions:
                return task
    raise Conflict("delivery.no_task")


def limits_of(sitting: SittingView) -> HandIn:
    return standards.standard(sitting.field).layout(sitting.level).practical.hand_in


def add_material(
    session: Session, runtime: Runtime, sitting: SittingView, name: str, content: bytes, actor: str, now: datetime
) -> TaskMaterial:
    """Before the start. Raises Conflict afterwards, Invalid for a bad name, an empty file, or a name that is taken."""
    if now >= sitting.starts_at:
        raise Conflict("sittings.started")
    name = file_rules.clean_name(name)
    found = []
    if code := file_rules.name_problem(name):
        found.append(Problem("material", code, {"name": name[: file_rules.LONGEST_NAME]}))
    if not content:
        found.append(Problem("material", "delivery.file_empty", {"name": name}))
    if name in {each.name for each in materials(session, sitting.id)}:
        found.append(Problem("material", "delivery.material_taken", {"name": name}))
    if found:
        raise Invalid(found)
    made = TaskMaterial(
        sitting_id=sitting.id,
        name=name,
        size=len(content),
        digest=runtime.files.put(content),
        added_by=actor,
        added_at=now,
    )
    session.add(made)
    session.flush()
    _record_material(session, "task.material_added", made, actor, now)
    return made


def remove_material(session: Session, sitting: SittingView, material_id: UUID, actor: str, now: datetime) -> None:
    """Before the start. Raises Conflict afterwards, NotFound."""
    if now >= sitting.starts_at:
        raise Conflict("sittings.started")
    found = material(session, sitting.id, material_id)
    session.delete(found)
    _record_material(session, "task.material_removed", found, actor, now)


def _record_material(session: Session, kind: str, of: TaskMaterial, actor: str, now: datetime) -> None:
    key, private = f"sitting:{of.sitting_id}", {"name": of.name, "size": of.size, "sha256": of.digest}
    ledger.record(session, kind=kind, actor=actor, subject=key, now=now, public={"sitting": key}, private=private)


def materials(session: Session, sitting_id: UUID) -> Sequence[TaskMaterial]:
    query = select(TaskMaterial).where(TaskMaterial.sitting_id == sitting_id)
    return session.scalars(query.order_by(TaskMaterial.name)).all()


def material(session: Session, sitting_id: UUID, material_id: UUID) -> TaskMaterial:
    """Raises NotFound."""
    found = session.get(TaskMaterial, material_id)
    if found is None or found.sitting_id != sitting_id:
        raise NotFound("not_found")
    return found


@dataclass(frozen=True)
class Announced:
    """A file that a screen is about to send; digest is "" where the browser could not work it out."""

    name: str
    size: int
    digest: str
    generation: int


def begin_file(session: Session, standing: Attempt, facts: Announced, now: datetime) -> HandedFile:
    """The file to send parts of: a new one, or the one that was begun before and goes on where it stopped.

    Raises Conflict when files cannot be taken now, Invalid for what may not be handed in.
    """
    _in_time(standing, facts.generation, now)
    sitting = sittings.sitting(session, standing.sitting_id)
    name, known = file_rules.clean_name(facts.name), files_of(session, [standing.id])[standing.id]
    counting, digest = file_rules.counting(known), facts.digest or None
    if found := file_rules.file_problems(name, facts.size, [each.name for each in counting], limits_of(sitting)):
        raise Invalid(found)
    for each in reversed(known):
        same = digest and (each.name, each.size, each.digest) == (name, facts.size, digest)
        if same and each.removed_at is None and (each.completed_at is None or each in counting):
            return each
    made = HandedFile(attempt_id=standing.id, name=name, size=facts.size, digest=digest, received=0, begun_at=now)
    session.add(made)
    session.flush()
    return made


def take_part(
    runtime: Runtime, registration_id: UUID, file_id: UUID, generation: int, offset: int, part: bytes
) -> HandedFile:
    """Takes the next bytes of a file, in transactions of its own, for nothing may wait for the writing of a part.

    A part that was taken before is harmless, one that leaves a gap changes nothing: `received` says where to go on.
    Raises Conflict when nothing can be taken now, Invalid when the whole file is not the one that was announced.
    """
    with runtime.unit_of_work(read_only=True) as session:
        found, standing = own_file(session, registration_id, file_id)
        _in_time(standing, generation, runtime.clock.now())
    end = offset + len(part)
    if found.completed_at is not None or offset > found.received or not part:
        return found
    if end > found.size or len(part) > file_rules.PART:
        raise Invalid([Problem(found.name, "delivery.file_differs", {"name": found.name})])
    runtime.files.write_part(file_id, offset, part)
    digest = None
    if end == found.size:
        size, digest = runtime.files.parts_digest(file_id)
        if size != found.size or found.digest not in (None, digest):
            _begin_again(runtime, file_id)
            raise Invalid([Problem(found.name, "delivery.file_differs", {"name": found.name})])
        runtime.files.keep_parts(file_id, digest)
    with runtime.unit_of_work() as session:
        return _advance(session, runtime, file_id, generation, end, digest)


def _begin_again(runtime: Runtime, file_id: UUID) -> None:
    with runtime.unit_of_work() as session:
        session.get_one(HandedFile, file_id).received = 0
    runtime.files.drop_parts(file_id)


def _advance(
    session: Session, runtime: Runtime, file_id: UUID, generation: int, end: int, digest: str | None
) -> HandedFile:
    """The clock is asked again under the attempt's lock, so that a hand-in knows every file that was taken."""
    now = runtime.clock.now()
    found = session.scalars(select(HandedFile).where(HandedFile.id == file_id).with_for_update()).one()
    standing = session.scalars(select(Attempt).where(Attempt.id == found.attempt_id).with_for_update()).one()
    _in_time(standing, generation, now)
    found.received = max(found.received, end)
    standing.seen_at = now
    if digest is not None and found.completed_at is None:
        found.digest, found.completed_at = digest, now
        _record_file(session, "attempt.file_handed_in", standing, found, now)
        after_commit(session, lambda: runtime.files.drop_parts(file_id))
    return found


def remove_file(session: Session, registration_id: UUID, file_id: UUID, generation: int, now: datetime) -> None:
    """The candidate takes a file back: it is kept and does not count."""
    found, standing = own_file(session, registration_id, file_id)
    _in_time(standing, generation, now)
    if found.removed_at is not None:
        return
    for each in files_of(session, [standing.id])[standing.id]:
        if each.name == found.name:
            each.removed_at = each.removed_at or now
    _record_file(session, "attempt.file_taken_back", standing, found, now)


def _record_file(session: Session, kind: str, standing: Attempt, of: HandedFile, now: datetime) -> None:
    registration = f"registration:{standing.registration_id}"
    ledger.record(
        session,
        kind=kind,
        actor=registration,
        subject=f"attempt:{standing.id}",
        now=now,
        public={"sitting": f"sitting:{standing.sitting_id}"},
        private={"registration": registration, "name": of.name, "size": of.size, "sha256": of.digest},
    )


def own_file(session: Session, registration_id: UUID, file_id: UUID) -> tuple[HandedFile, Attempt]:
    """Raises NotFound, for another candidate's too."""
    found = session.get(HandedFile, file_id)
    standing = session.get(Attempt, found.attempt_id) if found else None
    if found is None or standing is None or standing.registration_id != registration_id:
        raise NotFound("delivery.file_not_found")
    return found, standing


def files_of(session: Session, attempt_ids: Sequence[UUID]) -> dict[UUID, list[HandedFile]]:
    """attempt → every file, replaced, unfinished and taken back ones too, oldest first."""
    query = select(HandedFile).where(HandedFile.attempt_id.in_(attempt_ids))
    found: dict[UUID, list[HandedFile]] = defaultdict(list)
    for each in session.scalars(query.order_by(HandedFile.begun_at, HandedFile.id)):
        found[each.attempt_id].append(each)
    return found


def files_handed_in(session: Session, sitting_id: UUID, registration_id: UUID) -> list[HandedFile]:
    """Every file of a candidate at a sitting, oldest first."""
    query = select(Attempt.id).where(Attempt.sitting_id == sitting_id, Attempt.registration_id == registration_id)
    attempt_id = session.scalar(query)
    return files_of(session, [attempt_id])[attempt_id] if attempt_id else []


def written(files: Sequence[HandedFile]) -> list[dict[str, Any]]:
    """What the ledger keeps of the files that count at a hand-in."""
    return [{"name": each.name, "size": each.size, "sha256": each.digest} for each in file_rules.counting(files)]


def _in_time(standing: Attempt, generation: int, now: datetime) -> None:
    clock = rules.Clock(standing.state, standing.deadline_at, standing.generation)
    if problem := rules.saving_problem(clock, generation, now):
        raise Conflict(problem)
