"""Every page that a link leads to: axe-core in light and dark, a narrow phone, and a sheet of paper."""

import re
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from certengine.people.permissions import Role
from tests.journeys.conftest import Served
from tests.journeys.test_every_page import LEFT_OUT

DARK = {"runOnly": ["color-contrast"]}
# What is no page: files, streams, and what leaves.
NO_PAGE = re.compile(
    r"\.(pdf|xlsx|zip|jsonl|json|yaml|txt|html|pem|js|css|svg|csv)$|/(export|photo|progress|vkey|checkpoint|voucher)"
    r"|/(materials|documents|proofs)/[0-9a-f-]{36}$"
)


# What has no use on paper, and what stands beyond the edge of a sheet.
ON_PAPER = """() => [...document.querySelectorAll("body *")].filter(each => {
  const { right, width, height } = each.getBoundingClientRect();
  if (width < 2 || height < 2) return false;
  return each.matches("button, .btn, header nav, form[method=get] *") || (right > innerWidth + 1 && !each.closest("svg"));
}).map(each => each.outerHTML)"""
# WCAG 1.4.10: the page has no second direction of scrolling, and what scrolls within it is reached by keyboard.
NARROW = """() => new Promise(drawn => requestAnimationFrame(() => setTimeout(drawn))).then(() => [...document.querySelectorAll(".table-responsive")]
  .filter(each => each.scrollWidth > each.clientWidth && !(each.tabIndex === 0 && each.getAttribute("aria-label")))
  .concat(document.documentElement.scrollWidth > 320 ? [document.querySelector("main")] : []).map(each => each.outerHTML))"""
A4_WIDTH, PHONE_WIDTH, DESK = 703, 320, {"width": 1280, "height": 720}


def faults(page: Page) -> list[str]:
    page.emulate_media(color_scheme="light")
    found = Axe().run(page).response["violations"]
    page.emulate_media(color_scheme="dark")
    found += Axe().run(page, options=DARK).response["violations"]
    named = [(each["id"], each["nodes"][0]["html"]) for each in found]
    page.set_viewport_size({"width": PHONE_WIDTH, "height": 720})
    named += [("too wide for a phone", each) for each in page.evaluate(NARROW)]
    page.emulate_media(media="print", color_scheme="light")
    page.set_viewport_size({"width": A4_WIDTH, "height": 1000})
    named += [("on paper", each) for each in page.evaluate(ON_PAPER)]
    page.emulate_media(media="screen")
    page.set_viewport_size(DESK)
    return [f"{urlsplit(page.url).path}: {what}: {html[:110]}" for what, html in named]


def walk(served: Served, page: Page, start: str) -> list[str]:
    """The faults of one page of each kind that links lead to from here, of those that nobody has looked at yet."""
    found: list[str] = []
    waiting, asked = [start], set[str]()
    while waiting:
        path = waiting.pop(0)
        endpoint = served.endpoint(path.partition("?")[0])
        if endpoint is None or path in asked or LEFT_OUT.match(path) or NO_PAGE.search(path.partition("?")[0]):
            continue
        if endpoint in served.seen and path != start:
            continue
        asked.add(path)
        answer = page.goto(path)
        assert answer is not None and answer.status < 400, (path, answer and answer.status)
        if "text/html" not in (answer.header_value("content-type") or ""):
            continue
        if endpoint not in served.seen:
            served.seen.add(endpoint)
            found += faults(page)
        links = page.eval_on_selector_all("a[href]", "all => all.map(each => each.getAttribute('href'))")
        waiting += [link.partition("#")[0] for link in links if link.startswith("/") and not link.startswith("//")]
    return found


@pytest.mark.parametrize("role", ["", *(role.value for role in Role)], ids=lambda role: role or "visitor")
def test_every_page_is_open_to_everybody_in_light_and_dark_on_a_phone_and_on_paper(served: Served, role: str) -> None:
    login = next((each["login"] for each in served.facts["accounts"] if each["role"] == role), "")
    page = served.page(login)
    found = walk(served, page, "/")
    if not role:
        for name in ("revoked_code", "superseded_code"):
            page.goto(f"/v/{served.facts[name]}")
            found += faults(page)
    page.context.close()
    assert found == []


def test_the_examination_screen_is_open_to_everybody(served: Served) -> None:
    page, someone = served.page(), served.facts["candidates"][0]
    page.goto("/exam")
    page.fill("#ticket", someone["ticket"])
    page.fill("#number", someone["document"])
    page.click("main button")
    expect(page.locator("main")).to_contain_text(someone["name"])
    found = faults(page)
    page.click("main button")
    page.wait_for_url("**/paper")
    page.wait_for_selector(".option")
    found += faults(page)
    page.emulate_media(color_scheme="light")
    page.click("#hand-in")
    page.wait_for_selector("#confirm[open]")
    found += faults(page)
    page.context.close()
    assert found == []


FOCUS = """() => { const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
  return [document.activeElement.id, outlineStyle === "none" ? "" : outlineWidth]; }"""


def test_whoever_has_only_a_keyboard_sees_where_it_is_and_is_led_to_what_is_wrong(served: Served) -> None:
    page = served.page("officer")
    page.goto("/sittings/new")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate(FOCUS)[0] == "main", "the first link skips what stands above"
    passed = []
    while not passed or page.evaluate("document.activeElement.tagName") != "BUTTON":
        page.keyboard.press("Tab")
        passed.append(page.evaluate(FOCUS))
    assert "title" in [name for name, _outline in passed] and all(outline == "3px" for _name, outline in passed)
    page.keyboard.press("Enter")
    wrong = page.locator("#title[aria-invalid=true]")
    expect(wrong).to_be_focused()
    expect(page.locator(f"#{wrong.get_attribute('aria-describedby')}")).to_contain_text("请填写")
    page.context.close()
