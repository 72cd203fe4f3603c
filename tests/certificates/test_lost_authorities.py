"""The key of the time-stamp authority, or of the root, is somebody else's: what the ledger or another key proves stays good."""

import hashlib
import json
import subprocess
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask.testing import FlaskClient
from pyhanko.sign.ades.report import AdESIndeterminate, AdESPassed
from sqlalchemy import select

from certengine.certificates import authority, checking, cli, compromise, jobs, sealing, trust
from certengine.certificates.models import Certificate, CertificateState, SigningCertificate
from certengine.certificates.profiles import Issuer, Role, make, name_of
from certengine.certificates.sheet import Sheet, typeset
from certengine.certificates.signed_code import key_id
from certengine.certificates.signing import Signer
from certengine.certificates.stamping import Stamper
from certengine.certificates.verify import Known, Verdict, verify
from certengine.foundation.clock import SetClock
from certengine.foundation.jobs import Job, run_job
from certengine.foundation.runtime import Runtime
from certengine.ledger import notes, rekeying
from certengine.ledger import service as ledger
from certengine.ledger.models import LedgerEntry
from tests.certificates.factories import ISSUER, issued, sealed
from tests.certificates.test_compromise import department_admin
from tests.certificates.test_evidence import as_pyhanko_judges, file_of, roots
from tests.factories import PASSWORD

__all__ = ["jobs"]
DAY = timedelta(days=1)


def newest(runtime: Runtime, role: Role) -> SigningCertificate:
    with runtime.unit_of_work(read_only=True) as session:
        return next(row for row in compromise.keys(session) if row.role is role)


def lose(runtime: Runtime, role: Role, since: datetime) -> SigningCertificate:
    row = newest(runtime, role)
    with runtime.unit_of_work() as session:
        return compromise.declare(session, runtime, row.id, since, ISSUER, runtime.clock.now())


def stamp_again(runtime: Runtime) -> None:
    """What `serve` does with the job that the declaration left."""
    with runtime.unit_of_work(read_only=True) as session:
        job = session.scalars(select(Job).where(Job.kind == sealing.RESTAMP).order_by(Job.created_at.desc())).first()
    assert job and run_job(runtime, job.id)


def fresh(runtime: Runtime, row: Certificate) -> bytes:
    with runtime.unit_of_work(read_only=True) as session:
        return file_of(runtime, session.get_one(Certificate, row.id))


def known(runtime: Runtime, **parts: Any) -> Known:
    """What a reader elsewhere has heard of; without the log's key."""
    with runtime.unit_of_work(read_only=True) as session:
        found = checking.known(session, runtime)
    return replace(found, **{"log": None, "held": {}, **parts})


def with_log(runtime: Runtime, **parts: Any) -> Known:
    with runtime.unit_of_work(read_only=True) as session:
        return known(runtime, log=ledger.verifier(session, runtime), **parts)


def backdated(
    runtime: Runtime, row: Certificate, at: datetime, stamper: SigningCertificate, signer: SigningCertificate
) -> bytes:
    """What a thief of both keys makes: signed and stamped as of a day that is past."""
    with runtime.unit_of_work(read_only=True) as session:
        stamps = Stamper(runtime.keys.p256(stamper.key_name), stamper.der, [])
        thief = Signer(
            runtime.keys.p256(signer.key_name),
            signer.der,
            authority.chain(session, signer),
            lambda digest: stamps.token(digest, at),
        )
        return thief.sign(typeset(Sheet(row.content, "", None), thief.dictionary("x", at)))


def says(verdict: Verdict) -> tuple[tuple[str, ...], list[bool], str]:
    return verdict.problems, [each.counts for each in verdict.all_stamps], verdict.level


def test_the_ledger_proves_what_the_lost_key_stamped_before(runtime: Runtime, clock: SetClock) -> None:
    pdf = file_of(runtime, sealed(runtime))
    clock.at += DAY
    lose(runtime, Role.STAMPER, clock.now() - timedelta(hours=1))
    # By the signature's own stamp, which the ledger's entry covers; nothing covers the one over the file.
    assert says(verify(pdf, roots(runtime), with_log(runtime))) == ((), [True, False], "B-T")
    # Without the ledger's key the signature is as good as its certificate is today, and no longer.
    assert says(verify(pdf, roots(runtime), known(runtime))) == ((), [False, False], "B-B")
    later = known(runtime, now=clock.now() + timedelta(days=365 * 6))
    assert verify(pdf, roots(runtime), later).problems == ("verify.stamp_compromised", "verify.expired")
    assert verify(pdf, roots(runtime), with_log(runtime, now=later.now)).valid
    assert verify(pdf, roots(runtime), known(runtime, now=None)).problems == (
        "verify.stamp_compromised",
        "verify.expired",
    )


def test_the_thief_of_both_keys_cannot_put_an_earlier_date(runtime: Runtime, clock: SetClock) -> None:
    row, past = sealed(runtime), clock.now()
    pdf = file_of(runtime, row)
    clock.at += 3 * DAY
    forged = backdated(runtime, row, past, newest(runtime, Role.STAMPER), newest(runtime, Role.SIGNER))
    assert verify(forged, roots(runtime)).valid
    lose(runtime, Role.SIGNER, clock.now() - DAY)
    assert verify(forged, roots(runtime), with_log(runtime)).valid
    lose(runtime, Role.STAMPER, clock.now() - DAY)
    assert verify(forged, roots(runtime), with_log(runtime)).problems == (
        "verify.stamp_compromised",
        "verify.compromised",
    )
    # What was really signed then is in the ledger.
    assert verify(pdf, roots(runtime), with_log(runtime)).valid
    assert not verify(pdf, roots(runtime), known(runtime)).valid


def test_a_witness_whose_key_the_reader_has_is_asked_for_the_time_in_the_logs_place(
    runtime: Runtime, clock: SetClock
) -> None:
    key = Ed25519PrivateKey.generate()
    row = issued(runtime)
    ledger.sequence(runtime)
    clock.at += timedelta(minutes=5)
    with runtime.unit_of_work() as session:
        receipt = ledger.receipt(session, row.ledger_entry).as_json()
        receipt["checkpoint"] = notes.cosign(receipt["checkpoint"], "witness", key, int(clock.now().timestamp()))
        proof = sealing.ledger_proof.encode(receipt)
        made = sealing.Sealer(session, runtime, clock.now()).extended(runtime.files.get(row.pdf), proof)[0]
    witness = notes.verifier_of("witness", key, notes.COSIGNATURE_V1)
    clock.at += DAY
    lose(runtime, Role.STAMPER, clock.now() - DAY)
    assert verify(made, roots(runtime), with_log(runtime, witnesses=[witness])).stamp.counts is False  # type: ignore[union-attr]
    assert verify(made, roots(runtime), with_log(runtime)).stamp.counts is True  # type: ignore[union-attr]
    assert verify(made, roots(runtime), with_log(runtime, witnesses=[witness], proof_demanded=True)).valid


def test_a_stamp_of_another_key_made_before_proves_it_too(runtime: Runtime, clock: SetClock) -> None:
    row, first = sealed(runtime), newest(runtime, Role.STAMPER)
    clock.at += timedelta(days=400)
    assert sealing.restamp_all(runtime, clock.now() + timedelta(days=4000)) == 1
    assert newest(runtime, Role.STAMPER).id != first.id
    clock.at += DAY
    with runtime.unit_of_work() as session:
        compromise.declare(session, runtime, first.id, clock.now(), ISSUER, clock.now())
        # What that key stamped last is stamped again; this was stamped by the other since.
        assert sealing.aging(session, clock.now() + DAY) == 0
    assert says(verify(fresh(runtime, row), roots(runtime), known(runtime))) == ((), [True] * 3, "B-LTA")


def test_what_the_lost_key_stamped_last_is_stamped_again_at_once(runtime: Runtime, clock: SetClock) -> None:
    rows = [sealed(runtime, subject=f"registration:{number}") for number in range(3)]
    unsealed = issued(runtime, subject="registration:9")
    clock.at += DAY
    lost = lose(runtime, Role.STAMPER, clock.now() - timedelta(hours=1))
    stamp_again(runtime)
    ledger.sequence(runtime)
    assert sealing.seal_all(runtime) == 1 and newest(runtime, Role.STAMPER).key_name != lost.key_name
    for row in (*rows, unsealed):
        pdf = fresh(runtime, row)
        assert pdf.startswith(runtime.files.get(row.pdf))
        verdict = verify(pdf, roots(runtime), known(runtime))
        assert verdict.valid and verdict.level == "B-LTA" and verdict.stamps[-1].counts
        # The file itself says by now which key was lost; whoever has not heard of it learns it there.
        assert [each.counts for each in verify(pdf, roots(runtime), Known(now=clock.now())).stamps][-1]
        assert not verify(pdf, roots(runtime), Known(now=clock.now())).stamp.counts  # type: ignore[union-attr]
    with runtime.unit_of_work(read_only=True) as session:
        assert {row.state for row in session.scalars(select(Certificate))} == {CertificateState.VALID}
        said = session.scalars(select(LedgerEntry.leaf).where(LedgerEntry.kind == "certificate.key_compromised")).one()
    assert json.loads(said)["public"] == {
        "key": key_id(lost.der).hex(),
        "role": "stamper",
        "since": (clock.now() - timedelta(hours=1)).isoformat(),
    }


def test_page_program_and_command_line_say_the_same(
    runtime: Runtime, client: FlaskClient, clock: SetClock, tmp_path: Path
) -> None:
    row = sealed(runtime)
    stale = tmp_path / "stale.pdf"
    stale.write_bytes(file_of(runtime, row))
    clock.at += DAY
    department_admin(runtime, "city", "370100")
    department_admin(runtime, "admin", "370000")
    address = f"/keys/{newest(runtime, Role.STAMPER).id}/compromised"
    for login, status in (("city", 403), ("admin", 302)):
        client.post("/sign-in", data={"login": login, "password": PASSWORD})
        assert client.post(address, data={"since": "2026-11-26T11:00:00"}).status_code == status
        client.post("/sign-out")
    assert client.get(f"/api/v1/certificates/{row.code}").get_json()["outcome"] == "valid"
    assert "有效" in client.get(f"/v/{row.code}").text
    stamp_again(runtime)
    (tmp_path / "new.pdf").write_bytes(client.get(f"/v/{row.code}.pdf").data)
    (tmp_path / "root.pem").write_bytes(client.get("/root.pem").data)
    assert "自2026年11月26日" in client.get("/keys").text
    root = key_id(newest(runtime, Role.ROOT).der).hex()
    (tmp_path / "root.crl").write_bytes(client.get(f"/crl/{root}.crl").data)
    for path, counting in ((stale, [True, False]), (tmp_path / "new.pdf", [True, False, True])):
        answer = client.post("/api/v1/verify", data=path.read_bytes()).get_json()
        assert answer["outcome"] == "valid" and answer["problems"] == []
        assert [each["counts"] for each in answer["time_stamps"]] == counting
        page = client.post(
            "/verify/file", data={"file": (path.open("rb"), "c.pdf")}, content_type="multipart/form-data"
        )
        assert "verdict-valid" in page.text and page.text.count("不作数") == 1
        command = ["verify", str(path), "--trust", str(tmp_path / "root.pem"), "--crl", str(tmp_path / "root.crl")]
        key = client.get("/ledger/vkey").text.strip()
        done = CliRunner().invoke(cli.command, [*command, "--ledger-key", key, "--json"])
        assert done.exit_code == 0
        assert [each["counts"] for each in json.loads(done.stdout)["time_stamps"]] == counting
        assert "密钥已泄露" in CliRunner().invoke(cli.command, command).output


def test_another_program_finds_the_signature_good_and_its_time_no_longer_proven(
    runtime: Runtime, clock: SetClock
) -> None:
    row = sealed(runtime)
    clock.at += DAY
    lose(runtime, Role.STAMPER, clock.now() - timedelta(hours=1))
    stamp_again(runtime)
    judged = as_pyhanko_judges(fresh(runtime, row), roots(runtime), clock.now() + timedelta(minutes=5))
    # The signature holds; of its past such a program can know nothing more, for it does not ask the ledger.
    assert judged.api_status.bottom_line and judged.api_status.docmdp_ok
    assert judged.ades_subindic is AdESIndeterminate.NO_POE


def forged_chain(runtime: Runtime, root: SigningCertificate, at: datetime) -> Signer:
    """What the thief of a root makes: an authority, an institution and a time-stamp authority of his own."""
    with runtime.unit_of_work(read_only=True) as session:
        above = authority.issuer_of(runtime, session.get_one(SigningCertificate, root.id))
    keys = [runtime.keys.p256(f"thief-{number}") for number in range(3)]
    ends = at + timedelta(days=3000)
    issuing = make(Role.ISSUING, name_of("x", "x"), keys[0].public_key(), above, keys[0], at, ends)
    under = Issuer(issuing, keys[0], above.list_address)
    signer = make(Role.SIGNER, name_of("y", "山东数字技术评价中心"), keys[1].public_key(), under, keys[1], at, ends)
    stamper = make(Role.STAMPER, name_of("z", "z"), keys[2].public_key(), above, keys[2], at, ends)
    der = [each.public_bytes(serialization.Encoding.DER) for each in (signer, issuing, stamper)]
    stamps = Stamper(keys[2], der[2], [])
    return Signer(keys[1], der[0], [der[1], root.der], lambda digest: stamps.token(digest, at))


def test_another_root_takes_the_place_of_a_lost_one(
    runtime: Runtime, client: FlaskClient, clock: SetClock, tmp_path: Path
) -> None:
    row, lost = sealed(runtime), newest(runtime, Role.ROOT)
    old = file_of(runtime, row)
    with runtime.unit_of_work(read_only=True) as session:
        thief = forged_chain(runtime, lost, clock.now() + timedelta(days=2))
        forged = thief.sign(typeset(Sheet(row.content, "", None), thief.dictionary("x", clock.now() + DAY)))
    clock.at += 2 * DAY
    assert verify(forged, roots(runtime)).valid
    lose(runtime, Role.ROOT, clock.now() - DAY)
    stamp_again(runtime)
    pem = client.get("/root.pem").data
    trusted = trust.read(pem)
    assert [each for each, _since in trusted.lost] == [lost.der] and len(trusted.roots) == len(trusted.carried) == 1
    now = clock.now()
    assert "verify.compromised" in verify(forged, trusted.all_roots, replace(trusted.known, now=now)).problems
    for pdf in (old, fresh(runtime, row)):
        assert verify(pdf, trusted.all_roots, replace(trusted.known, now=now)).valid
        assert client.post("/api/v1/verify", data=pdf).get_json()["outcome"] == "valid"
    again = verify(fresh(runtime, row), trusted.all_roots, replace(trusted.known, now=now))
    assert again.level == "B-LTA" and [each.counts for each in again.stamps] == [False, True]
    made = sealed(runtime, subject="registration:2")
    assert verify(file_of(runtime, made), trusted.roots).level == "B-LTA"
    with runtime.unit_of_work(read_only=True) as session:
        said = session.scalars(select(LedgerEntry.leaf).where(LedgerEntry.kind == "certificate.key_compromised")).one()
    assert json.loads(said)["public"]["replaced_by"] == hashlib.sha256(trusted.roots[0]).hexdigest()


def test_no_other_program_trusts_the_lost_root(
    runtime: Runtime, client: FlaskClient, clock: SetClock, tmp_path: Path
) -> None:
    row, lost = sealed(runtime), newest(runtime, Role.ROOT)
    clock.at += DAY
    lose(runtime, Role.ROOT, clock.now() - DAY)
    stamp_again(runtime)
    (tmp_path / "root.pem").write_bytes(client.get("/root.pem").data)
    shown = subprocess.run(
        ["openssl", "storeutl", "-noout", "-text", "-certs", "root.pem"], cwd=tmp_path, capture_output=True, text=True
    )
    serial = x509.load_der_x509_certificate(lost.der).serial_number
    assert "Total found: 2" in shown.stdout and f"{serial:x}" not in shown.stdout.replace(":", "")
    with runtime.unit_of_work(read_only=True) as session:
        good = list(authority.trusted(session).roots)
    judged = as_pyhanko_judges(fresh(runtime, row), good, clock.now() + timedelta(minutes=5))
    assert judged.api_status.bottom_line
    made = sealed(runtime, subject="registration:2")
    judged = as_pyhanko_judges(file_of(runtime, made), good, clock.now() + timedelta(minutes=5))
    assert judged.ades_subindic is AdESPassed.OK, judged.failure_msg


def test_what_was_issued_under_a_lost_authority_is_suspended_and_the_next_has_another(
    runtime: Runtime, clock: SetClock
) -> None:
    early = sealed(runtime)
    clock.at += DAY
    late = sealed(runtime, subject="registration:2")
    clock.at += DAY
    lost = lose(runtime, Role.ISSUING, clock.now() - timedelta(hours=30))
    new = sealed(runtime, subject="registration:3")
    with runtime.unit_of_work(read_only=True) as session:
        states = [session.get_one(Certificate, row.id).state for row in (early, late, new)]
        signer = newest(runtime, Role.SIGNER)
        assert lost.der not in authority.chain(session, signer)
    assert states == [CertificateState.VALID, CertificateState.SUSPENDED, CertificateState.VALID]
    problems = [verify(file_of(runtime, row), roots(runtime), with_log(runtime)).problems for row in (early, late, new)]
    assert problems == [(), ("verify.compromised",), ()]


def test_a_file_of_trust_is_read_as_it_was_written_and_no_other_way(runtime: Runtime, clock: SetClock) -> None:
    issued(runtime)
    clock.at += DAY
    lose(runtime, Role.ROOT, clock.now())
    with runtime.unit_of_work(read_only=True) as session:
        found = authority.trusted(session)
    assert trust.read(found.pem()) == found
    for wrong in (found.pem().replace(b"Since: 2026", b"Since: x"), found.pem().replace(b"+00:00", b"")):
        with pytest.raises(ValueError):
            trust.read(wrong)


def test_after_another_key_signs_the_ledger_what_is_stamped_again_bears_a_proof_under_it(
    runtime: Runtime, clock: SetClock
) -> None:
    row = sealed(runtime)
    old = with_log(runtime, proof_demanded=True)
    rekeying.replace_key(runtime, ISSUER, stolen=True)
    new = with_log(runtime, proof_demanded=True)
    assert verify(fresh(runtime, row), roots(runtime), old).valid
    assert verify(fresh(runtime, row), roots(runtime), new).problems == ("verify.ledger_key",)
    assert sealing.restamp_all(runtime, clock.now() + timedelta(days=5000)) == 1
    assert verify(fresh(runtime, row), roots(runtime), new).valid
    # Who has not heard of it yet is not turned away.
    assert verify(fresh(runtime, row), roots(runtime), old).valid
