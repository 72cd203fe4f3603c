"""The description of the interface for programs (OpenAPI 3.1)."""

from typing import Any

from certengine.certificates.checking import Outcome

_BINARY = {"type": "string", "format": "binary"}


def description(version: str) -> dict[str, Any]:
    code = _parameter("code", {"type": "string", "maxLength": 40})
    answer = _json("The outcome, with every printed field", {"$ref": "#/components/schemas/Answer"})
    unreadable = _said("Not a file of this kind, or too large (problem+json)")
    missing = _said("Never issued (problem+json)")
    listed = {"type": "array", "items": {"$ref": "#/components/schemas/Line"}}
    place = [_parameter("institution", {"type": "string"}), _parameter("year", {"type": "integer"})]
    purpose = _parameter("purpose", {"enum": ["revocation", "suspension"]})
    paths = {
        "/api/v1/certificates/{code}": _get("certificate", [code], {"200": answer, "404": answer}),
        "/api/v1/certificates/{code}/credential": _get(
            "credential", [code], {"200": _jwt("Open Badges 3.0, a JWT"), "404": missing}
        ),
        "/api/v1/certificates/{code}/credential.json": _get(
            "credentialToRead",
            [code],
            {"200": _json("The same without its signature", {"type": "object"}), "404": missing},
        ),
        "/api/v1/issuers/{institution}": _get(
            "issuer", place[:1], {"200": _json("The profile of an issuer", {"type": "object"}), "404": missing}
        ),
        "/api/v1/status/{institution}/{year}/{purpose}": _get(
            "statusList", [*place, purpose], {"200": _jwt("Bitstring Status List, a JWT"), "404": missing}
        ),
        "/api/v1/verify": _post("verify", "application/pdf", {"200": answer, "422": unreadable}),
        "/api/v1/verify/list": _post(
            "verifyList",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            {"200": _json("A line for each row", listed), "422": unreadable},
        ),
        "/api/v1/verify/files": _post(
            "verifyFiles", "application/zip", {"200": _json("A line for each file", listed), "422": unreadable}
        ),
        "/tsa": _post(
            "timeStamp",
            "application/timestamp-query",
            {"200": {"description": "RFC 3161", "content": {"application/timestamp-reply": {"schema": _BINARY}}}},
        ),
        "/crl/{identifier}.crl": _get(
            "revocations",
            [_parameter("identifier", {"type": "string"})],
            {
                "200": {"description": "RFC 5280", "content": {"application/pkix-crl": {"schema": _BINARY}}},
                "404": missing,
            },
        ),
        "/.well-known/jwks.json": _get("keys", [], {"200": _json("The published keys", {"type": "object"})}),
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "certengine", "version": version},
        "paths": paths,
        "components": {"schemas": _schemas()},
    }


def _schemas() -> dict[str, Any]:
    text = {"type": ["string", "null"]}
    outcome = {"type": "string", "enum": [each.value for each in Outcome]}
    problem = {"type": "object", "properties": {"code": {"type": "string"}, "message": {"type": "string"}}}
    problems = {"type": "array", "items": problem}
    stamp = {"type": "object", "properties": {name: {"type": "string"} for name in ("at", "authority", "until")}}
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


def _parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _said(words: str) -> dict[str, Any]:
    return {"description": words}


def _json(words: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": words, "content": {"application/json": {"schema": schema}}}


def _jwt(words: str) -> dict[str, Any]:
    return {"description": words, "content": {"application/vc+jwt": {"schema": {"type": "string"}}}}


def _limited(responses: dict[str, Any]) -> dict[str, Any]:
    return {**responses, "429": _said("Too many requests: wait as Retry-After says")}


def _get(name: str, parameters: list[dict[str, Any]], responses: dict[str, Any]) -> dict[str, Any]:
    return {"get": {"operationId": name, "parameters": parameters, "responses": _limited(responses)}}


def _post(name: str, kind: str, responses: dict[str, Any]) -> dict[str, Any]:
    body = {"required": True, "content": {kind: {"schema": _BINARY}}}
    return {"post": {"operationId": name, "requestBody": body, "responses": _limited(responses)}}
