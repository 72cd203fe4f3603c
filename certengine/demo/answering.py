"""What candidates of the demonstration answer, as they are able to, each at a pace of their own."""

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from certengine.bank import service as bank
from certengine.bank.rules import Item, ItemType
from certengine.delivery import service as delivery
from certengine.delivery.journal import Arrived, Journal
from certengine.foundation.clock import SetClock
from certengine.foundation.runtime import Runtime
from certengine.papers import service as papers
from certengine.sittings import service as sittings

# What arrives within so many seconds is saved together, as the journal does it for those who sit together.
TOGETHER = 20
# So many open their papers in the same moment.
AT_ONCE = 4
SLOWEST, QUICKEST = 68, 42
Answers = list[tuple[str, Any]]


@dataclass(frozen=True)
class Script:
    """An open attempt with what its candidate will answer; pace: seconds for a question, on average."""

    registration_id: UUID
    attempt_id: UUID
    answers: Answers
    pace: int

    def times(self) -> list[int]:
        """Seconds from the start at which each answer comes."""
        chance = random.Random(f"times {self.pace} {len(self.answers)}")
        at, found = 20, []
        for _each in self.answers:
            at += int(self.pace * chance.uniform(0.4, 1.6))
            found.append(at)
        return found


def begin(
    past: Runtime, clock: SetClock, sitting_id: UUID, starts_at: datetime, there: Sequence[tuple[UUID, float]]
) -> list[Script]:
    """Those who came confirm who they are before the start and open their papers at the start."""
    ids = [registration_id for registration_id, _ability in there]
    clock.at = starts_at - timedelta(minutes=10)
    with past.unit_of_work() as session:
        for each in ids:
            delivery.confirm(session, sitting_id, each, clock.now())
    clock.at = starts_at
    with past.unit_of_work() as session:
        sitting = sittings.sitting(session, sitting_id)
        for first in range(0, len(ids), AT_ONCE):
            clock.advance(seconds=3)
            some = ids[first : first + AT_ONCE]
            delivery.start_all(session, sitting, some, clock.now())
            delivery.open_screens(session, sitting_id, dict.fromkeys(some), clock.now())
        return scripts(session, sitting_id, there)


def scripts(session: Session, sitting_id: UUID, there: Sequence[tuple[UUID, float]]) -> list[Script]:
    drawn, chance = papers.papers(session, delivery.sitting_key(sitting_id)), random.Random(11)
    release = sittings.sitting(session, sitting_id).release_id
    assert release is not None
    items = {item.id: item for item in bank.released_items(session, release).items}
    found = []
    for registration_id, ability in there:
        attempt = delivery.attempt_of(session, sitting_id, registration_id)
        assert attempt is not None
        paper, own = drawn[delivery.registration_key(registration_id)], random.Random(registration_id.int % 1000)
        answers = [(placed.item, _answer(items[placed.item], ability, own)) for placed in paper.items]
        found.append(Script(registration_id, attempt.id, answers, chance.randint(QUICKEST, SLOWEST)))
    return found


def write(past: Runtime, clock: SetClock, written: Sequence[Script], begun: datetime, until: datetime) -> None:
    """Saves what each answers until then, by the journal that screens send to."""
    journal, arriving = Journal(past), defaultdict(list)
    for each in written:
        for sequence, ((item, answer), at) in enumerate(zip(each.answers, each.times(), strict=True), 1):
            arrived = Arrived(each.attempt_id, 1, [(item, sequence, {"a": answer, "f": False})])
            arriving[at // TOGETHER].append(arrived)
    for tick, together in sorted(arriving.items()):
        clock.at = begun + timedelta(seconds=(tick + 1) * TOGETHER)
        if clock.at > until:
            return
        journal.commit(together)
        for arrived in together:
            saved = arrived.outcome
            assert saved is not None and not isinstance(saved, BaseException) and saved.problem is None, saved


def hand_in(past: Runtime, clock: SetClock, written: Sequence[Script], begun: datetime) -> None:
    """Each a minute or two after the last answer."""
    ends = sorted((each.times()[-1], place) for place, each in enumerate(written))
    with past.unit_of_work() as session:
        for seconds, place in ends:
            clock.at = begun + timedelta(seconds=seconds + 90)
            own = written[place]
            delivery.submit(session, own.attempt_id, delivery.registration_key(own.registration_id), clock.now())


def _answer(item: Item, ability: float, chance: random.Random) -> Any:
    likely = 1 / (1 + 2.718281828 ** (-1.7 * (ability - item.difficulty)))
    is_right = chance.random() < likely
    if item.type is ItemType.FILL_IN:
        return {
            blank.id: (blank.accept[0] if blank.accept else f"{blank.value}") if is_right else "不详"
            for blank in item.blanks
        }
    if is_right:
        return list(item.key) if isinstance(item.key, tuple) else item.key
    others = [option.id for option in item.options]
    if item.type is ItemType.ORDERING:
        return others if list(item.key or ()) != others else others[::-1]
    if item.type is ItemType.MATCHING:
        return {left: item.matches[0].id for left in others}
    if isinstance(item.key, tuple):
        return sorted(chance.sample(others, 2))
    return chance.choice([each for each in others if each != item.key])
