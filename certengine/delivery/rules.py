"""What an answer may be, when one may arrive, and how much time is left. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from certengine.bank.rules import Item, ItemType
from certengine.delivery.models import AttemptState

# An answer given in the last second may arrive this much later; the clock on the screen knows nothing of it.
GRACE = timedelta(seconds=5)
LONGEST_GAP = 400
LONGEST_TEXT = 20_000
# A screen numbers its answers from generation × this, so that two screens never use one number.
SEQUENCES_A_GENERATION = 1_000_000

Answer = str | list[str] | dict[str, Any] | None


@dataclass(frozen=True)
class Clock:
    """What is needed to tell whether an answer is in time."""

    state: AttemptState
    deadline_at: datetime
    generation: int


def saving_problem(clock: Clock, generation: int, now: datetime) -> str | None:
    """Why answers cannot be taken now; None when they can."""
    if clock.state is AttemptState.SUSPENDED:
        return "delivery.suspended"
    if clock.state is AttemptState.SUBMITTED or now > clock.deadline_at + GRACE:
        return "delivery.closed"
    if clock.state is AttemptState.READY:
        return "delivery.not_started"
    return "delivery.taken_over" if generation != clock.generation else None


def entry_problem(opens_at: datetime, late_until: datetime, started: bool, now: datetime) -> str | None:
    """Whether a candidate may come in; whoever has started may always come back."""
    if now < opens_at:
        return "delivery.too_early"
    return "delivery.too_late" if now > late_until and not started else None


def remaining_seconds(deadline_at: datetime, now: datetime) -> int:
    return max(0, int((deadline_at - now).total_seconds()))


def answer_problem(item: Item, shown: Sequence[str], answer: Any) -> str | None:
    """Whether a value can be an answer to the item as it was shown; a cleared answer is None."""
    if answer is None:
        return None
    return None if _CHECKS[item.type](item, set(shown), answer) else "delivery.answer_malformed"


def _one(_item: Item, shown: set[str], answer: Any) -> bool:
    return isinstance(answer, str) and answer in shown


def _several(_item: Item, shown: set[str], answer: Any) -> bool:
    return _texts(answer) and len(set(answer)) == len(answer) > 0 and set(answer) <= shown


def _whole_order(_item: Item, shown: set[str], answer: Any) -> bool:
    return _texts(answer) and len(answer) == len(shown) and set(answer) == shown


def _gaps(item: Item, _shown: set[str], answer: Any) -> bool:
    ids = {blank.id for blank in item.blanks}
    return _map(answer) and set(answer) <= ids and all(len(text) <= LONGEST_GAP for text in answer.values())


def _pairs(item: Item, _shown: set[str], answer: Any) -> bool:
    left, right = {option.id for option in item.options}, {option.id for option in item.matches}
    return _map(answer) and set(answer) <= left and set(answer.values()) <= right


def _text(_item: Item, _shown: set[str], answer: Any) -> bool:
    return isinstance(answer, str) and len(answer) <= LONGEST_TEXT


def _parts(item: Item, _shown: set[str], answer: Any) -> bool:
    parts = {part.id: part for part in item.parts}
    if not isinstance(answer, dict) or not set(answer) <= set(parts):
        return False
    shown = {name: [option.id for option in part.options] for name, part in parts.items()}
    return all(answer_problem(parts[name], shown[name], given) is None for name, given in answer.items())


def _texts(answer: Any) -> bool:
    return isinstance(answer, list) and all(isinstance(each, str) for each in answer)


def _map(answer: Any) -> bool:
    return isinstance(answer, dict) and all(isinstance(text, str) for text in answer.values())


_CHECKS = {
    ItemType.SINGLE: _one,
    ItemType.JUDGEMENT: _one,
    ItemType.MULTIPLE: _several,
    ItemType.ORDERING: _whole_order,
    ItemType.FILL_IN: _gaps,
    ItemType.MATCHING: _pairs,
    ItemType.SHORT_ANSWER: _text,
    ItemType.CASE: _parts,
}


def is_answered(answer: Answer) -> bool:
    """An empty text, list or map counts as no answer; a case is answered with any of its parts."""
    if isinstance(answer, Mapping):
        return any(is_answered(part) for part in answer.values())
    return bool(answer.strip() if isinstance(answer, str) else answer)


def final_answers(entries: Sequence[tuple[str, int, Mapping[str, Any]]]) -> dict[str, Answer]:
    """item → answer from (item, sequence, content): the highest sequence of each item; cleared ones are left out."""
    newest: dict[str, tuple[int, Any]] = {}
    for item, sequence, content in entries:
        if item not in newest or sequence > newest[item][0]:
            newest[item] = (sequence, content.get("a"))
    return {item: answer for item, (_sequence, answer) in sorted(newest.items()) if is_answered(answer)}
