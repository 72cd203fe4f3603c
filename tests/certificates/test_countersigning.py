"""A department signs a long-term signed file a second time: both signatures hold, then and after it is stamped again."""

import hashlib
import json
import subprocess
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner
from cryptography import x509
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from certengine.certificates import authority, cli, compromise, countersigning, jobs, sealing
from certengine.certificates.evidence import COUNTERSIGNATURE
from certengine.certificates.models import Certificate, SigningCertificate
from certengine.certificates.profiles import Role, may_be
from certengine.certificates.verify import Known, Unreadable, verify
from certengine.foundation.clock import SetClock
from certengine.foundation.errors import Conflict, NotFound
from certengine.foundation.jobs import run_job
from certengine.foundation.runtime import Runtime
from certengine.people import service as people
from certengine.people.models import OrganisationKind
from tests.certificates.factories import ISSUER, SECOND, issued, sealed
from tests.certificates.test_evidence import as_pyhanko_judges, file_of, roots
from tests.factories import PASSWORD, account

__all__ = ["jobs"]
OFFICE, OFFICE_CODE = "山东省人力资源和社会保障厅", "SDRS"
SUPERVISOR = "account:supervisor"


@pytest.fixture
def office(runtime: Runtime) -> UUID:
    """The department of the province."""
    with runtime.unit_of_work() as session:
        return people.create_organisation(
            session, OrganisationKind.DEPARTMENT, OFFICE, OFFICE_CODE, runtime.clock.now()
        ).id


def set_up(runtime: Runtime, office: UUID, institution: UUID) -> None:
    with runtime.unit_of_work() as session:
        countersigning.set_for(session, office, institution, True, SUPERVISOR, runtime.clock.now())


def countersigned(runtime: Runtime, office: UUID, row: Certificate) -> Certificate:
    """The certificate after the department's act."""
    set_up(runtime, office, row.organisation_id)
    sign_all(runtime, office)
    return again(runtime, row)


def sign_all(runtime: Runtime, office: UUID) -> UUID:
    with runtime.unit_of_work() as session:
        job = countersigning.begin(session, office, None, SUPERVISOR, runtime.clock.now())
    run_job(runtime, job.id)
    return job.id


def again(runtime: Runtime, row: Certificate) -> Certificate:
    with runtime.unit_of_work(read_only=True) as session:
        return session.get_one(Certificate, row.id)


def pdfsig(pdf: bytes, path: Path) -> str:
    path.write_bytes(pdf)
    done = subprocess.run(["pdfsig", "-nocert", str(path)], capture_output=True, text=True, check=False)
    return done.stdout


def test_a_long_term_signed_file_is_signed_a_second_time_and_both_hold(
    runtime: Runtime, office: UUID, clock: SetClock, tmp_path: Path
) -> None:
    row = sealed(runtime)
    before = file_of(runtime, row)
    clock.at += timedelta(days=1)
    row = countersigned(runtime, office, row)
    after = file_of(runtime, row)
    assert after.startswith(before) and row.countersigned_by == office
    verdict = verify(after, roots(runtime), Known(countersigned=True))
    assert verdict.valid and verdict.level == "B-LTA" and verdict.signer == "山东数字技术评价中心"
    (second,) = verdict.countersignatures
    assert second.department == OFFICE and second.stamp.at == clock.now() and not second.compromised
    judged = as_pyhanko_judges(after, roots(runtime), clock.now() + timedelta(minutes=5))
    assert judged.api_status.bottom_line and judged.api_status.docmdp_ok
    said = pdfsig(after, tmp_path / "c.pdf")
    assert said.count("Signature is Valid.") == 1 and said.count("Signature #") == 3
    assert "verify.not_countersigned" in verify(before, roots(runtime), Known(countersigned=True)).problems


def test_stamped_again_after_ten_years_both_signatures_still_hold(
    runtime: Runtime, office: UUID, clock: SetClock
) -> None:
    row = countersigned(runtime, office, sealed(runtime))
    second = file_of(runtime, row)
    clock.at += timedelta(days=3650)
    assert sealing.restamp_all(runtime, clock.now() + sealing.AHEAD) == 1
    third = file_of(runtime, again(runtime, row))
    assert third.startswith(second) and len(third) > len(second)
    verdict = verify(third, roots(runtime), Known(countersigned=True))
    assert verdict.valid and len(verdict.stamps) == 3 and verdict.countersignatures[0].department == OFFICE
    judged = as_pyhanko_judges(third, roots(runtime), clock.now() + timedelta(minutes=5))
    assert judged.api_status.bottom_line


def test_a_file_that_was_stamped_again_is_countersigned_too(runtime: Runtime, office: UUID, clock: SetClock) -> None:
    row = sealed(runtime)
    clock.at += timedelta(days=3650)
    sealing.restamp_all(runtime, clock.now() + sealing.AHEAD)
    pdf = file_of(runtime, countersigned(runtime, office, row))
    verdict = verify(pdf, roots(runtime), Known(countersigned=True))
    assert verdict.valid and len(verdict.stamps) == 3


def test_a_changed_byte_anywhere_fails_both(runtime: Runtime, office: UUID) -> None:
    pdf, trusted = file_of(runtime, countersigned(runtime, office, sealed(runtime))), roots(runtime)

    @settings(max_examples=30, deadline=None)
    @given(st.integers(0, len(pdf) - 1), st.integers(1, 255))
    def changed(place: int, bits: int) -> None:
        copy = bytearray(pdf)
        copy[place] ^= bits
        try:
            assert not verify(bytes(copy), trusted, Known(countersigned=True)).valid
        except Unreadable:
            return

    changed()
    assert verify(pdf + b"\n", trusted).problems == ("verify.appended",)


def test_an_institution_cannot_countersign_its_own_file_nor_a_department_certify(
    runtime: Runtime, office: UUID
) -> None:
    pdf = file_of(runtime, countersigned(runtime, office, sealed(runtime)))
    with runtime.unit_of_work() as session:
        now = runtime.clock.now()
        rows = {row.role: row for row in session.scalars(select(SigningCertificate))}
        loaded = {role: x509.load_der_x509_certificate(row.der) for role, row in rows.items()}
        assert may_be(loaded[Role.DEPARTMENT], Role.DEPARTMENT) and not may_be(loaded[Role.DEPARTMENT], Role.SIGNER)
        assert may_be(loaded[Role.SIGNER], Role.SIGNER) and not may_be(loaded[Role.SIGNER], Role.DEPARTMENT)
        sealer = sealing.Sealer(session, runtime, now)
        chain = authority.chain(session, rows[Role.SIGNER])
        key = runtime.keys.p256(rows[Role.SIGNER].key_name)
        stamp = authority.stamp(session, runtime, now)
        own = authority.Signer(key, rows[Role.SIGNER].der, chain, stamp, at=now)
        office_signer = authority.countersigner(
            session, runtime, authority.subject_of(people.organisation(session, office)), now
        )
        other = office_signer.cms(hashlib.sha256(b"another file").digest())
        for content in (own.cms(hashlib.sha256(pdf).digest()), other, b"", b"\0"):
            forged = sealer._with(pdf, (COUNTERSIGNATURE, content), sealing.LARGE_CONTENTS)
            assert "verify.countersignature" in verify(forged, authority.roots(session)).problems
        with pytest.raises(Conflict, match="not_sealed"):
            sealer.countersigned(pdf, own)


def test_it_is_said_by_page_interface_and_command_and_openssl_agrees(
    runtime: Runtime, office: UUID, client: FlaskClient, tmp_path: Path
) -> None:
    row = sealed(runtime)
    assert client.get(f"/api/v1/certificates/{row.code}").get_json()["countersigned"] is None
    row = countersigned(runtime, office, row)
    pdf, at = file_of(runtime, row), "2026-11-25T"
    assert OFFICE in client.get(f"/v/{row.code}").text
    said = client.get(f"/api/v1/certificates/{row.code}").get_json()["countersigned"]
    assert said["department"] == OFFICE and said["at"].startswith(at)
    checked = client.post("/api/v1/verify", data=pdf).get_json()
    assert checked["outcome"] == "valid" and checked["countersignatures"][0]["department"] == OFFICE
    root, file = tmp_path / "root.pem", tmp_path / "c.pdf"
    root.write_bytes(client.get("/root.pem").data)
    file.write_bytes(pdf)
    command = ["verify", str(file), "--trust", str(root), "--countersigned"]
    assert OFFICE in CliRunner().invoke(cli.command, command).stdout
    found = json.loads(CliRunner().invoke(cli.command, [*command, "--json"]).stdout)
    assert found["valid"] and found["countersignatures"][0]["stamped_at"].startswith(at)
    out = tmp_path / "out.pdf"
    taken = CliRunner().invoke(cli.command, ["countersignature", str(file), str(out), "--trust", str(root)])
    assert taken.exit_code == 0, taken.output
    now = runtime.clock.now()
    assert openssl(root, out, now) and out.read_bytes() == runtime.files.get(
        hashlib.sha256(out.read_bytes()).hexdigest()
    )
    out.write_bytes(out.read_bytes() + b"\n")
    assert not openssl(root, out, now)
    file.write_bytes(out.read_bytes())
    assert CliRunner().invoke(cli.command, command).exit_code == 1


def openssl(root: Path, signed: Path, at: datetime) -> bool:
    """Whether another program finds the department's signature over the file to be good."""
    command = ["openssl", "cms", "-verify", "-binary", "-cades", "-inform", "DER", "-in", f"{signed}.p7s", "-content"]
    trusted = ["-CAfile", str(root), "-purpose", "any", "-attime", str(int(at.timestamp())), "-out", "/dev/null"]
    return subprocess.run([*command, str(signed), *trusted], capture_output=True, check=False).returncode == 0


def test_what_a_lost_key_countersigned_counts_for_nothing_and_is_done_again(
    runtime: Runtime, office: UUID, clock: SetClock
) -> None:
    early, late = sealed(runtime), sealed(runtime, subject="registration:2")
    set_up(runtime, office, early.organisation_id)
    with runtime.unit_of_work() as session:
        session.get_one(Certificate, late.id).issued_at = clock.now() + timedelta(days=1)
    sign_all(runtime, office)
    clock.at += timedelta(days=2)
    sign_all(runtime, office)
    with runtime.unit_of_work() as session:
        key = next(each for each in compromise.keys(session) if each.role is Role.DEPARTMENT)
        compromise.declare(session, runtime, key.id, clock.now() - timedelta(days=1), SUPERVISOR, clock.now())
        known = Known(compromised=authority.compromised(session), countersigned=True)
    assert verify(file_of(runtime, again(runtime, early)), roots(runtime), known).valid
    lost = file_of(runtime, again(runtime, late))
    assert verify(lost, roots(runtime), known).problems == ("verify.not_countersigned",)
    assert verify(lost, roots(runtime), replace(known, countersigned=False)).valid
    clock.at += timedelta(hours=1)
    sign_all(runtime, office)
    verdict = verify(file_of(runtime, again(runtime, late)), roots(runtime), known)
    assert verdict.valid and [each.compromised for each in verdict.countersignatures] == [True, False]


def test_cut_off_after_a_batch_it_goes_on_and_signs_nothing_twice(
    runtime: Runtime, office: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [sealed(runtime, subject=f"registration:{number}") for number in range(3)]
    set_up(runtime, office, rows[0].organisation_id)
    monkeypatch.setattr(countersigning, "BATCH", 2)
    # Lost meanwhile: it is left, and keeps nobody else's waiting.
    (runtime.files._folder / rows[1].file[:2] / rows[1].file).unlink()
    with runtime.unit_of_work() as session:
        job = countersigning.begin(session, office, None, SUPERVISOR, runtime.clock.now())
    with runtime.unit_of_work() as session:
        assert countersigning.countersign_next(session, runtime, job.id, runtime.clock.now())
    run_job(runtime, job.id)
    with runtime.unit_of_work(read_only=True) as session:
        found = countersigning.job_of(session, office, job.id)
        assert (found.done, found.total) == (2, 3)
    for row in (rows[0], rows[2]):
        assert len(verify(file_of(runtime, again(runtime, row)), roots(runtime)).countersignatures) == 1
    assert again(runtime, rows[1]).countersigned_at is None


def test_a_department_countersigns_for_its_region_alone_and_one_department_for_each(
    runtime: Runtime, office: UUID
) -> None:
    row, now = issued(runtime), runtime.clock.now()
    with runtime.unit_of_work() as session:
        kinds = OrganisationKind
        city = people.create_organisation(session, kinds.DEPARTMENT, "济南市局", "JNRS", now, region="370100")
        local = people.create_organisation(
            session, kinds.TRAINING_INSTITUTION, "济南学院", "JNXY", now, region="370100"
        )
        with pytest.raises(NotFound):
            countersigning.set_for(session, city.id, row.organisation_id, True, SUPERVISOR, now)
        with pytest.raises(NotFound):
            countersigning.set_for(session, row.organisation_id, row.organisation_id, True, ISSUER, now)
        countersigning.set_for(session, city.id, local.id, True, SUPERVISOR, now)
        with pytest.raises(Conflict, match="elsewhere"):
            countersigning.set_for(session, office, local.id, False, SUPERVISOR, now)
        assert [each.name for each in countersigning.lines(session, city.id)] == ["济南学院"]
        assert {each.by_name for each in countersigning.lines(session, office)} == {"", "济南市局"}
        with pytest.raises(Conflict, match="nothing"):
            countersigning.begin(session, office, None, SECOND, now)


def test_a_supervisor_sets_an_institution_sees_what_waits_and_signs_it_all(
    runtime: Runtime, office: UUID, client: FlaskClient
) -> None:
    row = sealed(runtime)
    account(runtime, "supervisor", ["supervisor"], institution=OFFICE, code=OFFICE_CODE)
    account(runtime, "issuer", ["issuer"])
    assert client.get("/countersigning").status_code in (302, 403)
    client.post("/sign-in", data={"login": "issuer", "password": PASSWORD})
    assert client.post("/countersigning").status_code == 403
    client.post("/sign-out")
    client.post("/sign-in", data={"login": "supervisor", "password": PASSWORD})
    page = client.get("/countersigning").text
    assert "由本部门联署" in page and row.number not in page
    set_page = f"/countersigning/institutions/{row.organisation_id}"
    assert row.number in client.post(f"{set_page}/on", follow_redirects=True).text
    assert client.post(f"/countersigning/institutions/{office}/on").status_code == 404
    wrong = client.post("/countersigning", data={"institution": str(office)}, follow_redirects=True)
    assert "没有等待联署的证书" in wrong.text
    answer = client.post("/countersigning", data={"institution": ""})
    assert "正在进行" in client.get("/countersigning").text or "正在联署" in client.get("/countersigning").text
    assert "还在进行" in client.post("/countersigning", follow_redirects=True).text
    run_job(runtime, UUID(answer.location.rpartition("/")[2]))
    assert "已联署：1张" in client.get(answer.location).text
    assert client.get(f"{answer.location}/progress").get_json() == {"state": "done", "done": 1, "total": 1}
    assert OFFICE in client.get(f"/certificates/{row.id}").text
    assert row.number not in client.get("/countersigning").text
    client.post(f"{set_page}/off")
    assert again(runtime, row).countersigned_by == office
