"""How far each candidate is, for boards that ask every few seconds.

The journal only grows, so that an attempt with as many entries as before has the same answers: only those with new
entries are read again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from certengine.delivery import rules
from certengine.delivery.models import AnswerEntry
from certengine.foundation.kept import Kept

KEPT = 100_000


@dataclass(frozen=True)
class Progress:
    """answered: items with an answer; heard_at: when the newest entry arrived."""

    answered: int
    heard_at: datetime


# attempt → entries counted, answered
_kept: Kept[UUID, tuple[int, int]] = Kept(KEPT)


def progress_of(session: Session, attempt_ids: Sequence[UUID]) -> dict[UUID, Progress]:
    """attempt → progress, of those that have sent anything."""
    query = select(AnswerEntry.attempt_id, func.count(), func.max(AnswerEntry.received_at))
    rows = session.execute(query.where(AnswerEntry.attempt_id.in_(attempt_ids)).group_by(AnswerEntry.attempt_id)).all()
    known = {each: found for each, entries, _at in rows if (found := _kept.get(each)) and found[0] == entries}
    answered = {each: count for each, (_entries, count) in known.items()}
    answered |= _answered(session, [each for each, _entries, _at in rows if each not in known])
    for each, entries, _at in rows:
        if each not in known:
            _kept.put(each, (entries, answered[each]))
    return {each: Progress(answered[each], at) for each, _entries, at in rows}


def _answered(session: Session, attempt_ids: Sequence[UUID]) -> dict[UUID, int]:
    query = select(AnswerEntry.attempt_id, AnswerEntry.item, AnswerEntry.sequence, AnswerEntry.content)
    entries: dict[UUID, list[tuple[str, int, dict[str, object]]]] = {each: [] for each in attempt_ids}
    for row in session.execute(query.where(AnswerEntry.attempt_id.in_(attempt_ids))):
        entries[row.attempt_id].append((row.item, row.sequence, row.content))
    return {each: len(rules.final_answers(found)) for each, found in entries.items()}
