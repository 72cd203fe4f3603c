"""Admission tickets of a whole sitting: a job makes them in parts, and goes on with the next one after a break."""

import tempfile
import zipfile
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.foundation import jobs
from certengine.foundation.errors import Conflict
from certengine.foundation.jobs import Job
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.sittings import reading
from certengine.sittings.models import TicketBatch
from certengine.sittings.reading import PlacementView
from certengine.sittings.tickets import tickets

KIND = "sittings.tickets"
# So many tickets a file: a printer takes them well, and no more than this is done twice after a break.
PART = 200


def begin(session: Session, sitting_id: UUID, actor: str, now: datetime) -> Job:
    """Raises Conflict before anybody has a seat."""
    placed = reading.placements(session, sitting_id)
    if not placed:
        raise Conflict("sittings.not_seated")
    row = jobs.submit(session, KIND, f"sitting:{sitting_id}", {"sitting": str(sitting_id)}, now)
    row.total = len(placed)
    session.add(TicketBatch(id=row.id, sitting_id=sitting_id, parts=[], made_at=now))
    key = f"sitting:{sitting_id}"
    private = {"tickets": len(placed)}
    ledger.record(
        session, kind="tickets.made", actor=actor, subject=key, now=now, public={"sitting": key}, private=private
    )
    return row


def latest(session: Session, sitting_id: UUID) -> tuple[TicketBatch, Job] | None:
    query = select(TicketBatch).where(TicketBatch.sitting_id == sitting_id)
    batch = session.scalar(query.order_by(TicketBatch.made_at.desc(), TicketBatch.id.desc()).limit(1))
    return (batch, session.get_one(Job, batch.id)) if batch else None


def sheets(placed: list[PlacementView]) -> list[tuple[str, list[UUID]]]:
    """(file name, whose tickets), room by room."""
    found: list[tuple[str, list[UUID]]] = []
    rooms: dict[str, list[PlacementView]] = {}
    for each in placed:
        rooms.setdefault(each.room_name, []).append(each)
    for room, seated in rooms.items():
        for first in range(0, len(seated), PART):
            some = seated[first : first + PART]
            name = f"{room.replace('/', '-')} {some[0].seat_number}-{some[-1].seat_number}.pdf"
            found.append((name, [each.registration_id for each in some]))
    return found


def make(runtime: Runtime, row: Job) -> None:
    """Part after part, then all of them in one archive."""
    sitting_id = UUID(row.payload["sitting"])
    with runtime.unit_of_work(read_only=True) as session:
        wanted = sheets(reading.placements(session, sitting_id))
        parts = list(session.get_one(TicketBatch, row.id).parts)
    total = sum(len(ids) for _name, ids in wanted)
    for name, ids in wanted[len(parts) :]:
        with runtime.unit_of_work(read_only=True) as session:
            digest = runtime.files.put(tickets(session, runtime, ids))
        parts.append({"name": name, "tickets": len(ids), "digest": digest})
        with runtime.unit_of_work() as session:
            session.get_one(TicketBatch, row.id).parts = list(parts)
        jobs.report(runtime, row.id, done=sum(each["tickets"] for each in parts), total=total)
    with runtime.unit_of_work() as session:
        session.get_one(TicketBatch, row.id).archive = _archive(runtime, parts)


def _archive(runtime: Runtime, parts: list[dict[str, str]]) -> str:
    with tempfile.TemporaryDirectory(dir=runtime.settings.data) as folder:
        path = Path(folder) / "tickets.zip"
        # The parts are compressed in themselves.
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
            for each in parts:
                archive.write(runtime.files.path(each["digest"]), each["name"])
        return runtime.files.adopt(path)
