"""A machine without network writes its answers into a file that only this attempt can read; events reach the server."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from certengine.delivery import answer_file, events, service
from certengine.delivery.models import EventKind
from certengine.foundation.clock import SetClock
from tests.journeys.conftest import Stage
from tests.sittings.factories import exam

# What is asked of the database here is tested on both beside the rooms; a browser twice would tell no more.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_answers_that_cannot_be_sent_are_exported_and_a_paste_is_told(stage: Stage, clock: SetClock) -> None:
    made = exam(stage.runtime, candidates=1, starts_in=timedelta(minutes=1))
    clock.advance(minutes=2)
    page = stage.page()
    page.goto("/exam")
    page.fill("#ticket", made.tickets[0])
    page.fill("#number", made.documents[0])
    page.click("main button")
    page.goto(f"/exam/{made.theory_id}")
    page.get_by_role("button", name="以上信息是本人的").click()
    page.get_by_role("button", name="开始答题").click()
    expect(page.locator("#question input").first).to_be_visible()
    with page.expect_response("**/events"):
        page.evaluate(
            "document.dispatchEvent(new ClipboardEvent('paste', {clipboardData: (() => "
            "{ const held = new DataTransfer(); held.setData('text', 'abcd'); return held; })()}))"
        )
    page.route("**/exam/answers/*", lambda route: route.abort())
    page.locator("#question input").nth(1).check()
    expect(page.locator("#carry")).to_be_visible()
    stage.shoot(page, "offline")
    with page.expect_download() as download:
        page.click("#carry")
    content = download.value.path().read_bytes()
    with stage.runtime.unit_of_work(read_only=True) as session:
        standing = service.attempt_of(session, made.theory_id, made.registrations[0])
        assert standing is not None
        happened = events.events_of(session, standing.id)
        assert [(each.kind, each.data["length"]) for each in happened] == [(EventKind.PASTED, 4)]
    (answer,) = answer_file.opened(stage.runtime.settings.secret_key, standing.id, content)
    assert answer[1] > 0 and answer[2] and answer[3] is False
