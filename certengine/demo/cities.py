"""What there is outside the capital: a department, a base and institutions of other cities, with a class each."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy.orm import Session

from certengine.demo.cast import People, account_of, crowd
from certengine.demo.training import DAYS, HOURS, person
from certengine.foundation.clock import SetClock
from certengine.foundation.runtime import Runtime
from certengine.people import designations
from certengine.people import service as people
from certengine.people.designation_models import DesignationKind
from certengine.people.models import OrganisationKind
from certengine.people.permissions import Role
from certengine.standards.rules import Level
from certengine.training import completing
from certengine.training import service as training
from certengine.training.models import LessonMode
from certengine.training.rules import Presence


@dataclass(frozen=True)
class Place:
    """An institution with the class that it taught, begun so many days ago: learners, and how many completed it."""

    login: str
    name: str
    code: str
    region: str
    officer: str
    field: str
    topic: str
    teacher: str
    ago: int
    learners: int
    completed: int


PLACES = (
    Place(
        "training-qd",
        "青岛海岸数字技术培训中心",
        "QDHA",
        "370200",
        "培训管理员 尹航",
        "internet_of_things",
        "物联网",
        "于海洋",
        35,
        8,
        6,
    ),
    Place(
        "training-yt",
        "烟台智造职业培训学院",
        "YTZZ",
        "370600",
        "培训管理员 姚远",
        "intelligent_manufacturing",
        "智能制造",
        "慕容建",
        62,
        7,
        6,
    ),
    Place(
        "training-wf",
        "潍坊数据人才培训学校",
        "WFSJ",
        "370700",
        "培训管理员 杜鹃",
        "big_data",
        "大数据",
        "尚文博",
        96,
        6,
        4,
    ),
    Place(
        "training-zb",
        "淄博工业互联网培训基地",
        "ZBGY",
        "370300",
        "培训管理员 桑梓",
        "industrial_internet",
        "工业互联网",
        "孟祥瑞",
        131,
        6,
        5,
    ),
    Place(
        "training-jn",
        "济宁云计算人才培训中心",
        "JNYJ",
        "370800",
        "培训管理员 时光明",
        "cloud_computing",
        "云计算",
        "孔令辉",
        167,
        5,
        4,
    ),
    Place(
        "training-wh",
        "威海集成电路实训学院",
        "WHJC",
        "371000",
        "培训管理员 车海涛",
        "integrated_circuits",
        "集成电路",
        "丛晓楠",
        205,
        5,
        3,
    ),
    Place(
        "training-ly",
        "临沂数字化管理培训学校",
        "LYSZ",
        "371300",
        "培训管理员 宁波",
        "digital_management",
        "数字化管理",
        "庄严",
        243,
        6,
        5,
    ),
)
# The serial of the first learner of all these classes, and how many each class may have.
FIRST, MOST = 800, 20


def found_elsewhere(session: Session, staff: People, now: datetime) -> None:
    """Qingdao's department and its base, and a training institution in each of seven cities."""
    kinds = OrganisationKind
    department = people.create_organisation(
        session, kinds.DEPARTMENT, "青岛市人力资源和社会保障局", "QDRS", now, region="370200"
    )
    base = people.create_organisation(session, kinds.BASE, "青岛海洋数字技术继续教育基地", "QDJD", now, region="370200")
    staff.accounts["city2"] = account_of(session, "city2", Role.SUPERVISOR, "青岛市监督员 江澜", department, now)
    staff.accounts["base2"] = account_of(session, "base2", Role.TRAINING_OFFICER, "基地管理员 孔海", base, now)
    for each in PLACES:
        owner = people.create_organisation(
            session, kinds.TRAINING_INSTITUTION, each.name, each.code, now, region=each.region
        )
        staff.accounts[each.login] = account_of(session, each.login, Role.TRAINING_OFFICER, each.officer, owner, now)


def teach_elsewhere(past: Runtime, clock: SetClock, staff: People, now: datetime) -> None:
    for place, each in enumerate(PLACES):
        clock.at = now - timedelta(days=each.ago + 15)
        with past.unit_of_work() as session:
            owner = staff.accounts[each.login].organisation_id
            designations.grant(
                session,
                owner,
                DesignationKind.TRAINING,
                [each.field],
                actor=staff.actor("supervisor"),
                now=clock.now(),
            )
            _teach(session, past, clock, staff, each, FIRST + place * MOST, now)


def _teach(
    session: Session, past: Runtime, clock: SetClock, staff: People, wanted: Place, first: int, now: datetime
) -> None:
    actor = staff.actor(wanted.login)
    begins = (now - timedelta(days=wanted.ago)).replace(hour=1, minute=0, second=0, microsecond=0)
    clock.at = begins - timedelta(days=3)
    opened = training.open_class(
        session,
        organisation_id=staff.accounts[wanted.login].organisation_id,
        title=f"{wanted.topic}初级培训{begins.year}年{begins.month}月班",
        field=wanted.field,
        level=Level.JUNIOR,
        token=f"demo class {wanted.code}",
        actor=actor,
        now=clock.now(),
    )
    enrolled = [
        training.enrol(session, past.cipher, opened, person(name, serial), actor, clock.now())
        for name, serial, _ability in crowd(first, wanted.learners)
    ]
    for day in range(DAYS):
        starts = begins + timedelta(days=day)
        facts = training.LessonFacts(
            f"第{day + 1}讲", wanted.teacher, LessonMode.ON_SITE, starts, starts + timedelta(hours=HOURS)
        )
        lesson = training.add_lesson(session, opened, facts, clock.now())
        for each in enrolled[: wanted.completed]:
            presence = Presence(lesson.starts_at, lesson.ends_at)
            training.record_attendance(session, each, lesson, presence, actor=actor, now=lesson.ends_at)
    clock.at = begins + timedelta(days=DAYS + 1)
    for number, each in enumerate(enrolled[: wanted.completed]):
        completing.assess(session, each, Decimal(72 + 4 * number), actor=actor, now=clock.now())
    completing.issue_certificates(session, past, opened, actor=actor, now=clock.now())
