"""axe-core over the pages that people meet first; what it finds serious or critical fails."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from certengine import demo
from tests.journeys.conftest import Stage


def faults(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{page.url}: {each['id']}: {each['nodes'][0]['html'][:120]}"
        for each in found
        if each["impact"] in ("serious", "critical")
    ]


@pytest.fixture
def filled(stage: Stage) -> Stage:
    stage.facts = demo.fill(stage.runtime)  # type: ignore[attr-defined]
    return stage


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nobody_is_shut_out_by_the_first_pages(filled: Stage) -> None:
    facts = filled.facts  # type: ignore[attr-defined]
    found: list[str] = []
    visitor = filled.page()
    code = facts["grade_certificate"]["code"]
    for path in ("/", "/exam", "/sign-in", "/verify", f"/v/{code}", f"/v/{facts['revoked_code']}", "/ledger"):
        visitor.goto(path)
        found += faults(visitor)
    someone = facts["candidates"][0]
    visitor.goto("/exam")
    visitor.fill("#ticket", someone["ticket"])
    visitor.fill("#number", someone["document"])
    with visitor.expect_navigation():
        visitor.click("main button")
    found += faults(visitor)
    visitor.click("main button")
    visitor.wait_for_url("**/paper")
    visitor.wait_for_selector(".option")
    found += faults(visitor)
    visitor.click("#hand-in")
    visitor.wait_for_selector("#confirm[open]")
    found += faults(visitor)
    for login, path in (
        ("reviewer", "/banks"),
        ("officer", "/sittings"),
        ("papers", "/papers"),
        ("proctor", "/proctoring"),
        ("issuer", "/results"),
        ("training", "/training"),
        ("supervisor", "/oversight"),
        ("administrator", "/accounts"),
    ):
        page = filled.sign_in(login, demo.PASSWORD)
        page.goto(path)
        found += faults(page)
        inner = page.locator("main table a, main .list-group a").first
        if inner.count():
            with page.expect_navigation():
                inner.click()
            found += faults(page)
    assert found == []
