"""How far each candidate is, for boards that ask every few seconds.

The journal only grows, so that an attempt with as many entries as before has the same answers: only those with new
entries are read again.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from certengine.delivery import rules
from certengine.delivery.models import AnswerEntry

KEPT = 100_000


@dataclass(frozen=True)
class Progress:
    """answered: items with an answer; heard_at: when the newest entry arrived."""

    answered: int
    heard_at: datetime


_lock = threading.Lock()
# attempt → entries counted, answered
_kept: OrderedDict[UUID, tuple[int, int]] = OrderedDict()


def progress_of(session: Session, attempt_ids: Sequence[UUID]) -> dict[UUID, Progress]:
    """attempt → progress, of those that have sent anything."""
    query = select(AnswerEntry.attempt_id, func.count(), func.max(AnswerEntry.received_at))
    rows = session.execute(query.where(AnswerEntry.attempt_id.in_(attempt_ids)).group_by(AnswerEntry.attempt_id)).all()
    fresh = [each for each, entries, _at in rows if _kept.get(each, (0, 0))[0] != entries]
    answered = _answered(session, fresh)
    with _lock:
        for each, entries, _at in rows:
            if each in answered:
                _kept[each] = entries, answered[each]
                _kept.move_to_end(each)
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return {each: Progress(answered.get(each, _kept.get(each, (0, 0))[1]), at) for each, _entries, at in rows}


def _answered(session: Session, attempt_ids: Sequence[UUID]) -> dict[UUID, int]:
    query = select(AnswerEntry.attempt_id, AnswerEntry.item, AnswerEntry.sequence, AnswerEntry.content)
    entries: dict[UUID, list[tuple[str, int, dict[str, object]]]] = {each: [] for each in attempt_ids}
    for row in session.execute(query.where(AnswerEntry.attempt_id.in_(attempt_ids))):
        entries[row.attempt_id].append((row.item, row.sequence, row.content))
    return {each: len(rules.final_answers(found)) for each, found in entries.items()}
