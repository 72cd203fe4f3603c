"""Requests that come in crowds and take long wait their turn without holding one of the application's threads."""

import asyncio
from collections.abc import Mapping

from certengine.web.asgi import Application, Receive, Scope, Send, again, read_body


class Turns:
    """most: path of a POST → how many of its kind are let in at once; the others queue in the order of their coming."""

    def __init__(self, behind: Application, most: Mapping[str, int]) -> None:
        self._behind = behind
        self._turns = {path: asyncio.Semaphore(many) for path, many in most.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        turn = self._turns.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if turn is None:
            await self._behind(scope, receive, send)
            return
        # Whole before its turn: who sends slowly would hold up all others.
        read, _body = await read_body(receive)
        async with turn:
            await self._behind(scope, again(read, receive), send)
