"""Documents that prove the conditions: which are wanted, handed in, looked at and forgotten."""

import zipfile
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.foundation.errors import Conflict, Invalid
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.people import privacy
from certengine.people.models import Person
from certengine.sittings import applications, keeping, proof_rules, proofs, service
from certengine.sittings.models import Application, EligibilityProof
from certengine.sittings.proof_rules import ProofKind
from certengine.standards.rules import Evidence, Level, judge
from certengine.standards.service import standard
from tests.bank.pages import signed_in
from tests.bank.test_pictures import photo
from tests.factories import account, resident_id
from tests.sittings.factories import OFFICER, exam
from tests.sittings.test_applications import apply, form, open_plan

PDF = b"%PDF-1.7\n%%EOF\n"
AI = standard("artificial_intelligence")


def test_hours_and_one_met_combination_are_proved_and_nothing_else() -> None:
    judgement = judge(AI, Level.JUNIOR, Evidence(hours=64, degree="bachelor", years=Decimal(5)))
    assert proof_rules.missing(judgement, ()) == [ProofKind.HOURS, ProofKind.DEGREE]
    assert proof_rules.missing(judgement, {ProofKind.DEGREE}) == [ProofKind.HOURS]
    # Of two combinations that are met, the one whose documents are there counts.
    both = judge(AI, Level.JUNIOR, Evidence(hours=64, degree="bachelor", title="technician"))
    assert proof_rules.missing(both, {ProofKind.HOURS, ProofKind.TITLE}) == []


@given(
    hours=st.integers(0, 200),
    title=st.sampled_from(["none", "technician", "assistant_engineer", "engineer"]),
    degree=st.sampled_from(["none", "college", "bachelor", "master", "doctor"]),
    years=st.integers(0, 9),
    have=st.sets(st.sampled_from(ProofKind)),
    level=st.sampled_from(Level),
)
def test_nothing_is_wanted_twice_and_with_every_document_nothing_is_wanted(
    hours: int, title: str, degree: str, years: int, have: set[ProofKind], level: Level
) -> None:
    judgement = judge(AI, level, Evidence(hours=hours, title=title, degree=degree, years=Decimal(years)))
    wanted = proof_rules.missing(judgement, have)
    assert len(wanted) == len(set(wanted)) and not set(wanted) & have
    assert proof_rules.missing(judgement, have | set(wanted)) == []
    assert judgement.met or not judgement.required[0].met or not any(each.met for each in judgement.alternatives)


def sideways() -> bytes:
    out = BytesIO()
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "camera of somebody"
    Image.new("RGB", (40, 20), "red").save(out, "JPEG", exif=exif)
    return out.getvalue()


def test_a_picture_is_turned_upright_and_loses_what_else_it_held(session: Session, runtime: Runtime) -> None:
    found = apply(session, runtime, open_plan(session, runtime), 1)
    now = runtime.clock.now()
    kept = proofs.add_to_application(
        session, runtime, found, proofs.document(ProofKind.DEGREE, "..\\毕业证.JPG", sideways()), now
    )
    content = runtime.files.get(kept.digest)
    with Image.open(BytesIO(content)) as image:
        assert image.size == (20, 40) and not image.getexif()
    assert kept.name == "毕业证.JPG" and b"camera" not in content
    # The same bytes sent twice are one document.
    again = proofs.add_to_application(
        session, runtime, found, proofs.document(ProofKind.DEGREE, "x.jpg", sideways()), now
    )
    assert again is kept and len(proofs.of_application(session, found.id)) == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "proofs.kind"),
        (b"MZ\x90\x00", "proofs.kind"),
        (b"PK\x03\x04", "proofs.kind"),
        (b"\xff\xd8\xff\xe0 no picture", "photos.not_an_image"),
        (PDF + b" " * proofs.LARGEST, "proofs.large"),
    ],
)
def test_what_is_no_document_is_refused_with_its_field(
    session: Session, runtime: Runtime, content: bytes, code: str
) -> None:
    found = apply(session, runtime, open_plan(session, runtime), 1)
    with pytest.raises(Invalid) as caught:
        proofs.add_to_application(
            session, runtime, found, proofs.document(ProofKind.TITLE, "a.pdf", content), runtime.clock.now()
        )
    assert [(each.place, each.code) for each in caught.value.problems] == [("title", code)]


def test_who_lacks_a_document_is_accepted_only_with_the_originals_seen_and_the_ledger_says_so(
    session: Session, runtime: Runtime
) -> None:
    found, now = apply(session, runtime, open_plan(session, runtime), 1), runtime.clock.now()
    with pytest.raises(Conflict, match="proofs_missing"):
        applications.accept(session, runtime, found, OFFICER, now)
    for kind in (ProofKind.HOURS, ProofKind.DEGREE):
        proofs.add_to_application(session, runtime, found, proofs.document(kind, f"{kind.value}.pdf", PDF), now)
    applications.accept(session, runtime, found, OFFICER, now)
    assert found.registration_id is not None
    assert [each.kind for each in proofs.of_registration(session, found.registration_id)] == [
        ProofKind.DEGREE, ProofKind.HOURS
    ]  # fmt: skip
    other = apply(session, runtime, found.plan, 2)
    applications.accept(session, runtime, other, OFFICER, now, originals_seen=True)
    acts = {act.kind: act for act in ledger.history(session, f"application:{other.id}")}
    assert acts["application.originals_seen"].private["missing"] == ["hours", "degree"]
    with pytest.raises(Conflict, match="decided"):
        proofs.add_to_application(session, runtime, other, proofs.document(ProofKind.WORK, "a.pdf", PDF), now)


def test_a_form_with_its_documents_and_those_that_come_later(app: Flask, client: FlaskClient, runtime: Runtime) -> None:
    account(runtime, "officer", ["exam_officer"])
    with runtime.unit_of_work() as work:
        plan = open_plan(work, runtime)
    at = f"/apply/{plan.id}"

    def sent(**files: Any) -> Any:
        return client.post(at, data={**form(1), "photo": (BytesIO(photo()), "照片.jpg"), **files})

    wrong = sent(degree_proof=(BytesIO(b"MZ"), "学历.exe"))
    assert wrong.status_code == 422 and "只接受 PDF、JPEG 或 PNG 文件" in wrong.text
    with runtime.unit_of_work(read_only=True) as work:
        assert work.scalars(select(Application)).all() == []
    done = sent(degree_proof=(BytesIO(PDF), "学历.pdf"))
    assert done.status_code == 200 and "培训合格证书或学时证明" in done.text and "学历、学位证书" not in done.text
    with runtime.unit_of_work(read_only=True) as work:
        found = work.scalars(select(Application)).one()
        (degree,) = proofs.of_application(work, found.id)
    mine = {"number": found.number, "document": resident_id(1)}
    added = client.post("/apply/status", data={**mine, "kind": "hours", "proof": (BytesIO(PDF), "学时.pdf")})
    assert "还需要下列证明材料" not in added.text and "学时.pdf" in added.text
    assert client.post("/apply/status", data={**mine, "look": str(degree.id)}).data == PDF
    refused = client.post("/apply/status", data={**mine, "kind": "work", "proof": (BytesIO(b"x"), "a.txt")})
    assert refused.status_code == 422 and "只接受" in refused.text
    officer = signed_in(app, "officer")
    page = officer.get(f"/sittings/applications/{found.id}").text
    assert "学历.pdf" in page and 'id="originals"' not in page
    assert officer.get(f"/sittings/applications/{found.id}/proofs/{degree.id}").data == PDF
    officer.post(f"/sittings/applications/{found.id}/accept")
    account(runtime, "stranger", ["exam_officer"], institution="别的机构", code="OTHER")
    stranger = signed_in(app, "stranger")
    assert stranger.get(f"/sittings/applications/{found.id}/proofs/{degree.id}").status_code == 404
    late = client.post("/apply/status", data={**mine, "remove": str(degree.id)})
    assert late.status_code == 422 and "已经有结果" in late.text


def test_an_archive_of_documents_finds_its_candidates_and_names_what_it_cannot_place(
    app: Flask, runtime: Runtime
) -> None:
    made = exam(runtime)
    account(runtime, "officer", ["exam_officer"])
    officer = signed_in(app, "officer")
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(f"材料/{made.tickets[0]}-学历.pdf", PDF)
        archive.writestr(f"{made.documents[1]}-工作证明.pdf", PDF)
        archive.writestr(f"{made.tickets[0]}-合影.pdf", PDF)
        archive.writestr("000-学历.pdf", PDF)
        archive.writestr(f"{made.tickets[0]}-职称.pdf", b"no document")
    files = {"proofs": (BytesIO(out.getvalue()), "材料.zip")}
    page = officer.post(f"/sittings/plans/{made.plan_id}/proofs", data=files).text
    assert "已导入文件：2" in page and "没有写明材料的种类" in page and "“000”" in page and "只接受 PDF" in page
    here = f"/sittings/candidates/{made.registrations[0]}"
    with runtime.unit_of_work(read_only=True) as session:
        (first,) = proofs.of_registration(session, made.registrations[0])
        assert [each.kind for each in proofs.of_registration(session, made.registrations[1])] == [ProofKind.WORK]
    assert officer.get(f"{here}/proofs/{first.id}").data == PDF
    added = officer.post(
        f"{here}/proofs", data={"kind": "title", "proof": (BytesIO(PDF), "t.pdf")}, follow_redirects=True
    )
    assert "材料已保存" in added.text
    officer.post(f"{here}/proofs/{first.id}/remove")
    with runtime.unit_of_work(read_only=True) as session:
        assert [each.kind for each in proofs.of_registration(session, made.registrations[0])] == [ProofKind.TITLE]
    nothing = officer.post(f"/sittings/plans/{made.plan_id}/proofs", data={"proofs": (BytesIO(b"x"), "x.zip")})
    assert nothing.status_code == 422 and "不是可以读取的 ZIP" in nothing.text


def test_with_a_person_their_documents_are_forgotten_too(runtime: Runtime) -> None:
    made = exam(runtime)
    now = runtime.clock.now()
    with runtime.unit_of_work() as session:
        rows = [service.registered(session, each) for each in made.registrations]
        for number, row in enumerate(rows):
            for name in ("shared", f"own {number}"):
                content = PDF + name.encode()
                proofs.add_to_registration(
                    session, runtime, row, proofs.document(ProofKind.DEGREE, "a.pdf", content), actor=OFFICER, now=now
                )
        digests = {each.digest for each in session.scalars(select(EligibilityProof))}
    with runtime.unit_of_work() as session:
        person = session.get_one(Person, rows[0].person_id)
        keeping.forget(session, runtime, person)
    left = {digest for digest in digests if runtime.files.is_whole(digest)}
    with runtime.unit_of_work(read_only=True) as session:
        kept = {each.digest for each in session.scalars(select(EligibilityProof))}
    # What the other one handed in as well stays theirs.
    assert left == kept and len(kept) == 2


def test_with_a_person_their_portrait_is_gone_from_the_disk(runtime: Runtime) -> None:
    made = exam(runtime)
    with runtime.unit_of_work() as session:
        rows = [service.registered(session, each) for each in made.registrations]
        own, shared = runtime.files.put(b"own portrait"), runtime.files.put(b"shared portrait")
        persons = [session.get_one(Person, row.person_id) for row in rows]
        persons[0].photo = persons[1].photo = shared
    with runtime.unit_of_work() as session:
        privacy.forget(session, runtime, session.get_one(Person, rows[0].person_id))
        session.get_one(Person, rows[1].person_id).photo = own
    assert runtime.files.is_whole(shared)
    with runtime.unit_of_work() as session:
        privacy.forget(session, runtime, session.get_one(Person, rows[1].person_id))
    assert not runtime.files.is_whole(own)
