"""What a score review looks at: totals added up anew, answers left out, and the script as the ledger bound it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.delivery import service as delivery
from certengine.ledger import rules as ledger_rules
from certengine.ledger.models import LedgerEntry
from certengine.marking import practical as practice
from certengine.marking import service
from certengine.marking.examiners import rubric_content, total_by
from certengine.marking.models import EarlierTheoryMark, TheoryMark
from certengine.sittings import service as sittings
from certengine.sittings.service import SittingView
from certengine.standards.rules import Part


@dataclass(frozen=True)
class TheoryEvidence:
    """script: whether the answers are those whose hash the ledger holds, under this candidate's registration."""

    sitting: SittingView
    stored: Decimal
    recomputed: Decimal
    version: int
    earlier: tuple[tuple[int, Decimal, datetime], ...]
    items: int
    # Numbers in the paper, from 1, of what was left out.
    left_out: tuple[int, ...]
    script: bool
    leaf_hash: str

    @property
    def holds(self) -> bool:
        return self.script and self.stored == self.recomputed


@dataclass(frozen=True)
class PracticalEvidence:
    examiner: str
    stored: Decimal
    recomputed: Decimal | None
    missing: tuple[str, ...]


def theory(session: Session, registration_id: UUID, now: datetime) -> TheoryEvidence | None:
    """None where nothing was handed in."""
    mark = session.scalar(select(TheoryMark).where(TheoryMark.registration_id == registration_id))
    if mark is None:
        return None
    sitting = sittings.sitting(session, mark.sitting_id)
    rulings = [each for _id, each in service.carried_out(session, sitting.id)]
    rows = service.marked_rows(session, sitting, rulings, now, only=registration_id)
    standing = delivery.attempt_of(session, sitting.id, registration_id)
    assert standing is not None
    answers = delivery.answers_of(session, [standing.id]).get(standing.id, {})
    key = delivery.registration_key(registration_id)
    paper = delivery.paper_answered(session, standing)
    entry = session.get(LedgerEntry, standing.receipt_entry) if standing.receipt_entry else None
    earlier = select(EarlierTheoryMark).where(EarlierTheoryMark.registration_id == registration_id)
    return TheoryEvidence(
        sitting,
        mark.score,
        rows[0]["score"],
        mark.version,
        tuple(
            (row.version, row.score, row.marked_at)
            for row in session.scalars(earlier.order_by(EarlierTheoryMark.version))
        ),
        len(paper.items),
        tuple(number for number, placed in enumerate(paper.items, 1) if placed.item not in answers),
        entry is not None
        and is_bound(entry)
        and entry.private.get("registration") == key
        and entry.private.get("paper_hash") == paper.paper_hash
        and entry.private.get("answers") == answers,
        entry.leaf_hash.hex() if entry else "",
    )


def is_bound(entry: LedgerEntry) -> bool:
    """Whether what is kept of an act is what its leaf was made from."""
    bound = ledger_rules.commitment(entry.salt, entry.actor, entry.subject, entry.private)
    leaf = ledger_rules.leaf_entry(entry.kind, entry.at, entry.public, bound)
    return leaf == entry.leaf and ledger_rules.leaf_hash(leaf) == entry.leaf_hash


def practical(session: Session, exam_plan_id: UUID, registration_id: UUID) -> list[PracticalEvidence]:
    """Each examiner's total added up anew from the criteria."""
    found = []
    for sitting in sittings.sittings_of(session, exam_plan_id):
        if sitting.part is not Part.PRACTICAL:
            continue
        for mark in practice.marks(session, sitting.id).get(registration_id, []):
            rubric = mark.rubric or rubric_content(practice.task_of(session, sitting).rubric)
            missing = tuple(text for name, text, _most in rubric if name not in mark.points)
            found.append(PracticalEvidence(mark.examiner_name, mark.total, total_by(rubric, mark.points), missing))
    return found
