"""The pictures of the guides, taken as their readers will see the pages; `make guides` keeps them in docs/.

A guide shows every picture that is taken for it and no other, and names buttons and pages as they are named there.
"""

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from babel.messages.pofile import read_po
from PIL import Image
from playwright.sync_api import Page, expect

from certengine.demo.pulse import Pulse
from certengine.demo.story import path_of
from certengine.foundation.runtime import current
from tests.journeys.conftest import ARTEFACTS, Served

DOCS = Path(__file__).parent.parent.parent / "docs"
LANGUAGES = ("zh", "en")
DESKTOP, PHONE = (1280, 840), (390, 780)
PICTURE = re.compile(r"!\[[^\]]+\]\(([^)]+)\)")
# Pictures further down are loaded when somebody scrolls there.
DRAWN = """() => Promise.all([...document.images].filter(each => each.getBoundingClientRect().top < innerHeight)
  .map(each => each.decode().catch(() => {})))"""
NAMED = re.compile(r"\*\*([^*]+)\*\*")


@dataclass(frozen=True)
class Shot:
    """What somebody sees who opens a page and follows links.

    path: "@running" is the page that the story tells of that state. links: selectors within `main a`, of which the first
    counts; {running} is the title of the exam in that state.
    """

    guide: str
    name: str
    login: str
    path: str
    links: tuple[str, ...] = ()
    size: tuple[int, int] = DESKTOP
    act: Callable[[Page, Served], None] | None = None


def _code(key: str) -> Callable[[Page, Served], None]:
    def open_it(page: Page, served: Served) -> None:
        fact = served.facts[key]
        page.goto(f"/v/{fact if isinstance(fact, str) else fact['code']}")

    return open_it


def _signs_in_to_the_exam(page: Page, served: Served) -> None:
    # Somebody else in each language, for nobody begins twice.
    candidate = served.facts["candidates"][LANGUAGES.index(page.locator("html").get_attribute("lang", timeout=0)[:2])]
    page.fill("[name=ticket]", candidate["ticket"])
    page.fill("[name=number]", candidate["document"])
    page.click("main form button")


def _answers(page: Page, served: Served) -> None:
    _signs_in_to_the_exam(page, served)
    page.click("main form button")
    page.click("main form button >> nth=0")
    page.click("label:has(input[type=radio]) >> nth=1")


def _shows_a_room_that_lives(page: Page, served: Served) -> None:
    """As it is where the demonstration is served: whoever answers has just been heard of."""
    path_of(current()).parent.mkdir(exist_ok=True)
    path_of(current()).write_text(json.dumps(served.facts))
    Pulse(current()).beat()
    page.reload()


def _drops_an_altered_file(page: Page, served: Served) -> None:
    content = page.request.get(f"/v/{served.facts['grade_certificate']['code']}.pdf").body()
    middle = len(content) // 3
    altered = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    page.set_input_files(
        "input[type=file] >> nth=0", {"name": "zs.pdf", "mimeType": "application/pdf", "buffer": altered}
    )
    page.click("form:has(input[type=file]) button >> nth=0")


RUNNING = ':has-text("{running}")'
PLAN = f'[href^="/sittings/plans/"]{RUNNING}'
SHOTS = (
    Shot("institution", "bank", "author", "/banks", ('[href^="/banks/0"]',)),
    Shot("institution", "item", "author", "/banks", ('[href^="/banks/0"]', '[href*="/items/ai-"]')),
    Shot("institution", "plan", "officer", "/sittings", (PLAN,)),
    Shot("institution", "candidates", "officer", "/sittings", (PLAN, '[href$="/candidates"]')),
    Shot("institution", "sitting", "officer", "/sittings", (PLAN, '[href^="/sittings/0"]')),
    Shot("institution", "draw", "papers", "/papers", (RUNNING,)),
    Shot("institution", "board", "proctor", "@running", act=_shows_a_room_that_lives),
    Shot(
        "institution", "marking", "examiner-yt", "@marking", ('[href^="/marking/practical/0"]:not([href*="samples"])',)
    ),
    Shot("institution", "results", "issuer-qd", "@finished"),
    Shot("institution", "certificates", "issuer", "/certificates"),
    Shot("trainee", "apply", "", "/apply", size=PHONE),
    Shot("trainee", "entry", "", "/exam", size=PHONE),
    Shot("trainee", "certificates", "trainee", "/certificates/mine", size=PHONE),
    Shot("trainee", "hours", "trainee", "/hours"),
    Shot("employer", "verify", "", "/verify", size=PHONE),
    Shot("employer", "valid", "", "/verify", size=PHONE, act=_code("grade_certificate")),
    Shot("employer", "revoked", "", "/verify", size=PHONE, act=_code("revoked_code")),
    Shot("employer", "altered", "", "/verify", act=_drops_an_altered_file),
    Shot("employer", "applications", "employer", "/group-applications"),
    Shot("supervisor", "overview", "supervisor", "/oversight"),
    Shot("supervisor", "figures", "supervisor", "/oversight/dashboard"),
    Shot("supervisor", "sitting", "supervisor", "/oversight", (f'[href^="/oversight/sittings/"]{RUNNING}',)),
    Shot("supervisor", "ledger", "", "/ledger"),
    Shot("supervisor", "inspections", "supervisor", "/oversight/inspections"),
    # The last of the visitor's, who is a candidate from then on.
    Shot("trainee", "exam", "", "/exam", act=_answers),
)


def kept_in(language: str) -> Path:
    """The guides' own folder when they are made, and one of the run's otherwise."""
    base = DOCS / "images" if os.environ.get("CERTENGINE_GUIDES") else ARTEFACTS / "guides"
    folder = base / language
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def take(page: Page, served: Served, shot: Shot) -> bytes:
    story = {each["state"]: each for each in reversed(served.facts["story"])}
    page.set_viewport_size({"width": shot.size[0], "height": shot.size[1]})
    page.goto(urlsplit(story[shot.path[1:]]["address"]).path if shot.path.startswith("@") else shot.path)
    for link in shot.links:
        page.click(f"main a{link.format(**{state: each['title'] for state, each in story.items()})} >> nth=0")
    if shot.act:
        shot.act(page, served)
    expect(page.locator("h1").first).to_be_visible()
    page.evaluate(DRAWN)
    return page.screenshot()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pictures_of_the_guides_are_taken(served: Served, language: str) -> None:
    people: dict[str, Page] = {}
    for shot in SHOTS:
        if shot.login not in people:
            people[shot.login] = served.page(shot.login)
            people[shot.login].goto(f"/language/{language}?next=/")
        picture = Image.open(BytesIO(take(people[shot.login], served, shot)))
        assert len(picture.getcolors(1 << 24) or []) > 20, f"{shot.name} shows nothing"
        picture.convert("RGB").quantize(64).save(kept_in(language) / f"{shot.guide}-{shot.name}.png", optimize=True)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("guide", sorted({shot.guide for shot in SHOTS}))
def test_a_guide_shows_what_was_taken_for_it(guide: str, language: str) -> None:
    path = DOCS / "guides" / language / f"{guide}.md"
    shown = {(path.parent / each).resolve() for each in PICTURE.findall(path.read_text())}
    taken = {DOCS / "images" / language / f"{guide}-{shot.name}.png" for shot in SHOTS if shot.guide == guide}
    assert shown == taken and all(each.exists() for each in taken)


def named_on_pages(language: str) -> set[str]:
    names: set[str] = set()
    for path in (DOCS.parent / "certengine").glob("*/en.po"):
        with path.open("rb") as file:
            for message in read_po(file):
                text = message.id if language == "zh" else message.string
                names.update(text if isinstance(text, list | tuple) else [text])
    return {str(name) for name in names}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_guides_name_things_as_the_pages_do(language: str) -> None:
    names = named_on_pages(language)
    for path in sorted((DOCS / "guides" / language).glob("*.md")):
        unknown = [each for each in NAMED.findall(path.read_text()) if each not in names]
        assert not unknown, f"{path.name}: {unknown}"
