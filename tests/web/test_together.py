"""What arrives while something else is being done is done together."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from certengine.web.together import Together
from tests.asgi import run


def test_all_who_waited_hear_of_a_failure_and_the_next_ones_are_served() -> None:
    seen: list[list[int]] = []

    def act(batch: list[int]) -> None:
        seen.append(batch)
        if 0 in batch:
            raise OSError("no disk")

    async def come_and_go() -> list[Any]:
        together = Together(act, executor, most=3)
        first = await asyncio.gather(*(together.done(n) for n in (0, 1)), return_exceptions=True)
        then = await asyncio.gather(*(together.done(n) for n in range(1, 6)), return_exceptions=True)
        return [first, then]

    with ThreadPoolExecutor(1) as executor:
        failed, served = run(come_and_go())
    assert [type(each) for each in failed] == [OSError, OSError] and served == [None] * 5
    assert seen == [[0, 1], [1, 2, 3], [4, 5]]
