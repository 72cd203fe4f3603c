"""Acts on everybody in a room, or in all rooms of a sitting, at once: a fire alarm, a power cut, time given back."""

import enum
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from certengine.delivery import service as delivery
from certengine.delivery.models import AttemptState
from certengine.foundation.errors import Conflict
from certengine.ledger import service as ledger


class RoomAct(enum.Enum):
    SUSPEND = "suspend"
    RESUME = "resume"
    EXTEND = "extend"


# Whom an act concerns: it leaves alone who has handed in, or stands as it would have them already.
CONCERNED = {
    RoomAct.SUSPEND: (AttemptState.RUNNING,),
    RoomAct.RESUME: (AttemptState.SUSPENDED,),
    RoomAct.EXTEND: (AttemptState.RUNNING, AttemptState.SUSPENDED),
}


def act_on_room(
    session: Session,
    sitting_id: UUID,
    exam_room_id: UUID | None,
    act: RoomAct,
    *,
    minutes: int = 0,
    reason: str,
    actor: str,
    now: datetime,
) -> int:
    """Returns how many candidates it concerned; exam_room_id None is every room of the sitting.

    Raises Invalid without a reason or with minutes out of range, Conflict where it concerns nobody.
    """
    ids = [
        each.attempt_id
        for each in delivery.board(session, sitting_id, exam_room_id)
        if each.attempt_id and each.state in CONCERNED[act]
    ]
    if not ids:
        raise Conflict("proctoring.nobody_concerned")
    deeds: dict[RoomAct, Callable[[UUID], object]] = {
        RoomAct.SUSPEND: lambda attempt: delivery.suspend(session, attempt, reason, actor, now),
        RoomAct.RESUME: lambda attempt: delivery.resume(session, attempt, actor, now),
        RoomAct.EXTEND: lambda attempt: delivery.extend(session, attempt, minutes, reason, actor, now),
    }
    for attempt_id in ids:
        deeds[act](attempt_id)
    key = delivery.sitting_key(sitting_id)
    room = f"room:{exam_room_id}" if exam_room_id else None
    ledger.record(
        session,
        kind="room.acted",
        actor=actor,
        subject=key,
        now=now,
        public={"sitting": key, "act": act.value, "candidates": len(ids)},
        private={"room": room, "minutes": minutes, "reason": reason},
    )
    return len(ids)
