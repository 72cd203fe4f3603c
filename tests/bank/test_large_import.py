"""Large files are read and brought in by jobs; what the page then shows is what a small file would have shown."""

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from io import BytesIO
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from certengine.bank import jobs, service
from certengine.bank.formats.gift_writing import write_gift
from certengine.bank.importing import Action, plan
from certengine.bank.models import BankItem
from certengine.bank.previews import Seen, SeenRow, of_json, seen, to_json
from certengine.foundation.errors import Problem
from certengine.foundation.jobs import Job, resume_jobs
from certengine.foundation.runtime import Runtime
from certengine.standards.rules import Level
from tests.bank.factories import FIELD, single
from tests.bank.pages import the_bank


@pytest.fixture(autouse=True)
def everything_is_large(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(jobs, "LARGE", 10)
    yield


@pytest.fixture
def at(author: FlaskClient, runtime: Runtime) -> str:
    author.post("/banks", data={"field": FIELD, "level": "junior"})
    return f"/banks/{the_bank(runtime).id}"


def file_of(count: int, tail: str = "") -> bytes:
    entries = [
        single(f"ai-j-{number:03}", f"第 {number} 台设备按什么次序响应中断请求") for number in range(1, count + 1)
    ]
    return write_gift(entries).content + tail.encode()


def upload(author: FlaskClient, at: str, data: bytes) -> str:
    asked = author.post(f"{at}/import", data={"file": (BytesIO(data), "大题库.gift"), "format": "auto"})
    assert asked.status_code == 302
    return asked.location


def number_of_items(runtime: Runtime) -> int:
    with runtime.unit_of_work(read_only=True) as session:
        return session.scalar(select(func.count()).select_from(BankItem)) or 0


def test_a_large_file_is_previewed_and_brought_in_by_jobs(author: FlaskClient, runtime: Runtime, at: str) -> None:
    data = file_of(3, "\n第四题没有正确答案{~甲 ~乙}\n")
    page = upload(author, at, data)
    waiting = author.get(page).text
    assert "正在读取文件" in waiting and "大题库.gift" in waiting
    assert author.get(f"{page}/progress").json == {"state": "waiting", "done": 0, "total": 0}
    resume_jobs(runtime)
    assert author.get(f"{page}/progress").json == {"state": "done", "done": 4, "total": 4}
    preview = author.get(page)
    assert preview.status_code == 200 and "没有正确答案" in preview.text and number_of_items(runtime) == 0
    confirm = {"sha256": sha256(data).hexdigest(), "filename": "大题库.gift", "format": "auto"}
    whole = author.post(f"{at}/import/confirm", data={**confirm, "mode": "whole"})
    resume_jobs(runtime)
    refused = author.get(whole.location)
    assert refused.status_code == 422 and "没有正确答案" in refused.text and number_of_items(runtime) == 0
    good = author.post(f"{at}/import/confirm", data={**confirm, "mode": "good"})
    resume_jobs(runtime)
    assert "导入 3 项" in author.get(good.location, follow_redirects=True).text
    assert number_of_items(runtime) == 3


def test_a_file_that_cannot_be_read_says_why(author: FlaskClient, runtime: Runtime, at: str) -> None:
    page = upload(author, at, b"PK\x03\x04 this is no archive at all")
    resume_jobs(runtime)
    answer = author.get(page)
    assert answer.status_code == 422 and "大题库.gift" in answer.text


def test_an_import_started_again_after_it_had_finished_brings_nothing_twice(
    author: FlaskClient, runtime: Runtime, at: str
) -> None:
    data = file_of(2)
    asked = {"sha256": runtime.files.put(data), "filename": "a.gift", "format": "gift", "actor": "account:a"}
    for _time in range(2):
        with runtime.unit_of_work() as session:
            jobs.ask(session, jobs.IMPORT, the_bank(runtime).id, {**asked, "keep_good": False}, runtime.clock.now())
        assert resume_jobs(runtime) == 1
    with runtime.unit_of_work(read_only=True) as session:
        assert set(session.scalars(select(BankItem.latest))) == {1}
        last = session.scalars(select(Job).order_by(Job.id.desc())).first()
        assert last is not None
        assert jobs.outcome(runtime, last).counts == {Action.UNCHANGED: 2}


def test_a_plan_made_before_somebody_else_changed_the_bank_is_out_of_date(
    author: FlaskClient, runtime: Runtime, at: str
) -> None:
    bank_id, now = the_bank(runtime).id, runtime.clock.now()
    with runtime.unit_of_work(read_only=True) as session:
        planned = service.preview(session, bank_id=bank_id, filename="a.gift", data=file_of(1), format="gift")
    with runtime.unit_of_work() as session:
        assert service.is_current(session, bank_id, planned)
        service.propose(session, bank_id=bank_id, entry=single(), actor="account:a", now=now)
    with runtime.unit_of_work() as session:
        assert not service.is_current(session, bank_id, planned)


def test_the_job_of_another_bank_is_not_there(author: FlaskClient, runtime: Runtime, at: str) -> None:
    page = upload(author, at, file_of(1))
    author.post("/banks", data={"field": FIELD, "level": "senior"})
    with runtime.unit_of_work(read_only=True) as session:
        other = next(each.id for each in service.banks(session, the_owner(runtime)) if each.level == "senior")
    assert author.get(page.replace(at, f"/banks/{other}")).status_code == 404


def the_owner(runtime: Runtime) -> UUID:
    from certengine.bank.models import Bank

    with runtime.unit_of_work(read_only=True) as session:
        return session.scalars(select(Bank.organisation_id).limit(1)).one()


problems = st.lists(
    st.builds(Problem, st.text(), st.text(), st.dictionaries(st.text(), st.text(), max_size=2)), max_size=3
).map(tuple)
rows = st.builds(SeenRow, st.text(), st.text(), st.text(), st.sampled_from(Action), problems, problems)


@given(
    st.builds(
        Seen,
        st.text(), st.text(), st.text(), st.dictionaries(st.sampled_from(Action), st.integers(1)), problems,
        st.lists(rows, max_size=3).map(tuple), st.booleans(), st.booleans(),
    )
)  # fmt: skip
def test_a_preview_is_kept_whole(shown: Seen) -> None:
    assert of_json(to_json(shown)) == shown


def test_the_refused_rows_come_first(runtime: Runtime) -> None:
    data = file_of(2, "\n第三题没有正确答案{~甲 ~乙}\n")
    shown = seen(plan(FIELD, Level.JUNIOR, "a.gift", data, "gift"))
    assert [row.action for row in shown.rows] == [Action.REFUSE, Action.ADD, Action.ADD]
    assert (shown.total, shown.good, shown.faulty) == (3, 2, True)
    assert replace(shown, rows=()).total == 3
