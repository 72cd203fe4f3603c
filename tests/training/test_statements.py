from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from io import BytesIO

import pytest
from asn1crypto import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pypdf import PdfReader
from sqlalchemy.orm import Session

from certengine.certificates import authority
from certengine.foundation.canonical import canonical_hash
from certengine.foundation.errors import Conflict, NotFound
from certengine.foundation.runtime import Runtime
from certengine.people import regions
from certengine.people.models import OrganisationKind
from certengine.training import course_statistics, hours_accounts, statements
from certengine.training.course_models import Subject, Way
from certengine.training.hours_accounts import Earned, Where
from tests.training.course_factories import department, organisation, person


def credited(session: Session, runtime: Runtime, person_id: object, count: int, title: str = "课程") -> None:
    for number in range(count):
        subject = Subject.GENERAL if number % 3 == 0 else Subject.PROFESSIONAL
        earned = Earned(subject, Way.COURSE, Decimal("1.5"), f"{title}{number}", f"course_enrolment:{title}{number}")
        hours_accounts.credit(
            session,
            person_id,  # type: ignore[arg-type]
            earned,
            Where("370100"),
            actor="x",
            now=runtime.clock.now(),
        )


def test_a_statement_shows_the_year_and_is_found_again_by_its_code(session: Session, runtime: Runtime) -> None:
    department(session, runtime)
    who = person(session, runtime, 5, "𠮷田·翔")
    credited(session, runtime, who.id, 4)
    made = statements.issue(session, runtime, who.id, 2026, actor="account:x", now=runtime.clock.now())
    content = runtime.files.get(made.pdf)
    reader = PdfReader(BytesIO(content))
    text = "".join(page.extract_text() for page in reader.pages).replace("\n", "")
    assert "𠮷田·翔" in text and "山东省人社厅" in text and "合计 6.00 学时" in text and "尚未达到" in text
    checked = statements.check(session, made.code.lower())
    assert checked.statement.id == made.id and checked.bound and checked.newest
    assert checked.receipt.leaf_hash in text
    assert checked.receipt.public == {"year": 2026, "facts": canonical_hash(made.facts)}
    assert statements.same_bytes(made, content) and not statements.same_bytes(made, content + b" ")
    assert "370102" not in str(checked.receipt.public) and "𠮷" not in str(checked.receipt.public)
    with pytest.raises(NotFound):
        statements.check(session, "0" * 20)


def test_the_signature_covers_the_whole_statement(session: Session, runtime: Runtime) -> None:
    department(session, runtime)
    who = person(session, runtime)
    credited(session, runtime, who.id, 60, "一门名称相当长、需要在学时证明的表格里换行显示的继续教育专业科目课程之")
    made = statements.issue(session, runtime, who.id, 2026, actor="account:x", now=runtime.clock.now())
    content = runtime.files.get(made.pdf)
    reader = PdfReader(BytesIO(content))
    assert len(reader.pages) > 2
    fields = reader.get_fields()
    assert fields is not None
    start, length, after, rest = fields["Signature1"]["/V"]["/ByteRange"]
    assert start == 0 and after + rest == len(content) and length < after
    root = load_pem_x509_certificate(authority.root_pem(session) or b"")
    trust = ValidationContext(trust_roots=[x509.Certificate.load(root.public_bytes(Encoding.DER))])
    signature = PdfFileReader(BytesIO(content)).embedded_signatures[0]
    # In a thread of its own, for the validator wants no other event loop and a browser test may have left one here.
    with ThreadPoolExecutor(1) as pool:
        status = pool.submit(validate_pdf_signature, signature, trust).result()
    assert status.intact and status.valid and status.trusted


def test_what_changed_nothing_is_not_printed_anew_and_what_changed_is_newer(session: Session, runtime: Runtime) -> None:
    who = person(session, runtime)
    with pytest.raises(Conflict, match="nothing"):
        statements.issue(session, runtime, who.id, 2026, actor="x", now=runtime.clock.now())
    credited(session, runtime, who.id, 1)
    first = statements.issue(session, runtime, who.id, 2026, actor="x", now=runtime.clock.now())
    runtime.clock.advance(days=2)  # type: ignore[attr-defined]
    assert statements.issue(session, runtime, who.id, 2026, actor="x", now=runtime.clock.now()).id == first.id
    credited(session, runtime, who.id, 2, "又")
    second = statements.issue(session, runtime, who.id, 2026, actor="x", now=runtime.clock.now())
    assert second.id != first.id
    assert not statements.check(session, first.code).newest and statements.check(session, second.code).newest


def test_facts_changed_in_the_database_are_no_longer_bound_by_the_ledger(session: Session, runtime: Runtime) -> None:
    who = person(session, runtime)
    credited(session, runtime, who.id, 1)
    made = statements.issue(session, runtime, who.id, 2026, actor="x", now=runtime.clock.now())
    made.facts = {**made.facts, "total": "90.00"}
    session.flush()
    assert not statements.check(session, made.code).bound


def test_a_years_sums_by_city_and_organisation_are_those_of_the_persons(session: Session, runtime: Runtime) -> None:
    port = organisation(session, runtime, OrganisationKind.EMPLOYER, "青岛港", "QDG", "370200")
    where = [Where("370100"), Where("370200", port.id), Where("370200", port.id), Where("320100")]
    for serial, place in enumerate(where):
        who = person(session, runtime, serial, f"学员{'甲乙丙丁'[serial]}")
        for number in range(serial + 1):
            earned = Earned(Subject.PROFESSIONAL, Way.COURSE, Decimal(30), f"课{number}", f"c:{serial}:{number}")
            hours_accounts.credit(session, who.id, earned, place, actor="x", now=runtime.clock.now())
    lines = course_statistics.by_city(session, 2026, regions.reach("370000"))
    assert [(each.key, each.people, each.met, each.professional) for each in lines] == [
        ("370100", 1, 0, Decimal(30)),
        ("370200", 2, 1, Decimal(150)),
    ]
    total = course_statistics.whole(lines)
    assert (total.people, total.met, total.share, total.professional) == (3, 1, 33, Decimal(180))
    assert [each.key for each in course_statistics.by_city(session, 2026, regions.reach("370200"))] == ["370200"]
    page = course_statistics.by_organisation(session, 2026, "37", 1)
    assert [(each.key, each.people, each.professional) for each in page.rows] == [("青岛港", 2, Decimal(150))]
    assert course_statistics.by_city(session, 2025, "37") == []
    assert course_statistics.years(session) == [2026]
