from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from certengine.foundation.errors import Conflict, Invalid, NotFound
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.training import hours_accounts, learning, quizzes
from certengine.training.course_models import (
    Course,
    CourseEnrolment,
    HoursAccount,
    HoursCredit,
    QuizAttempt,
    Subject,
    Way,
)
from certengine.training.hours_accounts import Earned, Where
from certengine.training.watching import Claim
from tests.training.course_factories import LEARNER, enrolled, person, published, watched


def passed(session: Session, runtime: Runtime, found: CourseEnrolment, right: bool = True) -> QuizAttempt:
    made = quizzes.start(session, found, f"seed {len(quizzes.attempts(session, found))}", runtime.clock.now())
    answers = {each["id"]: each["key"] if right else "2" for each in made.questions}
    quizzes.submit(session, found, made, answers, actor=LEARNER, now=runtime.clock.now())
    return made


def test_units_and_quiz_done_credit_the_hours_once(session: Session, runtime: Runtime) -> None:
    course = published(session, runtime)
    found = enrolled(session, runtime, course)
    assert watched(session, runtime, found, 0).done
    assert not found.completed_at
    assert watched(session, runtime, found, 1).done
    made = passed(session, runtime, found)
    assert made.passed and made.score == 100 and found.completed_at
    year = hours_accounts.person_year(session, found.person_id, 2026)
    assert year.hours.professional == Decimal("0.1") and year.hours.general == 0
    account = session.scalars(select(HoursAccount)).one()
    assert (account.enrolled, account.completed, account.professional) == (1, 1, Decimal("0.1"))
    assert not learning.complete(session, found, actor=LEARNER, now=runtime.clock.now())
    assert [each.kind for each in ledger.history(session, f"person:{found.person_id}")] == ["hours.credited"]


def test_the_second_unit_opens_when_the_first_is_done(session: Session, runtime: Runtime) -> None:
    found = enrolled(session, runtime, published(session, runtime))
    first, second = learning.units(session, found)
    assert first.open and not second.open
    with pytest.raises(Conflict, match="unit_locked"):
        learning.hear(session, found, second.unit.id, Claim(0, 0), actor=LEARNER, now=runtime.clock.now())
    watched(session, runtime, found, 0)
    assert learning.units(session, found)[1].open


def test_a_claim_beyond_the_servers_clock_is_cut_and_the_rest_must_be_watched(
    session: Session, runtime: Runtime
) -> None:
    found = enrolled(session, runtime, published(session, runtime))
    unit = found.course.units[0].id
    learning.hear(session, found, unit, Claim(0, 0), actor=LEARNER, now=runtime.clock.now())
    runtime.clock.advance(seconds=15)  # type: ignore[attr-defined]
    told = learning.hear(session, found, unit, Claim(0, 120_000), actor=LEARNER, now=runtime.clock.now())
    assert told.position == told.seen == 15_000 and not told.done
    runtime.clock.advance(seconds=15)  # type: ignore[attr-defined]
    told = learning.hear(session, found, unit, Claim(100_000, 115_000), actor=LEARNER, now=runtime.clock.now())
    assert told.position == told.seen == 15_000


def test_two_windows_count_the_time_once(session: Session, runtime: Runtime) -> None:
    course, other = published(session, runtime), published(session, runtime, "two", title="另一门")
    one, two = enrolled(session, runtime, course), enrolled(session, runtime, other)
    seen = {one.id: 0, two.id: 0}
    for found in (one, two):
        learning.hear(session, found, found.course.units[0].id, Claim(0, 0), actor=LEARNER, now=runtime.clock.now())
    for _beat in range(4):
        runtime.clock.advance(seconds=15)  # type: ignore[attr-defined]
        for found in (one, two):
            start = seen[found.id]
            told = learning.hear(
                session,
                found,
                found.course.units[0].id,
                Claim(start, start + 15_000),
                actor=LEARNER,
                now=runtime.clock.now(),
            )
            seen[found.id] = told.seen
    assert sum(seen.values()) == 60_000


def test_progress_is_kept_on_the_server_and_goes_on_from_there(session: Session, runtime: Runtime) -> None:
    found = enrolled(session, runtime, published(session, runtime))
    watched(session, runtime, found, 0, 45)
    session.expire_all()
    view = learning.units(session, learning.enrolment(session, found.id, found.person_id))[0]
    assert view.position == view.seen == 45_000
    runtime.clock.advance(days=1)  # type: ignore[attr-defined]
    told = learning.hear(session, found, view.unit.id, Claim(45_000, 105_000), actor=LEARNER, now=runtime.clock.now())
    assert told.seen == 45_000


def test_where_order_is_free_any_part_may_be_watched_first(session: Session, runtime: Runtime) -> None:
    found = enrolled(session, runtime, published(session, runtime, in_order=False))
    unit = found.course.units[1].id
    learning.hear(session, found, unit, Claim(60_000, 60_000), actor=LEARNER, now=runtime.clock.now())
    runtime.clock.advance(seconds=20)  # type: ignore[attr-defined]
    told = learning.hear(session, found, unit, Claim(60_000, 80_000), actor=LEARNER, now=runtime.clock.now())
    assert (told.position, told.seen) == (80_000, 20_000)


def test_somebody_elses_learning_is_not_found(session: Session, runtime: Runtime) -> None:
    found = enrolled(session, runtime, published(session, runtime))
    with pytest.raises(NotFound):
        learning.enrolment(session, found.id, person(session, runtime, 9, "李四").id)


def test_a_quiz_waits_for_the_units_and_its_attempts_are_limited(session: Session, runtime: Runtime) -> None:
    course = published(session, runtime)
    found = enrolled(session, runtime, course)
    with pytest.raises(Conflict, match="units_open"):
        quizzes.start(session, found, "seed", runtime.clock.now())
    watched(session, runtime, found, 0)
    watched(session, runtime, found, 1)
    begun = quizzes.start(session, found, "seed", runtime.clock.now())
    assert quizzes.start(session, found, "another seed", runtime.clock.now()).id == begun.id
    quizzes.submit(session, found, begun, {}, actor=LEARNER, now=runtime.clock.now())
    with pytest.raises(Conflict, match="attempt_over"):
        quizzes.submit(session, found, begun, {}, actor=LEARNER, now=runtime.clock.now())
    assert not passed(session, runtime, found, right=False).passed
    with pytest.raises(Conflict, match="attempts_used"):
        quizzes.start(session, found, "seed", runtime.clock.now())
    assert not found.completed_at
    with pytest.raises(Invalid):
        quizzes.grant(session, course.organisation_id, found.id, "", actor=LEARNER, now=runtime.clock.now())
    quizzes.grant(session, course.organisation_id, found.id, "网络中断", actor=LEARNER, now=runtime.clock.now())
    with pytest.raises(Conflict, match="more_pointless"):
        quizzes.grant(session, course.organisation_id, found.id, "再来", actor=LEARNER, now=runtime.clock.now())
    assert passed(session, runtime, found).passed and found.completed_at


def test_a_learner_never_gets_a_key_and_stems_are_escaped(session: Session, runtime: Runtime) -> None:
    found = enrolled(session, runtime, published(session, runtime))
    watched(session, runtime, found, 0)
    watched(session, runtime, found, 1)
    made = quizzes.start(session, found, "seed", runtime.clock.now())
    for each in quizzes.shown(made):
        assert not hasattr(each, "key") and each.right is None and "1 &lt; 2" in each.stem
    assert len(made.questions) == 2


def test_enrolling_twice_is_one_enrolment(session: Session, runtime: Runtime) -> None:
    course = published(session, runtime)
    first = enrolled(session, runtime, course)
    again, new = learning.enrol(session, course, first.person_id, Where("370200"), now=runtime.clock.now())
    assert again.id == first.id and not new
    assert session.scalars(select(HoursAccount)).one().enrolled == 1


def test_enrolling_from_eight_windows_at_once_is_one_enrolment(runtime: Runtime) -> None:
    with runtime.unit_of_work() as session:
        course = published(session, runtime)
        who = person(session, runtime).id

    def enrol(_window: int) -> bool:
        with runtime.unit_of_work() as session:
            found = session.get_one(Course, course.id)
            return learning.enrol(session, found, who, Where("370100"), now=runtime.clock.now())[1]

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(enrol, range(8))) == 1
    with runtime.unit_of_work(read_only=True) as session:
        assert session.scalar(select(func.count()).select_from(CourseEnrolment)) == 1
        assert session.scalars(select(HoursAccount)).one().enrolled == 1


def test_hours_are_of_the_year_in_which_they_were_earned_in_chinas_time(session: Session, runtime: Runtime) -> None:
    who = person(session, runtime)
    earned = Earned(Subject.GENERAL, Way.SEMINAR, Decimal(30), "研修班", "seminar:1")
    new_year_in_china = runtime.clock.now().replace(month=12, day=31, hour=16, minute=0)
    before = new_year_in_china - timedelta(seconds=1)
    assert hours_accounts.credit(session, who.id, earned, Where("370100"), actor="x", now=before)
    assert not hours_accounts.credit(session, who.id, earned, Where("370100"), actor="x", now=before)
    later = Earned(Subject.PROFESSIONAL, Way.PRACTICE, Decimal(60), "实践", "practice:1")
    hours_accounts.credit(session, who.id, later, Where("370100"), actor="x", now=new_year_in_china)
    assert hours_accounts.years_of(session, who.id) == [2027, 2026]
    assert hours_accounts.person_year(session, who.id, 2026).hours.general == 30
    with pytest.raises(Invalid):
        hours_accounts.credit(
            session,
            who.id,
            Earned(Subject.GENERAL, Way.PRACTICE, Decimal(0), "无", "n"),
            Where("370100"),
            actor="x",
            now=before,
        )


def test_the_accounts_sums_are_always_those_of_its_credits(session: Session, runtime: Runtime) -> None:
    who = person(session, runtime)
    for number in range(8):
        subject = Subject.GENERAL if number % 3 == 0 else Subject.PROFESSIONAL
        earned = Earned(subject, Way.COURSE, Decimal("12.5"), f"课程{number}", f"course_enrolment:{number}")
        hours_accounts.credit(session, who.id, earned, Where("370100"), actor="x", now=runtime.clock.now())
        account = session.scalars(select(HoursAccount)).one()
        year = hours_accounts.person_year(session, who.id, 2026)
        assert (account.general, account.professional) == (year.hours.general, year.hours.professional)
        assert account.met == year.judged.met
    assert account.met
    assert session.scalar(select(func.count()).select_from(HoursCredit)) == 8
