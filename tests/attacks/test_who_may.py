"""Each role at each route: who may not gets 403 or 404, and a log line. Other institutions: journeys/test_every_page."""

import logging
import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from certengine import demo
from certengine.app import create_app
from certengine.foundation.runtime import Runtime, use
from certengine.people.permissions import HOLDS, Permission, Role
from certengine.web.access import ACCESS, Allowed

METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}
VALUES = {"UUIDConverter": UUID(int=7), "IntegerConverter": 7, "UnicodeConverter": "x", "PathConverter": "x"}
REFUSED = (403, 404)


@pytest.fixture
def app(demonstration: tuple[Runtime, dict[str, Any]]) -> Flask:
    return create_app(use(demonstration[0]), TESTING=True, WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)


def guarded(app: Flask) -> Iterator[tuple[Rule, str, Allowed]]:
    for rule in app.url_map.iter_rules():
        declared = getattr(app.view_functions[rule.endpoint], ACCESS)
        if isinstance(declared, Allowed):
            for method in sorted((rule.methods or set()) & METHODS):
                yield rule, method, declared


def address(app: Flask, rule: Rule) -> str:
    """The route with values that belong to nothing."""
    values: dict[str, Any] = {}
    for name, converter in rule._converters.items():
        kind = type(converter).__name__
        # Of a choice of words the first.
        values[name] = (
            VALUES[kind] if kind in VALUES else re.sub(r"\W", "", converter.regex.split("|")[0].replace("?:", ""))
        )
    return app.url_map.bind("localhost").build(rule.endpoint, values)


def signed_in(app: Flask, login: str, password: str) -> FlaskClient:
    client = app.test_client()
    assert client.post("/sign-in", data={"login": login, "password": password}).status_code == 302
    return client


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.value)
def test_a_role_is_refused_at_every_route_that_is_not_its_own(
    app: Flask, demonstration: tuple[Runtime, dict[str, Any]], role: Role, caplog: pytest.LogCaptureFixture
) -> None:
    login = next(each["login"] for each in demonstration[1]["accounts"] if each["role"] == role.value)
    client = signed_in(app, login, demo.PASSWORD)
    wrong, tried = [], 0
    for rule, method, declared in guarded(app):
        if HOLDS[role] & set(declared.permissions):
            continue
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            status = client.open(address(app, rule), method=method).status_code
        tried += 1
        if status not in REFUSED or f"refused {method} {rule.endpoint} to account:" not in caplog.text:
            wrong.append((method, str(rule), status))
    assert wrong == [] and tried > 100


def test_a_candidate_is_refused_at_every_route_of_the_staff(
    app: Flask, demonstration: tuple[Runtime, dict[str, Any]]
) -> None:
    client, someone = app.test_client(), demonstration[1]["candidates"][0]
    client.post("/exam", data={"ticket": someone["ticket"], "number": someone["document"]})
    wrong = []
    for rule, method, declared in guarded(app):
        if Permission.ATTEMPT_TAKE not in declared.permissions:
            status = client.open(address(app, rule), method=method).status_code
            if status not in REFUSED:
                wrong.append((method, str(rule), status))
    assert wrong == []


def test_who_is_not_signed_in_is_led_to_sign_in_or_refused(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    wrong = []
    for rule, method, _declared in guarded(app):
        answer = app.test_client().open(address(app, rule), method=method, headers={"Accept": "text/html"})
        # Candidates have a door of their own.
        door = (
            answer.location == "/exam"
            if str(rule).startswith("/exam/")
            else (answer.location or "").startswith("/sign-in")
        )
        led = method == "GET" and answer.status_code == 302 and door
        if not led and answer.status_code not in REFUSED:
            wrong.append((method, str(rule), answer.status_code))
    assert wrong == [] and "to nobody: sign_in_needed" in caplog.text
