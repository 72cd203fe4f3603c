"""What people's marks add to the totals of a sitting, once every answer is settled."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.bank.rules import Item
from certengine.delivery import service as delivery
from certengine.foundation.errors import Conflict
from certengine.marking import answer_rules as rules
from certengine.marking import answers
from certengine.marking.answer_entry import record_rest
from certengine.marking.answer_models import AnswerQuestion, AnswerState, WrittenAnswer
from certengine.marking.models import TheoryMark
from certengine.papers.rules import Paper

# item → part ("" for a short answer of its own) → the earned part of the points.
Shares = Mapping[str, Mapping[str, Fraction]]
NO_SHARES: Shares = {}


def shares(
    session: Session,
    sitting_id: UUID,
    items: Mapping[str, Item],
    drawn: Mapping[str, Paper],
    scripts: Mapping[UUID, Mapping[str, Any]],
) -> dict[UUID, Shares]:
    """registration → what people gave. Raises Conflict with how many answers are not marked or in dispute."""
    answers.hold(session, AnswerQuestion.sitting_id == sitting_id)
    settled = {(row.registration_id, row.item, row.part): row.share for row in session.execute(_settled(sitting_id))}
    found: dict[UUID, dict[str, dict[str, Fraction]]] = defaultdict(lambda: defaultdict(dict))
    still = 0
    for registration_id, item, part, text in answers.written(items, drawn, scripts):
        share = settled.get((registration_id, item, part))
        if share is not None:
            found[registration_id][item][part] = Fraction(share)
        elif not rules.is_blank(text):
            still += 1
    if still:
        raise Conflict("marking.answers_open", count=still)
    return dict(found)


def _settled(sitting_id: UUID) -> Any:
    return (
        select(WrittenAnswer.registration_id, AnswerQuestion.item, AnswerQuestion.part, WrittenAnswer.share)
        .join(AnswerQuestion, AnswerQuestion.id == WrittenAnswer.question_id)
        .where(AnswerQuestion.sitting_id == sitting_id, WrittenAnswer.registration_id.is_not(None))
        .where(WrittenAnswer.share.is_not(None))
        .order_by(AnswerQuestion.item, AnswerQuestion.part)
    )


def told(session: Session, sitting_id: UUID, now: datetime) -> dict[str, dict[str, dict[str, str]]]:
    """The same as texts, for the entry of the marks: registration → item → part → "13/20".

    Every mark that they come from is in an entry of its own afterwards.
    """
    record_rest(session, sitting_id, now)
    found: dict[str, dict[str, dict[str, str]]] = {}
    for row in session.execute(_settled(sitting_id)):
        items = found.setdefault(delivery.registration_key(row.registration_id), {})
        items.setdefault(row.item, {})[row.part] = row.share
    return found


def changed_since_marked(session: Session, sitting_ids: Collection[UUID]) -> set[UUID]:
    """Sittings whose totals no longer are what people's marks come to: they are to be marked again."""
    query = (
        select(AnswerQuestion.sitting_id)
        .join(WrittenAnswer, WrittenAnswer.question_id == AnswerQuestion.id)
        .join(
            TheoryMark,
            (TheoryMark.sitting_id == AnswerQuestion.sitting_id)
            & (TheoryMark.registration_id == WrittenAnswer.registration_id),
        )
        .where(AnswerQuestion.sitting_id.in_(sitting_ids))
        .where((WrittenAnswer.state != AnswerState.SETTLED) | (WrittenAnswer.settled_at > TheoryMark.marked_at))
    )
    return set(session.scalars(query.distinct()))
