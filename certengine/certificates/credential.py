"""The certificate for programs: W3C Verifiable Credential 2.0 in the shape of Open Badges 3.0, signed as a JWT. Pure.

Nothing personal is in it that is not printed. Its state is asked of two bit strings (Bitstring Status List 1.0).
"""

import base64
import binascii
import gzip
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from certengine.certificates.rules import LEVELS_EN, LEVELS_ZH, TITLES, CertificateKind
from certengine.certificates.signed_code import PublishedKey
from certengine.foundation.clock import CHINA
from certengine.standards.rules import Level

CONTEXTS = ("https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json")
PURPOSES = ("revocation", "suspension")
# Serial numbers have six digits; a list that is large for all hides how many there are.
BITS = 1 << 20
LIST_LASTS = timedelta(days=1)


def issuer_address(base_url: str, institution_code: str) -> str:
    return f"{base_url}/api/v1/issuers/{institution_code}"


def status_list_address(base_url: str, institution_code: str, year: int, purpose: str) -> str:
    return f"{base_url}/api/v1/status/{institution_code}/{year}/{purpose}"


def profile(base_url: str, institution_code: str, name: str) -> dict[str, Any]:
    """The institution as an issuer of badges."""
    address = issuer_address(base_url, institution_code)
    return {"id": address, "type": ["Profile"], "name": name, "url": base_url}


def credential(
    facts: Mapping[str, Any],
    *,
    base_url: str,
    institution_code: str,
    year: int,
    serial: int,
    issued_at: datetime,
    sha256: str,
) -> dict[str, Any]:
    """An OpenBadgeCredential with every printed field."""
    lists = {purpose: status_list_address(base_url, institution_code, year, purpose) for purpose in PURPOSES}
    made: dict[str, Any] = {
        "@context": list(CONTEXTS),
        "id": facts["address"],
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": TITLES[CertificateKind(facts["kind"])][0],
        "issuer": profile(base_url, institution_code, facts["institution"]),
        "validFrom": _stamp(issued_at),
        "credentialSubject": _subject(facts),
        "credentialStatus": [
            {
                "id": f"{address}#{serial}",
                "type": "BitstringStatusListEntry",
                "statusPurpose": purpose,
                "statusListIndex": str(serial),
                "statusListCredential": address,
            }
            for purpose, address in lists.items()
        ],
        "evidence": [
            {
                "id": f"{facts['address']}.pdf",
                "type": ["Evidence"],
                "name": "PDF",
                "description": f"SHA-256 {sha256}",
            }
        ],
    }
    if facts.get("expires_on"):
        # It counts through its last day in China.
        after = date.fromisoformat(facts["expires_on"]) + timedelta(days=1)
        made["validUntil"] = _stamp(datetime.combine(after, time(), CHINA) - timedelta(seconds=1))
    return made


def _subject(facts: Mapping[str, Any]) -> dict[str, Any]:
    level = Level(facts["level"])
    achievement = f"urn:certengine:achievement:{facts['kind']}:{facts['field']}:{facts['level']}"
    scores = (
        ("theory", "理论知识考试成绩"),
        ("practical", "专业能力考核成绩"),
        ("hours", "培训学时"),
        ("assessment", "结业考核"),
    )
    results = [(name, label) for name, label in scores if facts.get(name)]
    described: dict[str, Any] = {
        "id": achievement,
        "type": ["Achievement"],
        "achievementType": "Certificate",
        "name": f"{facts['occupation']}（{LEVELS_ZH[level]}）",
        "description": f"{facts['occupation_en']}, {LEVELS_EN[level]}",
        "criteria": {"narrative": facts.get("course") or "理论知识考试和专业能力考核合格"},
        "fieldOfStudy": facts["field"],
        "inLanguage": "zh-CN",
        "resultDescription": [
            {"id": f"{achievement}:{name}", "type": ["ResultDescription"], "name": label, "resultType": "RawScore"}
            for name, label in results
        ],
    }
    if facts.get("direction"):
        described["specialization"] = facts["direction"]
    printed = {
        "name": facts["name"],
        "ext:document": f"{facts['document_type']} {facts['document']}",
        "ext:sex": facts["sex"],
    }
    return {
        "type": ["AchievementSubject"],
        "licenseNumber": facts["number"],
        "achievement": described,
        "identifier": [
            {"type": "IdentityObject", "hashed": False, "identityType": kind, "identityHash": value}
            for kind, value in printed.items()
            if value
        ],
        "result": [
            {"type": ["Result"], "resultDescription": f"{achievement}:{name}", "value": facts[name]}
            for name, _label in results
        ],
    }


def status_list(
    serials: Iterable[int], *, base_url: str, institution_code: str, name: str, year: int, purpose: str, now: datetime
) -> dict[str, Any]:
    """The list in which these serial numbers are marked."""
    address = status_list_address(base_url, institution_code, year, purpose)
    return {
        "@context": [CONTEXTS[0]],
        "id": address,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": profile(base_url, institution_code, name),
        "validFrom": _stamp(now),
        "validUntil": _stamp(now + LIST_LASTS),
        "credentialSubject": {
            "id": f"{address}#list",
            "type": "BitstringStatusList",
            "statusPurpose": purpose,
            "encodedList": encoded_list(serials),
        },
    }


def encoded_list(serials: Iterable[int]) -> str:
    """A bit for each serial number, the first one leftmost; GZIP, base64url, multibase u."""
    bits = bytearray(BITS // 8)
    for serial in serials:
        bits[serial // 8] |= 0x80 >> serial % 8
    return "u" + _base64url(gzip.compress(bytes(bits), mtime=0))


def is_marked(encoded: str, index: int) -> bool:
    """Reads a list as a verifier does."""
    bits = gzip.decompress(_from_base64url(encoded.removeprefix("u")))
    return bool(bits[index // 8] & 0x80 >> index % 8)


def signed(content: Mapping[str, Any], key_id: bytes, sign: Callable[[bytes], bytes]) -> str:
    """The credential as a JWT (VC-JOSE-COSE; Open Badges 3.0, 8.2): the payload is the credential itself."""
    header = {"alg": "ES256", "kid": key_id.hex(), "typ": "vc+jwt", "cty": "vc"}
    starts = int(datetime.fromisoformat(content["validFrom"]).timestamp())
    claims = {**content, "iss": content["issuer"]["id"], "jti": content["id"], "nbf": starts}
    if "validUntil" in content:
        claims["exp"] = int(datetime.fromisoformat(content["validUntil"]).timestamp())
    head = f"{_base64url(_json(header))}.{_base64url(_json(claims))}"
    r, s = decode_dss_signature(sign(head.encode()))
    return f"{head}.{_base64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def read_signed(token: str, keys: Mapping[bytes, PublishedKey]) -> dict[str, Any] | None:
    """The claims of a JWT that one of these keys has signed; None for any other text."""
    try:
        head, _dot, signature = token.rpartition(".")
        header, claims = (json.loads(_from_base64url(part)) for part in head.split("."))
        raw = _from_base64url(signature)
        published = keys[bytes.fromhex(header["kid"])]
        if header["alg"] != "ES256" or len(raw) != 64 or not isinstance(claims, dict):
            return None
        r, s = (int.from_bytes(half, "big") for half in (raw[:32], raw[32:]))
        published.key.verify(encode_dss_signature(r, s), head.encode(), ec.ECDSA(hashes.SHA256()))
    except (ValueError, KeyError, TypeError, binascii.Error, InvalidSignature):
        return None
    return claims


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _from_base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
