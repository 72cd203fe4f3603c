"""The item centre's pages: drafts, review with comments, versions side by side, tasks, many items at once, pictures."""

from html import unescape
from io import BytesIO
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from certengine.bank import service
from certengine.bank.models import BankItem, BulkEdit, ItemStatus, ItemVersion, WritingTask
from certengine.bank.reviewing import readings
from certengine.bank.statistics import Observed, record_statistics
from certengine.foundation.runtime import Runtime
from certengine.people.models import Account
from tests.bank.factories import FIELD
from tests.bank.pages import approve_all, load_model, signed_in, the_bank
from tests.bank.test_pictures import png
from tests.factories import account

FORM = {
    "type": "single",
    "outline": "0.2.2",
    "cognition": "knows",
    "difficulty": "0.3",
    "stem": "8 位无符号整数的最大值是",
    "option_a": "127",
    "option_b": "255",
    "option_c": "256",
    "answer": "B",
    "rationale": "2⁸ − 1 = 255。",
}


@pytest.fixture
def at(author: FlaskClient, runtime: Runtime) -> str:
    author.post("/banks", data={"field": FIELD, "level": "junior"})
    return f"/banks/{the_bank(runtime).id}"


def version_id(runtime: Runtime, number: int = 1) -> UUID:
    with runtime.unit_of_work(read_only=True) as session:
        return session.scalars(select(ItemVersion.id).where(ItemVersion.number == number)).one()


def account_id(runtime: Runtime, login: str) -> UUID:
    with runtime.unit_of_work(read_only=True) as session:
        return session.scalars(select(Account.id).where(Account.login == login)).one()


def test_what_is_being_written_is_shown_with_its_flaws_and_not_kept(
    author: FlaskClient, runtime: Runtime, at: str
) -> None:
    page = author.post(f"{at}/draft", data={**FORM, "stem": "**下列**哪个是 $2^8-1$"})
    assert page.status_code == 200
    assert "<strong>下列</strong>" in page.text and "<math" in page.text
    wrong = author.post(f"{at}/draft", data={**FORM, "answer": "D"}).text
    assert "无法选到" in wrong
    assert "没有发现问题" in author.post(f"{at}/draft", data=FORM).text
    with runtime.unit_of_work(read_only=True) as session:
        assert session.scalars(select(BankItem)).all() == []


def test_a_stem_like_another_is_named_while_it_is_written(author: FlaskClient, at: str) -> None:
    long = {**FORM, "stem": "一台嵌入式设备用 8 位无符号整数保存计数，它能保存的最大值是"}
    author.post(f"{at}/items/new", data=long)
    seen = author.post(f"{at}/draft", data={**long, "stem": long["stem"] + "多少"}).text
    assert "题干与 ai-j-001 近似" in seen


@pytest.mark.parametrize("kind", ["case", "family", "practical"])
def test_a_case_a_family_and_a_task_start_from_a_skeleton_that_passes(author: FlaskClient, at: str, kind: str) -> None:
    page = author.get(f"{at}/items/new/{kind}")
    assert page.status_code == 200
    assert {"case": "ai-j-001", "family": "ai-j-f01", "practical": "ai-j-p01"}[kind] in page.text
    text = unescape(page.text.split("<textarea", 1)[1].split(">", 1)[1].split("</textarea>", 1)[0]).lstrip("\r\n")
    made = author.post(f"{at}/items/new/{kind}", data={"text": text})
    assert made.status_code == 302, made.text
    assert author.get(made.location).status_code == 200
    assert author.post(f"{at}/items/new/{kind}", data={"text": text}).status_code == 422


def test_an_unknown_kind_of_entry_is_not_there(author: FlaskClient, at: str) -> None:
    assert author.get(f"{at}/items/new/essay").status_code == 404


def test_a_comment_is_made_settled_and_the_item_piloted_then_live(
    author: FlaskClient, reviewer: FlaskClient, runtime: Runtime, at: str
) -> None:
    author.post(f"{at}/items/new", data=FORM)
    version = version_id(runtime)
    assert (
        "请填写意见"
        in reviewer.post(f"{at}/versions/{version}/comments", data={"text": " "}, follow_redirects=True).text
    )
    reviewer.post(f"{at}/versions/{version}/comments", data={"text": "选项缺 0"})
    held_up = reviewer.post(f"{at}/versions/{version}/approve", follow_redirects=True)
    assert "还有 1 条意见没有处理" in held_up.text
    settle = held_up.text.split("/comments/")[1].split("/settle")[0]
    assert "审题员乙" in author.post(f"{at}/comments/{settle}/settle", follow_redirects=True).text
    piloted = reviewer.post(f"{at}/versions/{version}/approve", data={"pilot": "1"}, follow_redirects=True)
    assert "试测中" in piloted.text
    releases = reviewer.get(f"{at}/releases").text
    assert "含试测中 1 项" in releases
    assert author.post(f"{at}/items/ai-j-001/live").status_code == 403
    reviewer.post(f"{at}/items/ai-j-001/live")
    with runtime.unit_of_work(read_only=True) as session:
        assert session.scalars(select(BankItem)).one().status is ItemStatus.LIVE


def test_a_version_of_another_institutions_bank_is_neither_decided_nor_talked_about(
    app: Flask, author: FlaskClient, runtime: Runtime, at: str
) -> None:
    author.post(f"{at}/items/new", data=FORM)
    version = version_id(runtime)
    account(runtime, "stranger", ["item_author", "item_reviewer"], institution="别的机构", code="OTHER")
    stranger = signed_in(app, "stranger")
    stranger.post("/banks", data={"field": FIELD, "level": "junior"})
    with runtime.unit_of_work(read_only=True) as session:
        own = next(
            each.id
            for each in service.banks(
                session, session.get_one(Account, account_id(runtime, "stranger")).organisation_id
            )
        )
    for act in ("approve", "reject", "withdraw", "comments"):
        assert stranger.post(f"/banks/{own}/versions/{version}/{act}", data={"text": "x"}).status_code == 404, act
    for path in ("/bulk", "/draft", "/tasks", "/pictures", "/items/ai-j-001/live", "/items/ai-j-001/compare"):
        assert stranger.post(f"{at}{path}", data={"act": "retire", "first": 1, "second": 1}).status_code == 404, path


def test_two_versions_stand_side_by_side_with_what_changed(author: FlaskClient, at: str) -> None:
    author.post(f"{at}/items/new", data=FORM)
    author.post(
        f"{at}/items/ai-j-001/edit", data={**FORM, "stem": "8 位无符号整数能表示的最大值是", "difficulty": "0.5"}
    )
    page = author.post(f"{at}/items/ai-j-001/compare", data={"first": "2", "second": "1"}).text
    assert "<ins>能表示</ins>" in page and "难度" in page and "解析" not in page.split("<table")[1]
    same = author.post(f"{at}/items/ai-j-001/compare", data={"first": "1", "second": "1"}).text
    assert "两个版本的内容相同" in same
    assert author.post(f"{at}/items/ai-j-001/compare", data={"first": "1", "second": "7"}).status_code == 404


def test_opening_an_item_in_use_is_kept_beside_it(author: FlaskClient, reviewer: FlaskClient, runtime: Runtime) -> None:
    at = load_model(author, runtime)
    author.get(f"{at}/items/ai-j-001")
    approve_all(reviewer, runtime, at)
    reviewer.get(f"{at}/items/ai-j-001")
    with runtime.unit_of_work(read_only=True) as session:
        item = service.item(session, the_bank(runtime).id, "ai-j-001")
        assert [each.actor for each in readings(session, item.id)] == [f"account:{account_id(runtime, 'reviewer')}"]
    assert "阅读记录" in reviewer.get(f"{at}/items/ai-j-001").text


def test_a_reviewer_gives_tasks_and_the_author_sees_how_far_they_are(
    author: FlaskClient, reviewer: FlaskClient, runtime: Runtime, at: str
) -> None:
    assert "没有进行中的命题任务" in reviewer.get(f"{at}/tasks").text
    facts = {
        "assignee": f"account:{account_id(runtime, 'author')}",
        "outline": "0.2",
        "type": "single",
        "wanted": "2",
        "due_on": "2026-11-30",
    }
    late = reviewer.post(f"{at}/tasks", data={**facts, "due_on": "2026-11-01"})
    assert late.status_code == 422
    assert reviewer.post(f"{at}/tasks", data={**facts, "assignee": ""}).status_code == 422
    assert reviewer.post(f"{at}/tasks", data=facts).status_code == 302
    assert author.post(f"{at}/tasks", data=facts).status_code == 404
    author.post(f"{at}/items/new", data=FORM)
    assert "1 / 2" in author.get("/banks").text
    with runtime.unit_of_work(read_only=True) as session:
        task = session.scalars(select(WritingTask)).one()
    assert author.post(f"{at}/tasks/{task.id}/close").status_code == 403
    reviewer.post(f"{at}/tasks/{task.id}/close")
    assert "没有进行中的命题任务" in author.get(f"{at}/tasks").text


def test_the_chosen_items_are_changed_at_once_and_changed_back(
    author: FlaskClient, reviewer: FlaskClient, runtime: Runtime
) -> None:
    at = load_model(author, runtime)
    form = {"code": ["ai-j-001", "ai-j-002"], "act": "difficulty", "difficulty": "0.77"}
    seen = author.post(f"{at}/bulk?type=single", data=form, follow_redirects=True)
    assert "已处理 2 项" in seen.text and seen.request.query_string == b"type=single"
    assert "数字" in author.post(f"{at}/bulk", data={**form, "difficulty": "难"}, follow_redirects=True).text
    with runtime.unit_of_work(read_only=True) as session:
        edit = session.scalars(select(BulkEdit)).one()
    assert "已撤销 2 项" in author.post(f"{at}/bulk/{edit.id}/undo", follow_redirects=True).text
    assert author.post(f"{at}/bulk", data={**form, "act": "retire"}).status_code == 404
    assert author.post(f"{at}/bulk", data={**form, "act": "burn"}).status_code == 404


def test_every_item_that_passes_the_filters_is_retired_and_only_a_reviewer_undoes_it(
    author: FlaskClient, reviewer: FlaskClient, runtime: Runtime
) -> None:
    at = load_model(author, runtime)
    reviewer.post(f"{at}/bulk?type=judgement", data={"all": "1", "act": "retire"})
    with runtime.unit_of_work(read_only=True) as session:
        kinds = session.execute(select(BankItem.type, BankItem.status).distinct()).all()
        edit = session.scalars(select(BulkEdit)).one()
    assert {kind for kind, status in kinds if status is ItemStatus.RETIRED} == {"judgement"}
    assert ("judgement", ItemStatus.DRAFT) not in [tuple(each) for each in kinds]
    assert author.post(f"{at}/bulk/{edit.id}/undo").status_code == 404
    assert reviewer.post(f"{at}/bulk/{edit.id}/undo").status_code == 302


def test_a_picture_is_uploaded_and_shown_to_whoever_knows_its_name(
    app: Flask, author: FlaskClient, runtime: Runtime, at: str
) -> None:
    answer = author.post(f"{at}/pictures", data={"picture": (BytesIO(png()), "图.png"), "alt": "时序图"})
    assert answer.status_code == 200 and answer.json
    address = "/media/" + answer.json["markdown"].split("media:")[1].rstrip(")")
    shown = app.test_client().get(address)
    assert shown.status_code == 200 and shown.mimetype == "image/png" and "immutable" in shown.headers["Cache-Control"]
    refused = author.post(f"{at}/pictures", data={"picture": (BytesIO(b"<svg/>"), "图.svg")})
    assert refused.status_code == 422 and refused.json and "图.svg" in refused.json["problem"]
    # A file that is kept, but as something else than a picture of an item.
    other = runtime.files.put(b"%PDF-1.7 a certificate")
    assert app.test_client().get(f"/media/{other}.png").status_code == 404
    assert app.test_client().get("/media/x.exe").status_code == 404


def test_the_figures_of_sittings_are_on_the_list_and_on_the_item(
    author: FlaskClient, reviewer: FlaskClient, runtime: Runtime
) -> None:
    at = load_model(author, runtime)
    row = Observed("ai-j-001", 1, "", 120, 97.5, 3.0, {"a": 117, "b": 3}, {"a": 60.0, "b": 70.0})
    with runtime.unit_of_work() as session:
        record_statistics(session, the_bank(runtime).id, "sitting:1", [row], runtime.clock.now())
    listed = author.get(f"{at}?use=poor").text
    assert "ai-j-001" in listed and "指标不良" in listed and "ai-j-002" not in listed
    page = author.get(f"{at}/items/ai-j-001").text
    assert "太易" in page and "区分度低于" in page and "97.5%" in page
    approve_all(reviewer, runtime, at)
    # What most people chose tells the key: of an item in use it is shown with the key alone.
    assert "choice-bar" not in reviewer.get(f"{at}/items/ai-j-001").text
    assert "choice-bar" in reviewer.post(f"{at}/items/ai-j-001/key").text
