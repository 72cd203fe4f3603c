"""Banks, an exam that is over with its results, and one that runs now."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from certengine.bank import service as bank
from certengine.bank.rules import Item, PracticalTask
from certengine.delivery import service as delivery
from certengine.delivery.journal import Arrived, Journal
from certengine.demo.cast import CANDIDATES, EXAMINERS, FIELD, People, crowd, document, photo
from certengine.foundation.clock import SetClock
from certengine.foundation.jobs import resume_jobs
from certengine.foundation.runtime import Runtime
from certengine.marking import practical, releasing, samples
from certengine.marking import service as marking
from certengine.marking.practical import PracticalEntry
from certengine.papers import service as papers
from certengine.people import service as people
from certengine.people.models import DocumentType
from certengine.people.service import PersonFacts
from certengine.sittings import service as sittings
from certengine.sittings.models import ExamPlan, Registration, Sitting
from certengine.sittings.service import CandidateFacts, PlanFacts, RoomFacts, SittingFacts
from certengine.standards.rules import Evidence, Level, Part

LIVE_MINUTES = 600
# Banks beside the one that the exams use: brought in and approved, not yet released.
OTHER_BANKS = (
    ("artificial_intelligence", Level.INTERMEDIATE),
    ("artificial_intelligence", Level.SENIOR),
    ("big_data", Level.JUNIOR),
    ("internet_of_things", Level.JUNIOR),
    ("industrial_internet", Level.JUNIOR),
)


def bring_banks(past: Runtime, staff: People) -> UUID:
    """The junior model bank: brought in by one, approved by another, released."""
    now = past.clock.now()
    with past.unit_of_work() as session:
        found = bank.import_model_bank(session, staff.institution.id, FIELD, Level.JUNIOR, staff.actor("author"), now)
        assert found.import_id is not None
        bank.approve_import(session, found.import_id, staff.actor("reviewer"), now)
        released = bank.release(session, bank_id=found.bank_id, actor=staff.actor("reviewer"), now=now)
        for field, level in OTHER_BANKS:
            more = bank.import_model_bank(session, staff.institution.id, field, level, staff.actor("author"), now)
            assert more.import_id is not None
            bank.approve_import(session, more.import_id, staff.actor("reviewer"), now)
        return released.id


def _registered(
    past: Runtime,
    session: Session,
    plan: ExamPlan,
    staff: People,
    people_there: Sequence[tuple[str, int, float]],
    at: datetime,
) -> list[Registration]:
    rows = []
    for name, serial, _ability in people_there:
        person = PersonFacts(name, DocumentType.RESIDENT_ID, document(serial))
        evidence = Evidence(hours=64, degree="bachelor", years=Decimal(2))
        facts = CandidateFacts(person, evidence, "济南云海科技有限公司" if serial % 2 else "青岛海蓝数据有限公司")
        row, _new = sittings.register(session, past.cipher, plan, facts, staff.actor("officer"), at)
        people.set_photo(session, row.person_id, past.files.put(photo(serial)))
        rows.append(row)
    return rows


@dataclass(frozen=True)
class Exam:
    plan_id: UUID
    theory_id: UUID
    practical_id: UUID | None
    registrations: tuple[UUID, ...]
    abilities: tuple[float, ...]


def _planned(
    past: Runtime, staff: People, title: str, release_id: UUID, starts_at: datetime, minutes: int, practical: bool
) -> Exam:
    """Plan, candidates, sittings, rooms, seats, staff, papers: all before the start."""
    # The last one of the finished exam never comes.
    there = (*CANDIDATES[:-1], *crowd(), CANDIDATES[-1]) if practical else CANDIDATES
    now = past.clock.now()
    officer = staff.actor("officer")
    with past.unit_of_work() as session:
        plan = sittings.plan_exam(
            session,
            staff.institution.id,
            PlanFacts(title, FIELD, Level.JUNIOR, None, 60),
            token=title[:40],
            actor=officer,
            now=now,
        )
        rows = _registered(past, session, plan, staff, there, now)
        made: list[UUID] = []
        parts = [Part.THEORY, Part.PRACTICAL] if practical else [Part.THEORY]
        for number, part in enumerate(parts):
            facts = SittingFacts(part, starts_at + timedelta(days=number), minutes if part is Part.THEORY else 120)
            sitting = sittings.add_sitting(session, plan, facts, officer, now)
            room = sittings.add_room(
                session,
                sitting.id,
                RoomFacts("第一考场", "济南市历下区经十路 1 号 3 层", 6 if practical else 3, 8 if practical else 4),
            )
            sittings.seat_candidates(session, sitting.id, officer, now)
            for login in ("proctor", "proctor2") if part is Part.THEORY else EXAMINERS:
                sittings.assign(session, room, staff.accounts[login], officer, now)
            made.append(sitting.id)
        session.flush()
        _draw(past, session, staff, made[0], release_id, now)
        if practical:
            sittings.set_release(session, sittings.sitting(session, made[1]), release_id, drawn=False)
    abilities = tuple(ability for _name, _serial, ability in there)
    return Exam(plan.id, made[0], made[1] if practical else None, tuple(row.id for row in rows), abilities)


def _draw(past: Runtime, session: Session, staff: People, sitting_id: UUID, release_id: UUID, now: datetime) -> None:
    view = sittings.sitting(session, sitting_id)
    sittings.set_release(session, view, release_id, drawn=True)
    maker = staff.actor("papers")
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


def finished_exam(past: Runtime, clock: SetClock, staff: People, release_id: UUID, now: datetime) -> Exam:
    starts_at = (now - timedelta(days=14)).replace(hour=1, minute=0, second=0, microsecond=0)
    clock.at = starts_at - timedelta(days=3)
    exam = _planned(past, staff, "2026年第三季度人工智能初级考试", release_id, starts_at, 90, practical=True)
    _sit(past, clock, exam, starts_at)
    _mark(past, clock, staff, exam)
    return exam


def _sit(past: Runtime, clock: SetClock, exam: Exam, starts_at: datetime) -> None:
    """Everyone answers as they are able to; the last one never comes."""
    journal = Journal(past)
    for number, registration_id in enumerate(exam.registrations[:-1]):
        ability = exam.abilities[number]
        clock.at = starts_at - timedelta(minutes=10)
        with past.unit_of_work() as session:
            delivery.confirm(session, exam.theory_id, registration_id, clock.now())
        clock.at = starts_at + timedelta(seconds=number)
        with past.unit_of_work() as session:
            attempt = delivery.start(session, exam.theory_id, registration_id, clock.now())
            attempt = delivery.open_screen(session, exam.theory_id, registration_id, clock.now())
            answers = _answers(session, exam.theory_id, registration_id, ability)
        for sequence, (item, answer) in enumerate(answers, 1):
            clock.advance(seconds=40)
            saved = journal.save(Arrived(attempt.id, 1, [(item, sequence, {"a": answer, "f": False})]))
            assert saved.problem is None, saved.problem
        with past.unit_of_work() as session:
            delivery.submit(session, attempt.id, delivery.registration_key(registration_id), clock.now())


def _answers(session: Session, sitting_id: UUID, registration_id: UUID, ability: float) -> list[tuple[str, Any]]:
    paper = papers.paper(session, delivery.sitting_key(sitting_id), delivery.registration_key(registration_id))
    release = sittings.sitting(session, sitting_id).release_id
    assert release is not None
    items = {item.id: item for item in bank.released_items(session, release).items}
    chance = random.Random(str(registration_id.int % 1000) + str(ability))
    return [(placed.item, _answer(items[placed.item], ability, chance)) for placed in paper.items]


def _answer(item: Item, ability: float, chance: random.Random) -> Any:
    likely = 1 / (1 + 2.718281828 ** (-1.7 * (ability - item.difficulty)))
    if chance.random() < likely:
        return list(item.key) if isinstance(item.key, tuple) else item.key
    others = [option.id for option in item.options]
    if isinstance(item.key, tuple):
        return sorted(chance.sample(others, 2))
    return chance.choice([each for each in others if each != item.key])


def _mark(past: Runtime, clock: SetClock, staff: People, exam: Exam) -> None:
    clock.advance(days=2)
    assert exam.practical_id is not None
    with past.unit_of_work() as session:
        marking.mark_sitting(session, exam.theory_id, staff.actor("issuer"), clock.now())
        draw = papers.draw_of(session, delivery.sitting_key(exam.theory_id))
        assert draw is not None
        papers.disclose(session, draw.id, staff.actor("papers"), clock.now(), past.cipher)
        task = practical.task_of(session, sittings.sitting(session, exam.practical_id))
        _practise(session, staff, exam.practical_id, task, clock.now())
        for number in range(len(exam.registrations) - 1):
            share = Decimal("0.9") if exam.abilities[number] > 0 else Decimal("0.5")
            for place, login in enumerate(EXAMINERS):
                _mark_task(session, staff, exam, task, number, share - Decimal("0.02") * place, login, clock.now())
                clock.advance(seconds=90)
    clock.advance(days=1)
    with past.unit_of_work() as session:
        releasing.propose(session, exam.plan_id, None, "考场情况已核实", staff.actor("issuer"), clock.now())
        releasing.sign(session, past, exam.plan_id, staff.actor("issuer2"), clock.now())
    resume_jobs(past)


def _practise(session: Session, staff: People, practical_id: UUID, task: PracticalTask, now: datetime) -> None:
    """The panel marks a sample with agreed points before the candidates."""
    made = samples.add_sample(
        session,
        practical_id,
        task,
        text="往年作品：数据处理和训练完整，评估只给了准确率，没有分析错误样本；报告条理清楚。",
        file=("", ""),
        points={each.id: (each.points * Decimal("0.8")).quantize(Decimal("0.5")) for each in task.rubric},
        note="评估不完整，相应评分项取中间档；其余完成较好。",
        actor=staff.actor("officer"),
        now=now,
    )
    for place, login in enumerate(EXAMINERS):
        share = Decimal("0.85") - Decimal("0.05") * place
        points = {each.id: (each.points * share).quantize(Decimal("0.5")) for each in task.rubric}
        samples.mark(session, made, task, points, staff.actor(login), now)


def _mark_task(
    session: Session,
    staff: People,
    exam: Exam,
    task: PracticalTask,
    number: int,
    share: Decimal,
    login: str,
    now: datetime,
) -> None:
    """One examiner's mark of one candidate, in halves of a point."""
    assert exam.practical_id is not None
    practical.enter(
        session,
        exam.practical_id,
        exam.registrations[number],
        PracticalEntry({each.id: (each.points * share).quantize(Decimal("0.5")) for each in task.rubric}, "", 0),
        examiner=staff.actor(login),
        examiner_name=staff.accounts[login].name,
        now=now,
    )


def live_exam(past: Runtime, clock: SetClock, staff: People, release_id: UUID, now: datetime) -> Exam:
    """A sitting that runs for ten hours from now, so that it can be tried at leisure."""
    clock.at = now - timedelta(minutes=40)
    title = "2026年第四季度人工智能初级考试"
    starts_at = now - timedelta(minutes=5)
    exam = _planned(past, staff, title, release_id, starts_at, LIVE_MINUTES, practical=False)
    clock.at = now
    with past.unit_of_work() as session:
        # Late comers are let in all the time, for whoever tries the demonstration comes when they like.
        session.get_one(Sitting, exam.theory_id).late_minutes = LIVE_MINUTES
    return exam
