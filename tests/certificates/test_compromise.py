"""A key that somebody else may have since a date: what was time-stamped before stays good, what came after is not."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy import select

from certengine.certificates import authority, cli, compromise, lifecycle, service, signed_code
from certengine.certificates.models import Certificate, CertificateAct, CertificateState, SigningCertificate
from certengine.certificates.profiles import Role
from certengine.certificates.sheet import Sheet, typeset
from certengine.certificates.signing import Signer
from certengine.certificates.verify import Known, verify
from certengine.foundation.clock import SetClock
from certengine.foundation.errors import Conflict
from certengine.foundation.runtime import Runtime
from certengine.people import service as people
from certengine.people.models import OrganisationKind
from tests.certificates.factories import ISSUER, SECOND, issued, sealed
from tests.factories import PASSWORD, account


def signer_row(runtime: Runtime) -> SigningCertificate:
    with runtime.unit_of_work(read_only=True) as session:
        query = select(SigningCertificate).where(SigningCertificate.role == Role.SIGNER)
        return session.scalars(query.order_by(SigningCertificate.created_at)).all()[0]


@pytest.fixture
def three(runtime: Runtime, clock: SetClock) -> list[Certificate]:
    """One certificate a day; in between, on the second morning, the key is lost, and that is declared on the third."""
    rows = []
    for number in range(3):
        rows.append(sealed(runtime, subject=f"registration:{number}"))
        clock.at += timedelta(days=1)
    with runtime.unit_of_work() as session:
        compromise.declare(
            session, runtime, signer_row(runtime).id, clock.now() - timedelta(days=2, hours=12), ISSUER, clock.now()
        )
    return rows


def test_what_was_stamped_before_stays_valid_and_what_came_after_is_not(
    runtime: Runtime, client: FlaskClient, three: list[Certificate]
) -> None:
    outcomes = []
    for row in three:
        answer = client.post("/api/v1/verify", data=runtime.files.get(row.file)).get_json()
        by_code = client.get(f"/api/v1/certificates/{row.code}").get_json()
        outcomes.append((answer["outcome"], [each["code"] for each in answer["problems"]], by_code["outcome"]))
    assert outcomes[0] == ("valid", [], "valid")
    assert outcomes[1:] == [("damaged", ["verify.compromised"], "suspended")] * 2
    assert "泄露" in client.get(f"/v/{three[2].code}").text


def test_offline_a_newer_list_of_revocation_says_the_same(
    runtime: Runtime, client: FlaskClient, three: list[Certificate], tmp_path: Path
) -> None:
    (tmp_path / "root.pem").write_bytes(client.get("/root.pem").data)
    with runtime.unit_of_work(read_only=True) as session:
        issuing = next(row for row in authority.authorities(session) if row.role is Role.ISSUING)
    identifier = signed_code.key_id(issuing.der).hex()
    (tmp_path / "new.crl").write_bytes(client.get(f"/crl/{identifier}.crl").data)
    for row, code in zip(three, (0, 1, 1), strict=True):
        (tmp_path / "c.pdf").write_bytes(runtime.files.get(row.file))
        command = ["verify", str(tmp_path / "c.pdf"), "--trust", str(tmp_path / "root.pem")]
        assert CliRunner().invoke(cli.command, command).exit_code == 0
        done = CliRunner().invoke(cli.command, [*command, "--crl", str(tmp_path / "new.crl"), "--json"])
        assert done.exit_code == code
        assert [each["code"] for each in json.loads(done.stdout)["problems"]] == ["verify.compromised"] * code


def test_the_thief_cannot_put_an_earlier_date(runtime: Runtime, three: list[Certificate], clock: SetClock) -> None:
    """With the key alone a signature without a time stamp can be dated back; none of them is good any more."""
    row = signer_row(runtime)
    with runtime.unit_of_work(read_only=True) as session:
        thief = Signer(runtime.keys.p256(row.key_name), row.der, authority.chain(session, row))
        trusted, known = authority.roots(session), authority.compromised(session)
    early = clock.now() - timedelta(days=3)
    forged = thief.sign(typeset(Sheet(three[0].content, "", None), thief.dictionary("x", early)))
    assert verify(forged, trusted).valid
    assert verify(forged, trusted, Known(compromised=known)).problems == ("verify.compromised",)


def test_codes_of_a_lost_key_are_left_to_the_online_check(
    runtime: Runtime, client: FlaskClient, three: list[Certificate]
) -> None:
    with runtime.unit_of_work(read_only=True) as session:
        keys = authority.published_keys(session)
        since = next(iter(authority.compromised(session).values()))
    assert {each.compromised_since for each in keys.values()} == {since}
    (key,) = client.get("/.well-known/jwks.json").get_json()["keys"]
    assert key["revoked"] == {"revoked_at": int(since.timestamp()), "reason": "compromised"}


def test_the_next_certificate_has_a_new_key_and_what_was_suspended_is_issued_again(
    runtime: Runtime, clock: SetClock, three: list[Certificate]
) -> None:
    new = issued(runtime, subject="registration:9")
    with runtime.unit_of_work() as session:
        assert len(authority.signers(session)) == 2
        lifecycle.ask(session, three[2].id, CertificateAct.REISSUE, "密钥更换", ISSUER, clock.now())
        again = lifecycle.confirm(session, runtime, three[2].id, SECOND, clock.now())
        assert again.state is CertificateState.VALID
        trusted = authority.roots(session)
    for row in (new, again):
        assert verify(runtime.files.get(row.pdf), trusted).valid


def test_a_declaration_can_only_be_moved_to_an_earlier_time(
    runtime: Runtime, clock: SetClock, three: list[Certificate]
) -> None:
    row = signer_row(runtime)
    with runtime.unit_of_work() as session:
        for since in (
            clock.now() + timedelta(seconds=1),
            clock.now() - timedelta(hours=1),
            clock.now() - timedelta(days=90),
        ):
            with pytest.raises(Conflict, match="compromised_time"):
                compromise.declare(session, runtime, row.id, since, ISSUER, clock.now())
        compromise.declare(session, runtime, row.id, clock.now() - timedelta(days=3), ISSUER, clock.now())


def department_admin(runtime: Runtime, login: str, region: str) -> None:
    with runtime.unit_of_work() as session:
        kind, now = OrganisationKind.DEPARTMENT, runtime.clock.now()
        people.create_organisation(session, kind, f"{region}人社部门", f"D{region}", now, region=region)
    account(runtime, login, ["administrator"], institution=f"{region}人社部门", code=f"D{region}")


def test_the_departments_administrator_alone_declares_it_on_the_page_where_everybody_reads_it(
    runtime: Runtime, client: FlaskClient, clock: SetClock
) -> None:
    row = issued(runtime)
    account(runtime, "issuer", ["issuer"])
    account(runtime, "institution", ["administrator"])
    department_admin(runtime, "city", "370100")
    department_admin(runtime, "admin", "370000")
    address = f"/keys/{signer_row(runtime).id}/compromised"
    for login in ("issuer", "institution", "city"):
        client.post("/sign-in", data={"login": login, "password": PASSWORD})
        assert client.post(address, data={"since": "2026-11-25T11:00:00"}).status_code == 403
        page = client.get("/keys")
        assert page.status_code == 200 and "宣布泄露</button>" not in page.text
        client.post("/sign-out")
    client.post("/sign-in", data={"login": "admin", "password": PASSWORD})
    assert "宣布泄露</button>" in client.get("/keys").text
    assert client.post(f"/keys/{row.id}/compromised", data={}).status_code == 404
    assert "请填写" in client.post(address, data={"since": "?"}, follow_redirects=True).text
    page = client.post(address, data={"since": "2026-11-25T11:00:00"}, follow_redirects=True).text
    assert "1张证书已暂停" in page
    client.post("/sign-out")
    assert "自2026年11月25日" in client.get("/keys").text and "宣布泄露</button>" not in client.get("/keys").text
    with runtime.unit_of_work(read_only=True) as session:
        found = service.by_code(session, runtime, row.code)
        assert found and found.state is CertificateState.SUSPENDED
