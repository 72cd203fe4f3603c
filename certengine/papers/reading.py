"""Papers as they were committed to, read back."""

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.foundation.errors import NotFound
from certengine.papers import commitments
from certengine.papers.models import PaperRow
from certengine.papers.values import Paper, PaperItem


def loaded(row: PaperRow) -> Paper:
    items = tuple(
        PaperItem(item, version, tuple(options), Decimal(points) / 1000, section, tuple(matches))
        for item, version, options, matches, points, section in row.items
    )
    low, cut, high = (Decimal(score).scaleb(-6) for score in row.expected)
    return Paper(row.registration, row.paper_hash, items, (low, cut, high), row.form)


def paper(session: Session, sitting: str, registration: str) -> Paper:
    """Raises NotFound for a candidate without a paper."""
    row = session.scalar(select(PaperRow).where(PaperRow.sitting == sitting, PaperRow.registration == registration))
    if row is None:
        raise NotFound("papers.not_drawn")
    return loaded(row)


def paper_hash(session: Session, sitting: str, registration: str) -> str:
    """Raises NotFound for a candidate without a paper."""
    query = select(PaperRow.paper_hash)
    found = session.scalar(query.where(PaperRow.sitting == sitting, PaperRow.registration == registration))
    if found is None:
        raise NotFound("papers.not_drawn")
    return found


def paper_hashes(session: Session, sitting: str, registrations: Sequence[str]) -> dict[str, str]:
    """registration → hash, of those who have a paper."""
    query = select(PaperRow.registration, PaperRow.paper_hash)
    found = session.execute(query.where(PaperRow.sitting == sitting, PaperRow.registration.in_(registrations)))
    return {row.registration: row.paper_hash for row in found}


def papers_among(session: Session, sitting: str, registrations: Sequence[str]) -> dict[str, Paper]:
    """registration → paper, of those who have one."""
    query = select(PaperRow).where(PaperRow.sitting == sitting, PaperRow.registration.in_(registrations))
    return {row.registration: loaded(row) for row in session.scalars(query)}


def papers(session: Session, sitting: str) -> dict[str, Paper]:
    """registration → paper of a whole sitting, for marking and statistics."""
    rows = session.scalars(select(PaperRow).where(PaperRow.sitting == sitting).order_by(PaperRow.registration))
    return {row.registration: loaded(row) for row in rows}


def paper_proof(session: Session, sitting: str, registration: str) -> tuple[int, int, list[str], str]:
    """Index, count, audit path and root: that a candidate's paper was among those committed to before the start."""
    row = session.scalar(select(PaperRow).where(PaperRow.sitting == sitting, PaperRow.registration == registration))
    if row is None:
        raise NotFound("papers.not_drawn")
    hashes = session.scalars(
        select(PaperRow.paper_hash).where(PaperRow.draw_id == row.draw_id, PaperRow.batch == row.batch)
    ).all()
    index, path = commitments.paper_proof(hashes, row.paper_hash)
    return index, len(hashes), path, commitments.papers_root(hashes)
