"""The door in front of the application answers the usual requests of a start as the application would."""

import asyncio
import json
import re
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from certengine.delivery import service
from certengine.delivery.door import Door
from certengine.foundation.clock import SetClock
from certengine.foundation.runtime import Runtime
from certengine.ledger.models import LedgerEntry
from tests.asgi import Answer, Behind, request, run
from tests.delivery.test_gate import attempt, come
from tests.sittings.factories import OFFICER, Exam, exam

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
META = re.compile(r'name="csrf-token" content="([^"]+)"')
DATA = re.compile(r'<script type="application/json" id="data">(.*?)</script>', re.S)


class Hall:
    """The door over the real application; behind: the paths that the application was asked for."""

    def __init__(self, app: Flask, runtime: Runtime) -> None:
        self._application = Behind(app)
        self.door = Door(app, self._application, runtime)

    @property
    def behind(self) -> list[str]:
        return self._application.asked

    def ask(self, *requests: Awaitable[Answer]) -> list[Answer]:
        """All of them at once."""

        async def together() -> list[Answer]:
            return list(await asyncio.gather(*requests))

        self.behind.clear()
        return run(together())

    async def request(self, client: FlaskClient, method: str, path: str, token: str = "", body: bytes = b"") -> Answer:
        cookies = "; ".join(f"{name}={client.get_cookie(name).value}" for name in ("certengine", "certengine_device"))  # type: ignore[union-attr]
        headers = [("cookie", cookies), ("x-csrftoken", token), ("x-forwarded-for", "10.0.0.1")]
        headers.append(("content-type", "application/x-www-form-urlencoded"))
        return await request(self.door, method, path, headers, body=body)


@dataclass(frozen=True)
class Ready:
    """A candidate in front of the button."""

    client: FlaskClient
    token: str


def ready(app: Flask, made: Exam, number: int) -> Ready:
    client = app.test_client()
    come(client, made, number)
    here = f"/exam/{made.theory_id}"
    client.post(f"{here}/confirm")
    found = TOKEN.search(client.get(here).text)
    assert found is not None
    return Ready(client, found[1])


@pytest.fixture
def hall(app: Flask, runtime: Runtime) -> Hall:
    return Hall(app, runtime)


@pytest.fixture
def made(runtime: Runtime, clock: SetClock) -> Exam:
    found = exam(runtime, candidates=6)
    clock.advance(hours=2)
    return found


def begin(hall: Hall, made: Exam, candidates: Sequence[Ready]) -> list[Answer]:
    path = f"/exam/{made.theory_id}/start"
    return hall.ask(
        *(hall.request(each.client, "POST", path, body=f"csrf_token={each.token}".encode()) for each in candidates)
    )


def papers(hall: Hall, made: Exam, candidates: Sequence[Ready]) -> list[Answer]:
    return hall.ask(*(hall.request(each.client, "GET", f"/exam/{made.theory_id}/paper") for each in candidates))


def at_work(hall: Hall, app: Flask, made: Exam) -> list[Ready]:
    """All of them have begun, and the process knows the sitting."""
    candidates = [ready(app, made, number) for number in range(6)]
    begin(hall, made, candidates[:1])
    papers(hall, made, candidates[:1])
    begin(hall, made, candidates[1:])
    return candidates


def test_a_hall_that_starts_at_once_gets_its_whole_papers_without_the_application(
    hall: Hall, app: Flask, made: Exam, runtime: Runtime
) -> None:
    candidates = [ready(app, made, number) for number in range(6)]
    # The first one makes the sitting and its screen known to the process.
    begin(hall, made, candidates[:1])
    assert hall.behind == [f"/exam/{made.theory_id}/start"]
    papers(hall, made, candidates[:1])
    started = begin(hall, made, candidates[1:])
    assert not hall.behind
    assert {(each.status, each.headers["location"]) for each in started} == {(302, f"/exam/{made.theory_id}/paper")}
    pages = papers(hall, made, candidates)
    assert not hall.behind
    scripts = [json.loads(DATA.search(page.text)[1])["script"] for page in pages]  # type: ignore[index]
    assert {sum(len(section["items"]) for section in script["sections"]) for script in scripts} == {65}
    assert len({script["paper_hash"] for script in scripts}) == 6
    with runtime.unit_of_work(read_only=True) as session:
        begun = select(func.count()).where(LedgerEntry.kind == "attempt.started")
        assert session.scalar(begun) == 6


def test_a_page_of_the_door_is_the_applications_page_with_its_headers(hall: Hall, app: Flask, made: Exam) -> None:
    (one, *_others) = at_work(hall, app, made)
    (page,) = papers(hall, made, [one])
    own = one.client.get(f"/exam/{made.theory_id}/paper")

    def without_token(text: str) -> str:
        return META.sub("", text)

    assert not hall.behind and without_token(page.text) == without_token(own.text)
    ours = {name.lower(): value for name, value in own.headers.items() if name.lower() != "set-cookie"}
    assert page.headers == ours


def test_a_screen_that_opens_takes_over_once_however_often_it_is_asked_for(
    hall: Hall, app: Flask, made: Exam, runtime: Runtime
) -> None:
    one, other, *_others = at_work(hall, app, made)
    tokens = [META.search(page.text)[1] for page in papers(hall, made, [one, other])]  # type: ignore[index]
    path = f"/exam/{made.theory_id}/open"
    requests = [(one, tokens[0]), (other, tokens[1]), (one, tokens[0])]
    opened = hall.ask(*(hall.request(each.client, "POST", path, token, b"{}") for each, token in requests))
    # The same candidate twice in one moment is two screens, of which one is the newer.
    assert [each.status for each in opened] == [200, 200, 200]
    assert sorted(json.loads(each.text)["generation"] for each in opened) == [1, 1, 2]
    assert attempt(runtime, made).generation == 2


def test_what_is_unusual_is_left_to_the_application(
    hall: Hall, app: Flask, made: Exam, runtime: Runtime, clock: SetClock
) -> None:
    one, other, third, *_others = at_work(hall, app, made)
    here = f"/exam/{made.theory_id}"
    # Another's token, another's machine, a suspended attempt, one that is handed in.
    forged = hall.ask(hall.request(one.client, "POST", f"{here}/start", body=f"csrf_token={other.token}".encode()))
    assert hall.behind == [f"{here}/start"] and forged[0].status != 200
    elsewhere = app.test_client()
    (opened,) = hall.ask(hall.request(one.client, "POST", f"{here}/open", _meta(one, here), b"{}"))
    assert opened.status == 200
    come(elsewhere, made, 0)
    elsewhere.get(here)
    (page,) = papers(hall, made, [Ready(elsewhere, "")])
    assert hall.behind and page.headers["location"] == f"{here}/outside"
    with runtime.unit_of_work() as session:
        for number, act in ((1, service.suspend), (2, service.force_submit)):
            standing = service.attempt_of(session, made.theory_id, made.registrations[number])
            assert standing is not None
            act(session, standing.id, "设备故障", OFFICER, clock.now())
    pages = papers(hall, made, [other, third])
    assert len(hall.behind) == 2
    assert pages[0].status == 200 and pages[1].headers["location"] == f"{here}/receipt"


def _meta(candidate: Ready, here: str) -> str:
    found = META.search(candidate.client.get(f"{here}/paper").text)
    assert found is not None
    return found[1]
