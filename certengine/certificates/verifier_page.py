"""The page with which anyone checks a signed code without us: one HTML file with the published keys in it. Pure."""

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from certengine.certificates.rules import LEVELS_ZH, TITLES
from certengine.certificates.signed_code import FIELDS, PublishedKey

FOLDER = Path(__file__).parent / "verifier"
VENDORED = Path(__file__).parent.parent / "static" / "vendor"
# What is printed, in the order of the sheet: Chinese and English label, the fields that make its value.
ROWS = (
    ("证书种类", "Kind", ("kind",)),
    ("姓名", "Name", ("name",)),
    ("性别", "Sex", ("sex",)),
    ("证件", "Document", ("document_type", "document")),
    ("职业", "Occupation", ("occupation", "occupation_en")),
    ("方向", "Direction", ("direction",)),
    ("专业技术等级", "Level", ("level",)),
    ("理论知识考试成绩", "Theory", ("theory",)),
    ("专业能力考核成绩", "Practical", ("practical",)),
    ("培训课程", "Course", ("course",)),
    ("培训学时", "Hours", ("hours",)),
    ("结业考核", "Assessment", ("assessment",)),
    ("证书编号", "Number", ("number",)),
    ("查验码", "Code", ("code",)),
    ("发证机构", "Institution", ("institution",)),
    ("发证日期", "Issued on", ("issued_on",)),
    ("有效期至", "Valid until", ("expires_on",)),
)


def verifier_page(keys: Mapping[bytes, PublishedKey], made_on: date) -> str:
    """The whole page; the same keys and day give the same bytes."""
    sources = {"verifier.css": FOLDER, "qr-decode.js": VENDORED, "verifier.js": FOLDER}
    parts = {name: (folder / name).read_text() for name, folder in sources.items()}
    data = {
        "keys": [_key(identifier, key) for identifier, key in sorted(keys.items())],
        "fields": FIELDS,
        "rows": ROWS,
        "words": {
            "kind": {kind.value: title[0] for kind, title in TITLES.items()},
            "level": {level.value: word for level, word in LEVELS_ZH.items()},
        },
    }
    scripts = " ".join(_digest(parts[name]) for name in ("qr-decode.js", "verifier.js"))
    # No source of anything: the page cannot speak to a network, whatever it is fed with.
    policy = f"default-src 'none'; script-src {scripts}; style-src {_digest(parts['verifier.css'])}; media-src blob:"
    filled = {
        "policy": f"{policy}; img-src blob: data:; base-uri 'none'; form-action 'none'",
        "style": parts["verifier.css"],
        "made_on": made_on.isoformat(),
        # A "<" could end the element.
        "data": json.dumps(data, ensure_ascii=False, sort_keys=True).replace("<", "\\u003c"),
        "decoder": parts["qr-decode.js"],
        "script": parts["verifier.js"],
    }
    page = (FOLDER / "page.html").read_text()
    for name, text in filled.items():
        page = page.replace("{{ " + name + " }}", text)
    return page


def _digest(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def _key(identifier: bytes, published: PublishedKey) -> dict[str, Any]:
    return {
        "kid": identifier.hex(),
        "institution": published.institution,
        "not_before": int(published.not_before.timestamp()),
        "not_after": int(published.not_after.timestamp()),
        "compromised_since": int(published.compromised_since.timestamp()) if published.compromised_since else None,
        "jwk": jwk(published),
    }


def jwk(published: PublishedKey) -> dict[str, str]:
    """The public key as a JSON Web Key (RFC 7518, 6.2)."""
    numbers = published.key.public_numbers()
    x, y = (base64.urlsafe_b64encode(each.to_bytes(32, "big")).rstrip(b"=").decode() for each in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}
