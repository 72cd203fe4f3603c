"""The time that is left is the server's, whatever happens to the tab, to the machine or to its clock."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page

from certengine.delivery import events, service
from certengine.delivery.models import EventKind
from certengine.foundation.clock import SetClock
from tests.journeys.conftest import Stage
from tests.sittings.factories import Exam, exam

# What is asked of the database here is tested on both beside the rooms; a browser twice would tell no more.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
HIDDEN = "Object.defineProperty(document, 'hidden', { configurable: true, get: () => %s });"
MINUTES_LEFT = "minutes => Math.abs(parseInt(document.getElementById('clock').textContent) - minutes) <= 1"


def in_the_exam(stage: Stage, made: Exam) -> Page:
    page = stage.page()
    page.clock.install(time=datetime.now(UTC))
    page.goto("/exam")
    page.fill("#ticket", made.tickets[0])
    page.fill("#number", made.documents[0])
    page.click("main button")
    page.goto(f"/exam/{made.theory_id}")
    page.get_by_role("button", name="以上信息是本人的").click()
    page.get_by_role("button", name="开始答题").click()
    page.locator("#question input").first.wait_for()
    return page


def show(page: Page, hidden: bool) -> None:
    page.evaluate(HIDDEN % str(hidden).lower() + "document.dispatchEvent(new Event('visibilitychange'))")


def left(page: Page, minutes: int) -> None:
    """Waits until so many minutes are shown, one more or less."""
    page.wait_for_function(MINUTES_LEFT, arg=minutes)


def test_neither_a_hidden_tab_nor_a_sleeping_machine_nor_a_changed_clock_moves_the_countdown(
    stage: Stage, clock: SetClock
) -> None:
    made = exam(stage.runtime, candidates=1, starts_in=timedelta(minutes=1), minutes=50)
    clock.advance(minutes=1)
    page = in_the_exam(stage, made)
    left(page, 50)

    for hours in (1, -1):
        with page.expect_response("**/events") as told:
            page.clock.set_system_time(datetime.now(UTC) + timedelta(hours=hours))
            page.clock.fast_forward(6_000)
        assert told.value.ok
        left(page, 50)

    show(page, hidden=True)
    clock.advance(minutes=10)
    page.clock.fast_forward(600_000)
    show(page, hidden=False)
    left(page, 40)

    # Asleep: minutes went by, and the browser's steady clock stood still.
    show(page, hidden=True)
    clock.advance(minutes=10)
    show(page, hidden=False)
    left(page, 30)
    stage.shoot(page, "clock")

    with stage.runtime.unit_of_work(read_only=True) as session:
        standing = service.attempt_of(session, made.theory_id, made.registrations[0])
        assert standing is not None
        kinds = [each.kind for each in events.events_of(session, standing.id)]
    assert kinds.count(EventKind.CLOCK_CHANGED) >= 2 and EventKind.FOCUS_LOST in kinds

    # With the tab hidden and its timers asleep the server hands in by itself, and the page says so when it is looked at.
    show(page, hidden=True)
    clock.advance(minutes=31)
    service.close_expired(stage.runtime)
    show(page, hidden=False)
    page.clock.fast_forward(1_000)
    page.wait_for_url("**/receipt**")
