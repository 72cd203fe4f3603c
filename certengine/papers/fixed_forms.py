"""Which fixed forms a sitting has, those that candidates have and those drawn for printing alike."""

from collections.abc import Collection

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from certengine.foundation.errors import NotFound
from certengine.papers import service
from certengine.papers.beside import FORM
from certengine.papers.models import PaperRow
from certengine.papers.values import Paper


def letters(session: Session, sittings: Collection[str]) -> dict[str, list[str]]:
    """sitting → letters of its forms, for those that have any."""
    query = select(PaperRow.sitting, PaperRow.form, PaperRow.registration).where(
        PaperRow.sitting.in_(sittings), or_(PaperRow.form != "", PaperRow.registration.startswith(FORM))
    )
    found: dict[str, set[str]] = {}
    for row in session.execute(query):
        found.setdefault(row.sitting, set()).add(row.form or row.registration.removeprefix(FORM))
    return {sitting: sorted(names) for sitting, names in found.items()}


def form(session: Session, sitting: str, letter: str) -> Paper:
    """A paper with the form's items, in its own order where it was drawn for printing; raises NotFound."""
    query = select(PaperRow).where(
        PaperRow.sitting == sitting, or_(PaperRow.form == letter, PaperRow.registration == f"{FORM}{letter}")
    )
    rows = session.scalars(query.order_by(PaperRow.registration)).all()
    if not rows:
        raise NotFound("papers.not_drawn")
    printed = [row for row in rows if row.registration.startswith(FORM)]
    return service.loaded((printed or rows)[0])


def takers(session: Session, sitting: str, letter: str) -> list[str]:
    """Registrations whose papers are of this form."""
    query = select(PaperRow.registration).where(
        PaperRow.sitting == sitting, PaperRow.form == letter, PaperRow.registration.not_like(f"{FORM}%")
    )
    return sorted(session.scalars(query))


def printed(session: Session, sitting: str) -> dict[str, Paper]:
    """letter → form drawn for printing."""
    query = select(PaperRow).where(PaperRow.sitting == sitting, PaperRow.registration.startswith(FORM))
    rows = session.scalars(query.order_by(PaperRow.registration))
    return {row.registration.removeprefix(FORM): service.loaded(row) for row in rows}
