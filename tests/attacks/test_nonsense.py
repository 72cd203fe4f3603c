"""What scripts/attack once found to end in an error page: it is refused or not found."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from certengine import demo
from certengine.app import create_app
from certengine.foundation.runtime import Runtime, use

ID = "[0-9a-f-]{36}"
FOUND = [
    ("proctor", f"/proctoring/{ID}/{ID}", "/incidents", {"kind": "'\"<x", "text": "x"}),
    ("proctor", f"/proctoring/{ID}/{ID}", "/incidents", {"kind": "health", "text": "x", "registration_id": "-1"}),
    ("author", "/banks", "", {"field": "x" * 5000, "level": "junior"}),
    ("author", f"/banks/{ID}", "/draft", {"section": "items", "text": "- 2026-13-45"}),
    ("author", "/banks", "", {"field": "2026-13-45", "level": "junior"}),
    ("author", f"/banks/{ID}/items/ai-[a-z]-[0-9]+", "?version=99999999999999999999", None),
]


def reached(client: FlaskClient, pattern: str) -> str:
    """An address of this form, by links from the front page."""
    waiting, seen = ["/", "/proctoring", "/banks"], set[str]()
    while waiting:
        page = client.get(waiting.pop(0), follow_redirects=True).text
        for link in re.findall(r'href="(/[^"#?]*)', page):
            if re.fullmatch(pattern, link):
                return link
            if link not in seen and link.startswith(("/proctoring", "/banks")):
                seen.add(link)
                waiting.append(link)
    raise AssertionError(pattern)


@pytest.fixture(scope="module")
def app(demonstration: tuple[Runtime, dict[str, Any]]) -> Flask:
    return create_app(use(demonstration[0]), TESTING=True, WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)


@pytest.mark.parametrize(("login", "pattern", "rest", "form"), FOUND)
def test_nonsense_is_refused(
    app: Flask,
    demonstration: tuple[Runtime, dict[str, Any]],
    login: str,
    pattern: str,
    rest: str,
    form: dict[str, str] | None,
) -> None:
    use(demonstration[0])
    client = app.test_client()
    client.post("/sign-in", data={"login": login, "password": demo.PASSWORD})
    address = reached(client, pattern) + rest
    answer = client.get(address) if form is None else client.post(address, data=form)
    assert answer.status_code in (200, 400, 404, 422)
