from datetime import timedelta

from sqlalchemy.orm import Session

from certengine.foundation.runtime import Runtime
from certengine.people.models import DocumentType
from certengine.people.service import PersonFacts
from certengine.standards.rules import Level
from certengine.training import service
from certengine.training.models import Enrolment, LessonMode, TrainingClass
from certengine.training.rules import Presence
from tests.factories import organisation, resident_id

OFFICER = "account:training"


def training_class(session: Session, runtime: Runtime, token: str = "one") -> TrainingClass:
    """A junior class with as many days as its hours need, eight hours of instruction a day."""
    now = runtime.clock.now()
    opened = service.open_class(
        session,
        organisation_id=organisation(session, runtime).id,
        title="人工智能初级2026年第1期",
        field="artificial_intelligence",
        level=Level.JUNIOR,
        token=token,
        actor=OFFICER,
        now=now,
    )
    for day in range(-(-opened.hours_required // 8)):
        starts = now + timedelta(days=day)
        facts = service.LessonFacts(f"第{day + 1}天", "李老师", LessonMode.ON_SITE, starts, starts + timedelta(hours=6))
        service.add_lesson(session, opened, facts, now)
    return opened


def enrolled(session: Session, runtime: Runtime, opened: TrainingClass, name: str, serial: int) -> Enrolment:
    facts = PersonFacts(name, DocumentType.RESIDENT_ID, resident_id(serial))
    return service.enrol(session, runtime.cipher, opened, facts, OFFICER, runtime.clock.now())


def attended(session: Session, runtime: Runtime, enrolment: Enrolment, lessons: int | None = None) -> None:
    for lesson in enrolment.training_class.lessons[:lessons]:
        presence = Presence(lesson.starts_at, lesson.ends_at)
        service.record_attendance(session, enrolment, lesson, presence, actor=OFFICER, now=lesson.ends_at)
