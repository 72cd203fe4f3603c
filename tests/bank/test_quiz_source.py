"""A course's quiz drawn from a released bank."""

from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from certengine.bank.models import Bank
from certengine.bank.rules import ItemType
from certengine.foundation.errors import Invalid, NotFound
from certengine.foundation.ids import new_id
from certengine.foundation.runtime import Runtime
from certengine.training import courses, quiz_sources
from certengine.training.course_models import Course, Subject
from certengine.training.course_rules import draw
from certengine.training.courses import CourseFacts
from tests.bank.factories import release


def drafted(session: Session, runtime: Runtime, organisation_id: object, source: str) -> Course:
    facts = CourseFacts(
        "人工智能基础",
        "",
        Subject.PROFESSIONAL,
        "artificial_intelligence",
        None,
        Decimal(1),
        quiz_items=5,
        quiz_source=source,
    )
    return courses.draft(
        session,
        organisation_id,  # type: ignore[arg-type]
        facts,
        token=str(new_id()),
        actor="account:author",
        now=runtime.clock.now(),
    )


def test_a_quiz_draws_the_single_choices_of_the_organisations_own_release(session: Session, runtime: Runtime) -> None:
    view = release(session, runtime)
    owner = session.get_one(Bank, view.bank_id).organisation_id
    (offer,) = quiz_sources.offers(session, owner)
    assert offer.reference == f"release:{view.id}"
    assert quiz_sources.offers(session, new_id()) == []
    course = drafted(session, runtime, owner, offer.reference)
    offered = quiz_sources.questions_of(session, course)
    singles = {each.id for each in view.items if each.type is ItemType.SINGLE}
    assert {each.id for each in offered} <= singles and len(offered) >= 5
    for each in draw("seed", offered, 5):
        assert each.key in {option for option, _text in each.options}
        item = view.item(each.id)
        assert each.key == item.key and (
            not item.fixed or [o for o, _t in each.options] == [o.id for o in item.options]
        )
        assert item.rationale == "" or item.rationale not in each.stem


def test_another_organisations_release_cannot_be_chosen(session: Session, runtime: Runtime) -> None:
    view = release(session, runtime)
    owner = session.get_one(Bank, view.bank_id).organisation_id
    for source in (f"release:{new_id()}", "release:nonsense", "elsewhere:1"):
        with pytest.raises(Invalid):
            drafted(session, runtime, owner, source)
    course = drafted(session, runtime, owner, f"release:{view.id}")
    course.quiz_source = "release:nonsense"
    with pytest.raises(NotFound):
        quiz_sources.questions_of(session, course)
