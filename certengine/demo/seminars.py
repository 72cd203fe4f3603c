"""Seminars in every state: applied for, before the ministry, called, running, over without a summary, finished."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from certengine.demo.cast import CANDIDATES, People, crowd
from certengine.demo.panel import EXPERTS, score
from certengine.demo.training import PDF, person
from certengine.foundation.clock import SetClock
from certengine.foundation.runtime import Runtime
from certengine.programme import (
    notices,
    panels,
    seminar_accounts,
    seminar_closing,
    seminar_people,
    seminar_running,
    seminars,
)
from certengine.programme.account_models import AccountCategory
from certengine.programme.base_models import Tier
from certengine.programme.seminar_accounts import LineFacts
from certengine.programme.seminar_models import Seminar, SeminarSession
from certengine.programme.seminar_running import SessionFacts
from certengine.programme.seminars import SeminarFacts, SeminarViewer

ACCOUNTS = (
    (AccountCategory.PROVINCIAL, "省级专项经费拨款", 100000),
    (AccountCategory.OWN, "承办单位自筹", 20000),
    (AccountCategory.TEACHING, "讲课费，两天四讲", 36000),
    (AccountCategory.LODGING, "学员住宿，两晚", 41200),
    (AccountCategory.MEALS, "学员伙食，两天", 18400),
    (AccountCategory.VENUE, "报告厅与设备", 12000),
    (AccountCategory.MATERIALS, "教材与资料印制", 5800),
)
FUND = "省级专项经费与承办单位自筹"


@dataclass(frozen=True)
class Wanted:
    """starts: days from now, in which the seminar begins."""

    key: str
    title: str
    applicant: str
    host: str
    starts: int
    days: int
    places: int
    tier: Tier = Tier.PROVINCIAL
    fund: str = FUND
    budget: int = 120000


HELD = Wanted("held", "大数据治理高级研修班", "city", "base", -22, 2, 40)
LATE = Wanted("late", "海洋数字孪生高级研修班", "city2", "base2", -26, 2, 30)
RUNNING = Wanted("running", "智能制造数字化转型高级研修班", "city", "base", -1, 3, 50)
CALLED = Wanted("called", "区块链与可信数据高级研修班", "city", "base", 24, 3, 40)
BEFORE_MINISTRY = Wanted(
    "ministry", "大模型工程化应用高级研修班", "industry", "base", 60, 5, 60, Tier.NATIONAL, "申请中央财政经费", 200000
)
BEFORE_EXPERTS = Wanted(
    "experts",
    "工业互联网与人工智能融合高级研修班",
    "industry",
    "base",
    45,
    5,
    60,
    Tier.NATIONAL,
    "申请中央财政经费",
    200000,
)


def hold_seminars(past: Runtime, clock: SetClock, staff: People, now: datetime) -> None:
    _finished(past, clock, staff, now)
    _late(past, clock, staff, now)
    _called_and_running(past, clock, staff, now)
    clock.at = now - timedelta(days=4)
    with past.unit_of_work() as session:
        recommended = _apply(session, staff, BEFORE_MINISTRY, clock.now(), now)
        score(session, staff, recommended.subject, (91, 88, 93), clock.now())
        _decide(session, staff, recommended, clock.now())
        waiting = _apply(session, staff, BEFORE_EXPERTS, clock.now(), now)
        experts = [staff.accounts[login].id for login in EXPERTS]
        panels.assign(session, seminars.reviewed(waiting), experts, actor=staff.actor("supervisor"), now=clock.now())


def _apply(session: Session, staff: People, wanted: Wanted, at: datetime, now: datetime) -> Seminar:
    starts = notices.today(now + timedelta(days=wanted.starts))
    facts = SeminarFacts(
        wanted.title,
        wanted.tier,
        starts,
        starts + timedelta(days=wanted.days - 1),
        wanted.places,
        wanted.fund,
        "专题讲座、典型案例研讨与现场教学，每天六学时。",
        Decimal(wanted.budget),
        staff.accounts[wanted.host].organisation_id,
    )
    applicant = staff.accounts[wanted.applicant].organisation_id
    token = f"demo seminar {wanted.key}"
    return seminars.apply_for_seminar(
        session, applicant, facts, token=token, actor=staff.actor(wanted.applicant), now=at
    )


def _decide(session: Session, staff: People, held: Seminar, at: datetime) -> None:
    viewer = SeminarViewer(staff.accounts["supervisor"].organisation_id, "370000", True)
    seminars.decide_seminar(
        session, held, accept=True, opinion="同意举办", viewer=viewer, actor=staff.actor("supervisor"), now=at
    )


def _approved(past: Runtime, clock: SetClock, staff: People, wanted: Wanted, now: datetime) -> UUID:
    """Applied for in time, scored and approved a few days later."""
    clock.at = now + timedelta(days=min(wanted.starts, 0) - 33)
    with past.unit_of_work() as session:
        held = _apply(session, staff, wanted, clock.now(), now)
        clock.advance(days=2)
        score(session, staff, held.subject, (90, 84, 87), clock.now())
        _decide(session, staff, held, clock.now())
        viewer = SeminarViewer(held.host_id, "370000", False)
        text = f"定于{held.starts_on:%Y年%m月%d日}举办，请各单位推荐人选，名额{held.places}人。"
        seminars.publish_notice(
            session,
            held,
            f"关于举办{held.title}的通知",
            text,
            viewer=viewer,
            actor=staff.actor(wanted.host),
            now=clock.now(),
        )
        return held.id


def _nominate(session: Session, past: Runtime, staff: People, held: Seminar, serials: slice, at: datetime) -> None:
    everybody = [(name, serial) for name, serial, _ability in (*CANDIDATES, *crowd())]
    for name, serial in everybody[serials]:
        seminar_people.nominate(
            session,
            past.cipher,
            held,
            person(name, serial),
            organisation_id=staff.accounts["employer"].organisation_id,
            employer="泰山智能装备有限公司",
            post="高级工程师",
            actor=staff.actor("employer"),
            now=at,
        )


def _admit_all(session: Session, staff: People, held: Seminar, host: str, at: datetime) -> None:
    people_there = [each.participant.id for each in seminar_people.participants(session, held.id)]
    seminar_people.admit(session, held, people_there, True, actor=staff.actor(host), now=at)


def _programme(
    session: Session, staff: People, held: Seminar, host: str, topics: Sequence[str], first: datetime, at: datetime
) -> list[SeminarSession]:
    """A part a day, from nine to two in China."""
    begins = first.replace(hour=1, minute=0, second=0, microsecond=0)
    return [
        seminar_running.add_session(
            session,
            held,
            SessionFacts(
                topic,
                "丁一",
                "齐鲁软件园报告厅",
                begins + timedelta(days=day),
                begins + timedelta(days=day, hours=5),
            ),
            actor=staff.actor(host),
            now=at,
        )
        for day, topic in enumerate(topics)
    ]


def _sign_in(session: Session, staff: People, held: Seminar, host: str, part: SeminarSession) -> None:
    for present in seminar_people.admitted_people(session, held.id):
        seminar_running.sign_in(session, present, part, by=staff.actor(host), now=part.starts_at)


def _finished(past: Runtime, clock: SetClock, staff: People, now: datetime) -> None:
    """Held three weeks ago, summarised with its accounts in time, certificates issued."""
    held_id = _approved(past, clock, staff, HELD, now)
    starts = now + timedelta(days=HELD.starts)
    with past.unit_of_work() as session:
        held = seminars.seminar(session, held_id, None)
        _nominate(session, past, staff, held, slice(0, 6), clock.now())
        _admit_all(session, staff, held, HELD.host, clock.now())
        topics = ("数据治理体系", "数据要素流通与案例")
        parts = _programme(session, staff, held, HELD.host, topics, starts, clock.now())
        seminar_running.add_material(session, past, held, "数据治理案例集.pdf", PDF, "application/pdf")
        for part in parts:
            _sign_in(session, staff, held, HELD.host, part)
        for mark, present in zip((5, 5, 4, 5, 4, 5), seminar_people.admitted_people(session, held.id), strict=False):
            marks = {"content": mark, "teaching": 5, "organisation": 4}
            seminar_closing.give_feedback(session, present, marks, "案例研讨很有收获" if mark == 4 else "")
        clock.at = starts + timedelta(days=6)
        _enter_accounts(session, past, staff, held, clock.now())
        seminar_closing.summarise_seminar(
            session,
            past,
            held,
            summary="两天研修按计划完成，学员反映良好。",
            actor=staff.actor(HELD.host),
            now=clock.now(),
        )
        seminar_closing.issue_certificates(session, past, held, actor=staff.actor(HELD.host), now=clock.now())


def _enter_accounts(session: Session, past: Runtime, staff: People, held: Seminar, now: datetime) -> None:
    for number, (category, note, amount) in enumerate(ACCOUNTS, 1):
        facts = LineFacts(category, note, Decimal(amount), (f"凭证{number}.pdf", PDF, "application/pdf"))
        token = f"demo account line {number}"
        seminar_accounts.add_line(session, past, held, facts, token=token, actor=staff.actor(HELD.host), now=now)


def _late(past: Runtime, clock: SetClock, staff: People, now: datetime) -> None:
    """Held as well, but nobody handed in a summary."""
    held_id = _approved(past, clock, staff, LATE, now)
    with past.unit_of_work() as session:
        held = seminars.seminar(session, held_id, None)
        _nominate(session, past, staff, held, slice(10, 14), clock.now())
        _admit_all(session, staff, held, LATE.host, clock.now())
        starts = now + timedelta(days=LATE.starts)
        for part in _programme(session, staff, held, LATE.host, ("海洋观测数据", "数字孪生平台"), starts, clock.now()):
            _sign_in(session, staff, held, LATE.host, part)


def _called_and_running(past: Runtime, clock: SetClock, staff: People, now: datetime) -> None:
    running_id = _approved(past, clock, staff, RUNNING, now)
    with past.unit_of_work() as session:
        held = seminars.seminar(session, running_id, None)
        _nominate(session, past, staff, held, slice(0, 9), clock.now())
        _admit_all(session, staff, held, RUNNING.host, clock.now())
        topics = ("转型路径与评估", "数字孪生车间", "现场教学与研讨")
        starts = now + timedelta(days=RUNNING.starts)
        parts = _programme(session, staff, held, RUNNING.host, topics, starts, clock.now())
        _sign_in(session, staff, held, RUNNING.host, parts[0])
    called_id = _approved(past, clock, staff, CALLED, now)
    with past.unit_of_work() as session:
        held = seminars.seminar(session, called_id, None)
        _nominate(session, past, staff, held, slice(4, 9), clock.now())
