"""What witnesses have cosigned, as they hand it back: the newest checkpoint of each."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.foundation.errors import Invalid, Problem
from certengine.foundation.runtime import Runtime
from certengine.ledger import notes, rules, service
from certengine.ledger.models import LedgerCosignature


def witnessed_checkpoint(session: Session) -> str | None:
    """The newest checkpoint with the lines of the witnesses that have cosigned it; None before the first."""
    rows = session.scalars(select(LedgerCosignature).order_by(LedgerCosignature.size.desc(), LedgerCosignature.name))
    newest = list(rows)
    if not newest:
        return None
    lines = [each.line for each in newest if each.size == newest[0].size]
    return newest[0].note + "".join(lines)


def take_cosignature(session: Session, runtime: Runtime, note: str) -> str:
    """Keeps a checkpoint of ours that a known witness has cosigned; returns the witness's name.

    Raises Invalid for anything else.
    """
    try:
        signed = notes.open_checkpoint(note, service.verifier(session, runtime))
        known = [notes.parse_verifier(each) for each in runtime.settings.witnesses]
        text, signatures = notes.parse_note(note)
    except (notes.BadNote, UnicodeError):
        raise Invalid([Problem("note", "ledger.cosignature")]) from None
    places = {(each.name, each.key_hash): each for each in known}
    for each in signatures:
        witness = places.get((each.name, each.key_hash))
        if witness is not None and witness.holds(text, each.value) and _is_ours(session, signed):
            own = notes.own_note(note, signed.origin)
            row = session.get(LedgerCosignature, each.name, with_for_update=True)
            if row is None:
                session.add(LedgerCosignature(name=each.name, size=signed.size, note=own, line=each.line()))
            elif row.size <= signed.size:
                row.size, row.note, row.line = signed.size, own, each.line()
            session.flush()
            return each.name
    raise Invalid([Problem("note", "ledger.cosignature")])


def _is_ours(session: Session, signed: notes.Checkpoint) -> bool:
    return (
        0 < signed.size <= service.tree_size(session)
        and rules.tree_root(signed.size, service.NodeReader(session)) == signed.root
    )


def witnessed_receipt(session: Session, entry_id: UUID) -> service.Receipt | None:
    """The receipt under the newest checkpoint that a witness has cosigned; None where that does not cover it yet."""
    note = witnessed_checkpoint(session)
    if note is None:
        return None
    size = notes.read_checkpoint(notes.parse_note(note)[0]).size
    return service.receipt_under(session, entry_id, size, note)
