"""What marking goes by where a bank has changed after its release was frozen for a sitting."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.bank import service as bank
from certengine.bank.models import BankItem, ItemVersion
from certengine.bank.rules import Entry, entry_of


def later_live(session: Session, release_id: UUID, code: str, version: int) -> Entry | None:
    """The live entry of this code in the release's bank, where it is a later version than the frozen one."""
    bank_id = bank.released_items(session, release_id).bank_id
    query = (
        select(ItemVersion)
        .join(BankItem, BankItem.live_version_id == ItemVersion.id)
        .where(BankItem.bank_id == bank_id, BankItem.code == code, ItemVersion.number > version)
    )
    found = session.scalar(query)
    return entry_of(found.content, found.number) if found else None
