"""Finding items among a hundred thousand: words in the text, and what is known of each item.

Words of three characters and more go to an index of trigrams (FTS5 on SQLite, pg_trgm on PostgreSQL); shorter ones
are looked for in the bank's texts themselves. Where contents are encrypted no index can hold their words: they are
opened and looked through.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, or_, select, text
from sqlalchemy.orm import Session

from certengine.bank.models import BankItem, ItemStatus, ItemVersion, VersionState
from certengine.foundation.sealing import sealing

LEAST_FOR_INDEX = 3


@dataclass(frozen=True)
class Filters:
    """What a list of items is narrowed to; empty is everything. author: an actor's id."""

    words: str = ""
    outline: str = ""
    type: str = ""
    cognition: str = ""
    status: str = ""
    # very_easy … very_hard by the estimate, or the figure of the sittings: "poor", "unused", "used".
    difficulty: str = ""
    use: str = ""
    author: str = ""


BOUNDS = {
    "very_easy": (-9.0, -1.5),
    "easy": (-1.5, -0.5),
    "medium": (-0.5, 0.5),
    "hard": (0.5, 1.5),
    "very_hard": (1.5, 9.0),
}
USES = {"unused": BankItem.uses == 0, "used": BankItem.uses > 0, "poor": BankItem.poor.is_(True)}


def items_query(session: Session, bank_id: UUID, filters: Filters) -> Select[Any]:
    """The bank's items in the order of their codes, as far as they pass the filters."""
    query = select(BankItem).where(BankItem.bank_id == bank_id).order_by(BankItem.code)
    for word in filters.words.split():
        query = query.where(_says(session, bank_id, word))
    if filters.outline:
        inside = BankItem.outline.startswith(f"{filters.outline}.", autoescape=True)
        query = query.where(or_(BankItem.outline == filters.outline, inside))
    if filters.type:
        query = query.where(BankItem.type == filters.type)
    if filters.cognition:
        query = query.where(BankItem.cognition == filters.cognition)
    if filters.difficulty in BOUNDS:
        low, high = BOUNDS[filters.difficulty]
        query = query.where(BankItem.difficulty >= low, BankItem.difficulty < high)
    if filters.use in USES:
        query = query.where(USES[filters.use])
    if filters.author:
        query = query.where(BankItem.id.in_(select(ItemVersion.item_id).where(ItemVersion.author == filters.author)))
    if filters.status == VersionState.PROPOSED.value:
        waiting = select(ItemVersion.item_id).where(ItemVersion.state == VersionState.PROPOSED)
        query = query.where(BankItem.id.in_(waiting))
    elif filters.status:
        query = query.where(BankItem.status == ItemStatus(filters.status))
    return query


def _says(session: Session, bank_id: UUID, word: str) -> Any:
    """Whether an item's text, or its code, has the word."""
    like = f"%{_escaped(word)}%"
    by_code = BankItem.code.ilike(like, escape="\\")
    if sealing():
        folded = word.casefold()
        rows = session.execute(select(BankItem.id, BankItem.text).where(BankItem.bank_id == bank_id))
        return or_(by_code, BankItem.id.in_([item_id for item_id, said in rows if folded in said.casefold()]))
    if len(word) >= LEAST_FOR_INDEX and session.get_bind().dialect.name == "sqlite":
        quoted = '"' + word.replace('"', '""') + '"'
        found = text("SELECT item_id FROM bank_item_words WHERE words MATCH :phrase")
        # Unique, for a search of several words has several phrases.
        found = found.bindparams(bindparam("phrase", quoted, unique=True))
        by_text = BankItem.id.in_(found.columns(BankItem.id))
        # A code has no Chinese; asking for both reads every row, so that it is asked only where it can be.
        return or_(by_code, by_text) if word.isascii() else by_text
    return or_(by_code, BankItem.text.ilike(like, escape="\\"))


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
