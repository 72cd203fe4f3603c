"""An employer applies for its people by a list; each is decided like anybody's, and nobody else sees them."""

import zipfile
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from certengine.foundation.runtime import Runtime
from certengine.sittings import applications
from certengine.sittings.models import Application, ApplicationState, EligibilityProof, ExamPlan
from certengine.sittings.proof_rules import ProofKind
from tests.bank.pages import signed_in
from tests.bank.test_pictures import photo
from tests.factories import account, resident_id
from tests.sittings.test_applications import OFFICER, apply, open_plan
from tests.sittings.test_candidate_list import sheet

Row = list[Any]


def row(serial: int, name: str = "王小明") -> Row:
    return [name, "", "", resident_id(serial), "泰山公司", 64, "本科", "是", 1, "无"]


def archive(**files: bytes) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, content in files.items():
            made.writestr(name, content)
    return out.getvalue()


@pytest.fixture
def employer(app: Flask, runtime: Runtime) -> Any:
    account(runtime, "employer", ["employer"], institution="泰山公司", code="TAISHAN")
    return signed_in(app, "employer")


def posted(client: Any, at: str, *rows: Row, keep: str = "no") -> Any:
    """The list is looked at, and then applied as the form of the preview says."""
    looked = client.post(f"{at}/list", data={"file": (BytesIO(sheet(*rows)), "名单.xlsx")})
    digest = looked.text.split('name="digest"')[1].split('value="')[1].split('"')[0]
    form = {"digest": digest, "name": "名单.xlsx", "keep_good": keep}
    return client.post(f"{at}/apply", data=form, follow_redirects=True)


def test_from_the_list_to_the_ticket_numbers(employer: Any, app: Flask, runtime: Runtime) -> None:
    with runtime.unit_of_work() as work:
        plan = open_plan(work, runtime)
    at = f"/group-applications/{plan.id}"
    assert "个人报名的考试" in employer.get("/group-applications").text
    assert "提交2份申请" in posted(employer, at, row(1), row(2, "李娜")).text
    assert "2份已提交过" in posted(employer, at, row(1), row(2, "李娜")).text
    files = archive(
        **{f"{resident_id(1)}.jpg": photo(), f"{resident_id(1)}-学历.jpg": photo(), f"{resident_id(9)}.jpg": photo()}
    )
    told = employer.post(f"{at}/files", data={"files": (BytesIO(files), "照片.zip")})
    assert told.status_code == 200 and "已导入文件：2" in told.text and resident_id(9) in told.text
    with runtime.unit_of_work() as work:
        first, second = work.scalars(select(Application).order_by(Application.created_at, Application.id))
        assert first.photo and not second.photo
        assert work.scalars(select(EligibilityProof.kind)).all() == [ProofKind.DEGREE]
        applications.accept(work, runtime, first, OFFICER, runtime.clock.now(), originals_seen=True)
    page = employer.get(at).text
    assert "已通过" in page and employer.get(f"{at}/list.xlsx").status_code == 200
    assert "已撤回" in employer.post(f"{at}/{second.id}/withdraw", follow_redirects=True).text
    account(runtime, "officer", ["exam_officer"])
    assert "泰山公司" in signed_in(app, "officer").get(f"/sittings/applications/{first.id}").text


def test_a_list_with_a_fault_applies_for_nobody_or_for_the_good_rows_as_chosen(employer: Any, runtime: Runtime) -> None:
    with runtime.unit_of_work() as work:
        plan = open_plan(work, runtime)
        # Has applied alone, and is not taken over by a list.
        apply(work, runtime, plan, 2)
    at = f"/group-applications/{plan.id}"
    refused = posted(employer, at, row(1), row(2, "李娜"))
    assert refused.status_code == 422 and "名单.xlsx:3" in refused.text
    with runtime.unit_of_work(read_only=True) as work:
        assert work.scalars(select(Application.applied_by)).all() == [None]
    assert "提交1份申请" in posted(employer, at, row(1), row(2, "李娜"), keep="yes").text
    with runtime.unit_of_work(read_only=True) as work:
        states = work.scalars(select(Application.state).where(Application.applied_by.is_not(None))).all()
    assert states == [ApplicationState.SUBMITTED]


def test_another_organisation_sees_and_withdraws_nothing(employer: Any, app: Flask, runtime: Runtime) -> None:
    with runtime.unit_of_work() as work:
        plan = open_plan(work, runtime)
    at = f"/group-applications/{plan.id}"
    posted(employer, at, row(1))
    with runtime.unit_of_work(read_only=True) as work:
        found = work.scalars(select(Application)).one()
    account(runtime, "other", ["training_officer"], institution="别的单位", code="OTHER")
    other = signed_in(app, "other")
    assert found.number not in other.get(at).text
    assert other.post(f"{at}/{found.id}/withdraw").status_code == 404
    files = archive(**{f"{resident_id(1)}.jpg": photo()})
    assert other.post(f"{at}/files", data={"files": (BytesIO(files), "照片.zip")}).status_code == 422


def test_after_the_window_a_list_is_refused(employer: Any, runtime: Runtime) -> None:
    with runtime.unit_of_work() as work:
        plan = open_plan(work, runtime)
    at = f"/group-applications/{plan.id}"
    with runtime.unit_of_work() as work:
        over = runtime.clock.now()
        mine = work.get_one(ExamPlan, plan.id)
        applications.set_window(work, mine, over - timedelta(days=2), over - timedelta(days=1), OFFICER, over)
    assert posted(employer, at, row(1)).status_code == 422
    assert "不接受报名" in employer.get(at).text
