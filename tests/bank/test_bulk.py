"""One act on many items: what it changes, what it refuses as a whole, and what undoing it takes back."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.bank import service
from certengine.bank.bulk import Act, edit, recent, undo
from certengine.bank.models import Bank, BankItem, ItemStatus, ItemVersion, VersionState
from certengine.bank.rules import Family, Item, entry_of
from certengine.foundation.errors import Conflict, Invalid, NotFound
from certengine.foundation.ids import new_id
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from tests.bank.factories import AUTHOR, REVIEWER, model_bank

CODES = ["ai-j-001", "ai-j-002", "ai-j-f01", "ai-j-p01"]


@pytest.fixture
def bank(session: Session, runtime: Runtime) -> Bank:
    return model_bank(session, runtime)


def rows(session: Session, bank: Bank) -> dict[str, BankItem]:
    found = session.scalars(select(BankItem).where(BankItem.bank_id == bank.id, BankItem.code.in_(CODES)))
    return {row.code: row for row in found}


def test_a_difficulty_for_many_makes_versions_that_wait_and_leaves_practical_tasks_alone(
    session: Session, runtime: Runtime, bank: Bank
) -> None:
    made = edit(
        session, bank_id=bank.id, codes=CODES, act=Act.DIFFICULTY, value="1.25", actor=AUTHOR, now=runtime.clock.now()
    )
    assert len(made.items) == 3
    found = rows(session, bank)
    assert [found[code].latest for code in CODES] == [2, 2, 2, 1]
    assert {found[code].status for code in CODES} == {ItemStatus.LIVE}
    family = entry_of(service.version(session, found["ai-j-f01"].id, 2).content)
    assert isinstance(family, Family) and {each.difficulty for each in family.variants} == {1.25}
    assert [each.kind for each in ledger.history(session, f"bank:{bank.id}")].count("bank.bulk_edited") == 1


@pytest.mark.parametrize(
    ("act", "value"),
    [
        (Act.DIFFICULTY, "9"),
        (Act.DIFFICULTY, "难"),
        (Act.COGNITION, "guesses"),
        (Act.OUTLINE, "99.9"),
        (Act.OUTLINE, ""),
    ],
)
def test_a_value_that_does_not_fit_changes_nothing(
    session: Session, runtime: Runtime, bank: Bank, act: Act, value: str
) -> None:
    before = session.scalars(select(ItemVersion)).all()
    with pytest.raises(Invalid), session.begin_nested():
        edit(session, bank_id=bank.id, codes=CODES, act=act, value=value, actor=AUTHOR, now=runtime.clock.now())
    assert len(session.scalars(select(ItemVersion)).all()) == len(before)


def test_choosing_nothing_or_what_is_so_already_is_said(session: Session, runtime: Runtime, bank: Bank) -> None:
    now = runtime.clock.now()
    with pytest.raises(Invalid):
        edit(session, bank_id=bank.id, codes=[], act=Act.RETIRE, value="", actor=REVIEWER, now=now)
    with pytest.raises(Conflict):
        edit(session, bank_id=bank.id, codes=CODES, act=Act.RESTORE, value="", actor=REVIEWER, now=now)


def test_undoing_takes_back_what_nobody_has_decided_since(session: Session, runtime: Runtime, bank: Bank) -> None:
    now = runtime.clock.now()
    made = edit(session, bank_id=bank.id, codes=CODES[:2], act=Act.COGNITION, value="applies", actor=AUTHOR, now=now)
    found = rows(session, bank)
    before = {code: entry_of(service.version(session, found[code].id, 1).content) for code in CODES[:2]}
    decided = service.version(session, found["ai-j-001"].id, 2)
    service.approve(session, decided.id, REVIEWER, now)
    assert undo(session, bank.id, made.id, AUTHOR, now) == (1, 1)
    taken_back = service.version(session, found["ai-j-002"].id, 2)
    assert (decided.state, taken_back.state) == (VersionState.APPROVED, VersionState.WITHDRAWN)
    second = before["ai-j-002"]
    assert isinstance(second, Item) and found["ai-j-002"].cognition == second.cognition.value
    with pytest.raises(Conflict):
        undo(session, bank.id, made.id, AUTHOR, now)
    with pytest.raises(NotFound):
        undo(session, new_id(), made.id, AUTHOR, now)


def test_retiring_many_and_undoing_it_gives_each_its_status_back(
    session: Session, runtime: Runtime, bank: Bank
) -> None:
    now = runtime.clock.now()
    service.retire(session, bank.id, "ai-j-002", REVIEWER, now)
    made = edit(session, bank_id=bank.id, codes=CODES, act=Act.RETIRE, value="", actor=REVIEWER, now=now)
    assert len(made.items) == 3 and recent(session, bank.id) == [made]
    assert {row.status for row in rows(session, bank).values()} == {ItemStatus.RETIRED}
    assert undo(session, bank.id, made.id, REVIEWER, now) == (3, 0)
    found = rows(session, bank)
    assert found["ai-j-002"].status is ItemStatus.RETIRED and found["ai-j-001"].status is ItemStatus.LIVE


def test_what_is_restored_is_tried_out_before_it_counts_again(session: Session, runtime: Runtime, bank: Bank) -> None:
    now = runtime.clock.now()
    service.retire(session, bank.id, "ai-j-001", REVIEWER, now)
    edit(session, bank_id=bank.id, codes=CODES, act=Act.RESTORE, value="", actor=REVIEWER, now=now)
    assert rows(session, bank)["ai-j-001"].status is ItemStatus.PILOT
