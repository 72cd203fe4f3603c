"""The department's lists as spreadsheets: what stands on the page, opened again."""

from io import BytesIO

from flask.testing import FlaskClient
from openpyxl import load_workbook

from certengine.foundation.runtime import Runtime
from tests.oversight.test_supervision import drawn
from tests.programme.factories import enter
from tests.programme.test_bases import made_base
from tests.programme.test_seminars import approved


def rows(client: FlaskClient, address: str) -> list[tuple[object, ...]]:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return list(load_workbook(BytesIO(answer.data)).active.values)


def test_seminars_of_the_year_and_state_asked_for(runtime: Runtime, client: FlaskClient) -> None:
    approved(runtime, client)
    enter(runtime, client, "province")
    found = rows(client, "/programme/seminars.xlsx?year=2027")
    assert (
        len(found) == 2 and found[1][8] == "已批准" and "导出 Excel" in client.get("/programme/seminars?year=2027").text
    )
    assert len(rows(client, "/programme/seminars.xlsx?year=2027&state=refused")) == 1
    assert len(rows(enter(runtime, client, "qingdao"), "/programme/seminars.xlsx?year=2027")) == 1


def test_inspections_of_ones_own_region(runtime: Runtime, client: FlaskClient) -> None:
    drawn(runtime, client, "2")
    assert {row[0] for row in rows(client, "/oversight/inspections.xlsx")[1:]} == {"济南数字学院", "青岛港学院"}
    assert [row[0] for row in rows(enter(runtime, client, "jinan"), "/oversight/inspections.xlsx")[1:]] == [
        "济南数字学院"
    ]


def test_bases_with_their_figures_and_whether_they_reported(runtime: Runtime, client: FlaskClient) -> None:
    made_base(runtime, "college")
    found = rows(enter(runtime, client, "province"), "/programme/bases.xlsx")
    assert found[1][1:3] == ("济南数字学院", "济南市") and found[1][5:] == (0, 0, 0, "未提交")
    assert len(rows(enter(runtime, client, "qingdao"), "/programme/bases.xlsx")) == 1


def test_an_empty_list_has_its_heads(runtime: Runtime, client: FlaskClient) -> None:
    assert len(rows(enter(runtime, client, "province"), "/oversight/designations.xlsx")) == 1


def test_two_clicks_issue_one_report(runtime: Runtime, client: FlaskClient) -> None:
    enter(runtime, client, "province")
    page = client.get("/oversight/dashboard").text
    once = page.split('name="once" value="')[1].split('"')[0]
    for _click in range(2):
        assert client.post("/oversight/dashboard/report?year=2026", data={"once": once}).status_code == 302
    assert client.get("/oversight/dashboard?year=2026").text.count("file.pdf") == 1
