"""The status page of exam day says what stands badly and what to do."""

from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import select

from certengine.delivery.models import Attempt
from certengine.foundation.clock import SetClock
from certengine.foundation.jobs import submit
from certengine.foundation.runtime import Runtime
from certengine.oversight.status import Health, Sign, readings
from tests.delivery.test_service import begun
from tests.factories import PASSWORD, account
from tests.sittings.factories import exam


def health(runtime: Runtime) -> dict[Sign, Health]:
    with runtime.unit_of_work(read_only=True) as session:
        return {each.sign: each.health for each in readings(session, runtime, runtime.clock.now())}


def test_a_candidate_without_a_sign_is_watched_and_one_whose_time_is_up_is_an_alarm(
    runtime: Runtime, clock: SetClock
) -> None:
    begun(runtime, clock, exam(runtime))
    assert health(runtime)[Sign.SILENT] is Health.GOOD
    clock.advance(minutes=3)
    assert health(runtime)[Sign.SILENT] is Health.WATCH and health(runtime)[Sign.OVERDUE] is Health.GOOD
    with runtime.unit_of_work(read_only=True) as session:
        end = session.scalars(select(Attempt.deadline_at)).first()
    assert end is not None
    clock.at = end + timedelta(minutes=3)
    assert health(runtime)[Sign.OVERDUE] is Health.BAD


def test_a_ledger_and_jobs_that_nobody_works_on_are_an_alarm(runtime: Runtime, clock: SetClock) -> None:
    account(runtime, "boss", ["administrator"])
    with runtime.unit_of_work() as session:
        submit(session, "nothing", "x", {}, clock.now())
    assert health(runtime)[Sign.LEDGER] is Health.GOOD and health(runtime)[Sign.JOBS_WAITING] is Health.GOOD
    clock.advance(minutes=6)
    assert health(runtime)[Sign.LEDGER] is Health.BAD and health(runtime)[Sign.JOBS_WAITING] is Health.BAD


def test_the_page_says_what_to_do(runtime: Runtime, client: FlaskClient, clock: SetClock) -> None:
    account(runtime, "boss", ["administrator"])
    client.post("/sign-in", data={"login": "boss", "password": PASSWORD})
    assert "有项目需要注意" in client.get("/status").text, "no backup yet"
    clock.advance(minutes=2)
    page = client.get("/status").text
    assert "有项目异常" in page and "账本进程没有运行" in page
