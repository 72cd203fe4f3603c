"""Standardisation of a practical panel: everyone marks the samples before the candidates, and whoever is far off waits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.bank.rules import PracticalTask
from certengine.delivery import service as delivery
from certengine.foundation.errors import Conflict, Invalid, NotFound, Problem
from certengine.foundation.ids import random_code
from certengine.ledger import service as ledger
from certengine.marking import rules
from certengine.marking.sample_models import PracticalExaminer, PracticalSample, PracticalSampleMark

MOST_QUOTA = 100_000
CODE_LENGTH = 6


@dataclass(frozen=True)
class Standing:
    """How an examiner stands before the samples. apart: so many of their marks differ by more than the tolerance."""

    samples: int
    marked: int
    apart: int
    quota: int | None
    released: bool

    @property
    def problem(self) -> str | None:
        """What keeps the examiner from the candidates, if anything."""
        if self.marked < self.samples:
            return "marking.samples_first"
        return "marking.samples_apart" if self.apart else None


def samples_of(session: Session, sitting_id: UUID) -> Sequence[PracticalSample]:
    query = select(PracticalSample).where(PracticalSample.sitting_id == sitting_id)
    return session.scalars(query.order_by(PracticalSample.added_at, PracticalSample.id)).all()


def sample_of(session: Session, sitting_id: UUID, code: str) -> PracticalSample:
    """Raises NotFound."""
    query = select(PracticalSample).where(PracticalSample.sitting_id == sitting_id, PracticalSample.code == code)
    found = session.scalar(query)
    if found is None:
        raise NotFound("marking.no_sample")
    return found


def add_sample(
    session: Session,
    sitting_id: UUID,
    task: PracticalTask,
    *,
    text: str,
    file: tuple[str, str],
    points: Mapping[str, Decimal | None],
    note: str,
    actor: str,
    now: datetime,
) -> PracticalSample:
    """file: name and digest, both empty without one. Raises Invalid with everything that is wrong."""
    found = rules.practical_problems(task.rubric, points)
    if not text.strip() and not file[1]:
        found.insert(0, Problem("text", "marking.sample_empty"))
    if found:
        raise Invalid(found)
    given = {each.id: points[each.id] or Decimal(0) for each in task.rubric}
    made = PracticalSample(
        sitting_id=sitting_id,
        code=random_code(CODE_LENGTH),
        text=text.strip(),
        file_name=file[0][:120],
        file=file[1],
        points={name: f"{each:.2f}" for name, each in given.items()},
        total=rules.practical_total(task.rubric, given),
        note=note.strip(),
        added_by=actor,
        added_at=now,
    )
    session.add(made)
    session.flush()
    private = {"code": made.code, "points": made.points, "text": made.text, "file": made.file, "note": made.note}
    _record(session, "practical.sample_added", sitting_id, actor, now, private)
    return made


def mark_of(session: Session, sample_id: UUID, examiner: str) -> PracticalSampleMark | None:
    return session.get(PracticalSampleMark, (sample_id, examiner))


def mark(
    session: Session,
    sample: PracticalSample,
    task: PracticalTask,
    points: Mapping[str, Decimal | None],
    examiner: str,
    now: datetime,
) -> PracticalSampleMark:
    """Raises Invalid with every criterion that is wrong, Conflict for a second mark."""
    if found := rules.practical_problems(task.rubric, points):
        raise Invalid(found)
    if mark_of(session, sample.id, examiner) is not None:
        raise Conflict("marking.sample_marked")
    given = {each.id: points[each.id] or Decimal(0) for each in task.rubric}
    made = PracticalSampleMark(
        sample_id=sample.id,
        examiner=examiner,
        points={name: f"{each:.2f}" for name, each in given.items()},
        total=rules.practical_total(task.rubric, given),
        marked_at=now,
    )
    session.add(made)
    session.flush()
    private = {"code": sample.code, "points": made.points, "total": f"{made.total:.2f}"}
    _record(session, "practical.sample_marked", sample.sitting_id, examiner, now, private)
    return made


def standings(session: Session, sitting_id: UUID, tolerance: Decimal, examiners: Sequence[str]) -> dict[str, Standing]:
    """examiner → how they stand."""
    samples = {each.id: each for each in samples_of(session, sitting_id)}
    query = select(PracticalSampleMark).where(PracticalSampleMark.sample_id.in_(samples))
    marks = session.scalars(query).all()
    settings = select(PracticalExaminer).where(PracticalExaminer.sitting_id == sitting_id)
    rows = {row.examiner: row for row in session.scalars(settings)}
    found = {}
    for examiner in examiners:
        row, own = rows.get(examiner), [each for each in marks if each.examiner == examiner]
        forgiven = row.released_at if row else None
        counting = [each for each in own if forgiven is None or each.marked_at > forgiven]
        apart = sum(abs(each.total - samples[each.sample_id].total) > tolerance for each in counting)
        quota = row.quota if row else None
        found[examiner] = Standing(len(samples), len(own), apart, quota, forgiven is not None)
    return found


def standing_of(session: Session, sitting_id: UUID, tolerance: Decimal, examiner: str) -> Standing:
    return standings(session, sitting_id, tolerance, [examiner])[examiner]


def _row(session: Session, sitting_id: UUID, examiner: str) -> PracticalExaminer:
    row = session.get(PracticalExaminer, (sitting_id, examiner))
    if row is None:
        row = PracticalExaminer(sitting_id=sitting_id, examiner=examiner, reason="")
        session.add(row)
    return row


def set_quota(session: Session, sitting_id: UUID, examiner: str, quota: int | None, actor: str, now: datetime) -> None:
    """None is no limit. Raises Invalid."""
    if quota is not None and not 1 <= quota <= MOST_QUOTA:
        raise Invalid([Problem("quota", "marking.quota_range", {"most": MOST_QUOTA})])
    _row(session, sitting_id, examiner).quota = quota
    session.flush()
    _record(session, "practical.quota_set", sitting_id, actor, now, {"examiner": examiner, "quota": quota})


def release(session: Session, sitting_id: UUID, examiner: str, reason: str, actor: str, now: datetime) -> None:
    """After talking, an examiner who was far off goes on. Raises Invalid without a reason."""
    if not reason.strip():
        raise Invalid([Problem("reason", "marking.release_reason")])
    row = _row(session, sitting_id, examiner)
    row.released_at, row.reason = now, reason.strip()[:200]
    session.flush()
    _record(
        session, "practical.examiner_released", sitting_id, actor, now, {"examiner": examiner, "reason": row.reason}
    )


def _record(session: Session, kind: str, sitting_id: UUID, actor: str, now: datetime, private: dict[str, Any]) -> None:
    key = delivery.sitting_key(sitting_id)
    ledger.record(session, kind=kind, actor=actor, subject=key, now=now, private=private)
