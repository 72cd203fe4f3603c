"""Suspended, expired, revoked, issued again: page, API and list say the same at once."""

from datetime import date, timedelta
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from openpyxl import Workbook

from certengine.certificates import checking, lifecycle, service
from certengine.certificates.checking import Outcome
from certengine.certificates.models import Certificate, CertificateAct, CertificateState
from certengine.certificates.rules import ReasonClass
from certengine.foundation.errors import Conflict, Invalid, NotFound
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from tests.certificates.factories import ISSUER, RARE, SECOND, content, issued
from tests.factories import PASSWORD, account


def outcome_of(runtime: Runtime, row: Certificate) -> Outcome:
    with runtime.unit_of_work(read_only=True) as session:
        return checking.outcome(service.by_code(session, runtime, row.code))


def suspended(runtime: Runtime) -> Certificate:
    row = issued(runtime)
    with runtime.unit_of_work() as session:
        lifecycle.suspend(session, row.id, ReasonClass.MISCONDUCT, "有人举报", ISSUER, runtime.clock.now())
    return row


def test_one_person_suspends_and_two_lift_it(runtime: Runtime) -> None:
    row, now = suspended(runtime), runtime.clock.now()
    assert outcome_of(runtime, row) is Outcome.SUSPENDED
    with runtime.unit_of_work() as session:
        with pytest.raises(Conflict, match="not_valid"):
            lifecycle.suspend(session, row.id, ReasonClass.ORDER, "x", SECOND, now)
        lifecycle.ask(session, row.id, CertificateAct.REINSTATE, "查无实据", ISSUER, now)
        with pytest.raises(Conflict, match="second_person"):
            lifecycle.confirm(session, runtime, row.id, ISSUER, now)
        lifecycle.confirm(session, runtime, row.id, SECOND, now)
    assert outcome_of(runtime, row) is Outcome.VALID
    with runtime.unit_of_work(read_only=True) as session:
        kinds = [each.kind for each in ledger.history(session, f"certificate:{row.id}")]
    assert {"certificate.suspended", "certificate.reinstatement_asked", "certificate.reinstated"} <= set(kinds)


def test_a_suspended_certificate_is_not_issued_beside_and_can_be_revoked(runtime: Runtime) -> None:
    row, now = suspended(runtime), runtime.clock.now()
    assert issued(runtime).id == row.id
    with runtime.unit_of_work() as session:
        service.revoke(session, row.id, "查实", ISSUER, SECOND, now, ReasonClass.NOT_ELIGIBLE)
    with runtime.unit_of_work(read_only=True) as session:
        found = service.by_code(session, runtime, row.code)
        assert found and found.reason is ReasonClass.NOT_ELIGIBLE and checking.outcome(found) is Outcome.REVOKED


def test_a_request_to_revoke_changes_nothing_until_it_is_confirmed(runtime: Runtime) -> None:
    row, now = suspended(runtime), runtime.clock.now()
    with runtime.unit_of_work() as session:
        service.ask_revocation(session, row.id, "x", ISSUER, now, ReasonClass.HOLDER)
        with pytest.raises(Conflict, match="asked_already"):
            lifecycle.ask(session, row.id, CertificateAct.REINSTATE, "x", SECOND, now)
        found = service.by_code(session, runtime, row.code)
        assert found and found.reason is ReasonClass.MISCONDUCT
        lifecycle.cancel(session, row.id, SECOND, now)
        with pytest.raises(Conflict, match="not_asked"):
            lifecycle.confirm(session, runtime, row.id, SECOND, now)


def test_a_certificate_counts_through_its_last_day_in_china(runtime: Runtime, client: FlaskClient) -> None:
    row = issued(runtime, expires_on=date(2026, 11, 25))
    never = issued(runtime, subject="registration:2")
    assert outcome_of(runtime, row) is Outcome.VALID
    assert "2026年11月25日" in client.get(f"/v/{row.code}").text
    # Noon in Greenwich is evening in China; a quarter past four in the afternoon is the next day there.
    runtime.clock.at += timedelta(hours=12, minutes=15)  # type: ignore[attr-defined]
    assert outcome_of(runtime, row) is Outcome.EXPIRED and outcome_of(runtime, never) is Outcome.VALID
    assert "已过期" in client.get(f"/v/{row.code}").text
    answer = client.post("/api/v1/verify", data=runtime.files.get(row.pdf)).get_json()
    assert answer["outcome"] == "expired"


def test_two_people_issue_again_and_the_old_code_says_so(runtime: Runtime, client: FlaskClient) -> None:
    row, now = issued(runtime), runtime.clock.now()
    with runtime.unit_of_work() as session:
        with pytest.raises(Invalid):
            changed = {"holder_name": "王\U0002fffe"}
            lifecycle.ask(session, row.id, CertificateAct.REISSUE, "更名", ISSUER, now, proposal=changed)
        lifecycle.ask(session, row.id, CertificateAct.REISSUE, "更名", ISSUER, now, proposal={"holder_name": "阿迪力"})
        with pytest.raises(Conflict, match="second_person"):
            lifecycle.confirm(session, runtime, row.id, ISSUER, now)
        new = lifecycle.confirm(session, runtime, row.id, SECOND, now)
    assert new.holder_name == "阿迪力" and new.content["theory"] == row.content["theory"] and new.number != row.number
    page = client.get(f"/v/{row.code}").text
    assert "被新证书替换" in page and new.code not in page
    answer = client.get(f"/api/v1/certificates/{row.code}").get_json()
    assert answer["outcome"] == "superseded" and answer["successor"] is None
    with runtime.unit_of_work() as session:
        with pytest.raises(NotFound):
            lifecycle.show_successor(session, row.id, "another's", True, ISSUER, now)
        lifecycle.show_successor(session, row.id, row.document_index, True, ISSUER, now)
    assert new.code in client.get(f"/v/{row.code}").text


def test_page_api_list_and_file_agree_at_once(runtime: Runtime, client: FlaskClient) -> None:
    row = suspended(runtime)
    page = client.get(f"/v/{row.code}").text
    assert "verdict-suspended" in page and "违纪违规" in page and "有人举报" not in page
    assert client.get(f"/api/v1/certificates/{row.code}").get_json()["reason"] == "misconduct"
    assert client.post("/api/v1/verify", data=runtime.files.get(row.pdf)).get_json()["outcome"] == "suspended"
    workbook = Workbook()
    for line in (["查验码", "姓名"], [row.code, RARE]):
        workbook.active.append(line)
    out = BytesIO()
    workbook.save(out)
    assert "outcome-suspended" in client.post("/verify/list", data={"list": (BytesIO(out.getvalue()), "l.xlsx")}).text


def test_an_issuer_suspends_and_asks_on_the_page_and_another_confirms(runtime: Runtime, client: FlaskClient) -> None:
    row = issued(runtime)
    account(runtime, "one", ["issuer"])
    account(runtime, "two", ["issuer"])

    def press(step: str, **form: str) -> str:
        return client.post(f"/certificates/{row.id}/{step}", data=form, follow_redirects=True).text

    client.post("/sign-in", data={"login": "one", "password": PASSWORD})
    assert "请填写原因" in press("suspend", reason=" ", reason_class="error")
    assert "证书已暂停" in press("suspend", reason="照片存疑", reason_class="error")
    assert "须由另一人确认" in press("ask", act="reinstate", reason="已核实")
    assert "另一人" in press("confirm")
    assert client.post(f"/certificates/{row.id}/ask", data={"act": "nonsense", "reason": "x"}).status_code == 404
    client.post("/sign-in", data={"login": "two", "password": PASSWORD})
    assert "证书已恢复有效" in press("confirm")
    press("ask", act="reissue", reason="更名", holder_name="阿迪力")
    client.post("/sign-in", data={"login": "one", "password": PASSWORD})
    assert "阿迪力" in client.get(f"/certificates/{row.id}").text
    assert "已重新签发" in press("confirm")
    assert outcome_of(runtime, row) is Outcome.SUPERSEDED


def test_of_one_subject_one_certificate_stands(runtime: Runtime) -> None:
    row, now = issued(runtime), runtime.clock.now()
    with runtime.unit_of_work() as session:
        new = service.supersede(session, runtime, row.id, content(session, runtime), "更正", ISSUER, now)
        lifecycle.suspend(session, new.id, ReasonClass.ERROR, "x", ISSUER, now)
        with pytest.raises(Conflict):
            service.supersede(session, runtime, new.id, content(session, runtime), "更正", ISSUER, now)
        assert service.issue(session, runtime, [content(session, runtime)], ISSUER, now)[0].state is (
            CertificateState.SUSPENDED
        )
