"""From a draft to retirement: who may do what to a version, and what lists and releases make of it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.bank import reviewing, service
from certengine.bank.models import BankItem, ItemStatus, ItemVersion, VersionState
from certengine.bank.rules import Cognition
from certengine.foundation.errors import Conflict, Invalid, NotAllowed
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from tests.bank.factories import AUTHOR, REVIEWER, empty_bank, single

OTHER = "account:other"


def proposed(session: Session, runtime: Runtime) -> ItemVersion:
    bank = empty_bank(session, runtime)
    return service.propose(session, bank_id=bank.id, entry=single(), actor=AUTHOR, now=runtime.clock.now())


def test_an_open_comment_holds_an_approval_up_until_it_is_settled(session: Session, runtime: Runtime) -> None:
    now, version = runtime.clock.now(), proposed(session, runtime)
    with pytest.raises(Invalid):
        service.comment(session, version.id, "  ", REVIEWER, now)
    said = service.comment(session, version.id, " 干扰项“脱机”太弱 ", REVIEWER, now)
    with pytest.raises(Conflict):
        service.approve(session, version.id, REVIEWER, now)
    service.settle(session, said.id, AUTHOR, now)
    assert said.settled_by == AUTHOR and said.text == "干扰项“脱机”太弱"
    service.approve(session, version.id, REVIEWER, now)
    assert version.item.status is ItemStatus.LIVE


def test_settling_twice_keeps_who_did_it_first(session: Session, runtime: Runtime) -> None:
    now, version = runtime.clock.now(), proposed(session, runtime)
    said = service.comment(session, version.id, "单位写错", REVIEWER, now)
    service.settle(session, said.id, AUTHOR, now)
    service.settle(session, said.id, OTHER, now + timedelta(hours=1))
    assert (said.settled_by, said.settled_at) == (AUTHOR, now)


def test_a_pilot_item_is_in_releases_for_trials_alone_until_somebody_else_makes_it_live(
    session: Session, runtime: Runtime
) -> None:
    now, version = runtime.clock.now(), proposed(session, runtime)
    bank_id = version.item.bank_id
    service.approve(session, version.id, REVIEWER, now, pilot=True)
    assert version.item.status is ItemStatus.PILOT
    with pytest.raises(Invalid):
        service.release(session, bank_id=bank_id, actor=REVIEWER, now=now)
    trial = service.release(session, bank_id=bank_id, actor=REVIEWER, now=now, pilot=True)
    assert service.released_items(session, trial.id).pilot and trial.items == 1
    assert ledger.receipt(session, trial.entry_id).public["pilot"] is True
    with pytest.raises(NotAllowed):
        service.go_live(session, bank_id, "ai-j-901", AUTHOR, now)
    service.go_live(session, bank_id, "ai-j-901", REVIEWER, now)
    with pytest.raises(Conflict):
        service.go_live(session, bank_id, "ai-j-901", REVIEWER, now)
    later = now + timedelta(minutes=1)
    assert service.release(session, bank_id=bank_id, actor=REVIEWER, now=later).items == 1


def test_piloting_a_new_version_of_a_live_item_leaves_it_live(session: Session, runtime: Runtime) -> None:
    now, version = runtime.clock.now(), proposed(session, runtime)
    service.approve(session, version.id, REVIEWER, now)
    second = service.propose(
        session, bank_id=version.item.bank_id, entry=single(key="c"), actor=AUTHOR, now=now + timedelta(minutes=1)
    )
    service.approve(session, second.id, REVIEWER, now, pilot=True)
    assert version.item.status is ItemStatus.LIVE and version.item.live_version_id == second.id


def test_a_proposal_older_than_what_was_approved_cannot_bring_the_old_text_back(
    session: Session, runtime: Runtime
) -> None:
    now, first = runtime.clock.now(), proposed(session, runtime)
    second = service.propose(session, bank_id=first.item.bank_id, entry=single(key="c"), actor=AUTHOR, now=now)
    third = service.propose(session, bank_id=first.item.bank_id, entry=single(key="a"), actor=AUTHOR, now=now)
    service.approve(session, second.id, REVIEWER, now)
    session.expire_all()
    assert [each.state for each in first.item.versions] == [
        VersionState.WITHDRAWN,
        VersionState.APPROVED,
        VersionState.PROPOSED,
    ]
    with pytest.raises(Conflict):
        service.approve(session, first.id, REVIEWER, now)
    service.approve(session, third.id, REVIEWER, now)
    assert first.item.live_version_id == third.id


def test_only_its_author_withdraws_a_version_and_lists_then_tell_of_the_one_before(
    session: Session, runtime: Runtime
) -> None:
    now, first = runtime.clock.now(), proposed(session, runtime)
    service.approve(session, first.id, REVIEWER, now)
    harder = replace(single(), difficulty=1.5, cognition=Cognition.APPLIES, stem="电梯门夹到人时，控制器靠什么立刻停下")
    second = service.propose(session, bank_id=first.item.bank_id, entry=harder, actor=AUTHOR, now=now)
    item = first.item
    assert item.difficulty == 1.5 and "电梯" in item.text
    with pytest.raises(NotAllowed):
        service.withdraw(session, second.id, OTHER, now)
    service.withdraw(session, second.id, AUTHOR, now)
    assert second.state is VersionState.WITHDRAWN
    assert item.difficulty == 0 and "电梯" not in item.text and item.live_version_id == first.id
    assert [each.difficulty for each in service.latest_entries(session, item.bank_id)] == [0]  # type: ignore[union-attr]
    with pytest.raises(Conflict):
        service.approve(session, second.id, REVIEWER, now)


def test_a_rejected_version_is_what_its_author_goes_on_from(session: Session, runtime: Runtime) -> None:
    now, version = runtime.clock.now(), proposed(session, runtime)
    service.reject(session, version.id, "题干不清", REVIEWER, now)
    assert service.working_version(version.item) is version
    assert service.latest_entries(session, version.item.bank_id) == []


def test_readings_are_kept_beside_the_item_newest_first(session: Session, runtime: Runtime) -> None:
    now, version = runtime.clock.now(), proposed(session, runtime)
    for minute, who in enumerate((AUTHOR, REVIEWER)):
        reviewing.note_reading(session, version.item_id, 1, who, now + timedelta(minutes=minute))
    assert [each.actor for each in reviewing.readings(session, version.item_id)] == [REVIEWER, AUTHOR]


def test_retired_is_retired_once(session: Session, runtime: Runtime) -> None:
    now, version = runtime.clock.now(), proposed(session, runtime)
    service.retire(session, version.item.bank_id, "ai-j-901", REVIEWER, now)
    with pytest.raises(Conflict):
        service.retire(session, version.item.bank_id, "ai-j-901", REVIEWER, now)
    assert session.scalars(select(BankItem)).one().status is ItemStatus.RETIRED
