"""The paper as a candidate's screen gets it, and the check of what comes back. Both are asked thousands of times at
once, so that a process keeps what cannot change: a release's items as safe HTML, and each paper's shown options."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from certengine.bank import service as bank
from certengine.bank.rules import Item
from certengine.delivery import rules
from certengine.delivery.models import Attempt
from certengine.delivery.service import paper_answered
from certengine.foundation.errors import NotFound
from certengine.foundation.kept import Kept
from certengine.papers.rules import Paper
from certengine.sittings import service as sittings
from certengine.sittings.models import SittingState
from certengine.sittings.service import SittingView

CENT = Decimal("0.01")
KEPT_RELEASES = 8
KEPT_SITTINGS = 100
KEPT_PAPERS = 50_000


@dataclass(frozen=True)
class ReleaseContent:
    id: UUID
    items: dict[str, Item]
    views: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Shown:
    """Whose paper it is, and each of its items with the options as shown."""

    registration_id: UUID
    release_id: UUID
    options: dict[str, tuple[str, ...]]


class Scripts:
    def __init__(self) -> None:
        self._releases: Kept[UUID, ReleaseContent] = Kept(KEPT_RELEASES)
        self._papers: Kept[UUID, Shown] = Kept(KEPT_PAPERS)
        self._sittings: Kept[UUID, SittingView] = Kept(KEPT_SITTINGS)

    def release(self, session: Session, release_id: UUID) -> ReleaseContent:
        found = self._releases.get(release_id)
        if found is None:
            items = {item.id: item for item in bank.released_items(session, release_id).items}
            found = ReleaseContent(release_id, items, {key: item.public_view() for key, item in items.items()})
            self._releases.put(release_id, found)
        return found

    def sitting(self, session: Session, sitting_id: UUID, now: datetime) -> SittingView:
        """Asked for by everybody at once; kept once it has begun with its papers drawn, for nothing of it changes then."""
        found = self._sittings.get(sitting_id)
        if found is None:
            found = sittings.sitting(session, sitting_id)
            if found.state is SittingState.DRAWN and found.starts_at <= now:
                self._sittings.put(sitting_id, found)
        return found

    def known_sitting(self, sitting_id: UUID) -> SittingView | None:
        """Without a query: None for one that has not begun, or that this process has not been asked for yet."""
        return self._sittings.get(sitting_id)

    def script(self, session: Session, attempt: Attempt, release_id: UUID | None = None) -> dict[str, Any]:
        """Sections with their items in shown order; no key, no difficulty, no outline.

        release_id: that of the attempt's sitting, where the caller knows it.
        """
        return self.shown(attempt, *self._drawn(session, attempt, release_id))

    def shown(self, attempt: Attempt, paper: Paper, release: ReleaseContent) -> dict[str, Any]:
        """The same of a paper that was read already, with its release; `problem` knows it afterwards."""
        self._keep(attempt, paper, release.id)
        sections: dict[int, list[dict[str, Any]]] = {}
        for placed in paper.items:
            view = release.views[placed.item]
            options = {each["id"]: each for each in view["options"]}
            matches = {each["id"]: each for each in view["matches"]}
            shown = {
                **view,
                "options": [options[each] for each in placed.options],
                "matches": [matches[each] for each in placed.matches],
                "points": f"{placed.points.normalize():f}",
            }
            if "parts" in view:
                worth = release.items[placed.item].part_points(placed.points)
                shown["parts"] = [
                    {**part, "points": f"{worth[part['id']].quantize(CENT).normalize():f}"} for part in view["parts"]
                ]
            sections.setdefault(placed.section, []).append(shown)
        return {
            "paper_hash": paper.paper_hash,
            "sections": [{"type": items[0]["type"], "items": items} for _number, items in sorted(sections.items())],
        }

    def owner(self, session: Session, attempt_id: UUID) -> UUID:
        """The registration whose attempt this is; afterwards `problem` knows its paper. Raises NotFound."""
        kept = self._papers.get(attempt_id)
        if kept is None or kept.release_id not in self._releases:
            attempt = session.get(Attempt, attempt_id)
            if attempt is None:
                raise NotFound("delivery.not_found")
            paper, release = self._drawn(session, attempt)
            self._keep(attempt, paper, release.id)
            return attempt.registration_id
        return kept.registration_id

    def known_owner(self, attempt_id: UUID) -> UUID | None:
        """The same without a query: None for an attempt that this process has not seen yet."""
        kept = self._papers.get(attempt_id)
        return kept.registration_id if kept is not None and kept.release_id in self._releases else None

    def problem(self, attempt_id: UUID, item: str, answer: Any) -> str | None:
        """Why this cannot be an answer on this attempt's paper; None when it can."""
        kept = self._papers[attempt_id]
        shown = kept.options.get(item)
        if shown is None:
            return "delivery.item_unknown"
        return rules.answer_problem(self._releases[kept.release_id].items[item], shown, answer)

    def _drawn(
        self, session: Session, attempt: Attempt, release_id: UUID | None = None
    ) -> tuple[Paper, ReleaseContent]:
        release_id = release_id or sittings.sitting(session, attempt.sitting_id).release_id
        if release_id is None:
            raise NotFound("papers.not_drawn")
        return paper_answered(session, attempt), self.release(session, release_id)

    def _keep(self, attempt: Attempt, paper: Paper, release_id: UUID) -> None:
        options = {placed.item: placed.options for placed in paper.items}
        self._papers.put(attempt.id, Shown(attempt.registration_id, release_id, options))
