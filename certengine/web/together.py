"""What arrives while something else is being done waits for it, and is then done all at once."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Generic, TypeVar

Asked = TypeVar("Asked")


class Together(Generic[Asked]):
    """One call of `act`, in a thread of the executor, for all that wait; the more come, the fewer statements each."""

    def __init__(self, act: Callable[[list[Asked]], None], executor: Executor, most: int) -> None:
        self._act, self._executor, self._most = act, executor, most
        self._waiting: list[tuple[Asked, asyncio.Future[None]]] = []
        self._acting: asyncio.Task[None] | None = None

    async def done(self, asked: Asked) -> None:
        """Returns when `act` has dealt with it; raises what `act` raised."""
        loop = asyncio.get_running_loop()
        dealt_with: asyncio.Future[None] = loop.create_future()
        self._waiting.append((asked, dealt_with))
        if self._acting is None:
            self._acting = loop.create_task(self._go_on())
        await dealt_with

    async def _go_on(self) -> None:
        """Takes what waits, again while more has come meanwhile."""
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                try:
                    await loop.run_in_executor(self._executor, self._act, [asked for asked, _future in batch])
                except Exception as error:
                    _tell(batch, error)
                else:
                    _tell(batch, None)
        finally:
            self._acting = None


def _tell(batch: list[tuple[Asked, asyncio.Future[None]]], error: Exception | None) -> None:
    for _asked, future in batch:
        # Whoever has gone away meanwhile is told nothing.
        if future.done():
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
