"""Requests of one kind wait in front of the application, whole, and hold up nobody else."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from certengine.web.turns import Turns


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """In a thread of its own: a browser of another test may hold this one's event loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result(timeout=60)


class Application:
    def __init__(self) -> None:
        self.inside: dict[str, int] = {}
        self.most: dict[str, int] = {}
        self.bodies: list[bytes] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"]
        self.inside[path] = self.inside.get(path, 0) + 1
        self.most[path] = max(self.most.get(path, 0), self.inside[path])
        self.bodies.append((await receive())["body"])
        for _turn in range(10):
            await asyncio.sleep(0)
        self.inside[path] -= 1


async def ask(turns: Turns, path: str, method: str = "POST", gate: asyncio.Event | None = None) -> None:
    async def receive() -> Any:
        if gate is not None:
            await gate.wait()
        return {"type": "http.request", "body": path.encode(), "more_body": False}

    async def send(_message: Any) -> None: ...

    await turns({"type": "http", "method": method, "path": path}, receive, send)


def test_so_many_at_once_and_the_others_of_their_kind_after_them() -> None:
    async def crowd() -> Application:
        application = Application()
        turns = Turns(application, {"/sign-in": 2})
        await asyncio.gather(*(ask(turns, path) for path in ["/sign-in"] * 9 + ["/board"] * 9))
        await asyncio.gather(*(ask(turns, "/sign-in", "GET") for _number in range(5)))
        return application

    application = run(crowd())
    assert application.bodies.count(b"/sign-in") == 14 and application.bodies.count(b"/board") == 9
    assert application.most == {"/sign-in": 5, "/board": 9}


def test_who_sends_slowly_takes_nobodys_turn() -> None:
    async def crowd() -> list[bytes]:
        application, gate = Application(), asyncio.Event()
        turns = Turns(application, {"/sign-in": 1})
        slow = asyncio.ensure_future(ask(turns, "/sign-in", gate=gate))
        await asyncio.sleep(0)
        await ask(turns, "/sign-in")
        before = len(application.bodies)
        gate.set()
        await slow
        return [bytes([before]), bytes([len(application.bodies)])]

    assert run(crowd()) == [b"\x01", b"\x02"]
