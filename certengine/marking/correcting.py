"""Bad items after a sitting: a ruling that one issuer proposes and another signs, with everyone whom it touches.

Carrying one out marks the sitting again. Where results are out already they follow, but a pass never becomes a fail
by itself: that waits for a decision by two (see changing.py).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from certengine.bank import service as bank
from certengine.bank.rules import Item
from certengine.delivery import service as delivery
from certengine.foundation.canonical import canonical_hash
from certengine.foundation.errors import Conflict, Invalid, NotFound
from certengine.ledger import service as ledger
from certengine.marking import changing, rules, service
from certengine.marking.models import ItemRuling, ProposalState, RulingKind, TheoryMark, Verdict
from certengine.marking.rulings import Ruling, ruling_content, ruling_problems
from certengine.marking.standings import Standing, pass_marks, plan_marks
from certengine.sittings.service import SittingView


@dataclass(frozen=True)
class RulingFacts:
    item: str
    kind: RulingKind
    accepted: tuple[Any, ...]
    reason: str


@dataclass(frozen=True)
class Touched:
    """Whose theory score becomes another; passes: the theory part alone."""

    standing: Standing
    before: Decimal
    after: Decimal
    passed_before: bool
    passes_after: bool
    verdict_after: Verdict


@dataclass(frozen=True)
class Preview:
    """What a ruling would do; marks is the hash of all marks that would come of it."""

    touched: tuple[Touched, ...]
    papers: int
    marks: str
    rows: tuple[dict[str, Any], ...]

    @property
    def gained(self) -> list[Touched]:
        return [each for each in self.touched if each.passes_after and not each.passed_before]

    @property
    def lost(self) -> list[Touched]:
        return [each for each in self.touched if each.passed_before and not each.passes_after]

    @property
    def others(self) -> list[Touched]:
        return [each for each in self.touched if each.passed_before == each.passes_after]


def item_of(session: Session, sitting: SittingView, code: str) -> Item:
    """An item of the sitting's release. Raises NotFound."""
    if sitting.release_id is not None:
        for item in bank.released_items(session, sitting.release_id).items:
            if item.id == code:
                return item
    raise NotFound("marking.no_item")


def items_of(session: Session, sitting: SittingView) -> list[tuple[Item, int]]:
    """The items that were in papers of the sitting, each with in how many, by id."""
    assert sitting.release_id is not None
    items = {item.id: item for item in bank.released_items(session, sitting.release_id).items}
    drawn = delivery.papers_answered(session, sitting.id).values()
    uses = Counter(placed.item for paper in drawn for placed in paper.items)
    return [(items[code], uses[code]) for code in sorted(uses)]


def rulings_of(session: Session, sitting_id: UUID) -> Sequence[ItemRuling]:
    """Newest first."""
    query = select(ItemRuling).where(ItemRuling.sitting_id == sitting_id)
    return session.scalars(query.order_by(ItemRuling.proposed_at.desc(), ItemRuling.id.desc())).all()


def open_rulings(session: Session, sitting_ids: Sequence[UUID]) -> int:
    proposed = ItemRuling.state == ProposalState.PROPOSED
    query = select(func.count(ItemRuling.id)).where(ItemRuling.sitting_id.in_(sitting_ids), proposed)
    return session.scalar(query) or 0


def ruling_of(session: Session, sitting_id: UUID, ruling_id: UUID, lock: bool = False) -> ItemRuling:
    """Raises NotFound."""
    query = select(ItemRuling).where(ItemRuling.id == ruling_id, ItemRuling.sitting_id == sitting_id)
    row = session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise NotFound("marking.no_ruling")
    return row


def propose(session: Session, sitting: SittingView, facts: RulingFacts, actor: str, now: datetime) -> ItemRuling:
    """Raises Invalid with all that is wrong, Conflict before the sitting is marked."""
    key = delivery.sitting_key(sitting.id)
    if key not in ledger.kinds_of(session, [key], "marks.computed"):
        raise Conflict("marking.theory_unmarked")
    item = item_of(session, sitting, facts.item)
    accepted = facts.accepted if facts.kind is RulingKind.SECOND_KEY else ()
    if found := ruling_problems(item, facts.kind, accepted, facts.reason):
        raise Invalid(found)
    row = ItemRuling(
        sitting_id=sitting.id,
        item=facts.item,
        kind=facts.kind,
        accepted=list(accepted),
        reason=facts.reason.strip(),
        proposed_at=now,
        proposed_by=actor,
    )
    session.add(row)
    session.flush()
    _record(session, "item.ruling_proposed", row, actor, now, {}, {"reason": row.reason})
    return row


def preview(session: Session, sitting: SittingView, row: ItemRuling, now: datetime) -> Preview:
    """Everyone whose score this ruling would change, beside what was decided before."""
    rulings = [each for _id, each in service.carried_out(session, sitting.id)]
    rows = service.marked_rows(session, sitting, [*rulings, _value(row)], now)
    standing = {each.candidate.registration_id: each for each in plan_marks(session, sitting.exam_plan_id).standings}
    query = select(TheoryMark.registration_id, TheoryMark.score).where(TheoryMark.sitting_id == sitting.id)
    before = {found.registration_id: found.score for found in session.execute(query)}
    limits = pass_marks(sitting)
    touched = [
        _touched(standing[each["registration_id"]], before[each["registration_id"]], each["score"], limits)
        for each in rows
        if each["registration_id"] in standing and before.get(each["registration_id"]) not in (None, each["score"])
    ]
    touched.sort(key=lambda each: each.standing.candidate.ticket_number)
    drawn = delivery.papers_answered(session, sitting.id).values()
    holding = sum(any(placed.item == row.item for placed in paper.items) for paper in drawn)
    return Preview(tuple(touched), holding, canonical_hash(service.marks_content(rows)), tuple(rows))


def _touched(standing: Standing, before: Decimal, after: Decimal, limits: rules.PassMarks) -> Touched:
    void = standing.verdict is Verdict.VOID
    verdict = Verdict.VOID if void else rules.verdict(after, standing.practical, limits)
    return Touched(standing, before, after, before >= limits.theory, after >= limits.theory, verdict)


def _value(row: ItemRuling) -> Ruling:
    return Ruling(row.item, row.kind, tuple(row.accepted))


def sign(session: Session, sitting: SittingView, row: ItemRuling, seen: str, actor: str, now: datetime) -> Preview:
    """Carries out what another proposed; seen is the hash of the marks in the preview that the signer was shown."""
    if row.state is not ProposalState.PROPOSED:
        raise Conflict("marking.decided_already")
    if row.proposed_by == actor:
        raise Conflict("marking.second_person")
    found = preview(session, sitting, row, now)
    if found.marks != seen:
        raise Conflict("marking.preview_old")
    row.state, row.decided_by, row.decided_at, row.marks = ProposalState.CARRIED_OUT, actor, now, found.marks
    session.flush()
    _record(session, "item.ruling_decided", row, actor, now, {"marks": found.marks}, {})
    applied = [str(each) for each, _ruling in service.carried_out(session, sitting.id)]
    service.replace_marks(session, sitting, found.rows, applied, actor, now)
    changes = [(each.standing.released, each.before, each.after) for each in found.touched if each.standing.released]
    changing.follow(session, changes, pass_marks(sitting), f"ruling:{row.id}", actor, now)
    return found


def reject(session: Session, row: ItemRuling, actor: str, now: datetime) -> None:
    """By another, or taken back by whoever proposed it."""
    if row.state is not ProposalState.PROPOSED:
        raise Conflict("marking.decided_already")
    row.state, row.decided_by, row.decided_at = ProposalState.REJECTED, actor, now
    _record(session, "item.ruling_rejected", row, actor, now, {}, {})


def _record(
    session: Session,
    kind: str,
    row: ItemRuling,
    actor: str,
    now: datetime,
    public: dict[str, Any],
    private: dict[str, Any],
) -> None:
    """What is ruled is public, so that anybody can mark again; who acts and why is not."""
    key = delivery.sitting_key(row.sitting_id)
    stated = {"sitting": key, "ruling": str(row.id), **ruling_content(_value(row))}
    ledger.record(session, kind=kind, actor=actor, subject=key, now=now, public={**stated, **public}, private=private)
