"""Pictures: shown where an item shows them, and brought in from the editor."""

from uuid import UUID

from flask import Response as FlaskResponse
from flask import jsonify, make_response, request

from certengine.bank.pages import blueprint, own_bank
from certengine.bank.picture_store import add_picture, picture
from certengine.bank.pictures import MEDIA_TYPES, written
from certengine.foundation.errors import Invalid, NotFound
from certengine.people.actors import staff
from certengine.people.permissions import Permission
from certengine.web.access import allow, public
from certengine.web.errors import say
from certengine.web.request import now, session


@blueprint.get("/media/<name>")
@public("an item's picture is named by the hash of its bytes, which only the item tells")
def media(name: str) -> FlaskResponse:
    media_type = MEDIA_TYPES.get(name.rpartition(".")[2])
    if media_type is None:
        raise NotFound("not_found")
    answer = make_response(picture(session(), name))
    answer.mimetype = media_type
    # The bytes under a hash never change; private, for a shared cache outlives an exam.
    answer.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    return answer


@blueprint.post("/banks/<uuid:bank_id>/pictures")
@allow(Permission.BANK_WRITE)
def upload_picture(bank_id: UUID) -> FlaskResponse | tuple[FlaskResponse, int]:
    """The Markdown that shows the picture, for the editor to put at the cursor."""
    own_bank(bank_id)
    file = request.files.get("picture")
    if file is None:
        return jsonify(problem=say(NotFound("not_found"))), 422
    try:
        name = add_picture(session(), file.read(), file.filename or "", staff().id, now())
    except Invalid as error:
        return jsonify(problem=say(error.problems[0])), 422
    return jsonify(markdown=written(name, request.form.get("alt", "")[:200]))
