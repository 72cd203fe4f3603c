"""A class that was taught, and continuing-education courses."""

from datetime import datetime, timedelta
from decimal import Decimal

from certengine.demo.cast import CANDIDATES, FIELD, PASSWORD, People, document
from certengine.foundation.clock import SetClock
from certengine.foundation.runtime import Runtime
from certengine.people import service as people
from certengine.people.models import DocumentType, Organisation
from certengine.people.permissions import Role
from certengine.people.service import PersonFacts
from certengine.standards.rules import Level
from certengine.training import completing, learning, sample_courses
from certengine.training import service as training
from certengine.training.hours_accounts import Where
from certengine.training.models import LessonMode
from certengine.training.rules import Presence


def teach_class(past: Runtime, clock: SetClock, staff: People, now: datetime) -> None:
    """A class that was taught, with one who completed it and may fetch the certificate."""
    clock.at = now - timedelta(days=38)
    officer = staff.actor("training")
    with past.unit_of_work() as session:
        opened = training.open_class(
            session,
            organisation_id=staff.trainers.id,
            title="人工智能初级培训 2026 秋季班",
            field=FIELD,
            level=Level.JUNIOR,
            token="demo class",
            actor=officer,
            now=clock.now(),
        )
        enrolled = [
            training.enrol(
                session,
                past.cipher,
                opened,
                PersonFacts(name, DocumentType.RESIDENT_ID, document(serial)),
                officer,
                clock.now(),
            )
            for name, serial, _ability in CANDIDATES[:3]
        ]
        first = (now - timedelta(days=37)).replace(hour=1, minute=0, second=0, microsecond=0)
        for day in range(8):
            starts = first + timedelta(days=day)
            facts = training.LessonFacts(
                f"第{day + 1}讲", "董老师", LessonMode.ON_SITE, starts, starts + timedelta(hours=6)
            )
            lesson = training.add_lesson(session, opened, facts, clock.now())
            for each in enrolled[: 3 if day < 5 else 1]:
                training.record_attendance(
                    session, each, lesson, Presence(starts, starts + timedelta(hours=6)), actor=officer, now=clock.now()
                )
        clock.at = first + timedelta(days=9)
        completing.assess(session, enrolled[0], Decimal("86.5"), actor=officer, now=clock.now())
        completing.issue_certificates(session, past, opened, actor=officer, now=clock.now())
        people.create_account(
            session,
            login="trainee",
            password=PASSWORD,
            name="学员 张伟明",
            organisation=session.get_one(Organisation, staff.trainers.id),
            roles=frozenset({Role.TRAINEE}),
            now=clock.now(),
            person=enrolled[0].person,
        )


def offer_courses(past: Runtime, staff: People) -> None:
    """Continuing-education courses of the base, in which the trainee and an employer's people are enrolled."""
    now = past.clock.now()
    with past.unit_of_work() as session:
        trainee = people.account_by_login(session, "trainee")
        published = sample_courses.fill(
            session,
            past,
            developer=staff.accounts["base"].organisation_id,
            author=staff.actor("base"),
            department=staff.accounts["supervisor"].organisation_id,
            reviewer=staff.actor("supervisor"),
            employer=staff.accounts["employer"].organisation_id,
            staff=[
                PersonFacts(name, DocumentType.RESIDENT_ID, document(serial)) for name, serial, _a in CANDIDATES[1:4]
            ],
            now=now,
        )
        assert trainee is not None and trainee.person_id is not None
        learning.enrol(session, published[2], trainee.person_id, Where("370000"), now=now)
