from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy.orm import Session

from certengine.bank import service
from certengine.bank.writing_tasks import TaskFacts, assign, close, tasks
from certengine.foundation.clock import SetClock
from certengine.foundation.errors import Conflict, Invalid, NotFound
from certengine.foundation.ids import new_id
from certengine.foundation.runtime import Runtime
from tests.bank.factories import AUTHOR, REVIEWER, empty_bank, single

FACTS = TaskFacts(AUTHOR, "0.2", "single", 2, date(2026, 11, 30), " 侧重中断 ")


def test_what_an_author_writes_is_counted_by_itself(session: Session, runtime: Runtime, clock: SetClock) -> None:
    bank = empty_bank(session, runtime)
    now = clock.now()
    service.propose(session, bank_id=bank.id, entry=single("ai-j-900", "此题写在任务之前，不算"), actor=AUTHOR, now=now)
    clock.advance(minutes=1)
    task = assign(session, bank.id, FACTS, REVIEWER, clock.now())
    assert task.note == "侧重中断"
    clock.advance(hours=1)
    for entry, who in (
        (single("ai-j-901"), AUTHOR),
        (single("ai-j-902"), "account:other"),
        (replace(single("ai-j-903"), outline="0.20"), AUTHOR),
        (replace(single("ai-j-904"), outline="1.1.1"), AUTHOR),
    ):
        service.propose(session, bank_id=bank.id, entry=entry, actor=who, now=clock.now())
    # A second version of one's own item is no new item.
    service.propose(session, bank_id=bank.id, entry=single("ai-j-901", key="c"), actor=AUTHOR, now=clock.now())
    [view] = tasks(session, [bank.id], clock.now())
    assert (view.written, view.percent, view.done, view.late) == (1, 50, False, False)
    clock.advance(days=20)
    [view] = tasks(session, [bank.id], clock.now(), assignee=AUTHOR)
    assert view.late
    assert tasks(session, [bank.id], clock.now(), assignee=REVIEWER) == []


def test_a_task_needs_a_day_to_come_and_a_number(session: Session, runtime: Runtime) -> None:
    bank = empty_bank(session, runtime)
    with pytest.raises(Invalid) as raised:
        assign(session, bank.id, replace(FACTS, wanted=0, due_on=date(2026, 11, 24)), REVIEWER, runtime.clock.now())
    assert [each.place for each in raised.value.problems] == ["due_on", "wanted"]
    assign(session, bank.id, replace(FACTS, due_on=date(2026, 11, 25)), REVIEWER, runtime.clock.now())


def test_a_closed_task_is_gone_from_the_list(session: Session, runtime: Runtime) -> None:
    bank, now = empty_bank(session, runtime), runtime.clock.now()
    task = assign(session, bank.id, FACTS, REVIEWER, now)
    with pytest.raises(NotFound):
        close(session, new_id(), task.id, now)
    close(session, bank.id, task.id, now)
    assert tasks(session, [bank.id], now) == []
    with pytest.raises(Conflict):
        close(session, bank.id, task.id, now)
