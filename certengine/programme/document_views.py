"""Verification of plaques, certificates and reports by code and by their bytes."""

from typing import Any

from flask import render_template, request, send_file
from flask.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response

from certengine.foundation.errors import NotFound
from certengine.programme import documents
from certengine.programme.document_models import DocumentKind
from certengine.programme.pages import blueprint
from certengine.web.access import current_actor, public
from certengine.web.errors import say
from certengine.web.interface import BINARY, TEXT, add_paths, content, get, parameter, said
from certengine.web.request import runtime, session
from certengine.web.security import limiter

# What is not about a person anybody may fetch who has the code.
OPEN = frozenset({DocumentKind.PLAQUE, DocumentKind.DESIGNATION, DocumentKind.BEST_COURSE, DocumentKind.YEARLY_REPORT})


@blueprint.record_once
def describe_documents(state: BlueprintSetupState) -> None:
    answers = {"200": content("The file of a document", "application/pdf", BINARY), "404": said("None that is open")}
    add_paths(state, {"/documents/{code}/file.pdf": get("document", [parameter("code", TEXT)], answers)})


@blueprint.route("/documents/<code>", methods=["GET", "POST"])
@public("whoever holds a document's code holds its content")
@limiter.limit("120 per minute")
def document(code: str) -> Any:
    try:
        checked = documents.check(session(), code)
    except NotFound as error:
        return render_template("programme/document.html", checked=None, problem=say(error)), 404
    upload = request.files.get("pdf")
    same = documents.same_bytes(checked.document, upload.read()) if upload else None
    return render_template(
        "programme/document.html", checked=checked, same=same, may_fetch=_may_fetch(checked), problem=""
    )


def _may_fetch(checked: documents.Checked) -> bool:
    mine = getattr(current_actor(), "person_id", None)
    found = checked.document
    return found.kind in OPEN or (mine is not None and mine == found.person_id)


@blueprint.get("/documents/<code>/file.pdf")
@public("the file of a document that is about nobody, or the holder's own")
@limiter.limit("60 per minute")
def document_pdf(code: str) -> Response:
    checked = documents.check(session(), code)
    if not _may_fetch(checked):
        raise NotFound("document.not_found")
    name = f"{checked.document.number}.pdf"
    return send_file(
        runtime().files.path(checked.document.pdf), mimetype="application/pdf", as_attachment=True, download_name=name
    )
