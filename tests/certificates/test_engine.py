import json
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from pypdf import PdfReader, PdfWriter

from certengine.certificates import authority, checking, service
from certengine.certificates.checking import Outcome
from certengine.certificates.models import Certificate, CertificateState
from certengine.certificates.rules import CertificateKind, ReasonClass, address_problem
from certengine.certificates.verify import Unreadable, verify
from certengine.foundation.errors import Conflict, Invalid
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from tests.certificates.factories import ISSUER, RARE, SECOND, content, issued
from tests.factories import PASSWORD, account, organisation


def pdf_of(runtime: Runtime, row: Certificate) -> bytes:
    return runtime.files.get(row.pdf)


def roots(runtime: Runtime) -> list[bytes]:
    with runtime.unit_of_work(read_only=True) as session:
        return authority.roots(session)


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(each) for each in arguments], capture_output=True, text=True)


def test_other_programs_accept_the_file_and_read_what_is_printed(runtime: Runtime, tmp_path: Path) -> None:
    path = tmp_path / "certificate.pdf"
    path.write_bytes(pdf_of(runtime, issued(runtime)))
    signature = run("pdfsig", path).stdout
    assert "Signature is Valid" in signature and "Total document signed" in signature
    assert "ETSI.CAdES.detached" in signature
    assert run("qpdf", "--check", path).returncode == 0
    text = run("pdftotext", path, "-").stdout
    for value in (
        RARE,
        "3701************12",
        "人工智能工程技术人员",
        "计算机视觉产品实现",
        "75.50",
        "60.00",
        "2026年11月25日",
    ):
        assert value in text
    fonts = run("pdffonts", path).stdout.splitlines()[2:]
    assert fonts and all("yes yes yes" in font for font in fonts)
    run("pdftoppm", "-r", "110", "-png", path, tmp_path / "page")
    scanned = run("zbarimg", "-q", "--raw", next(tmp_path.glob("page*.png"))).stdout.splitlines()
    assert any(line.startswith("https://exam.example.org/v/") for line in scanned)


def test_a_training_certificate_says_hours_and_assessment(runtime: Runtime, tmp_path: Path) -> None:
    row = issued(
        runtime,
        kind=CertificateKind.TRAINING,
        theory=None,
        practical=None,
        hours=64,
        course="人工智能初级培训",
        assessment="86.50",
    )
    path = tmp_path / "training.pdf"
    path.write_bytes(pdf_of(runtime, row))
    text = run("pdftotext", path, "-").stdout
    assert "64" in text and "86.50" in text and "理论知识" not in text


def test_of_one_subject_only_one_certificate_is_valid(runtime: Runtime) -> None:
    first, again = issued(runtime), issued(runtime)
    assert first.id == again.id
    other = issued(runtime, subject="registration:2")
    assert other.number[-6:] == "000002" and first.number[-6:] == "000001"


def test_a_code_that_leads_to_this_machine_alone_is_refused_outside_the_demonstration() -> None:
    assert address_problem("http://localhost:8000", demonstration=False) == "certificate.local_address"
    assert address_problem("http://localhost:8000", demonstration=True) is None
    assert address_problem("https://exam.example.org", demonstration=False) is None


def test_a_revocation_takes_two_people(runtime: Runtime) -> None:
    row, now = issued(runtime), runtime.clock.now()
    with runtime.unit_of_work() as session:
        service.ask_revocation(session, row.id, "雷同卷", ISSUER, now, ReasonClass.MISCONDUCT)
        with pytest.raises(Conflict, match="second_person"):
            service.confirm_revocation(session, row.id, ISSUER, now)
        service.confirm_revocation(session, row.id, SECOND, now)
        with pytest.raises(Conflict, match="not_valid"):
            service.ask_revocation(session, row.id, "x", ISSUER, now)
    with runtime.unit_of_work(read_only=True) as session:
        found = service.by_code(session, runtime, row.code)
        assert checking.outcome(found) is Outcome.REVOKED and found and found.reason is ReasonClass.MISCONDUCT


def test_a_corrected_certificate_takes_the_place_of_the_old_one(runtime: Runtime) -> None:
    row, now = issued(runtime), runtime.clock.now()
    with runtime.unit_of_work() as session:
        corrected = content(session, runtime, name="阿卜杜拉·吉", theory=Decimal(80))
        new = service.supersede(session, runtime, row.id, corrected, "姓名更正", ISSUER, now)
    with runtime.unit_of_work(read_only=True) as session:
        old = service.by_code(session, runtime, row.code)
        assert old and old.state is CertificateState.SUPERSEDED and old.successor is None
        assert checking.outcome(service.by_code(session, runtime, new.code)) is Outcome.VALID


def test_what_is_kept_is_compared_with_what_was_issued(runtime: Runtime) -> None:
    row = issued(runtime)
    path = runtime.files.path(row.pdf)
    path.write_bytes(path.read_bytes() + b" ")
    with runtime.unit_of_work(read_only=True) as session:
        assert checking.outcome(service.by_code(session, runtime, row.code)) is Outcome.DAMAGED
    path.unlink()
    with runtime.unit_of_work(read_only=True) as session:
        assert checking.outcome(service.by_code(session, runtime, row.code)) is Outcome.DAMAGED


def test_a_code_is_read_as_people_type_it(runtime: Runtime) -> None:
    row = issued(runtime)
    spaced = "-".join(row.code[start : start + 4] for start in range(0, 16, 4)).lower().replace("0", "o")
    with runtime.unit_of_work(read_only=True) as session:
        assert service.by_code(session, runtime, spaced) is not None
        assert service.by_code(session, runtime, "Z" * 16) is None
        assert service.by_code(session, runtime, "short") is None


class Signed:
    """One signed file, made once for many changed copies."""

    content: bytes = b""
    roots: list[bytes] = []


@pytest.fixture
def signed(runtime: Runtime) -> Signed:
    made = Signed()
    made.content = pdf_of(runtime, issued(runtime))
    made.roots = roots(runtime)
    return made


def test_the_file_by_itself_is_valid_under_its_root_alone(signed: Signed) -> None:
    verdict = verify(signed.content, signed.roots)
    assert verdict.valid and verdict.facts and verdict.facts["name"] == RARE
    assert verdict.signer == "山东数字技术评价中心"
    assert verify(signed.content, []).problems == ("verify.untrusted",)


def test_a_changed_byte_anywhere_is_not_valid(signed: Signed) -> None:
    @settings(max_examples=120, deadline=None)
    @given(st.integers(0, len(signed.content) - 1), st.integers(1, 255))
    def changed(place: int, bits: int) -> None:
        copy = bytearray(signed.content)
        copy[place] ^= bits
        try:
            assert not verify(bytes(copy), signed.roots).valid
        except Unreadable:
            return

    changed()


def test_what_another_program_has_touched_is_not_valid(signed: Signed, tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(signed.content)
    writer = PdfWriter(clone_from=PdfReader(path))
    writer.write(tmp_path / "rewritten.pdf")
    writer = PdfWriter(fileobj=str(path), incremental=True)
    writer.pages[0].mediabox.upper_right = (900, 900)
    writer.write(tmp_path / "appended.pdf")
    for name in ("rewritten.pdf", "appended.pdf"):
        assert not verify((tmp_path / name).read_bytes(), signed.roots).valid, name
    assert not verify(signed.content + b"\n", signed.roots).valid


def test_another_institutions_forgery_is_untrusted(runtime: Runtime, signed: Signed, tmp_path: Path) -> None:
    from certengine.foundation import migrate
    from certengine.foundation.settings import Settings

    folder = tmp_path / "forger"
    forger = Runtime(Settings(f"sqlite:///{folder}/x.db", "other", folder, "https://exam.example.org"), runtime.clock)
    migrate.upgrade(forger)
    forged = pdf_of(forger, issued(forger))
    assert verify(forged, signed.roots).problems == ("verify.untrusted",)
    forger.engine.dispose()


@given(st.binary(max_size=300))
def test_what_is_no_certificate_is_unreadable_or_not_valid(content: bytes) -> None:
    for each in (content, b"%PDF-1.7\n" + content):
        try:
            assert not verify(each, []).valid
        except Unreadable:
            continue


def test_the_command_needs_no_database(runtime: Runtime, tmp_path: Path, client: FlaskClient) -> None:
    row = issued(runtime)
    path, root = tmp_path / "c.pdf", tmp_path / "root.pem"
    path.write_bytes(pdf_of(runtime, row))
    root.write_bytes(client.get("/root.pem").data)

    def command(*arguments: object) -> subprocess.CompletedProcess[str]:
        return run(sys.executable, "-m", "certengine.cli", "certificate", "verify", *arguments, "--trust", root)

    answer = command(path, "--json")
    assert answer.returncode == 0 and json.loads(answer.stdout)["certificate"]["name"] == RARE
    path.write_bytes(pdf_of(runtime, row).replace(b"%%EOF", b"%%EOG"))
    assert command(path).returncode == 1
    path.write_bytes(b"hello")
    assert command(path).returncode == 2
    assert command(tmp_path / "none.pdf").returncode == 2


def test_four_outcomes_without_sign_in(runtime: Runtime, client: FlaskClient) -> None:
    rows = [issued(runtime, subject=f"registration:{number}") for number in range(4)]
    now = runtime.clock.now()
    with runtime.unit_of_work() as session:
        service.revoke(session, rows[1].id, "雷同卷", ISSUER, SECOND, now)
        service.supersede(session, runtime, rows[2].id, content(session, runtime), "更正", ISSUER, now)
    runtime.files.path(rows[3].pdf).unlink()
    pages = [client.get(f"/v/{row.code}").text for row in rows]
    assert "现在有效" in pages[0] and "75.50" in pages[0] and RARE in pages[0]
    assert "被撤销" in pages[1] and "决定" in pages[1] and "雷同卷" not in pages[1]
    assert "新证书替换" in pages[2]
    assert "缺失" in pages[3]
    unknown = client.get("/v/0000000000000000")
    assert unknown.status_code == 404 and "没有签发过" in unknown.text
    outcomes = [client.get(f"/api/v1/certificates/{row.code}").get_json()["outcome"] for row in rows]
    assert outcomes == ["valid", "revoked", "superseded", "damaged"]
    assert client.get(f"/v/{rows[0].code}.pdf").data[:5] == b"%PDF-"


def test_a_dropped_file_is_compared_byte_by_byte(runtime: Runtime, client: FlaskClient) -> None:
    row = issued(runtime)
    good = pdf_of(runtime, row)
    changed = bytearray(good)
    changed[len(good) // 2] ^= 1

    def outcome(body: bytes) -> str:
        return str(client.post("/api/v1/verify", data=body, content_type="application/pdf").get_json()["outcome"])

    assert outcome(good) == "valid"
    assert outcome(bytes(changed)) == "damaged"
    assert client.post("/api/v1/verify", data=b"x", content_type="application/pdf").status_code == 422
    with runtime.unit_of_work() as session:
        service.revoke(session, row.id, "x", ISSUER, SECOND, runtime.clock.now())
    assert outcome(good) == "revoked"


def test_a_list_is_checked_name_by_name(runtime: Runtime, client: FlaskClient, tmp_path: Path) -> None:
    row = issued(runtime)
    workbook = Workbook()
    for line in (["查验码", "姓名"], [row.code, RARE], [row.code, "别人"], ["0" * 16, RARE]):
        workbook.active.append(line)
    workbook.save(tmp_path / "list.xlsx")
    with (tmp_path / "list.xlsx").open("rb") as file:
        page = client.post("/verify/list", data={"list": (file, "list.xlsx")}).text
    assert page.count("outcome-valid") == 1 and page.count("outcome-unknown") == 2
    bad = client.post("/verify/list", data={"list": (tmp_path / "list.xlsx").open("rb")}, content_type="x")
    assert bad.status_code == 422


def test_an_institution_sees_its_own_certificates_and_two_of_its_people_revoke(
    runtime: Runtime, client: FlaskClient
) -> None:
    row = issued(runtime)
    account(runtime, "one", ["issuer"])
    account(runtime, "two", ["issuer"])
    account(runtime, "stranger", ["issuer"], institution="别的机构", code="OTHR")

    def sign_in(login: str) -> None:
        client.post("/sign-in", data={"login": login, "password": PASSWORD})

    sign_in("stranger")
    assert client.get(f"/certificates/{row.id}").status_code == 404
    assert row.number not in client.get("/certificates").text
    sign_in("one")
    assert row.number in client.get(f"/certificates?q={RARE[:3]}").text
    client.post(f"/certificates/{row.id}/ask", data={"reason": "雷同卷"})
    assert "须由另一人确认" in client.post(f"/certificates/{row.id}/confirm", follow_redirects=True).text
    sign_in("two")
    assert "证书已撤销" in client.post(f"/certificates/{row.id}/confirm", follow_redirects=True).text
    assert client.get("/certificates.xlsx").data[:2] == b"PK"


def test_issuing_is_in_the_public_ledger_without_the_name(runtime: Runtime) -> None:
    row = issued(runtime)
    with runtime.unit_of_work(read_only=True) as session:
        receipt = ledger.receipt(session, row.ledger_entry)
        assert receipt.public["pdf"] == row.pdf and RARE not in receipt.leaf


def test_the_signing_certificate_is_kept_until_it_nears_its_end(runtime: Runtime) -> None:
    from certengine.certificates.authority import signers

    issued(runtime)
    issued(runtime, subject="registration:2")
    with runtime.unit_of_work(read_only=True) as session:
        assert len(signers(session)) == 1
    runtime.clock.at += timedelta(days=365 * 5 - 30)  # type: ignore[attr-defined]
    row = issued(runtime, subject="registration:3")
    assert verify(pdf_of(runtime, row), roots(runtime)).valid
    with runtime.unit_of_work(read_only=True) as session:
        assert len(signers(session)) == 2
        organisation(session, runtime)


def test_the_published_keys_are_those_that_sign(runtime: Runtime, client: FlaskClient) -> None:
    issued(runtime)
    keys = client.get("/.well-known/jwks.json").get_json()["keys"]
    assert len(keys) == 1 and {key["crv"] for key in keys} == {"P-256"}
    assert client.get("/api/v1/openapi.json").get_json()["openapi"].startswith("3.1")


def test_an_issue_without_a_reason_to_replace_is_refused(runtime: Runtime) -> None:
    row = issued(runtime)
    with runtime.unit_of_work() as session, pytest.raises(Invalid):
        service.supersede(session, runtime, row.id, content(session, runtime), " ", ISSUER, runtime.clock.now())
