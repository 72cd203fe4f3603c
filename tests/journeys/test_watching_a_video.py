"""The player's script in a real browser: no skipping on first view, the server's clock decides, and progress stays."""

import io
import wave

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from certengine.people import service as people
from certengine.people.models import Organisation
from certengine.people.permissions import Role
from certengine.training.course_models import UnitProgress
from tests.factories import PASSWORD
from tests.journeys.conftest import Stage
from tests.training.course_factories import enrolled, published

# What is asked of the database here is tested on both beside the rooms; a browser twice would tell no more.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

SECONDS = 5
# Where the player stands, for expressions in the page.
PLAYER = "document.querySelector('video')"


def sound() -> bytes:
    """A file that every browser plays and in which it can go where it wants: silence."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(8000)
        file.writeframes(b"\x80" * 8000 * SECONDS)
    return out.getvalue()


def prepared(stage: Stage) -> str:
    """The address of a unit of five seconds, of a course in which the learner is enrolled."""
    with stage.runtime.unit_of_work() as session:
        course = published(session, stage.runtime)
        made = enrolled(session, stage.runtime, course)
        unit = course.units[0]
        unit.seconds, unit.address, unit.media_type = SECONDS, "", "audio/wav"
        unit.file = stage.runtime.files.put(sound())
        people.create_account(
            session,
            login="learner",
            password=PASSWORD,
            name="学员",
            organisation=session.scalars(select(Organisation).order_by(Organisation.created_at)).first(),  # type: ignore[arg-type]
            roles=frozenset({Role.TRAINEE}),
            now=stage.runtime.clock.now(),
            person=made.person,
        )
        return f"/learning/{made.id}/units/{unit.id}"


def seen(stage: Stage) -> int:
    """How many milliseconds the server holds to have been watched."""
    with stage.runtime.unit_of_work(read_only=True) as session:
        rows = session.scalars(select(UnitProgress)).all()
        return sum(end - start for row in rows for start, end in row.watched)


def play(page: Page, until: float) -> None:
    with page.expect_response("**/heard"):
        page.evaluate(f"() => {{ const v = {PLAYER}; v.muted = true; return v.play(); }}")
    page.wait_for_function(f"() => {PLAYER}.currentTime >= {until} || {PLAYER}.ended")


def pause(stage: Stage, page: Page) -> None:
    """The server's clock has gone on meanwhile, as the wall's has."""
    stage.clock.advance(seconds=10)
    with page.expect_response("**/heard"):
        page.evaluate(f"() => {PLAYER}.pause()")


def test_a_learner_cannot_skip_and_what_was_watched_is_kept_until_the_end(stage: Stage) -> None:
    address = prepared(stage)
    page = stage.sign_in("learner", PASSWORD)
    page.goto(address)
    page.wait_for_function(f"() => {PLAYER}.readyState >= 1")
    play(page, 1)
    pause(stage, page)
    assert 900 <= seen(stage) <= 2500
    page.evaluate(f"() => {{ {PLAYER}.currentTime = {SECONDS - 0.5}; }}")
    expect(page.locator("#state")).to_contain_text("不能快进")
    page.wait_for_function(f"() => {PLAYER}.currentTime < 3")
    page.evaluate(f"() => {{ {PLAYER}.playbackRate = 4; }}")
    page.wait_for_function(f"() => {PLAYER}.playbackRate === 1")
    kept = seen(stage)
    page.reload()
    page.wait_for_function(f"() => {PLAYER}.readyState >= 1 && {PLAYER}.currentTime > 0.5")
    assert seen(stage) == kept
    play(page, 2.5)
    stage.clock.advance(seconds=10)
    page.wait_for_function(f"() => {PLAYER}.ended")
    expect(page.locator("#state")).to_contain_text("本单元已完成")
    expect(page.get_by_role("link", name="下一单元")).to_be_visible()


def test_a_script_that_claims_more_than_the_clock_allows_gains_nothing(stage: Stage) -> None:
    address = prepared(stage)
    page = stage.sign_in("learner", PASSWORD)
    page.goto(address)
    told = page.evaluate(
        """async () => {
            const unit = document.getElementById("unit");
            const token = document.querySelector("meta[name=csrf-token]").content;
            const say = async (start, end) => (await fetch(unit.dataset.heard, {method: "POST",
                headers: {"Content-Type": "application/json", "X-CSRFToken": token},
                body: JSON.stringify({start, end})})).json();
            await say(0, 0);
            return [await say(0, 5000), await say(4000, 5000)];
        }"""
    )
    assert [each["done"] for each in told] == [False, False]
    assert seen(stage) == 0
