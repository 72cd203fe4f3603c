"""The door for look-ups says what the application says, for many at once, and leaves it whatever is unusual."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

from certengine.app import create_app
from certengine.certificates import lifecycle, service
from certengine.certificates.lookup import LookUps
from certengine.certificates.models import Certificate
from certengine.certificates.rules import CertificateKind, ReasonClass
from certengine.foundation.runtime import Runtime, use
from certengine.ledger import service as ledger
from tests.asgi import Answer, Behind, request, run
from tests.certificates.factories import ISSUER, SECOND, content, issued

PAGE, API = "/v/", "/api/v1/certificates/"
UNKNOWN = "0000000000000000"


class Door:
    def __init__(self, app: Flask, runtime: Runtime) -> None:
        self.application = Behind(app)
        self._door = LookUps(app, self.application, runtime)

    def ask(self, paths: Sequence[str], *headers: tuple[str, str], **more: Any) -> list[Answer]:
        """All at once."""
        self.application.asked.clear()

        async def together() -> list[Answer]:
            return list(await asyncio.gather(*(request(self._door, "GET", path, headers, **more) for path in paths)))

        found: list[Answer] = run(together())
        return found

    def behind(self, path: str, *headers: tuple[str, str]) -> Answer:
        """The application's own answer."""
        found: Answer = run(request(self.application, "GET", path, headers))
        return found


@pytest.fixture
def door(app: Flask, runtime: Runtime) -> Door:
    return Door(app, runtime)


def english(app: Flask) -> tuple[str, str]:
    client = app.test_client()
    client.get("/language/en")
    cookie = client.get_cookie("certengine")
    assert cookie is not None
    return "cookie", f"other=1; certengine={cookie.value}"


def end(act: Callable[..., Any], *arguments: Any) -> Callable[[Runtime, Certificate], None]:
    def done(runtime: Runtime, row: Certificate) -> None:
        with runtime.unit_of_work() as session:
            act(session, *(found(runtime, row) if callable(found) else found for found in arguments))

    return done


def in_every_state(runtime: Runtime) -> dict[str, Certificate]:
    """Of each state one, some with a name that a page must escape."""
    now = runtime.clock.now()
    training: dict[str, Any] = {
        "kind": CertificateKind.TRAINING, "theory": None, "practical": None, "hours": 64, "course": "<b>数据</b> & 安全",
        "assessment": "合格", "direction_zh": None,
    }  # fmt: skip
    rows = {
        name: issued(runtime, subject=f"registration:{name}", **parts)
        for name, parts in {
            "valid": {"name": "O'Neil"},
            "training": training,
            "last day": {"expires_on": date(2026, 11, 25)},
            "expired": {"expires_on": date(2026, 11, 24)},
            "revoked": {},
            "suspended": {},
            "superseded": {},
            "followed": {},
            "damaged": {},
            "countersigned": {},
        }.items()
    }
    with runtime.unit_of_work() as session:
        service.revoke(session, rows["revoked"].id, "雷同卷", ISSUER, SECOND, now)
        lifecycle.suspend(session, rows["suspended"].id, ReasonClass.MISCONDUCT, "有人举报", ISSUER, now)
        for name in ("superseded", "followed"):
            wanted = content(session, runtime, subject=f"registration:{name}")
            service.supersede(session, runtime, rows[name].id, wanted, "更正", ISSUER, now)
        followed = rows["followed"]
        signed = session.get_one(Certificate, rows["countersigned"].id)
        signed.countersigned_by, signed.countersigned_at = signed.organisation_id, now
        lifecycle.show_successor(session, followed.id, followed.document_index, True, ISSUER, now)
    runtime.files.path(rows["damaged"].pdf).unlink()
    ledger.sequence(runtime)
    rows["not yet in the ledger"] = issued(runtime, subject="registration:new")
    return rows


def test_the_door_answers_what_the_application_would_in_every_state_and_language(
    door: Door, app: Flask, runtime: Runtime
) -> None:
    codes = [row.code for row in in_every_state(runtime).values()]
    typed = codes[0].lower()
    codes += [UNKNOWN, "ABC", "-", "x" * 40, f"{typed[:4]}-{typed[4:]}"]
    paths = [base + code for base in (PAGE, API) for code in codes]
    languages: list[list[tuple[str, str]]] = [[], [english(app)]]
    for headers in languages:
        first, again = door.ask(paths, *headers), door.ask(paths, *headers)
        assert not door.application.asked and again == first
        for path, answer in zip(paths, first, strict=True):
            assert answer == door.behind(path, *headers), path
        assert "主管部门联署" in "".join(each.text for each in first) or headers
    said = {json.loads(door.ask([API + code])[0].text)["outcome"] for code in codes}
    assert said == {"valid", "expired", "revoked", "suspended", "superseded", "damaged", "unknown"}


def test_a_revocation_shows_in_the_next_look_up(door: Door, runtime: Runtime) -> None:
    row = issued(runtime)
    before = door.ask([PAGE + row.code, API + row.code])
    with runtime.unit_of_work() as session:
        service.revoke(session, row.id, "雷同卷", ISSUER, SECOND, runtime.clock.now())
    page, program = door.ask([PAGE + row.code, API + row.code])
    assert "verdict-valid" in before[0].text and "verdict-revoked" in page.text
    assert json.loads(before[1].text)["outcome"] == "valid" and json.loads(program.text)["outcome"] == "revoked"
    runtime.clock.at += timedelta(days=1)  # type: ignore[attr-defined]
    assert not door.application.asked


def test_what_is_unusual_is_left_to_the_application(door: Door, app: Flask, runtime: Runtime) -> None:
    row = issued(runtime)
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["actor"] = ["people", "somebody"]
    signed = client.get_cookie("certengine")
    assert signed is not None
    for headers in (
        ("cookie", f"certengine={signed.value}"),
        ("cookie", "certengine=forged"),
        ("x-forwarded-for", "x"),
    ):
        assert door.ask([PAGE + row.code], headers)[0].status == 200
        assert door.application.asked == [PAGE + row.code]
    door.ask([PAGE + row.code], query=b"lang=fr")
    assert door.application.asked == [PAGE + row.code]
    strange = [PAGE + "查", PAGE + row.code + ".pdf", PAGE + "a" * 41, PAGE, API + row.code + "/credential", "/healthz"]
    door.ask(strange)
    assert sorted(door.application.asked) == sorted(strange)


@pytest.mark.parametrize("counted_in", ["memory://", "database://"])
def test_both_ways_are_counted_together_and_the_next_one_is_too_many(counted_in: str, runtime: Runtime) -> None:
    runtime.settings = replace(runtime.settings, rate_limits=counted_in)
    app = create_app(use(runtime), TESTING=True, RATELIMIT_ENABLED=True)
    door = Door(app, runtime)
    by_proxy = ("x-forwarded-for", "203.0.113.9, 198.51.100.7")
    path = PAGE + UNKNOWN
    first = door.ask([path], by_proxy)[0]
    own = door.behind(path, by_proxy)
    assert first.headers["x-ratelimit-remaining"] == "119" and own.headers["x-ratelimit-remaining"] == "118"
    assert first.headers.keys() == own.headers.keys()
    assert first.headers["x-ratelimit-reset"] == own.headers["x-ratelimit-reset"]
    assert {each.status for each in door.ask([path] * 117, by_proxy)} == {404}
    assert door.behind(path, by_proxy).status == 404
    refused, other = door.ask([path, API + UNKNOWN], by_proxy)
    assert refused.status == 429 and "请求过于频繁" in refused.text and other.status == 404
    assert door.application.asked == [path]
    assert door.behind(path, by_proxy).status == 429
    # Another address, and of many at once exactly as many as are allowed.
    there = [each.status for each in door.ask([path] * 125, ("x-forwarded-for", "198.51.100.8"))]
    assert there.count(404) == 120 and there.count(429) == 5


def test_nobody_is_refused_because_the_database_of_the_counts_is_away(runtime: Runtime) -> None:
    runtime.settings = replace(runtime.settings, rate_limits="database://")
    door = Door(create_app(use(runtime), TESTING=True, RATELIMIT_ENABLED=True), runtime)
    with runtime.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE request_count")
    assert door.ask([PAGE + UNKNOWN])[0].status == 404
