"""An institution that teaches: teachers, rooms, a plan, a class that is over, one that runs; and courses with a video."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from importlib.resources import files
from uuid import UUID

from sqlalchemy.orm import Session

from certengine.demo.cast import CANDIDATES, FIELD, PASSWORD, People, crowd, document
from certengine.foundation.clock import SetClock
from certengine.foundation.runtime import Runtime
from certengine.people import service as people
from certengine.people.models import DocumentType, Organisation
from certengine.people.permissions import Role
from certengine.people.service import PersonFacts
from certengine.standards.rules import Level
from certengine.standards.service import standard
from certengine.training import completing, learning, plan_rules, quizzes, sample_courses, teaching
from certengine.training import service as training
from certengine.training.course_models import Course, CourseEnrolment
from certengine.training.hours_accounts import Where
from certengine.training.models import Enrolment, Lesson, LessonMode, TrainingClass
from certengine.training.rules import Presence
from certengine.training.teaching import EnvironmentFacts, TeacherFacts
from certengine.training.teaching_models import EnvironmentKind
from certengine.training.watching import Claim

DAYS, HOURS = 8, 6
# What those who were there for all of it scored; the last of them did not pass.
SCORES = ("86.5", "91", "78", "66.5", "72", "83.5", "69", "88", "75.5", "80", "61", "54")
PDF = b"%PDF-1.4\n%% material of the demonstration\n%%EOF\n"


@dataclass(frozen=True)
class School:
    """What an institution teaches with."""

    teacher: UUID
    room: UUID
    platform: UUID
    plan: UUID


def person(name: str, serial: int) -> PersonFacts:
    return PersonFacts(name, DocumentType.RESIDENT_ID, document(serial))


def teach_class(past: Runtime, clock: SetClock, staff: People, now: datetime) -> None:
    """A class that was taught, with those who completed it and may fetch their certificates; another that runs."""
    clock.at = now - timedelta(days=38)
    with past.unit_of_work() as session:
        school = _furnish(session, staff, clock.now())
        opened = _open(session, staff, f"人工智能初级培训{clock.at.year}年第三期", "demo class", school, clock.now())
        learners = [(name, serial) for name, serial, _ability in (*CANDIDATES[:3], *crowd()[:12])]
        enrolled = _enrol(session, past, staff, opened, learners, clock.now())
        lessons = _lessons(session, opened, school, _morning(now - timedelta(days=37)), clock)
        teaching.add_material(session, past, opened.id, "机器学习基础讲义.pdf", PDF)
        _attend(session, staff, lessons, enrolled, clock)
        clock.at = lessons[-1].ends_at + timedelta(hours=12)
        # Two were away for the last three days and are not open to the assessment.
        assessed = [each for place, each in enumerate(enrolled) if place not in (1, 2)]
        for each, score in zip(assessed, SCORES, strict=False):
            completing.assess(session, each, Decimal(score), actor=staff.actor("training"), now=clock.now())
        completing.issue_certificates(session, past, opened, actor=staff.actor("training"), now=clock.now())
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
        _running_class(session, past, clock, staff, school, now)


def _furnish(session: Session, staff: People, now: datetime) -> School:
    own, actor = staff.trainers.id, staff.actor("training")
    until = now.date() + timedelta(days=700)
    teachers = [
        teaching.add_teacher(session, own, facts, actor=actor, now=now)
        for facts in (
            TeacherFacts("董文博", "副教授", "人工智能工程技术人员培训师资证 SZ-2024-0117", (FIELD,), until),
            TeacherFacts("谢岚", "高级工程师", "大数据工程技术人员培训师资证 SZ-2025-0032", ("big_data", FIELD), None),
        )
    ]
    room = teaching.add_environment(
        session,
        own,
        EnvironmentFacts(
            "实训机房 301", EnvironmentKind.CLASSROOM, 48, "工作站 48 台，单卡 24 GB 显存", "Ubuntu、Python、PyTorch"
        ),
        actor=actor,
        now=now,
    )
    platform = teaching.add_environment(
        session,
        own,
        EnvironmentFacts("在线课堂", EnvironmentKind.PLATFORM, 300, "", "直播、白板、录播回看"),
        actor=actor,
        now=now,
    )
    plan = teaching.make_plan(session, own, "人工智能初级培训计划", FIELD, Level.JUNIOR, token="demo plan", now=now)
    tasks = list(plan_rules.tasks_of(standard(FIELD), Level.JUNIOR))
    whole = standard(FIELD).hours(Level.JUNIOR)
    share, rest = divmod(whole, len(tasks))
    hours = {task: Decimal(share + (place < rest)) for place, task in enumerate(tasks)}
    teaching.set_hours(session, plan, hours, actor=actor, now=now)
    return School(teachers[0].id, room.id, platform.id, plan.id)


def _open(session: Session, staff: People, title: str, token: str, school: School, now: datetime) -> TrainingClass:
    return training.open_class(
        session,
        organisation_id=staff.trainers.id,
        title=title,
        field=FIELD,
        level=Level.JUNIOR,
        token=token,
        actor=staff.actor("training"),
        now=now,
        plan_id=school.plan,
    )


def _enrol(
    session: Session,
    past: Runtime,
    staff: People,
    opened: TrainingClass,
    learners: Sequence[tuple[str, int]],
    now: datetime,
) -> list[Enrolment]:
    actor = staff.actor("training")
    return [training.enrol(session, past.cipher, opened, person(name, serial), actor, now) for name, serial in learners]


def _morning(day: datetime) -> datetime:
    """Nine o'clock in China."""
    return day.replace(hour=1, minute=0, second=0, microsecond=0)


def _lessons(session: Session, opened: TrainingClass, school: School, first: datetime, clock: SetClock) -> list[Lesson]:
    """A day each, on site but for one; together they treat every task of the plan."""
    tasks = list(plan_rules.tasks_of(standard(FIELD), Level.JUNIOR))
    made = []
    for day in range(DAYS):
        starts, online = first + timedelta(days=day), day == 3
        facts = training.LessonFacts(
            f"第{day + 1}讲",
            "董文博",
            LessonMode.ONLINE if online else LessonMode.ON_SITE,
            starts,
            starts + timedelta(hours=HOURS),
            teacher_id=school.teacher,
            environment_id=school.platform if online else school.room,
            address="https://class.example.org/ai-junior" if online else "",
            tasks=tuple(tasks[day::DAYS]),
        )
        made.append(training.add_lesson(session, opened, facts, clock.now()))
    return made


def _attend(
    session: Session, staff: People, lessons: Sequence[Lesson], enrolled: Sequence[Enrolment], clock: SetClock
) -> None:
    actor = staff.actor("training")
    for day, lesson in enumerate(lessons):
        clock.at = lesson.ends_at
        there = enrolled if day < 5 else [each for place, each in enumerate(enrolled) if place not in (1, 2)]
        for each in there:
            presence = Presence(lesson.starts_at, lesson.ends_at)
            training.record_attendance(session, each, lesson, presence, actor=actor, now=clock.now())
    # One was entered wrongly and put right with a reason.
    late = Presence(lessons[0].starts_at + timedelta(minutes=40), lessons[0].ends_at)
    training.record_attendance(
        session, enrolled[2], lessons[0], late, actor=actor, now=clock.now(), reason="签到表记载 9:40 到达，更正"
    )


def _running_class(
    session: Session, past: Runtime, clock: SetClock, staff: People, school: School, now: datetime
) -> None:
    """Begun three days ago: lessons behind, today and ahead."""
    clock.at = now - timedelta(days=6)
    opened = _open(
        session, staff, f"人工智能初级培训{clock.at.year}年第四期", "demo running class", school, clock.now()
    )
    learners = [(name, serial) for name, serial, _ability in (*CANDIDATES[3:6], *crowd()[20:29])]
    enrolled = _enrol(session, past, staff, opened, learners, clock.now())
    lessons = _lessons(session, opened, school, _morning(now - timedelta(days=3)), clock)
    for lesson in lessons:
        if lesson.ends_at < now - timedelta(days=1):
            clock.at = lesson.ends_at
            for each in enrolled[:-2]:
                presence = Presence(lesson.starts_at, lesson.ends_at)
                training.record_attendance(
                    session, each, lesson, presence, actor=staff.actor("training"), now=clock.now()
                )


def offer_courses(past: Runtime, clock: SetClock, staff: People) -> None:
    """Continuing-education courses of the base, one with a video; the trainee has learnt one and is in another."""
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
            staff=[person(name, serial) for name, serial, _a in CANDIDATES[1:4]],
            now=clock.now(),
            video=files("certengine.demo").joinpath("lesson.webm").read_bytes(),
        )
        assert trainee is not None and trainee.person_id is not None
        learning.enrol(session, published[2], trainee.person_id, Where("370000"), now=clock.now())
        done, _new = learning.enrol(session, published[1], trainee.person_id, Where("370000"), now=clock.now())
        _learn(session, clock, published[1], done, f"account:{trainee.id}")


def _learn(session: Session, clock: SetClock, course: Course, enrolment: CourseEnrolment, actor: str) -> None:
    """Reads a course to its end as its page does, and passes the quiz."""
    found = learning.enrolment(session, enrolment.id, enrolment.person_id)
    for unit in course.units:
        position, done = 0, False
        while not done:
            clock.advance(seconds=60)
            claim = Claim(position, position + 60_000)
            told = learning.hear(session, found, unit.id, claim, actor=actor, now=clock.now())
            position, done = told.position, told.done
    begun = quizzes.start(session, found, "demonstration", clock.now())
    answers = {each["id"]: each["key"] for each in begun.questions}
    quizzes.submit(session, found, begun, answers, actor=actor, now=clock.now())
