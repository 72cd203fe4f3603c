"""Public pages are light and can be read without scripts; the made parts of Bootstrap are fresh."""

import re
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

import pytest

from certengine.app import create_app
from certengine.foundation.runtime import Runtime, use

ROOT = Path(__file__).parent.parent.parent
LOADED = re.compile(r'<(?:link rel="(?:stylesheet|icon)"|script|img)[^>]*?(?:href|src)="(/[^"]+)"')
LIGHT = 50_000


def test_the_parts_of_bootstrap_are_those_of_the_present_templates() -> None:
    loader = SourceFileLoader("trim_bootstrap", str(ROOT / "scripts" / "trim-bootstrap"))
    spec = spec_from_loader("trim_bootstrap", loader)
    assert spec is not None
    made = module_from_spec(spec)
    loader.exec_module(made)
    for name, text in made.outputs().items():
        assert (made.VENDOR / name).read_text() == text, "run scripts/trim-bootstrap"


@pytest.mark.parametrize("name", ["grade_certificate", "training_certificate"])
def test_a_verification_page_weighs_less_than_50_kb_and_says_all_without_scripts(
    demonstration: tuple[Runtime, dict[str, Any]], name: str
) -> None:
    runtime, facts = demonstration
    client = create_app(use(runtime), TESTING=True, RATELIMIT_ENABLED=False).test_client()
    page = client.get(f"/v/{facts[name]['code']}")
    parts = [tag for tag in re.findall(r"<(?:link|script|img)[^>]*>", page.text)]
    loaded = [found for tag in parts for found in LOADED.findall(tag)]
    assert len(loaded) >= 4
    weight = len(page.data) + sum(len(client.get(each).data) for each in loaded)
    assert weight < LIGHT, {each: len(client.get(each).data) for each in loaded}
    assert facts[name]["name"] in page.text and facts[name]["code"] in page.text
    assert all('type="module"' in tag for tag in parts if tag.startswith("<script")), "nothing waits for a script"


def test_a_device_that_is_dark_gets_dark_pages_and_paper_is_white(
    demonstration: tuple[Runtime, dict[str, Any]],
) -> None:
    client = create_app(use(demonstration[0]), TESTING=True, RATELIMIT_ENABLED=False).test_client()
    page = client.get("/").text
    assert 'media="screen and (prefers-color-scheme: dark)"' in page and 'media="print"' in page
