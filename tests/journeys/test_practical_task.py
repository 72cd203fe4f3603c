"""A practical task on the screen: a large file survives a cut and a reload, and the examiner gets what was sent."""

import hashlib
from datetime import timedelta

import pytest
from playwright.sync_api import Page, Route, expect

from certengine.foundation.clock import SetClock
from certengine.sittings import service as sittings
from certengine.sittings.models import ExamRoom
from tests.factories import PASSWORD, account
from tests.journeys.conftest import Stage
from tests.sittings.factories import OFFICER, Exam, exam

# What is asked of the database here is tested on both beside the rooms; a browser twice would tell no more.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

MODEL = bytes(number * 7 % 256 for number in range(1 << 16)) * 72


def begun(stage: Stage, made: Exam) -> Page:
    page = stage.page()
    page.goto("/exam")
    page.fill("#ticket", made.tickets[0])
    page.fill("#number", made.documents[0])
    page.click("main button")
    page.goto(f"/exam/{made.practical_id}")
    page.get_by_role("button", name="以上信息是本人的").click()
    page.get_by_role("button", name="开始答题").click()
    expect(page.locator("#saved")).to_have_text("已连接")
    return page


def test_a_file_survives_a_cut_and_a_reload_and_reaches_the_examiner(stage: Stage, clock: SetClock) -> None:
    made = exam(stage.runtime, candidates=1, starts_in=timedelta(minutes=1))
    examiner = account(stage.runtime, "examiner", ["examiner"])
    with stage.runtime.unit_of_work() as session:
        (room,) = sittings.exam_rooms(session, made.practical_id)
        sittings.assign(session, session.get_one(ExamRoom, room.id), examiner, OFFICER, clock.now())
    clock.advance(minutes=2)
    page = begun(stage, made)
    parts: list[str] = []

    def cut(route: Route) -> None:
        parts.append(route.request.url)
        if len(parts) > 2:
            route.abort()
        else:
            route.continue_()

    page.route("**/exam/files/*", cut)
    (stage.folder / "model.joblib").write_bytes(MODEL)
    (stage.folder / "virus.exe").write_bytes(b"MZ")
    page.set_input_files("#choose", [stage.folder / "model.joblib", stage.folder / "virus.exe"])
    expect(page.locator("#files")).to_contain_text("网络中断，恢复后自动续传")
    stage.shoot(page, "practical-cut")
    page.reload()
    page.unroute("**/exam/files/*")
    expect(page.locator("#problems")).to_contain_text("不收这种文件")
    expect(page.locator("#files")).to_contain_text("已提交")
    digest = hashlib.sha256(MODEL).hexdigest()
    expect(page.locator("#files")).to_contain_text(digest)
    stage.shoot(page, "practical-whole")
    page.click("#hand-in")
    page.click("#really")
    expect(page.locator("h1")).to_have_text("交卷成功")
    expect(page.locator("main")).to_contain_text(digest)
    marker = stage.sign_in("examiner", PASSWORD)
    marker.goto(f"/marking/practical/{made.practical_id}/{made.registrations[0]}")
    expect(marker.locator("main")).to_contain_text(digest)
    stage.shoot(marker, "practical-marking")
    with marker.expect_download() as download:
        marker.locator("tr", has_text="model.joblib").get_by_role("link", name="下载").click()
    assert download.value.path().read_bytes() == MODEL
