"""Certificates for programs, as the description of the interface says it."""

from typing import Any

from certengine.certificates.checking import Outcome
from certengine.web.interface import BINARY, TEXT, content, get, in_json, parameter, post, said


def paths() -> dict[str, Any]:
    code = parameter("code", {"type": "string", "maxLength": 40})
    answer = in_json("The outcome, with every printed field", {"$ref": "#/components/schemas/Answer"})
    unreadable = said("Not a file of this kind, or too large (problem+json)")
    missing = said("Never issued (problem+json)")
    listed = {"type": "array", "items": {"$ref": "#/components/schemas/Line"}}
    place = [parameter("institution", {"type": "string"}), parameter("year", {"type": "integer"})]
    purpose = parameter("purpose", {"enum": ["revocation", "suspension"]})
    found = {
        "/api/v1/certificates/{code}": get("certificate", [code], {"200": answer, "404": answer}),
        "/api/v1/certificates/{code}/credential": get(
            "credential", [code], {"200": _jwt("Open Badges 3.0, a JWT"), "404": missing}
        ),
        "/api/v1/certificates/{code}/credential.json": get(
            "credentialToRead",
            [code],
            {"200": in_json("The same without its signature", {"type": "object"}), "404": missing},
        ),
        "/api/v1/issuers/{institution}": get(
            "issuer", place[:1], {"200": in_json("The profile of an issuer", {"type": "object"}), "404": missing}
        ),
        "/api/v1/status/{institution}/{year}/{purpose}": get(
            "statusList", [*place, purpose], {"200": _jwt("Bitstring Status List, a JWT"), "404": missing}
        ),
        "/api/v1/verify": post("verify", "application/pdf", {"200": answer, "422": unreadable}),
        "/api/v1/verify/list": post(
            "verifyList",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            {"200": in_json("A line for each row", listed), "422": unreadable},
        ),
        "/api/v1/verify/files": post(
            "verifyFiles", "application/zip", {"200": in_json("A line for each file", listed), "422": unreadable}
        ),
        "/tsa": post(
            "timeStamp",
            "application/timestamp-query",
            {"200": {"description": "RFC 3161", "content": {"application/timestamp-reply": {"schema": BINARY}}}},
        ),
        "/crl/{identifier}.crl": get(
            "revocations",
            [parameter("identifier", {"type": "string"})],
            {
                "200": {"description": "RFC 5280", "content": {"application/pkix-crl": {"schema": BINARY}}},
                "404": missing,
            },
        ),
        "/v/{code}.pdf": get(
            "file", [code], {"200": content("The file of a certificate", "application/pdf", BINARY), "404": missing}
        ),
        "/verifier.html": get("verifier", [], {"200": content("The offline verifier", "text/html", TEXT)}),
        "/root.pem": get(
            "root",
            [],
            {"200": content("The roots that are trusted", "application/x-pem-file", TEXT), "404": said("None yet")},
        ),
        "/api/v1/openapi.json": get("description", [], {"200": in_json("This description", {"type": "object"})}),
        "/.well-known/jwks.json": get("keys", [], {"200": in_json("The published keys", {"type": "object"})}),
    }
    return found


def schemas() -> dict[str, Any]:
    text = {"type": ["string", "null"]}
    outcome = {"type": "string", "enum": [each.value for each in Outcome]}
    problem = {"type": "object", "properties": {"code": {"type": "string"}, "message": {"type": "string"}}}
    problems = {"type": "array", "items": problem}
    told = {name: {"type": "string"} for name in ("at", "authority", "until")}
    stamp = {"type": "object", "properties": {**told, "counts": {"type": "boolean"}}}
    countersigned = {
        "type": ["object", "null"],
        "properties": {"department": {"type": "string"}, "at": {"type": "string"}},
    }
    names = {name: {"type": "string"} for name in ("department", "signed_at", "stamped_at")}
    countersignature = {"type": "object", "properties": {**names, "compromised": {"type": "boolean"}}}
    line = {
        "outcome": outcome,
        "name": text,
        "number": text,
        "row": {"type": "integer"},
        "file": text,
        "problems": problems,
    }
    answer = {
        "outcome": outcome,
        "certificate": {"type": "object", "additionalProperties": {"type": "string"}},
        "sha256": text,
        "suspended_at": text,
        "ended_at": text,
        "reason": text,
        "successor": text,
        "countersigned": countersigned,
        "countersignatures": {"type": "array", "items": countersignature},
        "problems": problems,
        "codes": {"type": "array", "items": {"type": "string"}},
        "level": {"type": "string", "enum": ["B-B", "B-T", "B-LTA"]},
        "signed_at": text,
        "time_stamps": {"type": "array", "items": stamp},
    }
    return {
        "Answer": {"type": "object", "required": ["outcome"], "properties": answer},
        "Line": {"type": "object", "required": ["outcome"], "properties": line},
    }


def _jwt(words: str) -> dict[str, Any]:
    return content(words, "application/vc+jwt", TEXT)
