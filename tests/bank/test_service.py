import pytest
from sqlalchemy.orm import Session

from certengine.bank import service
from certengine.bank.models import ItemStatus, ItemVersion
from certengine.foundation.errors import Conflict, Invalid, NotAllowed
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.standards.rules import Level
from tests.bank.factories import AUTHOR, FIELD, REVIEWER, empty_bank, model_bank, release, single
from tests.factories import organisation


def test_the_model_bank_is_imported_once_and_waits_for_a_reviewer(session: Session, runtime: Runtime) -> None:
    now, owner = runtime.clock.now(), organisation(session, runtime)
    first = service.import_model_bank(session, owner.id, FIELD, Level.JUNIOR, AUTHOR, now)
    assert first.import_id and first.plan.all_problems() == []
    with pytest.raises(Invalid):
        service.release(session, bank_id=first.bank_id, actor=REVIEWER, now=now)
    again = service.import_model_bank(session, owner.id, FIELD, Level.JUNIOR, AUTHOR, now)
    assert again.import_id is None
    assert {row.action for row in again.plan.rows} == {service.Action.UNCHANGED}


def test_whoever_brought_a_file_does_not_approve_it(session: Session, runtime: Runtime) -> None:
    now, owner = runtime.clock.now(), organisation(session, runtime)
    outcome = service.import_model_bank(session, owner.id, FIELD, Level.JUNIOR, AUTHOR, now)
    assert outcome.import_id
    with pytest.raises(NotAllowed):
        service.approve_import(session, outcome.import_id, AUTHOR, now)
    approved, left = service.approve_import(session, outcome.import_id, REVIEWER, now)
    assert approved == len(outcome.plan.rows) and left == 0


def test_a_release_shows_its_items_as_they_were_frozen_and_is_in_the_ledger(session: Session, runtime: Runtime) -> None:
    view = release(session, runtime)
    assert view.field == FIELD and view.level is Level.JUNIOR
    assert len(view.items) > 120 and view.tasks
    families = {item.family for item in view.items if item.family}
    assert families
    receipt = ledger.receipt(session, view.entry_id)
    assert receipt.public["digest"] == view.digest and receipt.public["items"] == len(view.items)


def test_a_new_version_leaves_the_release_and_the_live_item_alone_until_it_is_approved(
    session: Session, runtime: Runtime
) -> None:
    now = runtime.clock.now()
    bank = empty_bank(session, runtime)
    first = service.propose(session, bank_id=bank.id, entry=single(), actor=AUTHOR, now=now)
    service.approve(session, first.id, REVIEWER, now)
    frozen = service.release(session, bank_id=bank.id, actor=REVIEWER, now=now)
    with pytest.raises(Conflict):
        service.release(session, bank_id=bank.id, actor=REVIEWER, now=now)
    second = service.propose(session, bank_id=bank.id, entry=single(key="c"), actor=AUTHOR, now=now)
    assert second.number == 2 and first.item.live_version_id == first.id
    with pytest.raises(NotAllowed):
        service.approve(session, second.id, AUTHOR, now)
    service.approve(session, second.id, REVIEWER, now)
    later = service.release(session, bank_id=bank.id, actor=REVIEWER, now=now)
    assert service.released_items(session, frozen.id).item("ai-j-901").key == "b"
    assert service.released_items(session, later.id).item("ai-j-901").key == "c"
    assert later.digest != frozen.digest


def test_a_changed_content_behind_a_release_is_noticed(session: Session, runtime: Runtime) -> None:
    now = runtime.clock.now()
    bank = empty_bank(session, runtime)
    version = service.propose(session, bank_id=bank.id, entry=single(), actor=AUTHOR, now=now)
    service.approve(session, version.id, REVIEWER, now)
    frozen = service.release(session, bank_id=bank.id, actor=REVIEWER, now=now)
    stored = session.get(ItemVersion, version.id)
    assert stored is not None
    stored.content = {**stored.content, "key": "d"}
    session.flush()
    with pytest.raises(Conflict):
        service.released_items(session, frozen.id)


def test_a_retired_item_is_in_no_later_release(session: Session, runtime: Runtime) -> None:
    now = runtime.clock.now()
    bank = model_bank(session, runtime)
    service.retire(session, bank.id, "ai-j-001", REVIEWER, now)
    assert service.item(session, bank.id, "ai-j-001").status is ItemStatus.RETIRED
    made = service.release(session, bank_id=bank.id, actor=REVIEWER, now=now)
    assert all(item.id != "ai-j-001" for item in service.released_items(session, made.id).items)


def test_a_candidate_gets_neither_key_nor_reason(session: Session, runtime: Runtime) -> None:
    for item in release(session, runtime).items:
        view = item.public_view()
        assert set(view) == {"id", "version", "type", "stem", "options", "matches", "blanks"}
        assert all(set(option) == {"id", "html"} for option in view["options"])
