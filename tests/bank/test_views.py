from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from certengine.bank import service
from certengine.bank.formats.gift_writing import write_gift
from certengine.bank.models import BankItem, ItemStatus, ItemVersion
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from tests.bank.factories import FIELD, single
from tests.bank.pages import approve_all, load_model, signed_in, the_bank
from tests.factories import account


def test_from_the_model_bank_over_the_reviewer_to_a_release(
    author: FlaskClient, reviewer: FlaskClient, runtime: Runtime
) -> None:
    assert "还没有题库" in author.get("/banks").text
    at = load_model(author, runtime)
    assert "142" in author.get("/banks").text
    approve_all(reviewer, runtime, at)
    released = reviewer.post(f"{at}/releases", follow_redirects=True)
    assert "等待编入账本" in released.text
    ledger.sequence(runtime)
    with runtime.unit_of_work(read_only=True) as session:
        [made] = service.releases(session)
    page = reviewer.get(f"/banks/releases/{made.id}").text
    assert made.digest in page and "账本第" in page
    for tab in ("", "/coverage", "/check", "/export", "/releases"):
        assert reviewer.get(f"{at}{tab}").status_code == 200


def test_the_key_of_a_live_item_is_shown_on_demand_and_that_is_recorded(
    author: FlaskClient, reviewer: FlaskClient, runtime: Runtime
) -> None:
    at = load_model(author, runtime)
    assert "key-block" in author.get(f"{at}/items/ai-j-001").text
    approve_all(reviewer, runtime, at)
    assert "key-block" not in author.get(f"{at}/items/ai-j-001").text
    assert "key-block" in author.post(f"{at}/items/ai-j-001/key").text
    with runtime.unit_of_work(read_only=True) as session:
        found = service.item(session, the_bank(runtime).id, "ai-j-001")
        kinds = [entry.kind for entry in ledger.history(session, f"item:{found.id}")]
    assert kinds == ["bank.key_read"]


def test_an_edit_is_a_new_version_that_its_author_cannot_approve(
    author: FlaskClient, reviewer: FlaskClient, runtime: Runtime
) -> None:
    author.post("/banks", data={"field": FIELD, "level": "junior"})
    at = f"/banks/{the_bank(runtime).id}"
    form = {
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
    refused = author.post(f"{at}/items/new", data={**form, "answer": "D"})
    assert refused.status_code == 422 and "无法选到" in refused.text
    made = author.post(f"{at}/items/new", data=form)
    assert made.status_code == 302 and made.location.endswith("/items/ai-j-001?version=1")
    twice = author.post(f"{at}/items/new", data=form)
    assert twice.status_code == 422 and "ai-j-001 与本题相同" in twice.text
    with runtime.unit_of_work(read_only=True) as session:
        version = session.scalars(select(ItemVersion)).one()
    assert author.post(f"{at}/versions/{version.id}/approve").status_code == 403
    reviewer.post(f"{at}/versions/{version.id}/approve")
    # In use now: the form opens only after the reading is recorded.
    assert "查看记录将写入账本" in author.get(f"{at}/items/ai-j-001/edit").text
    assert "255" in author.post(f"{at}/items/ai-j-001/edit", data={"open": "1"}).text
    author.post(f"{at}/items/ai-j-001/edit", data={**form, "stem": "8 位无符号整数能表示的最大值是"})
    with runtime.unit_of_work(read_only=True) as session:
        item = session.scalars(select(BankItem)).one()
        assert item.latest == 2 and item.live_version_id == version.id and item.status is ItemStatus.LIVE


def test_a_rejection_needs_a_reason(author: FlaskClient, reviewer: FlaskClient, runtime: Runtime) -> None:
    at = load_model(author, runtime)
    with runtime.unit_of_work(read_only=True) as session:
        version = session.scalars(select(ItemVersion)).first()
    assert version is not None
    assert "请写明退回理由" in reviewer.post(f"{at}/versions/{version.id}/reject", follow_redirects=True).text
    done = reviewer.post(f"{at}/versions/{version.id}/reject", data={"comment": "题干不清"}, follow_redirects=True)
    assert "题干不清" in done.text


def test_an_import_is_looked_at_first_and_confirmed_as_it_was_seen(author: FlaskClient, runtime: Runtime) -> None:
    author.post("/banks", data={"field": FIELD, "level": "junior"})
    at = f"/banks/{the_bank(runtime).id}"
    content = write_gift([single()]).content + "\n第二题没有正确答案{~甲 ~乙}\n".encode()
    upload = {"file": (BytesIO(content), "题.gift"), "format": "auto"}
    seen = author.post(f"{at}/import", data=upload)
    assert seen.status_code == 200 and "没有正确答案" in seen.text
    import hashlib

    confirm = {"sha256": hashlib.sha256(content).hexdigest(), "filename": "题.gift", "format": "auto"}
    assert author.post(f"{at}/import/confirm", data={**confirm, "mode": "whole"}).status_code == 422
    assert author.post(f"{at}/import/confirm", data={**confirm, "mode": "good"}).status_code == 302
    page = author.get(f"{at}/items/ai-j-901").text
    assert "题.gift:" in page


@pytest.mark.parametrize("format", ["yaml", "xlsx", "gift"])
def test_a_bank_is_downloaded_in_every_format(author: FlaskClient, runtime: Runtime, format: str) -> None:
    at = load_model(author, runtime)
    answer = author.post(f"{at}/export", data={"format": format})
    assert answer.status_code == 200 and len(answer.data) > 10_000
    assert "attachment" in answer.headers["Content-Disposition"]


def test_families_and_tasks_are_edited_as_the_file_spells_them(author: FlaskClient, runtime: Runtime) -> None:
    at = load_model(author, runtime)
    page = author.get(f"{at}/items/ai-j-f01/edit").text
    assert "parameters" in page
    wrong = author.post(f"{at}/items/ai-j-f01/edit", data={"text": "id: ai-j-f01\ntype: fill_in\n"})
    assert wrong.status_code == 422
    assert author.get(f"{at}/items/ai-j-p01").status_code == 200


def test_another_institutions_bank_is_not_there(author: FlaskClient, app: Flask, runtime: Runtime) -> None:
    at = load_model(author, runtime)
    account(runtime, "stranger", ["item_author", "item_reviewer"], institution="别的机构", code="OTHER")
    stranger = signed_in(app, "stranger")
    for path in ("", "/coverage", "/check", "/import", "/export", "/releases", "/items/ai-j-001", "/items/new"):
        assert stranger.get(f"{at}{path}").status_code == 404, path


def test_the_list_is_searched_and_filtered(author: FlaskClient, runtime: Runtime) -> None:
    at = load_model(author, runtime)
    found = author.get(f"{at}?q=DICOM").text
    assert "ai-j-001" in found and "ai-j-002" not in found
    assert "没有符合条件的试题" in author.get(f"{at}?q=100%25_nothing").text
    assert "ai-j-004" not in author.get(f"{at}?type=multiple&outline=0.1").text
    assert author.get(f"{at}?status=nonsense").status_code == 404
