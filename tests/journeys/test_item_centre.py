"""An item from its author's keyboard to a pilot, through a reviewer's comments; many items at once; a large file."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from certengine.bank import jobs
from certengine.bank.formats.gift_writing import write_gift
from certengine.foundation.jobs import resume_jobs
from tests.bank.factories import FIELD, single
from tests.bank.test_pictures import png
from tests.factories import PASSWORD, account
from tests.journeys.conftest import Stage

# What is asked of the database here is tested on both beside the rooms; a browser twice would tell no more.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def author(stage: Stage) -> Page:
    account(stage.runtime, "author", ["item_author"], name="命题员甲")
    page = stage.sign_in("author", PASSWORD)
    page.goto("/banks")
    page.locator("[name=field]").select_option(FIELD)
    page.locator("[name=level]").select_option("junior")
    page.get_by_role("button", name="建立空题库").click()
    return page


@pytest.fixture
def reviewer(stage: Stage, author: Page) -> Page:
    account(stage.runtime, "reviewer", ["item_reviewer"], name="审题员乙")
    return stage.sign_in("reviewer", PASSWORD)


def write(page: Page, stem: str, folder: Path) -> None:
    page.get_by_role("link", name="新编试题").click()
    page.select_option("#outline", "0.2.2")
    page.fill("#stem", stem)
    for letter, text in zip("abc", ("127", "255", "256"), strict=True):
        page.fill(f"#option_{letter}", text)
    page.fill("#answer", "D")
    # The other half says at once what is wrong, and shows formulas as they will be.
    expect(page.locator("#draft")).to_contain_text("无法选到")
    page.fill("#answer", "B")
    page.fill("#rationale", "2⁸ − 1 = 255。")
    expect(page.locator("#draft math").first).to_be_visible()
    expect(page.locator("#draft")).to_contain_text("没有发现问题")
    page.locator("#stem").press("Control+End")
    (folder / "图.png").write_bytes(png())
    page.set_input_files("#picture", folder / "图.png")
    expect(page.locator("#draft img")).to_have_js_property("naturalWidth", 40)


def test_an_item_is_written_talked_about_mended_compared_and_tried_out(
    stage: Stage, author: Page, reviewer: Page
) -> None:
    write(author, "8 位无符号整数的最大值是 $2^8 - 1$ 吗，若是则为", stage.folder)
    stage.shoot(author, "draft-and-preview")
    author.get_by_role("button", name="保存为新版本").click()
    expect(author.locator("h2", has_text="ai-j-001")).to_be_visible()
    reviewer.goto(author.url)
    reviewer.fill("#text", "题干绕，直接问最大值")
    reviewer.get_by_role("button", name="提交意见").click()
    expect(reviewer.locator("main")).to_contain_text("还有 1 条意见没有处理")
    stage.shoot(reviewer, "review-with-comment")
    author.reload()
    author.get_by_role("button", name="标为已处理").click()
    author.get_by_role("link", name="修改", exact=True).click()
    author.fill("#stem", "8 位无符号整数的最大值是")
    author.get_by_role("button", name="保存为新版本").click()
    author.locator("#stem").wait_for(state="detached")
    reviewer.goto(author.url)
    reviewer.get_by_role("button", name="并排显示").click()
    expect(reviewer.locator("ins, del").first).to_be_visible()
    stage.shoot(reviewer, "versions-side-by-side")
    reviewer.goto(author.url)
    reviewer.get_by_role("button", name="通过，先试测").click()
    expect(reviewer.locator("main")).to_contain_text("试测中")
    reviewer.get_by_role("button", name="正式启用").click()
    expect(reviewer.locator("main")).to_contain_text("已审可用")
    stage.shoot(reviewer, "live-item")


def test_a_large_file_shows_how_far_it_is_and_many_items_are_changed_at_once(
    stage: Stage, author: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "LARGE", 1000)
    entries = [single(f"ai-j-{number:03}", f"第 {number} 号设备以何种次序响应中断") for number in range(1, 61)]
    (stage.folder / "大题库.gift").write_bytes(write_gift(entries).content)
    author.get_by_role("link", name="导入", exact=True).click()
    author.set_input_files("#file", stage.folder / "大题库.gift")
    author.get_by_role("button", name="检查并预览").click()
    expect(author.locator("#work progress")).to_be_visible()
    stage.shoot(author, "large-file")
    resume_jobs(stage.runtime)
    author.get_by_role("button", name="导入 60 项").click()
    expect(author.locator("#work")).to_be_visible()
    resume_jobs(stage.runtime)
    expect(author.locator("main")).to_contain_text("导入 60 项，等待另一人审核")
    author.check("#choose-all")
    author.select_option("#act", "difficulty")
    author.fill("#to-difficulty", "0.6")
    author.get_by_role("button", name="执行").click()
    expect(author.locator("main")).to_contain_text("已处理 50 项")
    stage.shoot(author, "bulk-edit")
    author.get_by_role("button", name="撤销").click()
    expect(author.locator("main")).to_contain_text("已撤销 50 项")
