"""Short answers for people to mark: laid out after a sitting, read as questions, settled by the marks they get."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, insert, select
from sqlalchemy.orm import Session

from certengine.bank import service as bank
from certengine.bank.rules import AnswerPoint, Item
from certengine.delivery import service as delivery
from certengine.foundation.canonical import canonical_hash
from certengine.foundation.errors import Conflict, NotFound
from certengine.foundation.ids import new_id, random_code
from certengine.ledger import service as ledger
from certengine.marking import answer_rules as rules
from certengine.marking.answer_models import (
    AnswerMark,
    AnswerQuestion,
    AnswerState,
    MarkingMode,
    WrittenAnswer,
)
from certengine.marking.in_force import later_live
from certengine.marking.models import TheoryMark
from certengine.marking.releases import any_released
from certengine.papers.rules import Paper
from certengine.sittings import service as sittings
from certengine.sittings.models import Sitting
from certengine.sittings.service import SittingView

CODE_LENGTH = 6


@dataclass(frozen=True)
class QuestionView:
    """A question as its markers see it: item is the short answer itself, case the text it belongs to."""

    id: UUID
    sitting_id: UUID
    name: str
    mode: MarkingMode
    tolerance: int
    item: Item
    case: Item | None
    rubric: tuple[AnswerPoint, ...]
    rubric_hash: str
    rubric_version: int

    @property
    def whole(self) -> Decimal:
        return rules.whole_of(self.rubric)

    @property
    def tolerance_share(self) -> Fraction:
        return Fraction(self.tolerance, 100)


def released(session: Session, sitting: SittingView) -> dict[str, Item]:
    """Raises Conflict for a sitting without papers."""
    if sitting.release_id is None:
        raise Conflict("marking.no_theory")
    return {item.id: item for item in bank.released_items(session, sitting.release_id).items}


def open_marking(session: Session, sitting_id: UUID, actor: str, now: datetime) -> int:
    """Lays out every answer of the sitting that people have to mark, under a random code; blank ones are settled as 0.

    A second time adds only what was not there. Returns how many were added. Raises Conflict before the end.
    """
    sitting = sittings.sitting(session, sitting_id)
    # Two officers at once: the second finds what the first laid out.
    session.execute(select(Sitting.id).where(Sitting.id == sitting_id).with_for_update())
    if now < sitting.ends_at:
        raise Conflict("marking.not_over")
    if still := delivery.running(session, sitting_id):
        raise Conflict("marking.still_running", count=still)
    items = released(session, sitting)
    known = {(each.item, each.part): each for each in questions_of(session, sitting_id)}
    there, codes = laid_out(session, sitting_id)
    rows: list[dict[str, Any]] = []
    told: dict[str, list[str | bool]] = {}
    drawn = delivery.papers_answered(session, sitting_id)
    for registration_id, item, part, text in written(items, drawn, delivery.final_answers(session, sitting_id)):
        question = known.get((item, part)) or _new_question(session, sitting_id, item, part, now)
        known[item, part] = question
        if (question.id, registration_id) not in there:
            row = _answer_row(question.id, registration_id, free_code(codes), text, now)
            rows.append(row)
            told[row["code"]] = [delivery.registration_key(registration_id), item, part, row["blank"]]
    if rows:
        # By code: the order of the rows must not be that of the scripts.
        session.execute(insert(WrittenAnswer), sorted(rows, key=lambda row: str(row["code"])))
        public = {"count": len(rows), "answers": canonical_hash(told)}
        record(session, "answers.opened", sitting_id, actor, now, public, {"answers": told})
    return len(rows)


def written(
    items: Mapping[str, Item], drawn: Mapping[str, Paper], scripts: Mapping[UUID, Mapping[str, Any]]
) -> Iterator[tuple[UUID, str, str, str]]:
    """(registration, item, part, text) of all that people have to mark in scripts that were handed in."""
    # Most sittings have none, and thousands of scripts are gone through.
    asked = {name: item for name, item in items.items() if rules.pieces(item, None)}
    for registration_id, given in scripts.items() if asked else ():
        for placed in drawn[delivery.registration_key(registration_id)].items:
            if placed.item in asked:
                for part, text in rules.pieces(asked[placed.item], given.get(placed.item)):
                    yield registration_id, placed.item, part, text


def laid_out(session: Session, sitting_id: UUID) -> tuple[set[tuple[UUID, UUID | None]], set[str]]:
    query = select(WrittenAnswer.question_id, WrittenAnswer.registration_id, WrittenAnswer.code)
    rows = session.execute(query.join(AnswerQuestion).where(AnswerQuestion.sitting_id == sitting_id)).all()
    return {(row.question_id, row.registration_id) for row in rows}, {row.code for row in rows}


def _new_question(session: Session, sitting_id: UUID, item: str, part: str, now: datetime) -> AnswerQuestion:
    question = AnswerQuestion(
        sitting_id=sitting_id, item=item, part=part, mode=MarkingMode.SINGLE, tolerance=rules.TOLERANCE, opened_at=now
    )
    session.add(question)
    session.flush()
    return question


def free_code(codes: set[str]) -> str:
    while (code := random_code(CODE_LENGTH)) in codes:
        pass
    codes.add(code)
    return code


def _answer_row(question_id: UUID, registration_id: UUID, code: str, text: str, now: datetime) -> dict[str, Any]:
    blank = rules.is_blank(text)
    return {
        "id": new_id(),
        "question_id": question_id,
        "registration_id": registration_id,
        "code": code,
        "text": text,
        "blank": blank,
        "agreed": None,
        "state": AnswerState.SETTLED if blank else AnswerState.OPEN,
        "share": rules.fraction_text(rules.NOTHING) if blank else None,
        "settled_at": now if blank else None,
        "version": 0,
    }


def questions_of(session: Session, sitting_id: UUID) -> list[AnswerQuestion]:
    query = select(AnswerQuestion).where(AnswerQuestion.sitting_id == sitting_id)
    return list(session.scalars(query.order_by(AnswerQuestion.item, AnswerQuestion.part)))


def question(session: Session, question_id: UUID) -> QuestionView:
    """Raises NotFound."""
    row = session.get(AnswerQuestion, question_id)
    if row is None:
        raise NotFound("marking.no_question")
    return view_of(session, row)


def view_of(session: Session, row: AnswerQuestion) -> QuestionView:
    sitting = sittings.sitting(session, row.sitting_id)
    frozen = released(session, sitting)[row.item]
    now_live = _live(session, sitting, frozen)
    asked = rules.question_item(frozen, row.part)
    rubric = rules.rubric_of(rules.question_item(now_live, row.part))
    return QuestionView(
        id=row.id,
        sitting_id=row.sitting_id,
        name=f"{row.item}/{row.part}" if row.part else row.item,
        mode=row.mode,
        tolerance=row.tolerance,
        item=asked,
        case=frozen if row.part else None,
        rubric=rubric,
        rubric_hash=rules.rubric_hash(rubric),
        rubric_version=now_live.version,
    )


def _live(session: Session, sitting: SittingView, frozen: Item) -> Item:
    """The item with the points of the answer that are in force: of a later live version, where it asks the same."""
    assert sitting.release_id is not None
    entry = later_live(session, sitting.release_id, frozen.id, frozen.version)
    if not isinstance(entry, Item) or entry.type is not frozen.type:
        return frozen
    return entry if [each.type for each in entry.parts] == [each.type for each in frozen.parts] else frozen


def latest_marks(session: Session, answer_ids: Collection[UUID]) -> dict[UUID, list[AnswerMark]]:
    """answer → the mark of each marker that counts, in the order in which they were given."""
    query = select(AnswerMark).where(AnswerMark.answer_id.in_(answer_ids)).order_by(AnswerMark.at, AnswerMark.number)
    newest = {(each.answer_id, each.marker): each for each in session.scalars(query)}
    found: dict[UUID, list[AnswerMark]] = defaultdict(list)
    for each in newest.values():
        if not each.set_aside:
            found[each.answer_id].append(each)
    return found


def refuse_released(session: Session, sitting_id: UUID) -> None:
    """Raises Conflict once results of the sitting's plan are out."""
    if any_released(session, sittings.sitting(session, sitting_id).exam_plan_id):
        raise Conflict("marking.released")


def hold(session: Session, of: ColumnElement[bool], shared: bool = False) -> None:
    """Whoever makes totals or changes a question waits for the marks being entered, and they for it."""
    query = select(AnswerQuestion).where(of).order_by(AnswerQuestion.id).with_for_update(read=shared)
    # Read anew: the mode may have changed while we waited.
    session.scalars(query.execution_options(populate_existing=True)).all()


def after_totals(session: Session, sitting_id: UUID, now: datetime) -> datetime:
    """now, or a moment later than totals that were made meanwhile: a mark never dates from before totals without it."""
    made = session.scalar(select(func.max(TheoryMark.marked_at)).where(TheoryMark.sitting_id == sitting_id))
    return now if made is None or made < now else made + timedelta(microseconds=1)


def share_of(mark: AnswerMark) -> Fraction:
    return Fraction(mark.given) / Fraction(mark.whole)


def resettle(session: Session, view: QuestionView, answer: WrittenAnswer, now: datetime) -> None:
    """What the answer's marks come to now. A seed waits for nothing."""
    if answer.registration_id is None or answer.blank:
        return
    marks = latest_marks(session, [answer.id]).get(answer.id, [])
    found = rules.settle([share_of(each) for each in marks], rules.wanted_marks(view.mode), view.tolerance_share)
    answer.state = found.state
    answer.share = None if found.share is None else rules.fraction_text(found.share)
    answer.settled_at = None if found.share is None else now


def record(
    session: Session,
    kind: str,
    sitting_id: UUID,
    actor: str,
    now: datetime,
    public: dict[str, Any],
    private: dict[str, Any],
) -> UUID:
    subject = delivery.sitting_key(sitting_id)
    public = {"sitting": subject, **public}
    return ledger.record(session, kind=kind, actor=actor, subject=subject, now=now, public=public, private=private)
