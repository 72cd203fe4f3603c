"""Every number that was given out is borne by one certificate; of one that is not it is said what is known."""

from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update

from certengine.certificates import series, service
from certengine.certificates.models import Certificate, CertificateSeries, CertificateState
from certengine.doctor import findings
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.people import service as people
from certengine.people.models import OrganisationKind
from tests.certificates.factories import ISSUER, SECOND, content, issued
from tests.factories import PASSWORD, account

OFFICE, OFFICE_CODE = "山东省人力资源和社会保障厅", "SDRS"


def five(runtime: Runtime) -> UUID:
    """Five numbers: one of them is revoked, one replaced, and an issue between them was rolled back."""
    rows = [issued(runtime, subject=f"registration:{number}") for number in range(2)]
    with pytest.raises(RuntimeError), runtime.unit_of_work() as session:
        service.issue(session, runtime, [content(session, runtime, subject="lost")], ISSUER, runtime.clock.now())
        raise RuntimeError
    rows += [issued(runtime, subject=f"registration:{number}") for number in range(2, 4)]
    with runtime.unit_of_work() as session:
        now = runtime.clock.now()
        service.revoke(session, rows[1].id, "错误", ISSUER, SECOND, now)
        again = service.content_of(session, rows[2])
        service.supersede(session, runtime, rows[2].id, again, "更正", ISSUER, now)
    ledger.sequence(runtime)
    return rows[0].organisation_id


def said_by_doctor(runtime: Runtime) -> tuple[bool, str]:
    return next(each for each in findings(runtime) if each[1].startswith("numbers:"))


def test_neither_a_failed_issue_nor_a_revocation_or_replacement_leaves_a_gap(runtime: Runtime) -> None:
    five(runtime)
    with runtime.unit_of_work(read_only=True) as session:
        (found,) = series.report(session)
    assert found.whole and (found.last, found.issued) == (5, 5)
    assert found.counts == {
        CertificateState.VALID: 3,
        CertificateState.REVOKED: 1,
        CertificateState.SUPERSEDED: 1,
    }
    assert found.first_number.endswith("000001") and found.last_number.endswith("000005")
    assert said_by_doctor(runtime) == (True, "numbers: 5 certificates in 1 series, none missing, none twice")


def test_a_row_taken_away_behind_our_back_is_named_with_its_entry_in_the_ledger(runtime: Runtime) -> None:
    five(runtime)
    with runtime.unit_of_work() as session:
        row = session.scalars(select(Certificate).where(Certificate.serial == 4)).one()
        number, entry = row.number, ledger.receipt(session, row.ledger_entry).index
        session.execute(delete(Certificate).where(Certificate.id == row.id))
        session.execute(update(CertificateSeries).values(last=6))
    with runtime.unit_of_work(read_only=True) as session:
        (found,) = series.report(session)
    assert found.missing == 2 and found.gaps == (series.Gap(4, number, entry), series.Gap(6, "", None))
    is_well, sentence = said_by_doctor(runtime)
    assert not is_well and "山东数字技术评价中心 2026" in sentence


def test_a_serial_borne_twice_or_never_given_out_is_named(runtime: Runtime) -> None:
    five(runtime)
    with runtime.unit_of_work() as session:
        session.execute(update(Certificate).where(Certificate.serial == 4).values(serial=3))
        session.execute(update(Certificate).where(Certificate.serial == 5).values(serial=9))
    with runtime.unit_of_work(read_only=True) as session:
        (found,) = series.report(session)
    assert found.wrong == (3, 9) and [each.serial for each in found.gaps] == [4, 5]


def test_an_institution_sees_its_own_series_and_a_department_its_regions(runtime: Runtime, client: FlaskClient) -> None:
    with runtime.unit_of_work() as session:
        now, kind = runtime.clock.now(), OrganisationKind.DEPARTMENT
        people.create_organisation(session, kind, OFFICE, OFFICE_CODE, now)
        people.create_organisation(session, kind, "青岛市局", "QDRS", now, region="370200")
    five(runtime)
    account(runtime, "training", ["training_officer"], institution="泉城培训学院", code="QCPX")
    account(runtime, "issuer", ["issuer"])
    account(runtime, "supervisor", ["supervisor"], institution=OFFICE, code=OFFICE_CODE)
    account(runtime, "city", ["supervisor"], institution="青岛市局", code="QDRS")
    pages = {}
    for login in ("training", "issuer", "supervisor", "city"):
        client.post("/sign-in", data={"login": login, "password": PASSWORD})
        pages[login] = client.get("/certificates/series").text
        client.post("/sign-out")
    assert "还没有签发证书" in pages["training"] and "还没有签发证书" in pages["city"]
    assert "没有空缺" in pages["issuer"] and "没有空缺" in pages["supervisor"]
    assert "山东数字技术评价中心" in pages["supervisor"]
