"""An exam from its plan to the release of its results."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from certengine.bank.rules import PracticalTask
from certengine.delivery import service as delivery
from certengine.demo import answering
from certengine.demo.cast import EXAMINERS, Candidate, document, photo
from certengine.demo.houses import House
from certengine.foundation.clock import CHINA, SetClock
from certengine.foundation.jobs import resume_jobs
from certengine.foundation.runtime import Runtime
from certengine.marking import practical, releasing, samples
from certengine.marking import service as marking
from certengine.marking.practical import PracticalEntry
from certengine.papers import service as papers
from certengine.people import service as people
from certengine.people.models import DocumentType
from certengine.people.service import PersonFacts
from certengine.sittings import announcing
from certengine.sittings import service as sittings
from certengine.sittings.models import ExamPlan, Registration
from certengine.sittings.service import CandidateFacts, PlanFacts, RoomFacts, SittingFacts
from certengine.standards.rules import Evidence, Level, Part

SATURDAY = 5
EVIDENCE = {
    Level.JUNIOR: Evidence(hours=64, degree="bachelor", years=Decimal(2)),
    Level.INTERMEDIATE: Evidence(hours=80, title="assistant_engineer", degree="bachelor", years=Decimal(4)),
}


@dataclass(frozen=True)
class Wanted:
    """practical_minutes: none without a practical part, which is held on the day after."""

    title: str
    level: Level
    release_id: UUID
    starts_at: datetime
    minutes: int
    there: Sequence[Candidate]
    rows: int
    columns: int
    practical_minutes: int = 0
    fee: int = 200
    room: str = "第一考场"


@dataclass(frozen=True)
class Exam:
    house: House
    title: str
    plan_id: UUID
    theory_id: UUID
    practical_id: UUID | None
    room_id: UUID
    starts_at: datetime
    registrations: tuple[UUID, ...]
    abilities: tuple[float, ...]

    @property
    def able(self) -> list[tuple[UUID, float]]:
        return list(zip(self.registrations, self.abilities, strict=True))


def morning(now: datetime, days: int) -> datetime:
    """Nine o'clock in China on the last Saturday until so many days from now, but not in a week of public holidays."""
    found = (now + timedelta(days=days)).replace(hour=1, minute=0, second=0, microsecond=0)
    found -= timedelta(days=(found.weekday() - SATURDAY) % 7)
    while found.month in (1, 5, 10) and found.day <= 7:
        found -= timedelta(days=7)
    return found


def titled(at: datetime, name: str) -> str:
    """With the month in which it is held."""
    there = at.astimezone(CHINA)
    return f"{there.year}年{there.month}月{name}"


def register(
    past: Runtime, session: Session, plan: ExamPlan, house: House, there: Sequence[Candidate], at: datetime
) -> list[Registration]:
    rows = []
    for name, serial, _ability in there:
        person = PersonFacts(name, DocumentType.RESIDENT_ID, document(serial))
        evidence = EVIDENCE[plan.level]
        facts = CandidateFacts(person, evidence, house.employers[serial % len(house.employers)])
        row, _new = sittings.register(session, past.cipher, plan, facts, house.actor("officer"), at)
        people.set_photo(session, row.person_id, past.files.put(photo(serial)))
        rows.append(row)
    return rows


def plan(past: Runtime, house: House, wanted: Wanted) -> Exam:
    """Plan, candidates, sittings, rooms, seats, staff, papers: all before the start."""
    now, officer = past.clock.now(), house.actor("officer")
    with past.unit_of_work() as session:
        facts = PlanFacts(wanted.title, house.field, wanted.level, None, 60)
        token = f"demo {wanted.title}"[:40]
        planned = sittings.plan_exam(session, house.organisation_id, facts, token=token, actor=officer, now=now)
        announcing.publish_plan(session, planned, Decimal(wanted.fee), True, officer, now)
        rows = register(past, session, planned, house, wanted.there, now)
        theory_id, room_id = _hold(session, planned, house, wanted, Part.THEORY, now)
        practical_id = None
        if wanted.practical_minutes:
            practical_id, _room = _hold(session, planned, house, wanted, Part.PRACTICAL, now)
        session.flush()
        _draw(past, session, house, theory_id, wanted.release_id, now)
        if practical_id:
            sittings.set_release(session, sittings.sitting(session, practical_id), wanted.release_id, drawn=False)
    return Exam(
        house,
        wanted.title,
        planned.id,
        theory_id,
        practical_id,
        room_id,
        wanted.starts_at,
        tuple(row.id for row in rows),
        tuple(ability for _name, _serial, ability in wanted.there),
    )


def _hold(
    session: Session, planned: ExamPlan, house: House, wanted: Wanted, part: Part, now: datetime
) -> tuple[UUID, UUID]:
    """A sitting of one room with its seats and staff."""
    officer, theory = house.actor("officer"), part is Part.THEORY
    starts_at = wanted.starts_at if theory else wanted.starts_at + timedelta(days=1)
    facts = SittingFacts(part, starts_at, wanted.minutes if theory else wanted.practical_minutes)
    sitting = sittings.add_sitting(session, planned, facts, officer, now)
    room = sittings.add_room(session, sitting.id, RoomFacts(wanted.room, house.site, wanted.rows, wanted.columns))
    sittings.seat_candidates(session, sitting.id, officer, now)
    for duty in ("proctor", "proctor2") if theory else EXAMINERS:
        sittings.assign(session, room, house.account(duty), officer, now)
    return sitting.id, room.id


def _draw(past: Runtime, session: Session, house: House, sitting_id: UUID, release_id: UUID, now: datetime) -> None:
    view = sittings.sitting(session, sitting_id)
    sittings.set_release(session, view, release_id, drawn=True)
    maker = house.actor("papers")
    draw_id = papers.commit_seed(
        session,
        sitting=delivery.sitting_key(sitting_id),
        release_id=release_id,
        direction=None,
        actor=maker,
        now=now,
        title=view.title,
        organisation_id=view.organisation_id,
        ends_at=view.ends_at,
        cipher=past.cipher,
    )
    keys = [delivery.registration_key(each.registration_id) for each in sittings.placements(session, sitting_id)]
    papers.draw_papers(session, draw_id, keys, maker, now, past.cipher)


def sit(past: Runtime, clock: SetClock, exam: Exam) -> None:
    """Everyone answers and hands in but the last one, who never comes."""
    written = answering.begin(past, clock, exam.theory_id, exam.starts_at, exam.able[:-1])
    answering.write(past, clock, written, exam.starts_at, exam.starts_at + timedelta(hours=2))
    answering.hand_in(past, clock, written, exam.starts_at)


def mark_theory(past: Runtime, clock: SetClock, exam: Exam) -> None:
    clock.advance(days=2)
    house = exam.house
    with past.unit_of_work() as session:
        marking.mark_sitting(session, exam.theory_id, house.actor("issuer"), clock.now())
        draw = papers.draw_of(session, delivery.sitting_key(exam.theory_id))
        assert draw is not None
        papers.disclose(session, draw.id, house.actor("papers"), clock.now(), past.cipher)


def mark_practical(past: Runtime, clock: SetClock, exam: Exam, done: Sequence[int]) -> None:
    """done: how many of the candidates each examiner of the panel has marked."""
    assert exam.practical_id is not None
    with past.unit_of_work() as session:
        task = practical.task_of(session, sittings.sitting(session, exam.practical_id))
        _practise(session, exam.house, exam.practical_id, task, clock.now())
        chance = random.Random(exam.title)
        for number, ability in enumerate(exam.abilities[: max(done)]):
            share = min(max(0.68 + 0.11 * ability + chance.gauss(0, 0.06), 0.35), 0.95)
            for place, duty in enumerate(EXAMINERS):
                if number < done[place]:
                    given = Decimal(f"{min(share + chance.uniform(-0.03, 0.03), 1):.3f}")
                    _mark_task(session, exam, task, exam.registrations[number], given, duty, clock.now())
                    clock.advance(seconds=90)


def release(past: Runtime, clock: SetClock, exam: Exam) -> None:
    """Proposed by one, signed by another; the certificates follow."""
    clock.advance(days=1)
    with past.unit_of_work() as session:
        releasing.propose(session, exam.plan_id, None, "考场情况已核实", exam.house.actor("issuer"), clock.now())
        releasing.sign(session, past, exam.plan_id, exam.house.actor("issuer2"), clock.now())
    resume_jobs(past)


def _practise(session: Session, house: House, practical_id: UUID, task: PracticalTask, now: datetime) -> None:
    """The panel marks a sample with agreed points before the candidates."""
    made = samples.add_sample(
        session,
        practical_id,
        task,
        text="往年作品：主要步骤完整，结果只给了结论，没有分析异常情况；报告条理清楚。",
        file=("", ""),
        points=_points(task, Decimal("0.8")),
        note="分析不完整，相应评分项取中间档；其余完成较好。",
        actor=house.actor("officer"),
        now=now,
    )
    for place, duty in enumerate(EXAMINERS):
        share = Decimal("0.85") - Decimal("0.05") * place
        samples.mark(session, made, task, _points(task, share), house.actor(duty), now)


def _mark_task(
    session: Session, exam: Exam, task: PracticalTask, registration_id: UUID, share: Decimal, duty: str, now: datetime
) -> None:
    assert exam.practical_id is not None
    practical.enter(
        session,
        exam.practical_id,
        registration_id,
        PracticalEntry(_points(task, share), "", 0),
        examiner=exam.house.actor(duty),
        examiner_name=exam.house.account(duty).name,
        now=now,
    )


def _points(task: PracticalTask, share: Decimal) -> dict[str, Decimal | None]:
    """A share of each criterion, in halves of a point."""
    return {each.id: (each.points * share).quantize(Decimal("0.5")) for each in task.rubric}
