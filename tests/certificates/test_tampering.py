"""Each way in which a certificate's file is altered is named for what it is: by the page, the API and the command."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import FreeText
from reportlab.pdfgen.canvas import Canvas

from certengine.certificates import authority, problems, sheet, signed_code
from certengine.certificates.authority import Subject
from certengine.certificates.layouts import DEFAULT
from certengine.certificates.models import Certificate
from certengine.certificates.page_codes import codes_on
from certengine.certificates.sheet import Sheet, typeset
from certengine.certificates.typesetting import draw_qr
from certengine.certificates.verify import verify
from certengine.foundation import migrate
from certengine.foundation.errors import describe
from certengine.foundation.runtime import Runtime
from certengine.foundation.settings import Settings
from tests.certificates.factories import issued

__all__ = ["problems"]


@dataclass
class Case:
    """A certificate, another one of the same institution, and where their files may be written."""

    runtime: Runtime
    row: Certificate
    other: Certificate
    folder: Path

    @property
    def pdf(self) -> bytes:
        return self.runtime.files.get(self.row.pdf)

    def updated(self, change: Callable[[PdfWriter], object]) -> bytes:
        """An incremental update, as any editor appends it."""
        path = self.folder / "updated.pdf"
        path.write_bytes(self.pdf)
        writer = PdfWriter(fileobj=str(path), incremental=True)
        change(writer)
        writer.write(path.with_suffix(".out"))
        return path.with_suffix(".out").read_bytes()

    def signed_again(self, runtime: Runtime, facts: dict[str, str]) -> bytes:
        """Facts signed with a key of a runtime's institution."""
        with runtime.unit_of_work() as session:
            subject = Subject(self.row.organisation_id, "山东数字技术评价中心", "SDPJ")
            signer = authority.signer(session, runtime, subject, runtime.clock.now())
        return signer.sign(typeset(Sheet(facts, "", None), signer.dictionary("x", runtime.clock.now())))


@pytest.fixture
def case(runtime: Runtime, tmp_path: Path) -> Case:
    return Case(runtime, issued(runtime), issued(runtime, subject="registration:2", name="别人"), tmp_path)


def a_changed_byte(case: Case) -> bytes:
    copy = bytearray(case.pdf)
    place = copy.index(b"/facts.json") if b"/facts.json" in copy else copy.index(b"/Title")
    copy[place + 1] ^= 1
    return bytes(copy)


def a_note(case: Case) -> bytes:
    note = FreeText(text="x", rect=(50, 50, 100, 100))
    return case.updated(lambda writer: writer.add_annotation(0, note))


def a_comment_at_the_end(case: Case) -> bytes:
    return case.pdf + b"% nothing\n"


def another_size(case: Case) -> bytes:
    return case.updated(lambda writer: setattr(writer.pages[0].mediabox, "upper_right", (900, 900)))


def another_authority(case: Case) -> bytes:
    folder = case.folder / "forger"
    settings = Settings(f"sqlite:///{folder}/x.db", "other", folder, "https://exam.example.org")
    forger = Runtime(settings, case.runtime.clock)
    migrate.upgrade(forger)
    forged = forger.files.get(issued(forger).pdf)
    forger.engine.dispose()
    return forged


def no_status_address(case: Case) -> bytes:
    return case.signed_again(case.runtime, {**case.row.content, "address": "https://exam.example.org/about"})


def pasted(case: Case, address: str) -> bytes:
    """A white square with another code over the one on the sheet."""
    out = BytesIO()
    canvas = Canvas(out, pagesize=(sheet.WIDTH, sheet.HEIGHT))
    box = DEFAULT.address_code
    place = (box.left + box.room - box.tall, box.bottom, box.tall)
    canvas.setFillColorRGB(1, 1, 1)
    canvas.rect(place[0], place[1], place[2], place[2], stroke=0, fill=1)
    draw_qr(canvas, address, *place)
    canvas.save()
    stamp = PdfReader(out).pages[0]
    return case.updated(lambda writer: writer.pages[0].merge_page(stamp))


def anothers_code(case: Case) -> bytes:
    return pasted(case, str(case.other.content["address"]))


def anothers_code_on_an_unsigned_copy(case: Case) -> bytes:
    out = BytesIO()
    PdfWriter(clone_from=BytesIO(anothers_code(case))).write(out)
    page = PdfReader(out).pages[0]
    page.pop("/Annots")
    writer = PdfWriter()
    writer.add_page(page)
    plain = BytesIO()
    writer.write(plain)
    return plain.getvalue()


TABLE: dict[Callable[[Case], bytes], set[str]] = {
    a_changed_byte: {"verify.changed"},
    a_note: {"verify.appended", "verify.page_altered"},
    a_comment_at_the_end: {"verify.appended"},
    another_size: {"verify.appended", "verify.resized"},
    another_authority: {"verify.untrusted"},
    no_status_address: {"verify.no_status_address"},
    anothers_code: {"verify.appended", "verify.page_altered", "verify.another_code"},
    anothers_code_on_an_unsigned_copy: {"verify.no_signature"},
}


@pytest.mark.parametrize("alter", TABLE, ids=lambda alter: alter.__name__)
def test_what_was_done_to_a_file_is_named(
    case: Case, client: FlaskClient, tmp_path: Path, alter: Callable[[Case], bytes]
) -> None:
    altered, wanted = alter(case), TABLE[alter]
    answer = client.post("/api/v1/verify", data=altered, content_type="application/pdf").get_json()
    said = {each["code"] for each in answer["problems"]}
    # One changed byte may hit what is read besides.
    assert said == wanted or (alter is a_changed_byte and wanted <= said), said
    assert answer["outcome"] == "damaged"
    page = client.post("/verify/file", data={"file": (BytesIO(altered), "c.pdf")}).text
    assert "verdict-damaged" in page and all(describe(code, {}) in page for code in wanted)
    (tmp_path / "altered.pdf").write_bytes(altered)
    (tmp_path / "root.pem").write_bytes(client.get("/root.pem").data)
    command = [sys.executable, "-m", "certengine.cli", "certificate", "verify", "altered.pdf", "--trust", "root.pem"]
    done = subprocess.run([*command, "--json"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1 and wanted <= {each["code"] for each in json.loads(done.stdout)["problems"]}


def test_the_certificate_that_a_pasted_code_belongs_to_is_said(case: Case, client: FlaskClient) -> None:
    answer = client.post("/api/v1/verify", data=anothers_code_on_an_unsigned_copy(case)).get_json()
    assert case.other.code in answer["codes"] and case.row.code in answer["codes"]
    phishing = pasted(case, "https://exam.example.net/v/" + case.row.code)
    answer = client.post("/api/v1/verify", data=phishing).get_json()
    assert "verify.another_code" in {each["code"] for each in answer["problems"]}
    assert answer["certificate"]["name"] == case.row.content["name"]


def test_the_codes_on_a_page_are_read_in_a_process_of_its_own(case: Case) -> None:
    address, signed = sorted(codes_on(case.pdf), key=len)
    assert address == case.row.content["address"]
    assert signed_code.decode(signed).facts["number"] == case.row.number
    assert codes_on(b"%PDF-1.7\nnonsense") == () and codes_on(b"") == ()


def test_a_second_signature_over_the_whole_is_not_ours(case: Case) -> None:
    twice = case.pdf + case.pdf
    verdict = verify(twice, [])
    assert {"verify.appended", "verify.several_signatures"} <= set(verdict.problems)
    assert replace(verdict, problems=()).valid
