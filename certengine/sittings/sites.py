"""Sites with their rooms and machines, kept from one sitting to the next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from certengine.foundation.errors import Conflict, Invalid, NotFound, Problem
from certengine.ledger import service as ledger
from certengine.sittings.models import ExamRoom, Machine, Site, SiteRoom, Sitting
from certengine.sittings.reading import SittingView


def sites_of(session: Session, organisation_id: UUID) -> Sequence[Site]:
    query = select(Site).options(selectinload(Site.rooms).selectinload(SiteRoom.machines))
    return session.scalars(query.where(Site.organisation_id == organisation_id).order_by(Site.name)).all()


def add_site(session: Session, organisation_id: UUID, name: str, address: str, actor: str, now: datetime) -> Site:
    """Raises Invalid for a name that is taken."""
    if session.scalar(select(Site.id).where(Site.organisation_id == organisation_id, Site.name == name)):
        raise Invalid([Problem("name", "sittings.site_taken", {"name": name})])
    made = Site(organisation_id=organisation_id, name=name, address=address)
    session.add(made)
    session.flush()
    _record(session, "site.added", made, actor, now, {"name": name, "address": address})
    return made


def site_of(session: Session, organisation_id: UUID, site_id: UUID) -> Site:
    """Raises NotFound, for another organisation's too."""
    found = session.get(Site, site_id)
    if found is None or found.organisation_id != organisation_id:
        raise NotFound("not_found")
    return found


@dataclass(frozen=True)
class RoomPlan:
    name: str
    rows: int
    columns: int


def add_room(session: Session, site: Site, plan: RoomPlan, actor: str, now: datetime) -> SiteRoom:
    """Raises Invalid for a name that is taken, or an impossible size."""
    found = []
    if not (1 <= plan.rows <= 40 and 1 <= plan.columns <= 40):
        found.append(Problem("rows", "sittings.room_size"))
    if session.scalar(select(SiteRoom.id).where(SiteRoom.site_id == site.id, SiteRoom.name == plan.name)):
        found.append(Problem("name", "sittings.room_name_taken", {"name": plan.name}))
    if found:
        raise Invalid(found)
    made = SiteRoom(site_id=site.id, name=plan.name, rows=plan.rows, columns=plan.columns)
    session.add(made)
    session.flush()
    _record(session, "site.room_added", site, actor, now, {"room": plan.name, "seats": plan.rows * plan.columns})
    return made


def room_of(session: Session, organisation_id: UUID, site_room_id: UUID) -> SiteRoom:
    """Raises NotFound, for another organisation's too."""
    found = session.get(SiteRoom, site_room_id)
    if found is None or found.site.organisation_id != organisation_id:
        raise NotFound("not_found")
    return found


def read_machines(text: str, seats: int) -> list[Machine]:
    """One a line: seat, name, address (may be left out), and × for one that is out of order.

    Raises Invalid naming every line that is wrong.
    """
    found: dict[int, Machine] = {}
    problems = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words:
            continue
        works = words[-1] not in ("×", "x", "X", "坏")
        words = words if works else words[:-1]
        seat = int(words[0]) if words and words[0].isascii() and words[0].isdecimal() else 0
        if not 1 <= seat <= seats or not 2 <= len(words) <= 3 or seat in found or len(words[1]) > 60:
            problems.append(Problem("machines", "sittings.machine_line", {"line": number, "text": line[:60]}))
            continue
        found[seat] = Machine(seat_number=seat, name=words[1], address="".join(words[2:])[:45], works=works)
    if problems:
        raise Invalid(problems)
    return list(found.values())


def set_machines(session: Session, room: SiteRoom, text: str, actor: str, now: datetime) -> int:
    """In the stead of what stood there; returns how many."""
    machines = read_machines(text, room.rows * room.columns)
    room.machines.clear()
    # Seats are unique: the old ones go before the new ones come.
    session.flush()
    room.machines.extend(machines)
    session.flush()
    out = [each.seat_number for each in machines if not each.works]
    _record(
        session, "site.machines_set", room.site, actor, now, {"room": room.name, "count": len(machines), "out": out}
    )
    return len(machines)


def use_room(session: Session, view: SittingView, room: SiteRoom) -> ExamRoom:
    """Makes a room of the site one of the sitting's; seats whose machine is out of order are closed.

    Raises Conflict where it is in use at that time, or is there already.
    """
    busy = _in_use(session, view, room.id)
    if busy is not None:
        raise Conflict("sittings.room_busy", room=room.name)
    name = room.name
    taken = select(ExamRoom.id).where(ExamRoom.sitting_id == view.id, ExamRoom.name == name)
    if session.scalar(taken):
        name = f"{room.site.name} {room.name}"[:60]
    made = ExamRoom(
        sitting_id=view.id,
        name=name,
        site=f"{room.site.name} {room.site.address}".strip()[:120],
        rows=room.rows,
        columns=room.columns,
        site_room_id=room.id,
        closed_seats=[each.seat_number for each in room.machines if not each.works],
    )
    session.add(made)
    session.flush()
    return made


def _in_use(session: Session, view: SittingView, site_room_id: UUID) -> Sitting | None:
    query = select(Sitting).join(ExamRoom, ExamRoom.sitting_id == Sitting.id)
    # No sitting is longer than a day.
    near = query.where(
        ExamRoom.site_room_id == site_room_id,
        Sitting.starts_at < view.ends_at,
        Sitting.starts_at > view.starts_at - timedelta(days=1),
    )
    for each in session.scalars(near):
        if each.starts_at + timedelta(minutes=each.minutes) > view.starts_at:
            return each
    return None


def _record(session: Session, kind: str, of: Site, actor: str, now: datetime, private: dict[str, object]) -> None:
    ledger.record(session, kind=kind, actor=actor, subject=f"site:{of.id}", now=now, private=private)
