from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from certengine.foundation.errors import Conflict, Invalid, NotAllowed
from certengine.foundation.paging import paginate
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.people.models import OrganisationKind
from certengine.training import course_rules, courses
from certengine.training.course_models import CourseState, Subject, UnitKind
from certengine.training.course_rules import Question, YearHours, draw, judge_year, mark, rule_of
from certengine.training.courses import Sought, UnitFacts
from tests.training.course_factories import (
    AUTHOR,
    REVIEWER,
    base,
    department,
    drafted,
    facts,
    organisation,
    published,
)

halves = st.integers(0, 400).map(lambda count: Decimal(count) / 2)


def test_a_course_is_submitted_reviewed_by_a_second_person_published_and_withdrawn(
    session: Session, runtime: Runtime
) -> None:
    course, office, now = drafted(session, runtime), department(session, runtime).id, runtime.clock.now()
    courses.submit(session, course, actor=AUTHOR, now=now)
    with pytest.raises(NotAllowed, match="own_review"):
        courses.review(session, course, True, "", organisation_id=office, actor=AUTHOR, now=now)
    with pytest.raises(NotAllowed, match="department_only"):
        courses.review(session, course, True, "", organisation_id=course.organisation_id, actor=REVIEWER, now=now)
    courses.review(session, course, True, "", organisation_id=office, actor=REVIEWER, now=now)
    courses.publish(session, course, organisation_id=office, actor=REVIEWER, now=now)
    assert course.state is CourseState.PUBLISHED
    with pytest.raises(Invalid):
        courses.withdraw(session, course, " ", organisation_id=office, actor=REVIEWER, now=now)
    courses.withdraw(session, course, "内容过时", organisation_id=office, actor=REVIEWER, now=now)
    kinds = [each.kind for each in ledger.history(session, f"course:{course.id}")]
    assert set(kinds) == {
        "course.drafted",
        "course.submitted",
        "course.reviewed",
        "course.published",
        "course.withdrawn",
    }


def test_a_course_goes_back_with_a_reason_and_is_a_draft_again(session: Session, runtime: Runtime) -> None:
    course, office, now = drafted(session, runtime), department(session, runtime).id, runtime.clock.now()
    courses.submit(session, course, actor=AUTHOR, now=now)
    with pytest.raises(Conflict, match="not_a_draft"):
        courses.add_unit(session, course, UnitFacts("又一讲", UnitKind.DOCUMENT, 60, text="……"))
    with pytest.raises(Invalid):
        courses.review(session, course, False, "", organisation_id=office, actor=REVIEWER, now=now)
    courses.review(session, course, False, "缺少案例", organisation_id=office, actor=REVIEWER, now=now)
    assert course.state is CourseState.DRAFT and course.note == "缺少案例"


def test_what_is_published_is_what_was_reviewed(session: Session, runtime: Runtime) -> None:
    course, office, now = drafted(session, runtime), department(session, runtime).id, runtime.clock.now()
    courses.submit(session, course, actor=AUTHOR, now=now)
    courses.review(session, course, True, "", organisation_id=office, actor=REVIEWER, now=now)
    course.units[1].text = "后来改过"
    with pytest.raises(Conflict, match="changed_since"):
        courses.publish(session, course, organisation_id=office, actor=REVIEWER, now=now)


def test_submitting_says_all_that_is_missing(session: Session, runtime: Runtime) -> None:
    empty = courses.draft(
        session,
        base(session, runtime).id,
        facts(quiz_items=5),
        token="x",
        actor=AUTHOR,
        now=runtime.clock.now(),
    )
    with pytest.raises(Invalid) as error:
        courses.submit(session, empty, actor=AUTHOR, now=runtime.clock.now())
    assert [each.code for each in error.value.problems] == ["course.no_units", "course.quiz_short"]


def test_a_professional_course_has_a_field_and_a_general_one_has_none(session: Session, runtime: Runtime) -> None:
    for wrong in ({"field": ""}, {"subject": Subject.GENERAL}, {"hours": Decimal(91)}, {"quiz_source": "release:x"}):
        with pytest.raises(Invalid):
            drafted(session, runtime, "wrong", **wrong)  # type: ignore[arg-type]


def test_the_catalogue_is_searched_filtered_and_begins_with_the_courses_of_bases(
    session: Session, runtime: Runtime
) -> None:
    ours = published(session, runtime, "a", title="云计算架构", field="cloud_computing")
    general = published(session, runtime, "b", title="专业技术人员职业道德", subject=Subject.GENERAL, field="")
    school = organisation(session, runtime, OrganisationKind.TRAINING_INSTITUTION, "泉城学院", "QCXY")
    other = published(session, runtime, "c", title="Python 入门100%")
    other.organisation_id = school.id
    drafted(session, runtime, "d", title="还没写完")
    session.flush()
    session.expire_all()

    def found(**sought: object) -> list[str]:
        query = courses.courses_query(Sought(state=CourseState.PUBLISHED, **sought))  # type: ignore[arg-type]
        return [each.title for each in paginate(session, query, 1).rows]

    assert found()[-1] == other.title and len(found()) == 3
    assert found(words="云计算") == [ours.title]
    assert found(words="100%") == [other.title]
    assert found(words="齐鲁 道德") == [general.title]
    assert found(subject=Subject.GENERAL) == [general.title]
    assert found(field="cloud_computing") == [ours.title]
    assert sorted(found(of_bases=True)) == sorted([ours.title, general.title])
    assert courses.developed(session, ours.organisation_id, 2026) == 2


def test_a_form_sent_twice_makes_one_course(session: Session, runtime: Runtime) -> None:
    first = drafted(session, runtime)
    again = courses.draft(
        session, first.organisation_id, facts("别的"), token="one", actor=AUTHOR, now=runtime.clock.now()
    )
    assert again.id == first.id


@given(halves, halves)
def test_a_year_is_fulfilled_exactly_when_nothing_is_missing(general: Decimal, professional: Decimal) -> None:
    rule = rule_of(2026)
    judged = judge_year(rule, YearHours(general, professional))
    assert judged.met == (general + professional >= 90 and professional >= 60)
    assert judged.met == (judged.missing == 0)
    more = YearHours(general + judged.missing - judged.missing_professional, professional + judged.missing_professional)
    assert judge_year(rule, more).met
    assert judged.missing_professional <= judged.missing


def test_general_hours_do_not_stand_in_for_professional_ones() -> None:
    rule = rule_of(2026)
    assert not judge_year(rule, YearHours(Decimal(60), Decimal(30))).met
    assert judge_year(rule, YearHours(Decimal(30), Decimal(60))).met
    assert judge_year(rule, YearHours(Decimal(0), Decimal(90))).met


questions = st.lists(
    st.builds(
        Question,
        st.uuids().map(str),
        st.just("…"),
        st.integers(2, 6).map(lambda count: tuple((str(place), f"选项{place}") for place in range(count))),
        st.just("0"),
        st.booleans(),
    ),
    max_size=12,
    unique_by=lambda each: each.id,
)


@given(questions, st.integers(0, 15), st.text(max_size=8))
def test_a_draw_can_be_repeated_and_keeps_every_questions_options(
    offered: list[Question], count: int, seed: str
) -> None:
    drawn = draw(seed, offered, count)
    assert drawn == draw(seed, list(reversed(offered)), count)
    assert len(drawn) == min(count, len(offered)) == len({each.id for each in drawn})
    by_id = {each.id: each for each in offered}
    for each in drawn:
        assert sorted(each.options) == sorted(by_id[each.id].options) and each.key == "0"
        assert not each.fixed or each.options == by_id[each.id].options


def test_marks_are_cut_and_what_is_not_answered_is_wrong() -> None:
    asked = [{"id": str(number), "key": "0"} for number in range(3)]
    assert mark(asked, {"0": "0", "1": "0"}) == Decimal("66.66")
    assert mark(asked, {"0": "0", "1": "0", "2": "0"}) == 100
    assert mark([], {}) == 0


def test_a_city_department_reaches_its_city_and_a_province_all_of_its_own() -> None:
    assert course_rules.covers("370000", "370200") and not course_rules.covers("370000", "320100")
    assert course_rules.covers("370200", "370200") and not course_rules.covers("370200", "370100")
    assert course_rules.city_of("370102") == "370100"
