"""An exam in two months that people apply for now: site and machines, fee, announcement, applications at every step."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont
from sqlalchemy.orm import Session

from certengine.certificates.typesetting import FOLDER
from certengine.demo import exams
from certengine.demo.cast import FIELD, People, document, photo
from certengine.foundation.clock import SetClock
from certengine.foundation.runtime import Runtime
from certengine.people.models import DocumentType, Organisation
from certengine.people.service import PersonFacts
from certengine.sittings import announcing, applications, group_applications, proofs, service, sites
from certengine.sittings.models import Application, ExamPlan
from certengine.sittings.proof_rules import ProofKind
from certengine.sittings.service import CandidateFacts, PlanFacts, SittingFacts
from certengine.sittings.sites import RoomPlan
from certengine.standards.rules import Evidence, Level, Part

# The first two fill the exam, the third waits for a place.
PLACES = 2
# Until it is held.
DAYS = 60
TITLES = {ProofKind.HOURS: "培训合格证书（样张）", ProofKind.DEGREE: "学历证书（样张）"}


@dataclass(frozen=True)
class Applicant:
    """decision: accepted, returned with this comment, or none yet; brings: which documents."""

    name: str
    serial: int
    employer: str
    brings: Sequence[ProofKind] = (ProofKind.HOURS, ProofKind.DEGREE)
    accepted: bool = False
    comment: str = ""
    evidence: Evidence = Evidence(hours=64, degree="bachelor")


APPLICANTS = (
    Applicant("丁文博", 301, "济南云海科技有限公司", accepted=True),
    Applicant("沈佳怡", 302, "青岛海蓝数据有限公司", accepted=True),
    Applicant("古丽娜尔·艾合买提", 304, "济南云海科技有限公司", accepted=True),
    Applicant("魏志远", 305, "烟台蓝图软件有限公司"),
    Applicant("蒋欣然", 306, "潍坊数谷科技有限公司", brings=(ProofKind.DEGREE,)),
    Applicant("叶子豪", 307, "", comment="照片不是本人近照，请换一张"),
    Applicant("田雨桐", 308, "济南云海科技有限公司", evidence=Evidence(hours=40, degree="bachelor")),
)


def open_registration(past: Runtime, clock: SetClock, staff: People, now: datetime) -> None:
    clock.at = now - timedelta(days=4)
    with past.unit_of_work() as session:
        plan = _announced(session, staff, now)
        _equipped(session, staff, plan, now)
    for each in APPLICANTS:
        clock.advance(hours=3)
        with past.unit_of_work() as session:
            _apply(session, past, staff, plan, each)
    clock.advance(hours=3)
    with past.unit_of_work() as session:
        _apply_for_group(session, past, staff, plan)


def _announced(session: Session, staff: People, now: datetime) -> ExamPlan:
    officer, begun = staff.actor("officer"), now - timedelta(days=4)
    title = exams.titled(exams.morning(now, DAYS), "人工智能初级考试（个人报名）")
    facts = PlanFacts(title, FIELD, Level.JUNIOR, None, PLACES)
    plan = service.plan_exam(session, staff.institution.id, facts, token="demo-open", actor=officer, now=begun)
    applications.set_window(session, plan, begun, now + timedelta(days=21), officer, begun)
    announcing.publish_plan(session, plan, Decimal(200), True, officer, begun)
    body = (
        f"{title}开始报名，截止时间以报名页面为准。\n\n"
        "报名前请备好：近期免冠照片、培训合格证书或学时证明、学历证书。审核结果凭报名号和证件号码查询。"
    )
    announcing.announce(
        session, staff.institution.id, f"{title}报名公告", body, token="demo-open", actor=officer, now=begun
    )
    return plan


def _equipped(session: Session, staff: People, plan: ExamPlan, now: datetime) -> None:
    """A site of two rooms; the larger one, with a machine out of order, is used."""
    officer, begun = staff.actor("officer"), now - timedelta(days=4)
    site = sites.add_site(session, staff.institution.id, "历下考点", "济南市历下区经十路 1 号", officer, begun)
    small = RoomPlan("302 机房", 3, 4)
    sites.add_room(session, site, small, officer, begun)
    room = sites.add_room(session, site, RoomPlan("301 机房", 5, 6), officer, begun)
    machines = [f"{seat} PC-{seat:02} 10.1.3.{seat}{' ×' if seat == 17 else ''}" for seat in range(1, 31)]
    sites.set_machines(session, room, "\n".join(machines), officer, begun)
    starts_at = exams.morning(now, DAYS)
    made = service.add_sitting(session, plan, SittingFacts(Part.THEORY, starts_at, 90), officer, begun)
    used = sites.use_room(session, service.sitting(session, made.id), room)
    service.assign(session, used, staff.accounts["proctor"], officer, begun)


def _apply(session: Session, past: Runtime, staff: People, plan: ExamPlan, each: Applicant) -> None:
    now, officer = past.clock.now(), staff.actor("officer")
    person = PersonFacts(each.name, DocumentType.RESIDENT_ID, document(each.serial))
    facts = CandidateFacts(person, each.evidence, each.employer)
    # In this session: the plan was read in another.
    mine = session.get_one(ExamPlan, plan.id)
    found: Application = applications.apply(session, past, mine, facts, photo(each.serial), now)
    for kind in each.brings:
        given = proofs.document(kind, f"{TITLES[kind]}.png", _sheet(TITLES[kind], each.name))
        proofs.add_to_application(session, past, found, given, now)
    if each.accepted:
        applications.accept(session, past, found, officer, now + timedelta(hours=1))
    elif each.comment:
        applications.decline(session, found, each.comment, final=False, actor=officer, now=now + timedelta(hours=1))


def _apply_for_group(session: Session, past: Runtime, staff: People, plan: ExamPlan) -> None:
    """The employer's list: one row with its photograph, one without."""
    now, employer = past.clock.now(), session.get_one(Organisation, staff.accounts["employer"].organisation_id)
    mine = session.get_one(ExamPlan, plan.id)
    for name, serial in (("贺晓峰", 309), ("苗雨晴", 310)):
        person = PersonFacts(name, DocumentType.RESIDENT_ID, document(serial))
        facts = CandidateFacts(person, Evidence(hours=64, degree="college", years=Decimal(2)), employer.name)
        applications.apply_for(session, past, mine, facts, employer.id, now)
    found = session.scalars(group_applications.applied_query(employer.id, plan.id)).first()
    assert found is not None
    applications.set_photo(session, past, found, photo(309), now)


def _sheet(title: str, name: str) -> bytes:
    """A picture of a document that nobody would take for a real one."""
    picture = Image.new("RGB", (800, 560), (252, 248, 236))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((24, 24, 776, 536), outline=(160, 120, 60), width=4)
    face = FOLDER / "NotoSerifSC-Medium.ttf"
    for y, text, size in ((120, title, 44), (270, name, 40), (400, "演示数据，不作任何证明", 26)):
        draw.text((400, y), text, fill=(70, 50, 30), font=ImageFont.truetype(str(face), size), anchor="mm")
    out = BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
