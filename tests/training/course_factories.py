from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.foundation.runtime import Runtime
from certengine.people import service as people
from certengine.people.models import DocumentType, Organisation, OrganisationKind, Person
from certengine.people.service import PersonFacts
from certengine.training import courses, learning
from certengine.training.course_models import Course, CourseEnrolment, Subject, UnitKind
from certengine.training.courses import CourseFacts, UnitFacts
from certengine.training.hours_accounts import Where
from certengine.training.watching import Claim
from tests.factories import resident_id

AUTHOR, REVIEWER, LEARNER = "account:author", "account:reviewer", "account:learner"


def organisation(
    session: Session, runtime: Runtime, kind: OrganisationKind, name: str, code: str, region: str = "370000"
) -> Organisation:
    """The organisation of this name, made at first use."""
    found = session.scalar(select(Organisation).where(Organisation.name == name))
    if found is None:
        found = people.create_organisation(session, kind, name, code, runtime.clock.now())
        found.region = region
        session.flush()
    return found


def department(session: Session, runtime: Runtime) -> Organisation:
    return organisation(session, runtime, OrganisationKind.DEPARTMENT, "山东省人社厅", "SDRS")


def base(session: Session, runtime: Runtime) -> Organisation:
    return organisation(session, runtime, OrganisationKind.BASE, "齐鲁继续教育基地", "QLJD", "370100")


def person(session: Session, runtime: Runtime, serial: int = 1, name: str = "张三") -> Person:
    facts = PersonFacts(name, DocumentType.RESIDENT_ID, resident_id(serial))
    return people.register_person(session, runtime.cipher, facts, runtime.clock.now())


def facts(title: str = "数据安全与个人信息保护", **changes: Any) -> CourseFacts:
    given: dict[str, Any] = {
        "title": title,
        "summary": "两小时入门",
        "subject": Subject.PROFESSIONAL,
        "field": "big_data",
        "level": None,
        "hours": Decimal("0.1"),
        "quiz_items": 2,
        "quiz_pass": 60,
        "quiz_attempts": 2,
        **changes,
    }
    return CourseFacts(**given)


def drafted(session: Session, runtime: Runtime, token: str = "one", **changes: Any) -> Course:
    """Two units of two minutes (a video, a text) and three questions whose right answer is the first."""
    made = courses.draft(
        session,
        base(session, runtime).id,
        facts(**changes),
        token=token,
        actor=AUTHOR,
        now=runtime.clock.now(),
    )
    courses.add_unit(session, made, UnitFacts("第一讲", UnitKind.VIDEO, 120, address="/media/one.mp4"))
    courses.add_unit(session, made, UnitFacts("阅读材料", UnitKind.DOCUMENT, 120, text="个人信息是……"))
    for number in range(3):
        courses.add_question(session, made, f"问题{number}：1 < 2？", ["对", "错", "不知道"], 0)
    return made


def published(session: Session, runtime: Runtime, token: str = "one", **changes: Any) -> Course:
    made, now = drafted(session, runtime, token, **changes), runtime.clock.now()
    office = department(session, runtime).id
    courses.submit(session, made, actor=AUTHOR, now=now)
    courses.review(session, made, True, "", organisation_id=office, actor=REVIEWER, now=now)
    courses.publish(session, made, organisation_id=office, actor=REVIEWER, now=now)
    return made


def enrolled(
    session: Session, runtime: Runtime, course: Course, serial: int = 1, organisation_id: UUID | None = None
) -> CourseEnrolment:
    who = person(session, runtime, serial, f"学员{'甲乙丙丁戊'[serial % 5]}")
    made, _new = learning.enrol(session, course, who.id, Where("370100", organisation_id), now=runtime.clock.now())
    return made


def watched(
    session: Session, runtime: Runtime, found: CourseEnrolment, unit: int = 0, seconds: int = 120
) -> learning.Told:
    """Watches a unit from where it stands, with a word to the server every fifteen seconds."""
    view = learning.units(session, found)[unit]
    told = learning.hear(
        session, found, view.unit.id, Claim(view.position, view.position), actor=LEARNER, now=runtime.clock.now()
    )
    for _beat in range(seconds // 15):
        runtime.clock.advance(seconds=15)  # type: ignore[attr-defined]
        claim = Claim(told.position, told.position + 15_000)
        told = learning.hear(session, found, view.unit.id, claim, actor=LEARNER, now=runtime.clock.now())
    return told
