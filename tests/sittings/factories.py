"""A sitting with candidates, seated and drawn, in one call; the rooms above stand on it."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from certengine.foundation.runtime import Runtime
from certengine.papers import service as papers
from certengine.papers.values import Caps
from certengine.people.models import DocumentType
from certengine.people.service import PersonFacts
from certengine.sittings import service
from certengine.sittings.models import ExamPlan
from certengine.sittings.service import CandidateFacts, PlanFacts, RoomFacts, SittingFacts
from certengine.standards.rules import Evidence, Level, Part
from tests.bank.factories import release
from tests.factories import organisation, resident_id

OFFICER = "account:officer"
NAMES = ("王小明", "李娜", "阿卜杜拉·买买提", "𠮷川明", "欧阳燚", "赵晓彤")


@dataclass(frozen=True)
class Exam:
    plan_id: UUID
    theory_id: UUID
    practical_id: UUID
    room_id: UUID
    registrations: tuple[UUID, ...]
    tickets: tuple[str, ...]
    documents: tuple[str, ...]


def facts(number: int, **evidence: object) -> CandidateFacts:
    """An eligible candidate with an identity number of their own."""
    person = PersonFacts(NAMES[number % len(NAMES)], DocumentType.RESIDENT_ID, resident_id(number))
    proof = Evidence(**{"hours": 64, "degree": "bachelor", "years": Decimal(1), **evidence})  # type: ignore[arg-type]
    return CandidateFacts(person, proof, "云海公司" if number % 2 else "海蓝公司")


def plan(session: Session, runtime: Runtime, capacity: int = 100, title: str = "人工智能初级考试") -> ExamPlan:
    return service.plan_exam(
        session,
        organisation(session, runtime).id,
        PlanFacts(title, "artificial_intelligence", Level.JUNIOR, None, capacity),
        token=title,
        actor=OFFICER,
        now=runtime.clock.now(),
    )


def exam(
    runtime: Runtime,
    candidates: int = 2,
    starts_in: timedelta = timedelta(hours=2),
    minutes: int = 60,
    forms: int = 0,
) -> Exam:
    """Committed: plan, candidates, both parts, one room each, seats, papers of the theory part, of so many fixed forms."""
    now = runtime.clock.now()
    with runtime.unit_of_work() as session:
        released = release(session, runtime)
        made = plan(session, runtime)
        rows = [service.register(session, runtime.cipher, made, facts(n), OFFICER, now)[0] for n in range(candidates)]
        sittings = []
        for part in (Part.THEORY, Part.PRACTICAL):
            sitting = service.add_sitting(session, made, SittingFacts(part, now + starts_in, minutes), OFFICER, now)
            room = service.add_room(session, sitting.id, RoomFacts("第一考场", "", 5, 6))
            service.seat_candidates(session, sitting.id, OFFICER, now)
            service.set_release(session, service.sitting(session, sitting.id), released.id, drawn=part is Part.THEORY)
            sittings.append((sitting.id, room.id))
        key = f"sitting:{sittings[0][0]}"
        draw = papers.commit_seed(
            session,
            sitting=key,
            release_id=released.id,
            direction=None,
            actor=OFFICER,
            now=now,
            ends_at=now + starts_in + timedelta(minutes=minutes),
            cipher=runtime.cipher,
            caps=Caps(forms=forms),
        )
        keys = [f"registration:{row.id}" for row in rows]
        papers.draw_papers(session, draw, keys, OFFICER, now, runtime.cipher)
        return Exam(
            made.id,
            sittings[0][0],
            sittings[1][0],
            sittings[0][1],
            tuple(row.id for row in rows),
            tuple(row.ticket_number for row in rows),
            tuple(resident_id(number) for number in range(candidates)),
        )
