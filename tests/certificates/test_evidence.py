"""A certificate's file carries what its check needs in thirty years: time stamps, revocation data, the ledger's proof."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

from asn1crypto import x509
from click.testing import CliRunner
from cryptography import x509 as reader
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESPassed
from pyhanko.sign.validation.ades import AdESLTAValidationResult, ades_lta_validation
from pyhanko.sign.validation.policy_decl import (
    LocalKnowledge,
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
from pyhanko_certvalidator.policy_decl import CertRevTrustPolicy, RevocationCheckingPolicy, RevocationCheckingRule
from pyhanko_certvalidator.registry import SimpleTrustManager
from pypdf import PdfWriter

from certengine.certificates import authority, cli, compromise, sealing
from certengine.certificates.evidence import LEDGER_PROOF, ROOM
from certengine.certificates.models import Certificate, CertificateState
from certengine.certificates.profiles import Role
from certengine.certificates.verify import Known, Unreadable, verify
from certengine.foundation.clock import SetClock
from certengine.foundation.runtime import Runtime, use
from certengine.ledger import cosignatures, notes
from certengine.ledger import service as ledger
from certengine.ledger.notes import verifier_of
from tests.certificates.factories import issued, sealed


def file_of(runtime: Runtime, row: Certificate) -> bytes:
    return runtime.files.get(row.file)


def roots(runtime: Runtime) -> list[bytes]:
    with runtime.unit_of_work(read_only=True) as session:
        return authority.roots(session)


def as_pyhanko_judges(pdf: bytes, trusted: list[bytes], at: datetime) -> AdESLTAValidationResult:
    """The validation of ETSI EN 319 102-1, 5.6.3, by somebody else's program, with revocation data demanded."""
    rule = RevocationCheckingRule.CRL_REQUIRED
    policy = CertValidationPolicySpec(
        SimpleTrustManager.build([x509.Certificate.load(each) for each in trusted]),
        CertRevTrustPolicy(RevocationCheckingPolicy(ee_certificate_rule=rule, intermediate_ca_cert_rule=rule)),
    )
    spec = SignatureValidationSpec(
        policy, RevocationInfoGatheringSpec(RevinfoOnlineFetchingRule.LOCAL_ONLY), local_knowledge=LocalKnowledge()
    )
    timing = ValidationTimingInfo(validation_time=at, best_signature_time=at, point_in_time_validation=True)
    signature = PdfFileReader(BytesIO(pdf)).embedded_regular_signatures[0]
    return asyncio.run(ades_lta_validation(signature, PdfSignatureValidationSpec(spec), timing_info=timing))


def test_another_program_finds_it_long_term_valid_with_its_revocation_data(runtime: Runtime, clock: SetClock) -> None:
    row = sealed(runtime)
    pdf = file_of(runtime, row)
    assert pdf.startswith(runtime.files.get(row.pdf)) and row.sealed and row.file != row.pdf
    judged = as_pyhanko_judges(pdf, roots(runtime), clock.now() + timedelta(minutes=5))
    assert judged.ades_subindic is AdESPassed.OK, judged.failure_msg
    assert judged.api_status.bottom_line and judged.api_status.docmdp_ok
    verdict = verify(pdf, roots(runtime))
    assert verdict.valid and verdict.level == "B-LTA" and verdict.ledger and not verdict.ledger.signed
    assert verdict.stamps[0].until > clock.now() + timedelta(days=3600)


def test_the_issued_file_has_a_time_stamp_and_stays_good_beside_the_sealed_one(
    runtime: Runtime, client: FlaskClient
) -> None:
    row = sealed(runtime)
    early = verify(runtime.files.get(row.pdf), roots(runtime))
    assert early.valid and early.level == "B-T" and early.stamp and early.stamp.authority == "certengine 时间戳"
    for digest in (row.pdf, row.file):
        answer = client.post("/api/v1/verify", data=runtime.files.get(digest)).get_json()
        assert answer["outcome"] == "valid"
    assert client.get(f"/v/{row.code}.pdf").data == file_of(runtime, row)


def test_it_is_sealed_only_once_the_ledger_has_it(runtime: Runtime) -> None:
    issued(runtime)
    assert sealing.seal_all(runtime) == 0
    ledger.sequence(runtime)
    assert sealing.seal_all(runtime) == 1
    assert sealing.seal_all(runtime) == 0


def test_a_file_that_is_not_good_keeps_no_others_waiting(runtime: Runtime, clock: SetClock) -> None:
    lost = issued(runtime)
    clock.at += timedelta(hours=1)
    with runtime.unit_of_work() as session:
        key = next(each for each in compromise.keys(session) if each.role is Role.SIGNER)
        compromise.declare(session, runtime, key.id, clock.now() - timedelta(hours=2), "account:x", clock.now())
        # Made valid again, although its signature is not.
        session.get_one(Certificate, lost.id).state = CertificateState.VALID
    good = sealed(runtime, subject="registration:2")
    assert good.sealed
    with runtime.unit_of_work(read_only=True) as session:
        assert session.get_one(Certificate, lost.id).sealed is None


def test_stamped_again_after_ten_years_it_is_good_in_the_twentieth(runtime: Runtime, clock: SetClock) -> None:
    row = sealed(runtime)
    first = file_of(runtime, row)
    clock.at += timedelta(days=3650)
    assert sealing.restamp_all(runtime, clock.now() + sealing.AHEAD) == 1
    assert sealing.restamp_all(runtime, clock.now() + sealing.AHEAD) == 0
    with runtime.unit_of_work(read_only=True) as session:
        again = file_of(runtime, session.get_one(Certificate, row.id))
    assert again.startswith(first)
    verdict = verify(again, roots(runtime))
    assert verdict.valid and len(verdict.stamps) == 2 and verdict.ledger
    assert verdict.stamps[1].until > clock.now() + timedelta(days=3600)
    judged = as_pyhanko_judges(again, roots(runtime), clock.now() + timedelta(minutes=5))
    assert judged.ades_subindic is AdESPassed.OK, judged.failure_msg
    assert verify(first, roots(runtime)).valid


def test_a_changed_byte_of_the_evidence_is_not_valid(runtime: Runtime) -> None:
    row, trusted = sealed(runtime), roots(runtime)
    pdf, start = file_of(runtime, row), len(runtime.files.get(row.pdf))
    with runtime.unit_of_work(read_only=True) as session:
        # What the log signed can be told from what it did not by its key alone.
        known = Known(log=ledger.verifier(session, runtime))

    @settings(max_examples=40, deadline=None)
    @given(st.integers(start, len(pdf) - 1), st.integers(1, 255))
    def changed(place: int, bits: int) -> None:
        copy = bytearray(pdf)
        copy[place] ^= bits
        try:
            assert not verify(bytes(copy), trusted, known).valid
        except Unreadable:
            return

    changed()


def test_what_another_program_appends_after_the_evidence_is_named(runtime: Runtime, tmp_path: Path) -> None:
    path = tmp_path / "c.pdf"
    path.write_bytes(file_of(runtime, sealed(runtime)))
    writer = PdfWriter(fileobj=str(path), incremental=True)
    writer.pages[0].mediabox.upper_right = (900, 900)
    writer.write(tmp_path / "resized.pdf")
    problems = verify((tmp_path / "resized.pdf").read_bytes(), roots(runtime)).problems
    assert set(problems) == {"verify.appended", "verify.resized"}


def test_the_proof_of_another_certificate_is_not_taken(runtime: Runtime) -> None:
    one, other = sealed(runtime), sealed(runtime, subject="registration:2")
    with runtime.unit_of_work() as session:
        sealer = sealing.Sealer(session, runtime, runtime.clock.now())
        proof = json.dumps(ledger.receipt(session, other.ledger_entry).as_json(), sort_keys=True)
        canonical = proof.replace(": ", ":").replace(", ", ",").encode()
        pdf = runtime.files.get(one.pdf)
        forged = sealer._with(pdf, (LEDGER_PROOF, canonical), ROOM)
    assert "verify.ledger_proof" in verify(forged, roots(runtime)).problems


def test_with_the_keys_of_log_and_witness_the_file_alone_proves_its_place(runtime: Runtime, tmp_path: Path) -> None:
    row = sealed(runtime)
    with runtime.unit_of_work(read_only=True) as session:
        log = ledger.verifier(session, runtime)
    verdict = verify(file_of(runtime, row), roots(runtime), Known(log=log))
    assert verdict.valid and verdict.ledger and verdict.ledger.signed
    stranger = verifier_of(log.name, runtime.keys.ed25519("stranger"))
    assert verify(file_of(runtime, row), roots(runtime), Known(log=stranger)).problems == ("verify.ledger_key",)
    unwitnessed = verify(file_of(runtime, row), roots(runtime), Known(log=log, witnesses=[stranger]))
    assert unwitnessed.problems == ("verify.ledger_key",)
    # The issued file bears no proof yet.
    assert verify(runtime.files.get(row.pdf), roots(runtime), Known(log=log)).problems == ("verify.ledger_key",)


def test_a_folder_is_checked_offline_with_a_line_for_each_file(
    runtime: Runtime, tmp_path: Path, client: FlaskClient
) -> None:
    folder = tmp_path / "files"
    (folder / "deeper").mkdir(parents=True)
    pdf = file_of(runtime, sealed(runtime))
    (folder / "good.pdf").write_bytes(pdf)
    (folder / "deeper" / "altered.PDF").write_bytes(pdf + b"\n")
    (folder / "none.pdf").write_bytes(b"none")
    (folder / "note.txt").write_bytes(b"not looked at")
    (tmp_path / "root.pem").write_bytes(client.get("/root.pem").data)
    command = ["verify", str(folder), "--trust", str(tmp_path / "root.pem")]
    key = client.get("/ledger/vkey").text.strip()
    done = CliRunner().invoke(cli.command, [*command, "--json", "--ledger-key", key])
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.exit_code == 1 and [line["valid"] for line in lines] == [False, True, False]
    assert lines[1]["level"] == "B-LTA" and lines[1]["ledger"]["signed"]
    assert [each["code"] for each in lines[0]["problems"]] == ["verify.appended"] and "unreadable" in lines[2]
    assert "1 / 3" in CliRunner().invoke(cli.command, command).stdout.splitlines()[-1]
    (folder / "none.pdf").unlink()
    (folder / "deeper" / "altered.PDF").unlink()
    assert CliRunner().invoke(cli.command, command).exit_code == 0


def test_the_list_of_revocation_and_the_authorities_are_published(runtime: Runtime, client: FlaskClient) -> None:
    pdf = file_of(runtime, sealed(runtime))
    signature = PdfFileReader(BytesIO(pdf)).embedded_regular_signatures[0]
    points = signature.signer_cert.crl_distribution_points
    address = points[0].native["distribution_point"][0]
    assert address.startswith("https://exam.example.org/crl/")
    read = reader.load_der_x509_crl(client.get(address.removeprefix("https://exam.example.org")).data)
    assert len(list(read)) == 0 and read.next_update_utc and read.next_update_utc > datetime(2026, 11, 26, tzinfo=UTC)
    assert client.get("/crl/0000000000000000.crl").status_code == 404


def test_where_there_is_a_witness_files_wait_for_its_cosignature_but_not_for_ever(
    runtime: Runtime, clock: SetClock
) -> None:
    key = Ed25519PrivateKey.generate()
    known = verifier_of("witness.example.org", key, notes.COSIGNATURE_V1)
    trusting = use(Runtime(replace(runtime.settings, witnesses=(str(known),)), clock))
    row = sealed(trusting)
    assert row.sealed is None
    with trusting.unit_of_work() as session:
        note = ledger.latest_checkpoint(session) or ""
        cosignatures.take_cosignature(session, trusting, notes.cosign(note, known.name, key, 1_800_000_000))
        log = ledger.verifier(session, trusting)
    row = sealed(trusting)
    verdict = verify(file_of(trusting, row), roots(trusting), Known(log=log, witnesses=[known]))
    assert verdict.valid and verdict.ledger and verdict.ledger.witnesses == ("witness.example.org",)
    late = sealed(trusting, subject="registration:2")
    assert late.sealed is None
    clock.at += sealing.PATIENCE + timedelta(minutes=1)
    assert sealing.seal_all(trusting) == 1
    trusting.engine.dispose()
