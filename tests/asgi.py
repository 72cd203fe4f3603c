"""What stands in front of the application is asked as the server would ask it."""

import asyncio
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from a2wsgi import WSGIMiddleware
from flask import Flask


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """In a thread of its own: a browser of another test may hold this one's event loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str


class Behind:
    """The application as the server has it; asked: the paths that came this far."""

    def __init__(self, app: Flask) -> None:
        self._application = WSGIMiddleware(app)
        self.asked: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked.append(scope["path"])
        await self._application(scope, receive, send)


async def request(
    door: Any,
    method: str,
    path: str,
    headers: Sequence[tuple[str, str]] = (),
    *,
    body: bytes = b"",
    query: bytes = b"",
) -> Answer:
    scope = {
        "type": "http", "method": method, "path": path, "query_string": query,
        "headers": [(name.encode(), value.encode()) for name, value in headers],
        "client": ("127.0.0.1", 1), "server": ("localhost", 80), "scheme": "http", "http_version": "1.1",
    }  # fmt: skip
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await door(scope, receive, send)
    found = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    return Answer(
        sent[0]["status"], found, b"".join(each.get("body", b"") for each in sent[1:]).decode(errors="replace")
    )
