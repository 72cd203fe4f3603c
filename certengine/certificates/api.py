"""For programs: one certificate by its code, the check of a file, and the keys."""

import base64
from importlib.metadata import version
from typing import Any

from cryptography.hazmat.primitives import serialization
from flask import Blueprint, Response, request

from certengine.certificates import authority, checking, service
from certengine.certificates.checking import Outcome
from certengine.certificates.service import CertificateView
from certengine.certificates.verifier_page import jwk, verifier_page
from certengine.foundation.clock import CHINA
from certengine.foundation.errors import Conflict, NotFound
from certengine.web.access import public
from certengine.web.errors import say
from certengine.web.request import now, runtime, session
from certengine.web.security import csrf, limiter

blueprint = Blueprint("certificates_api", __name__)


def _said(found: CertificateView | None) -> dict[str, Any]:
    result: dict[str, Any] = {"outcome": checking.outcome(found).value}
    if found is None:
        return result
    receipt = found.receipt
    return {
        **result,
        "certificate": found.facts,
        "sha256": found.pdf,
        "ended_at": found.ended_at.isoformat() if found.ended_at else None,
        "suspended_at": found.suspended_at.isoformat() if found.suspended_at else None,
        "reason": found.reason.value if found.reason else None,
        "successor": found.successor,
        "ledger": {"leaf_hash": receipt.leaf_hash, "index": receipt.index, "tree_size": receipt.tree_size},
    }


@blueprint.get("/api/v1/certificates/<code>")
@public("employers' systems ask by code")
@limiter.limit("120 per minute")
def certificate(code: str) -> tuple[dict[str, Any], int]:
    found = service.by_code(session(), runtime(), code)
    return _said(found), 404 if found is None else 200


@blueprint.post("/api/v1/verify")
@public("employers' systems have a file checked; it changes nothing")
@csrf.exempt
@limiter.limit("60 per minute")
def verify() -> dict[str, Any]:
    """The PDF as the body, or as the field `file` of a form."""
    upload = request.files.get("file")
    checked = checking.check_file(session(), runtime(), upload.read() if upload else request.get_data())
    problems = [{"code": code, "message": say(Conflict(code))} for code in checked.problems]
    codes = list(checked.verdict.codes)
    return {**_said(checked.found), "outcome": checked.outcome.value, "problems": problems, "codes": codes}


@blueprint.get("/.well-known/jwks.json")
@public("the public keys of the signing certificates (RFC 7517)")
def jwks() -> dict[str, Any]:
    keys = []
    for each in authority.all_certificates(session()):
        der = each.public_bytes(serialization.Encoding.DER)
        identifier, published = authority.published(der)
        facts = {"use": "sig", "alg": "ES256", "kid": identifier.hex(), "x5c": [base64.b64encode(der).decode()]}
        keys.append({**jwk(published), **facts})
    return {"keys": keys}


@blueprint.get("/verifier.html")
@public("the page that checks signed codes without us, with the published keys in it")
@limiter.limit("30 per minute")
def verifier() -> Response:
    page = verifier_page(authority.published_keys(session()), now().astimezone(CHINA).date())
    # To be kept and opened offline: its scripts stand in it, which our own pages never allow.
    headers = {"Content-Disposition": "attachment; filename=certificate-verifier.html"}
    return Response(page, content_type="text/html; charset=utf-8", headers=headers)


@blueprint.get("/root.pem")
@public("the root that certificates' signatures are trusted by")
def root() -> Response:
    pem = authority.root_pem(session())
    if pem is None:
        raise NotFound("certificate.not_found")
    return Response(pem, content_type="application/x-pem-file")


@blueprint.get("/api/v1/openapi.json")
@public("the description of this interface")
def openapi() -> dict[str, Any]:
    outcome = {"type": "string", "enum": [each.value for each in Outcome]}
    answer = {
        "description": "The outcome, with every printed field",
        "content": {
            "application/json": {
                "schema": {"type": "object", "required": ["outcome"], "properties": {"outcome": outcome}}
            }
        },
    }
    code = {"name": "code", "in": "path", "required": True, "schema": {"type": "string", "maxLength": 40}}
    pdf = {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}
    unreadable = {"description": "Not a PDF (problem+json)"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "certengine", "version": version("certengine")},
        "paths": {
            "/api/v1/certificates/{code}": {
                "get": {"operationId": "certificate", "parameters": [code], "responses": {"200": answer, "404": answer}}
            },
            "/api/v1/verify": {
                "post": {
                    "operationId": "verify",
                    "requestBody": {"required": True, "content": pdf},
                    "responses": {"200": answer, "422": unreadable},
                }
            },
        },
    }
