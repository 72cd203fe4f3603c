"""Many at the same time: a place is given once, and every ticket number once."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from certengine.foundation.errors import Conflict
from certengine.foundation.runtime import Runtime
from certengine.sittings import rules, service
from tests.factories import organisation
from tests.sittings.factories import OFFICER, facts, plan


def registered_at_once(runtime: Runtime, capacity: int, numbers: Sequence[int]) -> tuple[list[str], str]:
    """The ticket numbers that were given out, and the plan's code."""
    with runtime.unit_of_work() as session:
        made = plan(session, runtime, capacity=capacity)
        owner: UUID = organisation(session, runtime).id

    def register(number: int) -> str | None:
        try:
            with runtime.unit_of_work() as session:
                locked = service.plan_of(session, owner, made.id, lock=True)
                row, _new = service.register(
                    session, runtime.cipher, locked, facts(number), OFFICER, runtime.clock.now()
                )
                return row.ticket_number
        except Conflict:
            return None

    with ThreadPoolExecutor(20) as pool:
        given = list(pool.map(register, numbers))
    return [each for each in given if each], made.code


def test_the_last_places_are_given_once_however_many_ask(runtime: Runtime) -> None:
    given, _code = registered_at_once(runtime, 2, range(20))
    assert len(given) == 2


def test_no_ticket_number_is_given_twice_and_none_is_left_out(runtime: Runtime) -> None:
    given, code = registered_at_once(runtime, 100, range(60))
    assert sorted(given) == sorted(rules.ticket_number(code, number) for number in range(1, 61))
