"""Where quizzes get their questions: the course's own, or what a room above offers (the bank its releases)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from markupsafe import escape
from sqlalchemy.orm import Session

from certengine.training.course_models import Course
from certengine.training.course_rules import Question


@dataclass(frozen=True)
class Offer:
    """A source that may be chosen: its reference, how it is called, how many single choices it has."""

    reference: str
    label: str
    questions: int


class QuizSource(Protocol):
    def offers(self, session: Session, organisation_id: UUID) -> Sequence[Offer]:
        """What an organisation may draw from."""
        ...

    def questions(self, session: Session, reference: str) -> Sequence[Question]:
        """The single choices of a reference. Raises NotFound."""
        ...


_sources: dict[str, QuizSource] = {}


def register(prefix: str, source: QuizSource) -> None:
    """References that begin with `prefix:` are the source's."""
    _sources[prefix] = source


def offers(session: Session, organisation_id: UUID) -> list[Offer]:
    return [
        Offer(f"{prefix}:{each.reference}", each.label, each.questions)
        for prefix, source in _sources.items()
        for each in source.offers(session, organisation_id)
    ]


def questions_of(session: Session, course: Course) -> list[Question]:
    """What a course's quiz is drawn from."""
    if course.quiz_source:
        prefix, _, reference = course.quiz_source.partition(":")
        return list(_sources[prefix].questions(session, reference))
    return [
        Question(
            str(each.id),
            str(escape(each.stem)),
            tuple((str(place), str(escape(text))) for place, text in enumerate(each.options)),
            str(each.key),
        )
        for each in course.questions
    ]
