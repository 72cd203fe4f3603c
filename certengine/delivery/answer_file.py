"""Answers that could not be sent, carried by hand: a file encrypted for one attempt, which only that attempt takes in."""

import hashlib
import json
from datetime import datetime
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from certengine.delivery import receiving, service
from certengine.delivery.models import AnswerEntry, Attempt, AttemptState
from certengine.delivery.receiving import Refused
from certengine.delivery.scripts import Scripts
from certengine.foundation.errors import Conflict, Invalid, Problem
from certengine.foundation.keys import derive
from certengine.ledger import service as ledger

# Before the nonce, so that a file tells what it is.
MAGIC = b"CEAF1\n"
NONCE = 12
LONGEST = 4 * 1024 * 1024


def key_of(secret: str, attempt_id: UUID) -> str:
    """The attempt's own key, 32 bytes in hex: its screen gets it with the paper, and nobody else's."""
    return hashlib.sha256(derive(secret, f"answer file {attempt_id}")).hexdigest()


def seal(secret: str, attempt_id: UUID, answers: list[Any], nonce: bytes) -> bytes:
    """As the screen does it (static/delivery/answer_file.js)."""
    cipher = AESGCM(bytes.fromhex(key_of(secret, attempt_id)))
    body = json.dumps({"answers": answers}, ensure_ascii=False).encode()
    return MAGIC + nonce + cipher.encrypt(nonce, body, str(attempt_id).encode())


def opened(secret: str, attempt_id: UUID, content: bytes) -> list[Any]:
    """Raises Invalid for another attempt's file, a damaged one, or none at all."""
    if not content.startswith(MAGIC) or not len(MAGIC) + NONCE < len(content) <= LONGEST:
        raise Invalid([Problem("file", "delivery.no_answer_file")])
    nonce, sealed = content[len(MAGIC) : len(MAGIC) + NONCE], content[len(MAGIC) + NONCE :]
    try:
        body = AESGCM(bytes.fromhex(key_of(secret, attempt_id))).decrypt(nonce, sealed, str(attempt_id).encode())
        answers = json.loads(body)["answers"]
    except (InvalidTag, ValueError, KeyError, TypeError):
        raise Invalid([Problem("file", "delivery.answer_file_other")]) from None
    return answers if isinstance(answers, list) else []


def take_in(
    session: Session, scripts: Scripts, standing: Attempt, answers: list[Any], content: bytes, actor: str, now: datetime
) -> int:
    """Puts a proctor's file into the journal as if it had arrived; returns how many answers were not there yet.

    An older answer never wins over a newer one, and a file taken in twice changes nothing. Raises Conflict once the
    attempt is handed in, Invalid where an answer does not fit the paper.
    """
    if standing.state not in (AttemptState.RUNNING, AttemptState.SUSPENDED):
        raise Conflict("delivery.not_running")
    scripts.owner(session, standing.id)
    count = 0
    for first in range(0, len(answers), receiving.MOST):
        body = {"generation": 0, "answers": answers[first : first + receiving.MOST]}
        arrival = receiving.arrived(scripts, standing.id, body)
        if isinstance(arrival, Refused):
            raise Invalid([Problem("file", arrival.problem)])
        count += sum(_keep(session, standing.id, row, now) for row in arrival.answers)
    ledger.record(
        session,
        kind="attempt.answers_carried",
        actor=actor,
        subject=f"attempt:{standing.id}",
        now=now,
        public={"sitting": service.sitting_key(standing.sitting_id)},
        private={"file": hashlib.sha256(content).hexdigest(), "answers": len(answers), "new": count},
    )
    return count


def _keep(session: Session, attempt_id: UUID, row: tuple[str, int, dict[str, Any]], now: datetime) -> int:
    item, sequence, content = row
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    values = {
        "attempt_id": attempt_id,
        "item": item,
        "sequence": sequence,
        "content": content,
        "received_at": now,
    }
    insert = dialect.insert(AnswerEntry).values(values).on_conflict_do_nothing().returning(AnswerEntry.item)
    return len(session.execute(insert).all())
