"""Notes of markers: made at a place, seen by whoever may see their marks, taken back and never lost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.delivery import service as delivery
from certengine.delivery.models import Attempt, HandedFile
from certengine.foundation.errors import Conflict, NotFound
from certengine.ledger import service as ledger
from certengine.marking import answers
from certengine.marking.annotation_models import Annotation
from certengine.marking.annotation_rules import Place, body_of, place_of, selector
from certengine.marking.answer_models import AnswerQuestion, WrittenAnswer
from certengine.marking.releases import any_released
from certengine.sittings import service as sittings


@dataclass(frozen=True)
class Note:
    """number: from 1, in the order in which the notes were made at this answer or file."""

    id: UUID
    number: int
    place: Place
    body: str
    marker: str
    marker_name: str
    at: datetime


def notes_of(
    session: Session, *, answer_id: UUID | None = None, file_id: UUID | None = None, markers: Sequence[str]
) -> list[Note]:
    """Of these markers, in order. Numbers count every note that was made, so that they never change."""
    target = Annotation.answer_id == answer_id if answer_id else Annotation.file_id == file_id
    rows = session.scalars(select(Annotation).where(target).order_by(Annotation.at, Annotation.id)).all()
    return [
        _note(number, row) for number, row in enumerate(rows, 1) if row.removed_at is None and row.marker in markers
    ]


def _note(number: int, row: Annotation) -> Note:
    return Note(row.id, number, place_of(row.selector), row.body, row.marker, row.marker_name, row.at)


def answer_of(session: Session, question_id: UUID, code: str) -> WrittenAnswer:
    """Raises NotFound."""
    query = select(WrittenAnswer).where(WrittenAnswer.question_id == question_id, WrittenAnswer.code == code)
    found = session.scalar(query)
    if found is None:
        raise NotFound("marking.no_answer")
    return found


@dataclass(frozen=True)
class Author:
    marker: str
    name: str


def note_answer(
    session: Session, answer: WrittenAnswer, place: Place, body: str, by: Author, now: datetime
) -> Annotation:
    """The caller has seen to it that the answer is open to this marker. Raises Invalid, Conflict after the release."""
    sitting_id = session.get_one(AnswerQuestion, answer.question_id).sitting_id
    answers.refuse_released(session, sitting_id)
    row = _made(place, body, by, now)
    row.answer_id = answer.id
    return _add(session, row, sitting_id, {"code": answer.code}, now)


def note_file(session: Session, file: HandedFile, place: Place, body: str, by: Author, now: datetime) -> Annotation:
    """The same of a file that was handed in."""
    sitting_id = session.get_one(Attempt, file.attempt_id).sitting_id
    if any_released(session, sittings.sitting(session, sitting_id).exam_plan_id):
        raise Conflict("marking.released")
    row = _made(place, body, by, now)
    row.file_id = file.id
    return _add(session, row, sitting_id, {"file": str(file.id), "sha256": file.digest}, now)


def _made(place: Place, body: str, by: Author, now: datetime) -> Annotation:
    return Annotation(
        marker=by.marker, marker_name=by.name, selector=selector(place), body=body_of(body), at=now, removed_at=None
    )


def _add(session: Session, row: Annotation, sitting_id: UUID, of: dict[str, Any], now: datetime) -> Annotation:
    session.add(row)
    session.flush()
    _record(session, "annotation.made", row, sitting_id, {**of, "selector": row.selector, "body": row.body}, now)
    return row


def take_back(session: Session, note_id: UUID, by: Author, now: datetime) -> None:
    """Only one's own. Raises NotFound, Conflict after the release."""
    row = session.get(Annotation, note_id)
    if row is None or row.marker != by.marker:
        raise NotFound("not_found")
    sitting_id = _sitting_of(session, row)
    answers.refuse_released(session, sitting_id)
    if row.removed_at is None:
        row.removed_at = now
        _record(session, "annotation.taken_back", row, sitting_id, {}, now)


def _sitting_of(session: Session, row: Annotation) -> UUID:
    if row.answer_id is not None:
        answer = session.get_one(WrittenAnswer, row.answer_id)
        return session.get_one(AnswerQuestion, answer.question_id).sitting_id
    file = session.get_one(HandedFile, row.file_id)
    return session.get_one(Attempt, file.attempt_id).sitting_id


def _record(
    session: Session, kind: str, row: Annotation, sitting_id: UUID, private: dict[str, Any], now: datetime
) -> None:
    key = delivery.sitting_key(sitting_id)
    private = {"annotation": str(row.id), **private}
    ledger.record(session, kind=kind, actor=row.marker, subject=key, now=now, public={"sitting": key}, private=private)


@dataclass(frozen=True)
class Placed:
    """A note with what it is about: the question's item and part, or the file."""

    note: Note
    item: str
    part: str
    file: str


def notes_on(session: Session, registration_id: UUID) -> list[Placed]:
    """Every note on a candidate's answers and files, for a score review."""
    on_answers = (
        select(Annotation, AnswerQuestion.item, AnswerQuestion.part)
        .join(WrittenAnswer, WrittenAnswer.id == Annotation.answer_id)
        .join(AnswerQuestion, AnswerQuestion.id == WrittenAnswer.question_id)
        .where(WrittenAnswer.registration_id == registration_id, Annotation.removed_at.is_(None))
        .order_by(AnswerQuestion.item, AnswerQuestion.part, Annotation.at)
    )
    on_files = (
        select(Annotation, HandedFile.name)
        .join(HandedFile, HandedFile.id == Annotation.file_id)
        .join(Attempt, Attempt.id == HandedFile.attempt_id)
        .where(Attempt.registration_id == registration_id, Annotation.removed_at.is_(None))
        .order_by(HandedFile.name, Annotation.at)
    )
    written = [Placed(_note(0, row), item, part, "") for row, item, part in session.execute(on_answers)]
    return [*written, *(Placed(_note(0, row), "", "", name) for row, name in session.execute(on_files))]
