"""The exam that runs: some answer, one's clock stands still, one is silent, some have handed in, some are awaited."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from certengine.delivery import events
from certengine.delivery import service as delivery
from certengine.demo import answering, exams
from certengine.demo.answering import Script
from certengine.demo.cast import VISITORS, crowd
from certengine.demo.exams import Exam, Wanted
from certengine.demo.houses import House
from certengine.foundation.clock import SetClock
from certengine.foundation.runtime import Runtime
from certengine.proctoring import service as proctoring
from certengine.proctoring.models import IncidentKind
from certengine.proctoring.service import IncidentFacts
from certengine.sittings.models import Sitting
from certengine.standards.rules import Level

# As long as a sitting may be, so that it can be tried at leisure.
MINUTES = 600
BEGUN = timedelta(minutes=50)
# Beside those who are left to visitors: the last but one is shown in and has not begun, the last is still on the way.
OTHERS = crowd(400, 21)
# Seconds for a question; two were quick, and the others are spread over their papers.
PACES = (24, 29, 52, 58, 61, 66, 70, 75, 79, 84, 90, 97, 104, 112, 121, 133, 150, 170, 190)
HANDED_IN, SUSPENDED, SILENT, RESTARTED, AWAY = (0, 1), 4, 7, 9, 12


@dataclass(frozen=True)
class Running:
    exam: Exam
    # Attempts that go on being answered for as long as the demonstration is served.
    answering: tuple[UUID, ...]


def running_exam(past: Runtime, clock: SetClock, house: House, release_id: UUID, now: datetime) -> Running:
    starts_at, title = now - BEGUN, exams.titled(now, "人工智能初级考试（企业专场）")
    clock.at = now - timedelta(days=6)
    there = (*VISITORS, *OTHERS)
    exam = exams.plan(past, house, Wanted(title, Level.JUNIOR, release_id, starts_at, MINUTES, there, 5, 6))
    with past.unit_of_work() as session:
        # Late comers are let in all the time, for whoever tries the demonstration comes when they like.
        session.get_one(Sitting, exam.theory_id).late_minutes = MINUTES
    others = exam.able[len(VISITORS) :]
    _show_in(past, clock, exam, [registration_id for registration_id, _ability in others[:-1]])
    begun = answering.begin(past, clock, exam.theory_id, starts_at, others[:-2])
    written = [replace(each, pace=pace) for each, pace in zip(begun, PACES, strict=True)]
    for place, seconds in ((SUSPENDED, 2280), (SILENT, 2640)):
        written[place] = _until(written[place], seconds)
    answering.write(past, clock, written, starts_at, now - timedelta(seconds=20))
    answering.hand_in(past, clock, [written[place] for place in HANDED_IN], starts_at)
    _intervene(past, clock, exam, written, now)
    clock.at = now
    gone = {*HANDED_IN, SUSPENDED, SILENT}
    return Running(exam, tuple(each.attempt_id for place, each in enumerate(written) if place not in gone))


def _until(script: Script, seconds: int) -> Script:
    """What of it was answered until then."""
    return replace(script, answers=script.answers[: sum(at < seconds for at in script.times())])


def _show_in(past: Runtime, clock: SetClock, exam: Exam, came: list[UUID]) -> None:
    clock.at = exam.starts_at - timedelta(minutes=25)
    with past.unit_of_work() as session:
        for place, each in enumerate(came):
            clock.advance(seconds=35)
            doubt = "证件照片年代较久，已与报名照片、准考证逐项核对" if place == 5 else ""
            proctor = exam.house.actor("proctor" if place % 2 else "proctor2")
            proctoring.check_in(session, exam.theory_id, exam.room_id, each, proctor, clock.now(), doubt)


def _intervene(past: Runtime, clock: SetClock, exam: Exam, written: list[Script], now: datetime) -> None:
    """What the proctors did so far, with what they wrote down."""
    proctor = exam.house.actor("proctor")
    restarted, suspended, away = written[RESTARTED], written[SUSPENDED], written[AWAY]
    with past.unit_of_work() as session:
        clock.at = now - timedelta(minutes=31)
        text = "考试机死机，重启后作答完整恢复，补时 5 分钟。"
        _note(session, exam, IncidentKind.EQUIPMENT, text, restarted.registration_id, clock.now())
        delivery.extend(session, restarted.attempt_id, 5, "考试机重启", proctor, clock.now())
        clock.at = now - timedelta(minutes=18)
        standing = delivery.attempt(session, away.attempt_id)
        for number, seconds in enumerate((6, 14)):
            reported = {"token": f"demo-focus-{number}", "kind": "focus_lost", "data": {"seconds": seconds}}
            events.take(session, standing, [reported], clock.now())
            clock.advance(seconds=100)
        text = "两次切出考试窗口，经提醒关闭弹窗程序后继续作答。"
        _note(session, exam, IncidentKind.SUSPICION, text, away.registration_id, clock.now())
        clock.at = now - timedelta(minutes=11)
        text = "考生突感不适，由工作人员陪同到医务点休息，暂停计时。"
        _note(session, exam, IncidentKind.HEALTH, text, suspended.registration_id, clock.now())
        delivery.suspend(session, suspended.attempt_id, "考生身体不适", proctor, clock.now())


def _note(session: Session, exam: Exam, kind: IncidentKind, text: str, registration_id: UUID, at: datetime) -> None:
    proctor = exam.house.account("proctor")
    facts = IncidentFacts(kind, text, registration_id, f"demo {kind.value}")
    proctoring.record_incident(
        session, exam.theory_id, exam.room_id, facts, actor=exam.house.actor("proctor"), actor_name=proctor.name, now=at
    )
