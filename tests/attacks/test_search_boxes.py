"""Every search box, page number and filter of the lists: whatever is typed is looked for, never run, never a 500."""

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from certengine import demo
from certengine.app import create_app
from certengine.foundation.runtime import Runtime, use

# (who, list): every list that has a search box, a filter or pages.
LISTS = [
    ("administrator", "/accounts"),
    ("reviewer", "/banks"),
    ("officer", "/sittings"),
    ("officer", "/sittings/plans/*/candidates"),
    ("officer", "/sittings/plans/*/applications"),
    ("author", "/banks/*"),
    ("papers", "/papers"),
    ("issuer", "/results"),
    ("issuer", "/certificates"),
    ("training", "/training"),
    ("training", "/courses"),
    ("supervisor", "/audit"),
    ("supervisor", "/oversight"),
    ("", "/verify"),
    ("", "/ledger"),
]
# What sqlmap begins with: ends of strings, comments, stacked statements, waits, unions; and what breaks parsers.
KNOWN = [
    "' OR '1'='1",
    "'; DROP TABLE account; --",
    "1) UNION SELECT login, password_hash FROM account --",
    "' AND (SELECT pg_sleep(9)) IS NULL --",
    "%' ESCAPE '\\",
    '"*" NEAR(',
    "\x00",
    "%_%",
    "<script>alert(1)</script>",
    "../../etc/passwd",
]
TYPED = st.one_of(st.sampled_from(KNOWN), st.text(max_size=40))
NUMBERS = st.one_of(st.integers(-(2**70), 2**70).map(str), st.text(max_size=6))


@pytest.fixture(scope="module")
def app(demonstration: tuple[Runtime, dict[str, Any]]) -> Flask:
    return create_app(use(demonstration[0]), TESTING=True, WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)


def _id(client: FlaskClient, before: str) -> str:
    """Of the first thing of the kind that the list names."""
    page = client.get("/" + before.split("/")[1]).text
    found = re.search(re.escape(before) + r"([0-9a-f-]{36})", page)
    return found.group(1) if found else "*"


@pytest.mark.parametrize(("login", "path"), LISTS)
def test_whatever_is_typed_is_answered(
    app: Flask, demonstration: tuple[Runtime, dict[str, Any]], login: str, path: str
) -> None:
    use(demonstration[0])
    client = app.test_client()
    if login:
        client.post("/sign-in", data={"login": login, "password": demo.PASSWORD})
    path = path.replace("*", _id(client, path.partition("*")[0]))
    assert client.get(path).status_code == 200

    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @example(KNOWN[0], "1", KNOWN[1])
    @example(KNOWN[6], "0", KNOWN[6])
    @given(TYPED, NUMBERS, TYPED)
    def answered(words: str, page: str, other: str) -> None:
        asked = {name: other for name in ("state", "kind", "field", "level", "author", "only", "from", "to", "actor")}
        query = urlencode({"q": words, "page": page, **asked}, errors="replace")
        answer = client.get(f"{path}?{query}", follow_redirects=True)
        assert answer.status_code in (200, 400, 403, 404, 422), (path, words, page, other, answer.status_code)
        assert "<script>alert(1)</script>" not in answer.text

    answered()
