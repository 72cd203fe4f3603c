"""Keeps the room that runs alive: candidates who are simulated go on answering for as long as the demonstration is served."""

import json
import random
from uuid import UUID

from certengine.delivery import service as delivery
from certengine.delivery.journal import Arrived, Journal
from certengine.delivery.models import Attempt, AttemptState
from certengine.demo import answering
from certengine.demo.answering import Answers
from certengine.demo.story import path_of
from certengine.foundation.runtime import Runtime

# One in so many answers at each beat; the others give a sign of life.
RARELY = 20
ABILITY = 0.8


class Pulse:
    def __init__(self, runtime: Runtime, rarely: int = RARELY) -> None:
        self._rarely = rarely
        self._runtime, self._journal, self._chance = runtime, Journal(runtime), random.Random()
        self._answers: dict[UUID, Answers] | None = None

    def beat(self) -> None:
        """One sign of life from everybody, and an answer from a few. Nothing where no demonstration was filled."""
        if self._answers is None:
            path = path_of(self._runtime)
            if not path.exists():
                return
            self._answers = self._read([UUID(each) for each in json.loads(path.read_text()).get("answering", ())])
        with self._runtime.unit_of_work(read_only=True) as session:
            standing = [session.get(Attempt, each) for each in self._answers]
            # Whoever opened one of them in a browser goes on alone.
            here = [each for each in standing if each and each.state is AttemptState.RUNNING and each.device is None]
            saved = {each.id: delivery.saved_state(session, each.id) for each in here if self._answers_now()}
        arrivals = []
        for each in here:
            done = saved.get(each.id)
            left = [(item, given) for item, given in self._answers[each.id] if done is not None and item not in done]
            number = max((sequence for sequence, _content in (done or {}).values()), default=0) + 1
            answers = [(item, number, {"a": given, "f": False}) for item, given in left[:1]]
            arrivals.append(Arrived(each.id, each.generation, answers))
        if arrivals:
            self._journal.commit(arrivals)

    def _answers_now(self) -> bool:
        return self._chance.randrange(self._rarely) == 0

    def _read(self, attempts: list[UUID]) -> dict[UUID, Answers]:
        with self._runtime.unit_of_work(read_only=True) as session:
            own = [delivery.attempt(session, each) for each in attempts]
            if not own:
                return {}
            there = [(each.registration_id, ABILITY) for each in own]
            return {each.attempt_id: each.answers for each in answering.scripts(session, own[0].sitting_id, there)}
