"""The exams of the province: one that is over in Qingdao with reviews, one that is marked in Yantai, the next ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from io import BytesIO
from uuid import UUID

from PIL import Image, ImageDraw, ImageFont
from sqlalchemy.orm import Session

from certengine.certificates.typesetting import FOLDER
from certengine.conduct import service as conduct
from certengine.conduct.service import CaseFacts
from certengine.delivery import service as delivery
from certengine.delivery import tasks
from certengine.delivery.tasks import Announced
from certengine.demo import exams
from certengine.demo.banks import bring_bank, released_bank
from certengine.demo.cast import CANDIDATES, People, crowd
from certengine.demo.exams import Exam, Wanted
from certengine.demo.houses import QINGDAO, YANTAI, House, found
from certengine.foundation.clock import SetClock
from certengine.foundation.runtime import Runtime
from certengine.marking import reviewing
from certengine.marking.models import Result
from certengine.marking.reviewing import Findings
from certengine.people import designations
from certengine.people.designation_models import DesignationKind
from certengine.sittings import announcing, applications, service
from certengine.sittings.service import PlanFacts, SittingFacts
from certengine.standards.rules import Level, Part

QINGDAOS = crowd(500, 27)
YANTAIS = crowd(600, 21)
NEXT = crowd(700, 18)


@dataclass(frozen=True)
class Houses:
    capital: House
    qingdao: House
    yantai: House

    @property
    def all(self) -> Sequence[House]:
        return (self.capital, self.qingdao, self.yantai)


def found_others(session: Session, staff: People, capital: House, now: datetime) -> Houses:
    return Houses(capital, found(session, staff, QINGDAO, now), found(session, staff, YANTAI, now))


def select(past: Runtime, staff: People, houses: Houses) -> None:
    """The department has selected each for its fields."""
    chosen = (
        (houses.capital, ("big_data",)),
        (houses.qingdao, ("internet_of_things",)),
        (houses.yantai, ("industrial_internet",)),
    )
    with past.unit_of_work() as session:
        for house, more in chosen:
            fields = [house.field, *more]
            kind, actor = DesignationKind.EVALUATION, staff.actor("supervisor")
            designations.grant(session, house.organisation_id, kind, fields, actor=actor, now=past.clock.now())


def over_in_the_capital(past: Runtime, clock: SetClock, house: House, release_id: UUID, now: datetime) -> Exam:
    starts_at = exams.morning(now, -14)
    clock.at = starts_at - timedelta(days=3)
    there = (*CANDIDATES[:-1], *crowd(), CANDIDATES[-1])
    title = exams.titled(starts_at, "人工智能初级考试")
    return _held(past, clock, house, Wanted(title, Level.JUNIOR, release_id, starts_at, 90, there, 6, 8, 120))


def over_in_qingdao(past: Runtime, clock: SetClock, house: House, now: datetime) -> Exam:
    """Released, with two score reviews: one that found nothing wrong, one that waits."""
    starts_at = exams.morning(now, -24)
    clock.at = starts_at - timedelta(days=10)
    release_id = released_bank(past, house, Level.INTERMEDIATE)
    title = exams.titled(starts_at, "工业互联网中级考试")
    wanted = Wanted(title, Level.INTERMEDIATE, release_id, starts_at, 90, QINGDAOS, 5, 6, 150, fee=260)
    exam = _held(past, clock, house, wanted)
    _review(past, clock, exam)
    return exam


def _held(past: Runtime, clock: SetClock, house: House, wanted: Wanted) -> Exam:
    exam = exams.plan(past, house, wanted)
    exams.sit(past, clock, exam)
    exams.mark_theory(past, clock, exam)
    came = len(exam.registrations) - 1
    exams.mark_practical(past, clock, exam, (came, came, came))
    exams.release(past, clock, exam)
    return exam


def _review(past: Runtime, clock: SetClock, exam: Exam) -> None:
    house = exam.house
    with past.unit_of_work() as session:
        results = [session.get_one(Result, each) for each in exam.registrations[:-1]]
        weakest = sorted(results, key=lambda each: each.theory or Decimal(0))[:2]
        reasons = ("实操第三项应有部分得分，申请复核。", "填空题答案与参考答案含义一致，申请复核。")
        clock.advance(days=10)
        for result, reason in zip(weakest, reasons, strict=True):
            clock.advance(days=1)
            candidate = delivery.registration_key(result.registration_id)
            reviewing.ask(session, result.registration_id, reason, candidate, clock.now())
        row = reviewing.review_for(session, weakest[0].registration_id)
        assert row is not None
        clock.advance(days=1)
        findings = Findings(weakest[0].theory, weakest[0].practical, "三位考评员评分记录齐全，合分无误。")
        reviewing.check(session, row, findings, house.actor("officer"), clock.now())
        clock.advance(days=1)
        reviewing.decide(session, past, row, True, "维持原成绩。", house.actor("issuer"), clock.now())


def marked_in_yantai(past: Runtime, clock: SetClock, house: House, now: datetime) -> Exam:
    """The theory part is marked, the panel is at work on the practical part, and a case of misconduct is objected to."""
    starts_at = exams.morning(now, -4)
    clock.at = starts_at - timedelta(days=10)
    release_id = released_bank(past, house, Level.JUNIOR)
    title = exams.titled(starts_at, "智能制造初级考试")
    wanted = Wanted(title, Level.JUNIOR, release_id, starts_at, 90, YANTAIS, 4, 6, 120, room="实训楼 201 机房")
    exam = exams.plan(past, house, wanted)
    exams.sit(past, clock, exam)
    _practise(past, clock, exam)
    exams.mark_theory(past, clock, exam)
    exams.mark_practical(past, clock, exam, (14, 10, 6))
    _accuse(past, clock, exam)
    return exam


def _practise(past: Runtime, clock: SetClock, exam: Exam) -> None:
    """Each hands in a report as a file."""
    assert exam.practical_id is not None
    came, starts_at = exam.registrations[:-1], exam.starts_at + timedelta(days=1)
    clock.at = starts_at - timedelta(minutes=10)
    with past.unit_of_work() as session:
        for each in came:
            delivery.confirm(session, exam.practical_id, each, clock.now())
    clock.at = starts_at + timedelta(seconds=8)
    with past.unit_of_work() as session:
        delivery.start_all(session, service.sitting(session, exam.practical_id), came, clock.now())
        delivery.open_screens(session, exam.practical_id, dict.fromkeys(came), clock.now())
    for number, each in enumerate(came):
        clock.at = starts_at + timedelta(minutes=70 + number * 2)
        _hand_in(past, exam.practical_id, each, _report(number))


def _hand_in(past: Runtime, sitting_id: UUID, registration_id: UUID, content: bytes) -> None:
    with past.unit_of_work() as session:
        standing = delivery.attempt_of(session, sitting_id, registration_id)
        assert standing is not None
        announced = Announced("实操报告.pdf", len(content), sha256(content).hexdigest(), 1)
        begun = tasks.begin_file(session, standing, announced, past.clock.now())
    tasks.take_part(past, registration_id, begun.id, 1, 0, content)
    with past.unit_of_work() as session:
        delivery.submit(session, standing.id, delivery.registration_key(registration_id), past.clock.now())


def _report(number: int) -> bytes:
    """A page that says what was done, in short; the better ones say more."""
    page = Image.new("L", (620, 877), 255)
    draw, face = ImageDraw.Draw(page), str(FOLDER / "NotoSerifSC-Medium.ttf")
    draw.text((310, 90), "机床运行数据清洗与设备综合效率报告", fill=20, font=ImageFont.truetype(face, 30), anchor="mm")
    lines = (
        "一、去重：重复记录按时间与机床号删除，故障代码保留。",
        "二、状态时间：运行、待机、停机分钟数与报警次数见附表。",
        "三、效率：时间开动率 86.4%，性能开动率 91.2%，OEE 76.9%。",
        "四、可靠性：MTBF 31.5 小时，MTTR 22 分钟。",
        "五、损失：换刀等待最大，建议集中换刀并备足刀具。",
    )
    for place, line in enumerate(lines[: 3 + number % 3]):
        draw.text((60, 170 + 54 * place), line, fill=40, font=ImageFont.truetype(face, 18))
    draw.text((310, 820), "演示数据", fill=150, font=ImageFont.truetype(face, 16), anchor="mm")
    out = BytesIO()
    page.save(out, "PDF")
    return out.getvalue()


def _accuse(past: Runtime, clock: SetClock, exam: Exam) -> None:
    """Two proctors signed, the candidate was told and objects."""
    happened, house = exam.starts_at + timedelta(minutes=47), exam.house
    with past.unit_of_work() as session:
        facts = CaseFacts(
            exam.theory_id,
            exam.registrations[8],
            "carried",
            "将手机带入座位，两次提醒后仍未放入存包处。",
            happened,
        )
        organisation_id, proctor = house.organisation_id, house.actor("proctor")
        at = happened + timedelta(minutes=10)
        case = conduct.record(session, organisation_id, facts, token="demo case", actor=proctor, now=at)
        conduct.sign(session, case, house.actor("proctor2"), at + timedelta(minutes=5))
        conduct.notify(session, case, house.actor("issuer"), happened + timedelta(days=1))
        candidate = delivery.registration_key(exam.registrations[8])
        text = "手机已关机，是监考提醒时没有听清，并未使用，请调取监控核实。"
        conduct.take_objection(session, case, text, candidate, happened + timedelta(days=2))


def next_in_qingdao(past: Runtime, clock: SetClock, house: House, now: datetime) -> UUID:
    """Announced, with those whom employers have registered so far; no seats yet."""
    clock.at = now - timedelta(days=8)
    officer, begun, starts_at = house.actor("officer"), clock.now(), exams.morning(now, 37)
    title = exams.titled(starts_at, "工业互联网中级考试")
    with past.unit_of_work() as session:
        facts = PlanFacts(title, house.field, Level.INTERMEDIATE, None, 60)
        plan = service.plan_exam(session, house.organisation_id, facts, token="demo next qd", actor=officer, now=begun)
        applications.set_window(session, plan, begun, now + timedelta(days=16), officer, begun)
        announcing.publish_plan(session, plan, Decimal(260), True, officer, begun)
        body = "考试分理论知识和专业能力两部分，各一天。单位可集中报名，个人凭证件号码在线报名。"
        announcing.announce(
            session, house.organisation_id, f"{title}报名公告", body, token="demo next qd", actor=officer, now=begun
        )
        for part, day, minutes in ((Part.THEORY, 0, 90), (Part.PRACTICAL, 1, 150)):
            held = SittingFacts(part, starts_at + timedelta(days=day), minutes)
            service.add_sitting(session, plan, held, officer, begun)
        exams.register(past, session, plan, house, NEXT, now - timedelta(days=2))
        return plan.id


def planned_in_yantai(past: Runtime, clock: SetClock, house: House, now: datetime) -> None:
    """In the year's plan with a date; registration is not open yet."""
    clock.at = now - timedelta(days=3)
    officer, begun, starts_at = house.actor("officer"), clock.now(), exams.morning(now, 93)
    bring_bank(past, house, house.field, Level.INTERMEDIATE)
    with past.unit_of_work() as session:
        title = exams.titled(starts_at, "智能制造中级考试")
        facts = PlanFacts(title, house.field, Level.INTERMEDIATE, None, 40)
        plan = service.plan_exam(session, house.organisation_id, facts, token="demo next yt", actor=officer, now=begun)
        opens = now + timedelta(days=20)
        applications.set_window(session, plan, opens, opens + timedelta(days=20), officer, begun)
        announcing.publish_plan(session, plan, Decimal(240), True, officer, begun)
        service.add_sitting(session, plan, SittingFacts(Part.THEORY, starts_at, 90), officer, begun)
