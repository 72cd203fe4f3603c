from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from certengine.certificates import service as certificates
from certengine.foundation.errors import Conflict, Invalid
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.standards.rules import Level
from certengine.training import completing, hours_accounts, service
from certengine.training.models import LessonMode
from certengine.training.rules import Presence
from tests.training.factories import OFFICER, attended, enrolled, training_class


def test_who_has_hours_and_assessment_gets_a_training_certificate_that_proves_the_hours(
    session: Session, runtime: Runtime
) -> None:
    opened = training_class(session, runtime)
    done = enrolled(session, runtime, opened, "𠮷田翔", 1)
    short = enrolled(session, runtime, opened, "欧阳娜娜", 2)
    attended(session, runtime, done)
    attended(session, runtime, short, lessons=1)
    completing.assess(session, done, Decimal("60.00"), actor=OFFICER, now=runtime.clock.now())
    issued = completing.issue_certificates(session, runtime, opened, actor=OFFICER, now=runtime.clock.now())
    assert issued == [done]
    assert done.certificate_id is not None and short.certificate_id is None
    proved = completing.completed_hours(session, done.person_id, opened.field, Level.JUNIOR)
    assert proved == opened.hours_required
    assert completing.completed_hours(session, short.person_id, opened.field, Level.JUNIOR) == 0
    assert hours_accounts.person_year(session, done.person_id, 2026).hours.professional == opened.hours_required
    held = certificates.certificates_of(session, done.person.document_index)
    assert len(held) == 1


def test_nobody_is_assessed_before_the_hours_are_full(session: Session, runtime: Runtime) -> None:
    opened = training_class(session, runtime)
    short = enrolled(session, runtime, opened, "欧阳娜娜", 2)
    attended(session, runtime, short, lessons=1)
    with pytest.raises(Conflict, match="assessed_without_hours"):
        completing.assess(session, short, Decimal(100), actor=OFFICER, now=runtime.clock.now())


def test_issuing_twice_issues_nothing_twice(session: Session, runtime: Runtime) -> None:
    opened = training_class(session, runtime)
    done = enrolled(session, runtime, opened, "张三", 1)
    attended(session, runtime, done)
    completing.assess(session, done, Decimal(88), actor=OFFICER, now=runtime.clock.now())
    completing.issue_certificates(session, runtime, opened, actor=OFFICER, now=runtime.clock.now())
    with pytest.raises(Conflict, match="nobody_completed"):
        completing.issue_certificates(session, runtime, opened, actor=OFFICER, now=runtime.clock.now())


def test_a_correction_of_attendance_needs_a_reason_and_leaves_both_in_the_ledger(
    session: Session, runtime: Runtime
) -> None:
    opened = training_class(session, runtime)
    enrolment = enrolled(session, runtime, opened, "张三", 1)
    attended(session, runtime, enrolment, lessons=1)
    lesson = opened.lessons[0]
    earlier = Presence(lesson.starts_at, lesson.ends_at - timedelta(hours=1))
    with pytest.raises(Invalid):
        service.record_attendance(session, enrolment, lesson, earlier, actor=OFFICER, now=lesson.ends_at)
    service.record_attendance(session, enrolment, lesson, earlier, actor=OFFICER, now=lesson.ends_at, reason="早退")
    latest = ledger.history(session, f"enrolment:{enrolment.id}")[0]
    assert latest.private["before"] != latest.private["after"]


def test_lessons_of_a_class_never_clash(session: Session, runtime: Runtime) -> None:
    opened = training_class(session, runtime)
    first = opened.lessons[0]
    facts = service.LessonFacts("补课", "李老师", LessonMode.ONLINE, first.starts_at, first.ends_at)
    with pytest.raises(Invalid):
        service.add_lesson(session, opened, facts, runtime.clock.now())


def test_a_form_sent_twice_opens_one_class(session: Session, runtime: Runtime) -> None:
    assert training_class(session, runtime).id == training_class_again(session, runtime)


def training_class_again(session: Session, runtime: Runtime) -> object:
    from certengine.training.models import TrainingClass

    opened = session.query(TrainingClass).one()
    return service.open_class(
        session,
        organisation_id=opened.organisation_id,
        title=opened.title,
        field=opened.field,
        level=opened.level,
        token="one",
        actor=OFFICER,
        now=runtime.clock.now(),
    ).id
