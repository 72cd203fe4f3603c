"""What a whole hall asks for in the same seconds: to begin, the paper, the open screen. A few statements do it for all.

Only the usual case is dealt with here. Whatever is left undone (`outcome` stays None) goes on to the application, whose
views do the same for one candidate at leisure and say what is wrong.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.delivery import gate, screen, service
from certengine.delivery.models import Attempt, AttemptState
from certengine.delivery.reading import saved_answers
from certengine.delivery.screen import Screen
from certengine.delivery.scripts import Scripts
from certengine.foundation.runtime import Runtime
from certengine.papers import service as papers
from certengine.sittings import service as sittings
from certengine.sittings.service import SittingView

# So many wait for one another at most: the more there are, the longer the first of them waits for the last.
MOST = 64


@dataclass
class Begin:
    """To begin; outcome: whether the attempt runs now."""

    sitting: SittingView
    registration_id: UUID
    outcome: bool | None = field(default=None)


@dataclass
class ShowPaper:
    """The screen with the whole paper; outcome: the page."""

    screen: Screen
    registration_id: UUID
    visitor: gate.Visitor
    token: str
    outcome: str | None = field(default=None)

    @property
    def sitting(self) -> SittingView:
        return self.screen.sitting


@dataclass
class OpenScreen:
    """The screen takes the attempt over; outcome: what it is told."""

    sitting: SittingView
    registration_id: UUID
    visitor: gate.Visitor
    outcome: dict[str, Any] | None = field(default=None)


class Starting:
    def __init__(self, runtime: Runtime, scripts: Scripts) -> None:
        self._runtime, self._scripts = runtime, scripts

    def write(self, asked: list[Begin | OpenScreen]) -> None:
        """One transaction; what fails is left undone."""
        now = self._runtime.clock.now()
        done: list[Begin] = []
        told: list[tuple[OpenScreen, dict[str, Any]]] = []
        with self._runtime.unit_of_work() as session:
            for sitting, begins in _by_sitting(each for each in asked if isinstance(each, Begin)):
                outcomes = service.start_all(session, sitting, list(begins), now)
                done += [each for key, each in begins.items() if isinstance(outcomes[key], Attempt)]
            for sitting, screens in _by_sitting(each for each in asked if isinstance(each, OpenScreen)):
                visitors = {key: each.visitor for key, each in screens.items()}
                for key, standing in service.open_screens(session, sitting.id, visitors, now).items():
                    if isinstance(standing, Attempt):
                        told.append((screens[key], screen.opened(session, standing, now)))
        # Only what is durable is said.
        for each in done:
            each.outcome = True
        for opening, answer in told:
            opening.outcome = answer

    def show(self, asked: list[ShowPaper]) -> None:
        """One reading."""
        now = self._runtime.clock.now()
        with self._runtime.unit_of_work(read_only=True) as session:
            for sitting, group in _by_sitting(asked):
                if sitting.release_id is not None:
                    self._show(session, sitting, sitting.release_id, group, now)

    def _show(
        self, session: Session, sitting: SittingView, release_id: UUID, group: dict[UUID, ShowPaper], now: datetime
    ) -> None:
        query = select(Attempt).where(Attempt.sitting_id == sitting.id, Attempt.registration_id.in_(list(group)))
        # Who answered on a printed form, waits for a proctor or has handed in gets another page.
        running = session.scalars(query.where(Attempt.state == AttemptState.RUNNING, Attempt.form == "")).all()
        keys = [each.registration_id for each in running]
        places = sittings.placements_among(session, sitting.id, keys)
        drawn = papers.papers_among(session, service.sitting_key(sitting.id), list(map(service.registration_key, keys)))
        release = self._scripts.release(session, release_id)
        for standing in running:
            asked, place = group[standing.registration_id], places.get(standing.registration_id)
            paper = drawn.get(service.registration_key(standing.registration_id))
            if place is None or paper is None or gate.obstacle(standing, asked.visitor):
                continue
            asked.outcome = asked.screen.page(
                standing,
                place,
                self._scripts.shown(standing, paper, release),
                saved_answers(session, standing, standing.generation),
                token=asked.token,
                secret=self._runtime.settings.secret_key,
                now=now,
            )


Asked = TypeVar("Asked", Begin, ShowPaper, OpenScreen)


def _by_sitting(asked: Iterable[Asked]) -> Iterable[tuple[SittingView, dict[UUID, Asked]]]:
    """One of each candidate: whoever asks twice at once is left to the application, which keeps the order."""
    groups: dict[UUID, tuple[SittingView, dict[UUID, Asked]]] = {}
    for each in asked:
        _sitting, group = groups.setdefault(each.sitting.id, (each.sitting, {}))
        group.setdefault(each.registration_id, each)
    return groups.values()
