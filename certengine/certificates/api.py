"""For programs: one certificate by its code, the check of a file, and the keys."""

import base64
from importlib.metadata import version
from typing import Any

from cryptography.hazmat.primitives import serialization
from flask import Blueprint, Response, current_app, request
from flask.blueprints import BlueprintSetupState

from certengine.certificates import authority, checking, credentials, many, service, stamping
from certengine.certificates.checking import Outcome
from certengine.certificates.credential import profile
from certengine.certificates.folder import as_json
from certengine.certificates.interface import paths, schemas
from certengine.certificates.pages import LOOK_UPS
from certengine.certificates.verifier_page import jwk, verifier_page
from certengine.foundation.clock import CHINA
from certengine.foundation.errors import Conflict, NotFound
from certengine.web.access import public
from certengine.web.errors import say
from certengine.web.interface import add_paths, description
from certengine.web.request import may_lag, now, runtime, session
from certengine.web.security import csrf, limiter

blueprint = Blueprint("certificates_api", __name__)
VC_JWT = "application/vc+jwt"


@blueprint.record_once
def set_up(state: BlueprintSetupState) -> None:
    add_paths(state, paths(), schemas())


@blueprint.get("/api/v1/certificates/<code>")
@may_lag
@public("employers' systems ask by code")
@limiter.limit(LOOK_UPS)
def certificate(code: str) -> tuple[dict[str, Any], int]:
    found = service.by_code(session(), runtime(), code)
    return checking.said(found), 404 if found is None else 200


@blueprint.post("/api/v1/verify")
@public("employers' systems have a file checked; it changes nothing")
@csrf.exempt
@limiter.limit("60 per minute")
def verify() -> dict[str, Any]:
    """The PDF as the body, or as the field `file` of a form."""
    upload = request.files.get("file")
    checked = checking.check_file(session(), runtime(), upload.read() if upload else request.get_data())
    problems = [{"code": code, "message": say(Conflict(code))} for code in checked.problems]
    found = as_json(checked.verdict)
    proven = {name: found[name] for name in ("level", "signed_at", "time_stamps", "countersignatures")}
    codes = list(checked.verdict.codes)
    return {
        **checking.said(checked.found),
        "outcome": checked.outcome.value,
        "problems": problems,
        "codes": codes,
        **proven,
    }


@blueprint.post("/api/v1/verify/list")
@public("employers' systems have a list checked; it changes nothing")
@csrf.exempt
@limiter.limit("6 per minute")
def verify_list() -> list[dict[str, Any]]:
    """An Excel file as the body, or as the field `list` of a form; a line for each row."""
    upload = request.files.get("list")
    lines = checking.check_list(session(), runtime(), upload.read() if upload else request.get_data())
    return [
        {
            "row": line.row,
            "outcome": line.outcome.value,
            "name": line.name,
            "number": line.found.number if line.found else None,
        }
        for line in lines
    ]


@blueprint.post("/api/v1/verify/files")
@public("employers' systems have many files checked; it changes nothing")
@csrf.exempt
@limiter.limit("6 per minute")
def verify_files() -> list[dict[str, Any]]:
    """A ZIP as the body, or as the field `files` of a form; a line for each file."""
    upload = request.files.get("files")
    answers = many.check_zip(session(), runtime(), upload.read() if upload else request.get_data())
    return [_line(each) for each in answers]


def _line(answer: many.Answer) -> dict[str, Any]:
    check = answer.check
    found = check.found if check else None
    problems = check.problems if check else ("certificate.unreadable",)
    return {
        "file": answer.name,
        "outcome": (check.outcome if check else Outcome.UNKNOWN).value,
        "name": found.facts["name"] if found else None,
        "number": found.number if found else None,
        "problems": [{"code": code, "message": say(Conflict(code))} for code in problems],
    }


@blueprint.get("/api/v1/certificates/<code>/credential")
@public("whoever has the code may have the certificate in a form for programs")
@limiter.limit("60 per minute")
def signed_credential(code: str) -> Response:
    token = credentials.signed_credential(session(), runtime(), code, now())
    return Response(token, content_type=VC_JWT)


@blueprint.get("/api/v1/certificates/<code>/credential.json")
@public("whoever has the code may read the certificate in a form for programs")
@limiter.limit("60 per minute")
def plain_credential(code: str) -> dict[str, Any]:
    return credentials.credential_of(session(), runtime(), code)


@blueprint.get("/api/v1/issuers/<institution>")
@public("credentials name their issuer by this address")
@limiter.limit("60 per minute")
def issuer(institution: str) -> dict[str, Any]:
    found = credentials.issuer(session(), institution)
    return profile(runtime().settings.base_url, found.code, found.name)


@blueprint.get("/api/v1/status/<institution>/<int:year>/<purpose>")
@public("whoever holds a credential asks here whether it was revoked or suspended, without saying which")
@limiter.limit("60 per minute")
def status_list(institution: str, year: int, purpose: str) -> Response:
    token = credentials.signed_status_list(session(), runtime(), institution, year, purpose, now())
    # A list that lies in a cache would say other than the page does.
    return Response(token, content_type=VC_JWT, headers={"Cache-Control": "no-cache"})


@blueprint.get("/.well-known/jwks.json")
@public("the public keys of the signing certificates (RFC 7517)")
def jwks() -> dict[str, Any]:
    keys, compromised = [], authority.compromised(session())
    for each in authority.signers(session()):
        der = each.public_bytes(serialization.Encoding.DER)
        identifier, published = authority.published(der)
        facts = {"use": "sig", "alg": "ES256", "kid": identifier.hex(), "x5c": [base64.b64encode(der).decode()]}
        since = compromised.get(each.serial_number)
        revoked = {"revoked": {"revoked_at": int(since.timestamp()), "reason": "compromised"}} if since else {}
        keys.append({**jwk(published), **facts, **revoked})
    return {"keys": keys}


@blueprint.get("/verifier.html")
@public("the page that checks signed codes without us, with the published keys in it")
@limiter.limit("30 per minute")
def verifier() -> Response:
    page = verifier_page(authority.published_keys(session()), now().astimezone(CHINA).date())
    # To be kept and opened offline: its scripts stand in it, which our own pages never allow.
    headers = {"Content-Disposition": "attachment; filename=certificate-verifier.html"}
    return Response(page, content_type="text/html; charset=utf-8", headers=headers)


@blueprint.get("/crl/<identifier>.crl")
@public("the list of signing certificates that count no more (RFC 5280); certificates name this address")
@limiter.limit("60 per minute")
def revocations(identifier: str) -> Response:
    content = authority.crl(session(), runtime(), identifier, now())
    return Response(content, content_type="application/pkix-crl", headers={"Cache-Control": "no-cache"})


@blueprint.post("/tsa")
@public("our time-stamp authority (RFC 3161): whoever has a digest may have the time put to it")
@csrf.exempt
@limiter.limit("60 per minute")
def time_stamp() -> Response:
    """A request as the body; no transaction of anybody's is touched."""
    query = request.get_data()[: stamping.LONGEST_QUERY]
    answer = authority.stamper(session(), runtime(), now()).answer(query, now())
    return Response(answer, content_type=stamping.REPLY)


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
    return description(current_app, version("certengine"))
