"""What a certificate says, frozen before it is issued. Pure."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from certengine.people.models import DocumentType, Sex
from certengine.standards.rules import Level

FORMAT = "certengine-certificate/1"
CODE_LENGTH = 16
LOCAL = ("localhost", "127.0.0.1", "::1", "0.0.0.0", "")  # nosec B104: an address to refuse, not to bind


class CertificateKind(enum.Enum):
    GRADE = "grade"
    TRAINING = "training"


class ReasonClass(enum.Enum):
    """Why a certificate does not count any more, as the public may know it."""

    ERROR = "error"
    MISCONDUCT = "misconduct"
    NOT_ELIGIBLE = "not_eligible"
    HOLDER = "holder"
    ORDER = "order"
    # Signed with a key that somebody else had by then.
    KEY = "key"


@dataclass(frozen=True, kw_only=True)
class CertificateContent:
    """One engine for both kinds: a grade certificate has scores, a training certificate hours and an assessment.

    subject is opaque: of one subject at most one certificate is valid.
    """

    kind: CertificateKind
    organisation_id: UUID
    institution_name: str
    institution_name_en: str
    institution_code: str
    holder_name: str
    sex: Sex | None
    document_type: DocumentType
    document_masked: str
    document_index: str
    photo: str | None
    field: str
    occupation_zh: str
    occupation_en: str
    direction_zh: str | None
    level: Level
    theory: Decimal | None
    practical: Decimal | None
    hours: int | None
    course: str | None
    assessment: str | None
    subject: str
    issued_on: date
    # The last day on which it counts; None: for ever.
    expires_on: date | None = None


LEVEL_DIGITS = {Level.JUNIOR: "1", Level.INTERMEDIATE: "2", Level.SENIOR: "3"}
LEVELS_ZH = {Level.JUNIOR: "初级", Level.INTERMEDIATE: "中级", Level.SENIOR: "高级"}
LEVELS_EN = {Level.JUNIOR: "Junior", Level.INTERMEDIATE: "Intermediate", Level.SENIOR: "Senior"}
SEXES_ZH = {Sex.MALE: "男", Sex.FEMALE: "女"}
DOCUMENTS_ZH = {
    DocumentType.RESIDENT_ID: "居民身份证",
    DocumentType.PASSPORT: "护照",
    DocumentType.HONG_KONG_MACAO_PERMIT: "港澳居民来往内地通行证",
    DocumentType.TAIWAN_PERMIT: "台湾居民来往大陆通行证",
    DocumentType.FOREIGN_PERMANENT_RESIDENT: "外国人永久居留身份证",
}
TITLES = {
    CertificateKind.GRADE: ("专业技术等级证书", "CERTIFICATE OF PROFESSIONAL TECHNICAL GRADE"),
    CertificateKind.TRAINING: ("培训合格证书", "CERTIFICATE OF TRAINING"),
}


def status_address(base_url: str, code: str) -> str:
    """Where the QR code leads: what became of the certificate is said there."""
    return f"{base_url}/v/{code}"


def has_status_address(facts: Mapping[str, Any]) -> bool:
    """A certificate that does not say where its status is asked could hide that it was revoked."""
    address, code = str(facts.get("address", "")), str(facts.get("code", ""))
    return len(code) == CODE_LENGTH and address.startswith(("https://", "http://")) and address.endswith(f"/v/{code}")


def printed(content: CertificateContent, number: str, code: str, base_url: str) -> dict[str, Any]:
    """Every printed field, as texts: this is embedded in the PDF, shown at /v/CODE and compared when verified."""
    facts = {
        "format": FORMAT,
        "kind": content.kind.value,
        "number": number,
        "code": code,
        "address": status_address(base_url, code),
        "name": content.holder_name,
        "sex": SEXES_ZH.get(content.sex, "") if content.sex else "",
        "document_type": DOCUMENTS_ZH[content.document_type],
        "document": content.document_masked,
        "photo": content.photo or "",
        "field": content.field,
        "occupation": content.occupation_zh,
        "occupation_en": content.occupation_en,
        "direction": content.direction_zh or "",
        "level": content.level.value,
        "institution": content.institution_name,
        "institution_en": content.institution_name_en,
        "issued_on": content.issued_on.isoformat(),
        "expires_on": content.expires_on.isoformat() if content.expires_on else "",
    }
    if content.kind is CertificateKind.GRADE:
        return {**facts, "theory": _score(content.theory), "practical": _score(content.practical)}
    return {
        **facts,
        "hours": str(content.hours or 0),
        "course": content.course or "",
        "assessment": content.assessment or "",
    }


def _score(score: Decimal | None) -> str:
    return "" if score is None else f"{score:.2f}"


def fields_of(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(label in Chinese, value) of what is printed below the title, in order; empty ones are left out."""
    level = LEVELS_ZH[Level(facts["level"])]
    document = f"{facts['document_type']} {facts['document']}"
    rows = [("姓名", facts["name"]), ("性别", facts["sex"]), ("证件", document), ("职业", facts["occupation"])]
    rows += [("方向", facts["direction"]), ("专业技术等级", level)]
    if facts["kind"] == CertificateKind.GRADE.value:
        rows += [("理论知识考试成绩", facts["theory"]), ("专业能力考核成绩", facts["practical"])]
    else:
        rows += [("培训课程", facts["course"]), ("培训学时", facts["hours"]), ("结业考核", facts["assessment"])]
    ends = facts.get("expires_on")
    rows += [("证书编号", facts["number"]), ("有效期至", chinese_date(ends) if ends else "")]
    rows += [("发证机构", facts["institution"])]
    return [(label, value) for label, value in [*rows, ("发证日期", chinese_date(facts["issued_on"]))] if value]


def chinese_date(iso: str) -> str:
    day = date.fromisoformat(iso)
    return f"{day.year}年{day.month}月{day.day}日"


def address_problem(base_url: str, demonstration: bool) -> str | None:
    """A QR code that leads to localhost would be printed for ever."""
    local = (urlsplit(base_url).hostname or "") in LOCAL
    return "certificate.local_address" if local and not demonstration else None
