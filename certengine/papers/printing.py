"""Fixed forms for an exam on paper: drawn and committed to with the sitting's other papers, printed on demand."""

import enum
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.bank import service as bank
from certengine.foundation.errors import Invalid, Problem
from certengine.foundation.keys import FieldCipher
from certengine.ledger import service as ledger
from certengine.papers import service
from certengine.papers.answer_sheet import answer_sheet_pdf
from certengine.papers.beside import FORM, LETTERS
from certengine.papers.models import PaperRow
from certengine.papers.sheets import Sheet, key_pdf, paper_pdf
from certengine.papers.values import Paper
from certengine.standards import service as standards
from certengine.standards.rules import Level

PRINTED = "papers.printed"


class Part(enum.Enum):
    PAPER = "paper"
    ANSWER_SHEET = "answer-sheet"
    KEY = "key"


def forms(session: Session, draw_id: UUID) -> list[Paper]:
    """The draw's fixed forms, by letter."""
    query = select(PaperRow).where(PaperRow.draw_id == draw_id, PaperRow.registration.startswith(FORM))
    return [service.loaded(row) for row in session.scalars(query.order_by(PaperRow.registration))]


def form_letter(paper: Paper) -> str:
    return paper.registration.removeprefix(FORM)


def draw_forms(
    session: Session, draw_id: UUID, count: int, actor: str, now: datetime, cipher: FieldCipher | None = None
) -> int:
    """So many forms in all, those that are there included; returns how many are new.

    Raises Invalid for a number that is none, Conflict once the seed is disclosed.
    """
    if not 0 < count <= len(LETTERS):
        raise Invalid([Problem("count", "papers.forms_number", {"most": len(LETTERS)})])
    names = [f"{FORM}{letter}" for letter in LETTERS[:count]]
    return service.draw_papers(session, draw_id, names, actor, now, cipher)


def printed(
    session: Session,
    draw_id: UUID,
    letter: str,
    part: Part,
    *,
    organisation_id: UUID,
    actor: str,
    now: datetime,
    load: Callable[[str], bytes],
) -> bytes:
    """The PDF; that somebody printed it goes into the ledger, for whoever holds a paper could tell of it.

    Raises NotFound for a form that is not there.
    """
    draw = service.draw_view(session, draw_id, organisation_id)
    paper = service.paper(session, draw.sitting, f"{FORM}{letter}")
    release = bank.released_items(session, draw.release_id)
    layout = standards.standard(draw.rules.field).layout(Level(draw.rules.level))
    sheet = Sheet(
        draw.title,
        f"{letter} 卷",
        layout.theory.minutes,
        paper,
        draw.rules,
        {item.id: item for item in release.items},
    )

    def picture(name: str) -> bytes | None:
        try:
            return load(name)
        except FileNotFoundError:
            return None

    if part is Part.PAPER:
        made = paper_pdf(sheet, picture)
    elif part is Part.ANSWER_SHEET:
        made = answer_sheet_pdf(sheet)
    else:
        made = key_pdf(sheet)
    if part is not Part.ANSWER_SHEET:
        ledger.record(
            session,
            kind=PRINTED,
            actor=actor,
            subject=draw.sitting,
            now=now,
            public={"draw": str(draw_id), "paper_hash": paper.paper_hash, "part": part.value},
        )
    return made
