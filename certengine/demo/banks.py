"""The banks that institutions of the demonstration examine with, from the model banks."""

from uuid import UUID

from certengine.bank import service as bank
from certengine.demo.houses import House
from certengine.foundation.runtime import Runtime
from certengine.standards.rules import Level

# Of the capital's institution, beside the one that its exams use: brought in and approved, not yet released.
OTHERS = (
    ("artificial_intelligence", Level.INTERMEDIATE),
    ("artificial_intelligence", Level.SENIOR),
    ("big_data", Level.JUNIOR),
    ("internet_of_things", Level.JUNIOR),
)


def bring_bank(past: Runtime, house: House, field: str, level: Level) -> UUID:
    """A model bank, brought in by one and approved by another; the bank."""
    now = past.clock.now()
    with past.unit_of_work() as session:
        found = bank.import_model_bank(session, house.organisation_id, field, level, house.actor("author"), now)
        assert found.import_id is not None
        bank.approve_import(session, found.import_id, house.actor("reviewer"), now)
        return found.bank_id


def released_bank(past: Runtime, house: House, level: Level) -> UUID:
    """The release of a bank of the institution's own field."""
    bank_id = bring_bank(past, house, house.field, level)
    with past.unit_of_work() as session:
        return bank.release(session, bank_id=bank_id, actor=house.actor("reviewer"), now=past.clock.now()).id
