"""Selected institutions, inspections by lot, complaints, figures of one's own region, one person's rights."""

import json
import re
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.foundation import jobs
from certengine.foundation.clock import SetClock
from certengine.foundation.database import Base
from certengine.foundation.errors import Conflict
from certengine.foundation.runtime import Runtime
from certengine.ledger import archive
from certengine.ledger import service as ledger
from certengine.oversight import inspection_rules, person_data, statistics
from certengine.oversight import jobs as oversight_jobs
from certengine.oversight.held_names import HELD_NAMES
from certengine.oversight.inspection_models import ReplayRun
from certengine.people import designations, privacy, regions
from certengine.people.designation_models import DesignationKind
from certengine.people.models import Person
from certengine.sittings import service as sittings
from certengine.sittings.models import Registration
from tests.factories import organisation, resident_id
from tests.programme.factories import cast, enter, organisation_id
from tests.programme.test_selections import published
from tests.sittings.factories import OFFICER, exam, facts, plan
from tests.training.factories import attended, enrolled, training_class

DAY = "2027-03-01"
# Imported so that its jobs are known.
__all__ = ["oversight_jobs"]


def drawn(runtime: Runtime, client: FlaskClient, count: str = "1") -> str:
    """The page of a round that the province drew among two training institutions."""
    cast(runtime, "college", "harbour")
    enter(runtime, client, "province")
    form = {"title": "双随机检查", "kind": "training_institution", "count": count, "token": "r" * 20}
    return str(client.post("/oversight/inspections/rounds", data=form).location)


def inspection_page(client: FlaskClient, page: str) -> str:
    found = re.search(r"/oversight/inspections/[0-9a-f-]{36}", client.get(page).text)
    assert found
    return found.group()


def test_a_selected_institution_has_a_term_is_suspended_and_may_not_open_a_class(
    runtime: Runtime, client: FlaskClient, clock: SetClock
) -> None:
    page = published(runtime, client, "training_institution", fields=["artificial_intelligence"])
    clock.advance(days=9)
    enter(runtime, client, "province")
    assert client.post(f"{page}/decision", data={"opinion": "同意认定", "award": "yes"}).status_code == 302
    listed = client.get("/oversight/designations").text
    found = re.search(r"/oversight/designations/[0-9a-f-]{36}", listed)
    assert found and "济南数字学院" in listed
    code = re.search(r"/documents/([0-9A-Z]+)", client.get(found.group()).text)
    assert code and "认定期限" in client.get(code.group()).text
    opened = {"title": "第1期", "field": "artificial_intelligence", "level": "junior", "token": "c" * 20}
    enter(runtime, client, "college")
    assert client.post("/training/new", data=opened).status_code == 302
    enter(runtime, client, "jinan")
    assert client.get(found.group()).status_code == 200
    step = {"act": "suspended", "reason": "整改不力"}
    assert client.post(found.group(), data=step).status_code == 403
    enter(runtime, client, "province")
    assert client.post(found.group(), data=step).status_code == 302
    enter(runtime, client, "college")
    refused = client.post("/training/new", data={**opened, "token": "d" * 20})
    assert refused.status_code == 409 and "暂停或终止" in refused.text
    enter(runtime, client, "qingdao")
    assert client.get(found.group()).status_code == 404


def test_a_renewal_prolongs_from_the_end_of_the_term_and_a_lapsed_one_begins_nothing(
    session: Session, runtime: Runtime
) -> None:
    own, kind, now = organisation(session, runtime).id, DesignationKind.EVALUATION, runtime.clock.now()
    first = designations.grant(session, own, kind, ["big_data"], actor="x", now=now)
    ends = first.valid_until
    again = designations.grant(session, own, kind, ["big_data", "blockchain"], actor="x", now=now)
    assert again.id == first.id and again.valid_until == designations.term_end(ends)
    assert [step.valid_until for step in again.steps] == [again.valid_until, ends]
    lapsed = again.valid_until + timedelta(days=1)
    with pytest.raises(Conflict, match="lapsed"):
        designations.must_stand(session, own, kind, "big_data", lapsed, required=False)
    with pytest.raises(Conflict, match="field"):
        designations.must_stand(session, own, kind, "cloud_computing", ends, required=True)
    with pytest.raises(Conflict, match="none"):
        designations.must_stand(session, own, DesignationKind.TRAINING, "big_data", ends, required=True)
    designations.must_stand(session, own, DesignationKind.TRAINING, "big_data", ends, required=False)


def test_a_round_is_drawn_once_and_drawn_again_the_same(runtime: Runtime, client: FlaskClient) -> None:
    page = drawn(runtime, client)
    assert drawn(runtime, client) == page
    shown = client.get(page).text
    assert "结果与抽取一致" in shown and "济南数字学院" in shown and "青岛港学院" in shown
    too_many = {"title": "x", "kind": "base", "count": "1", "token": "z" * 20}
    answer = client.post("/oversight/inspections/rounds", data=too_many)
    assert answer.status_code == 422 and "1到0之间" in answer.text


@given(st.text(max_size=20), st.lists(st.text(min_size=1, max_size=8), max_size=20), st.integers(0, 25))
def test_chance_chooses_the_same_whatever_the_order_of_the_list(seed: str, population: list[str], count: int) -> None:
    chosen = inspection_rules.choose(seed, population, count)
    assert chosen == inspection_rules.choose(seed, list(reversed(population)), count)
    assert len(chosen) == len(set(chosen)) == min(count, len(set(population)))


def test_findings_go_to_the_institution_and_back_until_they_are_accepted(runtime: Runtime, client: FlaskClient) -> None:
    page = inspection_page(client, drawn(runtime, client, "2"))
    name = "harbour" if "青岛港学院" in client.get(page).text else "college"
    assert client.post(f"{page}/report", data={"report": "已检查"}).status_code == 409
    alone = {"planned_on": DAY, "inspectors": "王一"}
    assert client.post(f"{page}/plan", data=alone).status_code == 422
    assert client.post(f"{page}/plan", data={**alone, "inspectors": "王一、李二"}).status_code == 302
    problem = {"text": "课时记录不全", "severity": "major", "due_on": DAY}
    assert client.post(f"{page}/findings", data={**problem, "due_on": "2020-01-01"}).status_code == 422
    assert client.post(f"{page}/findings", data=problem).status_code == 302
    enter(runtime, client, name)
    assert "课时记录不全" not in client.get("/oversight/own-inspections").text
    enter(runtime, client, "province")
    client.post(f"{page}/report", data={"report": "已检查，发现一项问题"})
    enter(runtime, client, name)
    shown = client.get("/oversight/own-inspections").text
    finding = re.search(r"/oversight/own-inspections/[0-9a-f-]{36}", shown)
    assert finding and "课时记录不全" in shown
    enter(runtime, client, "officer")
    assert client.post(finding.group(), data={"correction": "冒充"}).status_code == 404
    enter(runtime, client, name)
    bad = {"correction": "已补", "file": (BytesIO(b"<html>"), "x.html")}
    assert client.post(finding.group(), data=bad).status_code == 422
    good = {"correction": "已补齐记录", "file": (BytesIO(b"%PDF-1.7"), "记录.pdf")}
    assert client.post(finding.group(), data=good).status_code == 302
    enter(runtime, client, "province")
    judged = finding.group().replace("/own-inspections/", f"/inspections/{page.rsplit('/', 1)[1]}/findings/")
    assert client.post(judged, data={"accept": "no", "answer": ""}).status_code == 422
    assert client.post(judged, data={"accept": "no", "answer": "缺签字"}).status_code == 302
    enter(runtime, client, name)
    assert "缺签字" in client.get("/oversight/own-inspections").text
    client.post(finding.group(), data={"correction": "已补签字"})
    enter(runtime, client, "province")
    client.post(judged, data={"accept": "yes", "answer": ""})
    assert "已办结" in client.get(page).text


def test_what_is_not_put_right_in_time_is_on_the_overdue_list(
    runtime: Runtime, client: FlaskClient, clock: SetClock
) -> None:
    page = inspection_page(client, drawn(runtime, client))
    client.post(f"{page}/findings", data={"text": "无培训计划", "severity": "minor", "due_on": "2026-12-01"})
    clock.advance(days=10)
    enter(runtime, client, "province")
    assert "逾期未整改" in client.get("/oversight/inspections").text


def test_anybody_complains_without_a_name_and_reads_the_answer_by_number(runtime: Runtime, client: FlaskClient) -> None:
    cast(runtime, "college", "jinan", "qingdao")
    told = {"organisation": organisation_id(runtime, "college"), "about": "代签到", "text": "有人替人签到"}
    assert client.post("/complaints", data={**told, "text": ""}).status_code == 422
    assert (
        client.post("/complaints", data={**told, "organisation": organisation_id(runtime, "jinan")}).status_code == 422
    )
    answer = client.post("/complaints", data=told)
    assert answer.status_code == 302 and "已收到" in client.get(answer.location).text
    assert client.get("/complaints/answer?number=0000").status_code == 404
    enter(runtime, client, "qingdao")
    assert "代签到" not in client.get("/oversight/complaints").text
    enter(runtime, client, "jinan")
    page = re.search(r"/oversight/complaints/[0-9a-f-]{36}", client.get("/oversight/complaints").text)
    assert page
    assert "未留姓名" in client.get(page.group()).text
    client.post(f"{page.group()}/take")
    assert "查看检查" in client.get(page.group()).text
    assert "济南数字学院" in client.get("/oversight/inspections").text
    assert client.post(f"{page.group()}/answer", data={"answer": "已核实并责令整改"}).status_code == 302
    client.post("/sign-out")
    assert "已核实并责令整改" in client.get(answer.location).text


def test_the_dashboard_shows_a_region_its_own_figures_and_exports_the_same(
    runtime: Runtime, client: FlaskClient
) -> None:
    cast(runtime, "college", "harbour", "province", "jinan", "qingdao")
    with runtime.unit_of_work() as session:
        for login, names in (("college", ("张伟", "李娜")), ("harbour", ("王强",))):
            opened = training_class(session, runtime, token=login)
            opened.organisation_id = UUID(organisation_id(runtime, login))
            session.flush()
            for number, name in enumerate(names):
                enrolled(session, runtime, opened, name, number + (10 if login == "harbour" else 1))
    for login, whole in (("province", 3), ("jinan", 2), ("qingdao", 1)):
        enter(runtime, client, login)
        assert "年统计" in client.get("/oversight/dashboard?year=2026").text
        book = load_workbook(BytesIO(client.get("/oversight/dashboard.xlsx?year=2026").data))
        assert book.sheetnames == ["各市", "各领域", "各等级", "各年度"]
        assert sum(row[9] for row in book["各市"].iter_rows(min_row=2, values_only=True)) == whole
    with runtime.unit_of_work(read_only=True) as session:
        assert [line.key for line in statistics.board(session, "370000", 2026).by_city] == ["370100", "370200"]


def test_the_years_report_is_the_provinces_and_is_verified_like_any_document(
    runtime: Runtime, client: FlaskClient
) -> None:
    enter(runtime, client, "jinan")
    assert client.post("/oversight/dashboard/report?year=2026").status_code == 403
    assert client.get("/oversight/ledger.jsonl").status_code == 403
    enter(runtime, client, "province")
    assert client.post("/oversight/dashboard/report?year=2026").status_code == 302
    code = re.search(r"/documents/([0-9A-Z]+)", client.get("/oversight/dashboard?year=2026").text)
    assert code and "2026 年度报告" in client.get(code.group()).text
    assert client.get(f"{code.group()}/file.pdf").data[:5] == b"%PDF-"


def test_absent_void_failed_and_nobody_are_told_apart() -> None:
    figures = statistics.Figures(registered=5, passed=1, failed=2, absent=1, void=1)
    assert (figures.sat, str(figures.share)) == (3, "33.3")
    assert statistics.Figures(registered=4, absent=4).share is None


def test_a_city_does_not_see_what_others_did(runtime: Runtime, client: FlaskClient) -> None:
    cast(runtime, "college", "qingdao", "jinan")
    enter(runtime, client, "college")
    client.post(
        "/training/new",
        data={"title": "第1期", "field": "big_data", "level": "junior", "token": "c" * 20},
    )
    enter(runtime, client, "jinan")
    assert "开设培训班" in client.get("/audit?login=college").text.partition("<table")[2]
    enter(runtime, client, "qingdao")
    assert "开设培训班" not in client.get("/audit?login=college").text.partition("<table")[2]


@pytest.fixture
def learner(runtime: Runtime) -> UUID:
    """Somebody who was in a class and has earned nothing."""
    with runtime.unit_of_work() as session:
        made = enrolled(session, runtime, training_class(session, runtime), "张伟", 1)
        attended(session, runtime, made, 1)
        return made.person_id


def test_everything_of_a_person_is_exported_without_anybodys_secrets_and_the_look_is_on_record(
    runtime: Runtime, client: FlaskClient, learner: UUID
) -> None:
    enter(runtime, client, "privacy")
    typed = {"document_type": "resident_id", "number": resident_id(1)}
    assert client.post("/oversight/persons", data={**typed, "number": resident_id(7)}).status_code == 422
    page = client.post("/oversight/persons", data=typed).location
    assert page.endswith(str(learner))
    told = json.loads(client.post(f"{page}/export.json").data)
    assert told["tables"]["person"][0]["document_number"] == resident_id(1)
    assert len(told["tables"]["attendance"]) == 1
    assert "document_index" not in told["tables"]["person"][0]
    assert {each["kind"] for each in told["acts"]} >= {"training.enrolled", "training.attendance"}
    shown = client.get(page).text
    assert "查看个人信息" in shown and "导出个人信息" in shown
    enter(runtime, client, "college")
    assert client.get(page).status_code == 403


def test_whatever_is_held_of_a_person_has_a_name_that_the_person_understands() -> None:
    reached = {"person"}
    for table in Base.metadata.sorted_tables:
        parents = {key.column.table.name for key in table.foreign_keys} - {table.name}
        if "document_index" in table.c or (parents & reached and parents):
            reached.add(table.name)
    own = {name for name in reached if name not in person_data.NOT_TOLD}
    assert own <= set(HELD_NAMES), own - set(HELD_NAMES)


def test_an_erased_person_leaves_no_name_and_the_ledger_still_verifies(
    runtime: Runtime, client: FlaskClient, learner: UUID
) -> None:
    enter(runtime, client, "privacy")
    page = f"/oversight/persons/{learner}"
    assert client.post(f"{page}/erase", data={"reason": ""}).status_code == 422
    assert client.post(f"{page}/erase", data={"reason": "本人2026年11月申请"}).status_code == 302
    assert client.post(f"{page}/erase", data={"reason": "再次"}).status_code == 409
    assert "（已删除）" in client.get(page).text
    while ledger.sequence(runtime):
        pass
    with runtime.unit_of_work(read_only=True) as session:
        lines = [line + b"\n" for line in ledger.export_lines(session, runtime, disclose=True)]
        assert archive.verify(lines).consistent
        about = [e for e in archive.entries(lines) if e.leaf["kind"] == "training.enrolled"]
        assert about and all(each.disclosed is None for each in about)
        assert session.get_one(Person, learner).document_masked == ""
    with runtime.unit_of_work() as session:
        again = enrolled(session, runtime, training_class(session, runtime, "two"), "张伟", 1)
        assert again.person_id != learner


def test_who_sat_an_exam_or_holds_a_certificate_is_kept_for_the_stated_years(
    session: Session, runtime: Runtime, clock: SetClock
) -> None:
    made = sittings.register(session, runtime.cipher, plan(session, runtime), facts(3), OFFICER, runtime.clock.now())
    person_id = made[0].person_id
    person = session.get_one(Person, person_id)
    with pytest.raises(Conflict, match="kept"):
        person_data.erase(session, runtime, person, "申请", actor="x", now=runtime.clock.now())
    clock.advance(days=366 * 5 + 2)
    assert list(person_data.past_keeping(session, clock.now().date(), 5)) == [person]
    person_data.erase(session, runtime, person, "期满", actor="x", now=runtime.clock.now())
    assert privacy.is_erased(person)
    assert session.scalars(select(Registration.evidence).where(Registration.person_id == person_id)).one() == {}


def test_sixteen_cities_come_with_the_program_and_another_provinces_from_a_file(tmp_path: Path) -> None:
    assert len(regions.read_regions(regions.OWN)) == 17
    other = tmp_path / "zj.csv"
    other.write_text("330000,浙江省,Zhejiang\n330100,杭州市,Hangzhou\n")
    assert [each.zh for each in regions.read_regions(other)] == ["浙江省", "杭州市"]
    other.write_text("330100,杭州市,Hangzhou\n")
    with pytest.raises(ValueError, match=":1:"):
        regions.read_regions(other)
    other.write_text("330000,浙江省,Zhejiang\n杭州市\n")
    with pytest.raises(ValueError, match=":2:"):
        regions.read_regions(other)


def test_a_supervisor_watches_a_sitting_and_has_it_done_again_in_a_job(runtime: Runtime, client: FlaskClient) -> None:
    made = exam(runtime)
    while ledger.sequence(runtime):
        pass
    page = f"/oversight/sittings/{made.theory_id}"
    enter(runtime, client, "province")
    assert "第一考场" in client.get(page).text
    assert client.post(f"{page}/replay").status_code == 302
    assert "正在复算" in client.get(page).text
    with runtime.unit_of_work(read_only=True) as session:
        job_id = session.scalars(select(ReplayRun.job_id)).one()
    jobs.run_job(runtime, job_id)
    shown = client.get(page).text
    assert "种子尚未公开" in shown and "正在复算" not in shown
    enter(runtime, client, "qingdao")
    assert client.get(page).status_code == 404
    assert client.post(f"{page}/replay").status_code == 404
