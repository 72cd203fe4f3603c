"""The documents that prove the conditions, as an officer sees and keeps them."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from flask import flash, redirect, request, send_file, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from certengine.foundation.errors import Invalid, Problem
from certengine.people.permissions import Permission
from certengine.sittings import applications, proof_rules, proofs, service
from certengine.sittings.models import Application, EligibilityProof, Registration
from certengine.sittings.pages import actor, blueprint, organisation
from certengine.sittings.proof_rules import ProofKind
from certengine.web.access import allow
from certengine.web.errors import say
from certengine.web.request import now, runtime, session

Row = TypeVar("Row", Application, Registration)


def proof_facts(row: Row, kept_of: Callable[[Session, UUID], Sequence[EligibilityProof]]) -> dict[str, Any]:
    """What the pages show: the judgement with its sentences, the documents, and those still wanted."""
    kept, judgement = kept_of(session(), row.id), proofs.judgement_of(row)
    return {
        "judgement": judgement,
        "words": lambda verdict: say(Problem("", verdict.code, verdict.values)),
        "kept_proofs": kept,
        "missing": proofs.missing(judgement, kept),
        "proof_of": proof_rules.proof_of,
        "proof_kinds": list(ProofKind),
    }


def handed_in() -> proofs.Document:
    """The document of the request's form. Raises Invalid."""
    upload = request.files.get("proof")
    kind = next((each for each in ProofKind if each.value == request.form.get("kind")), ProofKind.OTHER)
    content, name = (upload.read(proofs.LARGEST + 1), upload.filename or "") if upload else (b"", "")
    return proofs.document(kind, name, content)


def sent_proof(found: EligibilityProof) -> Response:
    return send_file(
        runtime().files.path(found.digest), mimetype=found.media_type, as_attachment=True, download_name=found.name
    )


@blueprint.get("/sittings/applications/<uuid:application_id>/proofs/<uuid:proof_id>")
@allow(Permission.REGISTRATION_MANAGE)
def application_proof(application_id: UUID, proof_id: UUID) -> Response:
    found = applications.application_of(session(), organisation(), application_id)
    return sent_proof(proofs.one(proofs.of_application(session(), found.id), proof_id))


@blueprint.get("/sittings/candidates/<uuid:registration_id>/proofs/<uuid:proof_id>")
@allow(Permission.REGISTRATION_MANAGE)
def candidate_proof(registration_id: UUID, proof_id: UUID) -> Response:
    row = service.registration_of(session(), organisation(), registration_id)
    return sent_proof(proofs.one(proofs.of_registration(session(), row.id), proof_id))


@blueprint.post("/sittings/candidates/<uuid:registration_id>/proofs")
@allow(Permission.REGISTRATION_MANAGE)
def add_proof(registration_id: UUID) -> Response:
    row = service.registration_of(session(), organisation(), registration_id)
    try:
        proofs.add_to_registration(session(), runtime(), row, handed_in(), actor=actor(), now=now())
        flash(gettext("材料已保存"), "success")
    except Invalid as error:
        flash(say(error.problems[0]), "danger")
    return redirect(url_for(".candidate", registration_id=registration_id))


@blueprint.post("/sittings/candidates/<uuid:registration_id>/proofs/<uuid:proof_id>/remove")
@allow(Permission.REGISTRATION_MANAGE)
def remove_proof(registration_id: UUID, proof_id: UUID) -> Response:
    row = service.registration_of(session(), organisation(), registration_id)
    found = proofs.one(proofs.of_registration(session(), row.id), proof_id)
    proofs.remove(session(), runtime(), found, f"registration:{row.id}", actor(), now())
    flash(gettext("材料已删除"), "success")
    return redirect(url_for(".candidate", registration_id=registration_id))
