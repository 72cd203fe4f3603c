from datetime import timedelta
from io import BytesIO
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook

from certengine.foundation.clock import SetClock
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.papers import service
from tests.bank import factories as bank
from tests.factories import PASSWORD, account

MAKER = "maker@example.org"


@pytest.fixture
def draw_id(runtime: Runtime) -> UUID:
    """A committed draw of three candidates, sequenced into the ledger."""
    now = runtime.clock.now()
    with runtime.unit_of_work() as session:
        release = bank.release(session, runtime)
        draw_id = service.commit_seed(
            session,
            sitting="sitting:1",
            release_id=release.id,
            direction=None,
            actor="account:maker",
            now=now,
            title="人工智能初级 第一场",
            ends_at=now + timedelta(hours=2),
        )
        service.draw_papers(session, draw_id, ["r:1", "r:2", "r:3"], "account:maker", now)
    ledger.sequence(runtime)
    return draw_id


def signed_in(runtime: Runtime, client: FlaskClient, login: str = MAKER, **institution: str) -> FlaskClient:
    account(runtime, login, roles=["paper_maker"], **institution)
    client.post("/sign-in", data={"login": login, "password": PASSWORD})
    return client


def test_a_paper_maker_finds_the_draw_and_sees_blueprint_spread_and_receipts(
    runtime: Runtime, client: FlaskClient, draw_id: UUID
) -> None:
    signed_in(runtime, client)
    assert "第一场" in client.get("/papers?q=初级").text
    assert "没有名称包含" in client.get("/papers?q=区块链").text
    page = client.get(f"/papers/draws/{draw_id}").text
    assert page.count("<svg") == 4 and "账本第" in page and "style=" not in page
    assert "公开种子</button>" not in page


def test_the_seed_is_disclosed_by_hand_once_the_sitting_is_over(
    runtime: Runtime, client: FlaskClient, draw_id: UUID, clock: SetClock
) -> None:
    signed_in(runtime, client)
    assert client.post(f"/papers/draws/{draw_id}/disclose").status_code == 409
    clock.advance(hours=3)
    assert "公开种子</button>" in client.get(f"/papers/draws/{draw_id}").text
    assert client.post(f"/papers/draws/{draw_id}/disclose").status_code == 302
    assert "种子已公开" in client.get(f"/papers/draws/{draw_id}").text


def test_another_organisation_does_not_know_of_the_draw_or_the_release(
    runtime: Runtime, client: FlaskClient, draw_id: UUID
) -> None:
    signed_in(runtime, client, "other@example.org", institution="另一评价机构", code="OTHR")
    assert "第一场" not in client.get("/papers").text
    assert client.get(f"/papers/draws/{draw_id}").status_code == 404
    assert client.get(f"/papers/draws/{draw_id}/commitments.xlsx").status_code == 404
    assert client.post(f"/papers/draws/{draw_id}/disclose").status_code == 404
    with runtime.unit_of_work(read_only=True) as session:
        view = service.draw_of(session, "sitting:1")
    assert view is not None
    assert client.get(f"/papers/releases/{view.release_id}/preview").status_code == 404


def test_a_release_is_tried_out_on_a_thousand_papers_in_both_languages(
    runtime: Runtime, client: FlaskClient, draw_id: UUID
) -> None:
    signed_in(runtime, client)
    with runtime.unit_of_work(read_only=True) as session:
        view = service.draw_of(session, "sitting:1")
    assert view is not None
    address = f"/papers/releases/{view.release_id}/preview"
    assert "模拟的 1000 份试卷" in client.get(address).text
    client.get("/language/en")
    page = client.get(address + "?direction=computer_vision").text
    assert "1000 simulated papers" in page and "Computer Vision" in page


def test_the_commitments_come_as_a_spreadsheet(runtime: Runtime, client: FlaskClient, draw_id: UUID) -> None:
    signed_in(runtime, client)
    sheet = load_workbook(BytesIO(client.get(f"/papers/draws/{draw_id}/commitments.xlsx").data)).active
    assert sheet is not None
    rows = list(sheet.values)
    assert [row[1] for row in rows[1:]] == ["r:1", "r:2", "r:3"] and all(len(str(row[2])) == 64 for row in rows[1:])
