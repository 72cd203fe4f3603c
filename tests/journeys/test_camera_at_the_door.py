"""A proctor holds a ticket's code in front of the camera; the browser sees a film of it."""

import shutil
from io import BytesIO
from pathlib import Path

import pytest
import qrcode
from PIL import Image
from playwright.sync_api import expect

from certengine.foundation.clock import SetClock
from certengine.sittings import service as sittings
from certengine.sittings.models import ExamRoom
from tests.factories import PASSWORD, account
from tests.journeys.conftest import Stage
from tests.sittings.factories import OFFICER, exam


def film(path: Path, text: str) -> Path:
    """Motion JPEG, as a browser takes it in place of a camera."""
    picture = Image.new("RGB", (640, 480), "#c8c8c8")
    picture.paste(qrcode.make(text).convert("RGB").resize((300, 300)), (170, 90))
    out = BytesIO()
    picture.save(out, "JPEG", quality=90)
    path.write_bytes(out.getvalue() * 30)
    return path


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_ticket_held_in_front_of_the_camera_opens_its_holders_page(
    stage: Stage, clock: SetClock, tmp_path: Path
) -> None:
    runtime = stage.runtime
    made = exam(runtime)
    clock.advance(hours=2)
    one = account(runtime, "proctor", ["proctor"])
    with runtime.unit_of_work() as session:
        sittings.assign(session, session.get_one(ExamRoom, made.room_id), one, OFFICER, clock.now())
    address = f"{runtime.settings.base_url}/exam?ticket={made.tickets[1]}"
    board = f"/proctoring/{made.theory_id}/{made.room_id}"
    arguments = [
        "--no-sandbox",
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={film(tmp_path / 'ticket.mjpeg', address)}",
    ]
    page = stage.sign_in("proctor", PASSWORD)
    kept = page.context.storage_state()
    browser = page.context.browser.browser_type.launch(executable_path=shutil.which("chromium"), args=arguments)  # type: ignore[union-attr]
    try:
        context = browser.new_context(base_url=runtime.settings.base_url, storage_state=kept)
        context.set_default_timeout(30_000)
        seen = context.new_page()
        seen.goto(board)
        seen.click("text=用摄像头扫描")
        seen.wait_for_url(f"**/{made.registrations[1]}")
        expect(seen.locator("h1")).to_contain_text("李娜")
    finally:
        browser.close()
    # A browser without a camera says so, and the field is still there to be typed into.
    page.goto(board)
    page.click("text=用摄像头扫描")
    expect(page.locator("#camera-said")).to_contain_text("摄像头不可用")
    stage.shoot(page, "扫描准考证")
    page.click("#camera-stop")
    page.fill("#ticket", made.tickets[0])
    page.press("#ticket", "Enter")
    page.wait_for_url(f"**/{made.registrations[0]}")
