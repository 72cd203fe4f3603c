"""The rights of a person: everything that is held as a file, who looked, erasure; and one's own data for oneself."""

import json
from io import BytesIO
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from certengine.foundation.errors import CertengineError, Conflict, Invalid, NotAllowed
from certengine.oversight import person_data as data
from certengine.oversight.forms import EraseForm, PersonForm
from certengine.oversight.held_names import HELD_NAMES
from certengine.oversight.pages import blueprint
from certengine.people import privacy
from certengine.people import service as people
from certengine.people.actors import staff
from certengine.people.models import DocumentType, OrganisationKind, Person
from certengine.people.permissions import Permission
from certengine.web.access import allow
from certengine.web.errors import say
from certengine.web.request import now, runtime, session


def _must_be_department() -> None:
    """Whoever protects an institution's own data does not look at everybody's. Raises NotAllowed."""
    if people.organisation(session(), staff().organisation_id).kind is not OrganisationKind.DEPARTMENT:
        raise NotAllowed("person.department_only")


def _person(person_id: UUID) -> Person:
    _must_be_department()
    return data.person_of(session(), person_id)


@blueprint.route("/oversight/persons", methods=["GET", "POST"])
@allow(Permission.PERSON_DATA)
def person_data() -> Any:
    """By document and never by name."""
    _must_be_department()
    form, others = PersonForm(), []
    if form.validate_on_submit():
        try:
            kind = DocumentType(form.document_type.data)
            found = data.find(session(), runtime().cipher, kind, form.number.data or "", now())
            data.look(session(), found, actor=staff().id, now=now())
            return redirect(url_for(".person", person_id=found.id))
        except Invalid as error:
            others = form.show_problems(error)
        except CertengineError as error:
            others = [say(error)]
    status = 422 if request.method == "POST" else 200
    return render_template("oversight/persons.html", form=form, others=others), status


@blueprint.get("/oversight/persons/<uuid:person_id>")
@allow(Permission.PERSON_DATA)
def person(person_id: UUID) -> str:
    return _page(_person(person_id), EraseForm(formdata=None))


def _page(found: Person, form: EraseForm) -> str:
    looks = data.looks_at(session(), found.id)
    return render_template(
        "oversight/person.html",
        person=found,
        held=data.held(session(), found).tables,
        held_names=HELD_NAMES,
        kept=privacy.kept_until(session(), found),
        erased=privacy.is_erased(found),
        looks=looks,
        names=people.names_of(session(), [each.actor for each in looks]),
        form=form,
    )


@blueprint.post("/oversight/persons/<uuid:person_id>/export.json")
@allow(Permission.PERSON_DATA)
def export_person(person_id: UUID) -> Response:
    return _file(_person(person_id))


def _file(found: Person) -> Response:
    told = data.export(session(), runtime().cipher, found, actor=staff().id, now=now())
    content = json.dumps(told, ensure_ascii=False, indent=2).encode()
    return send_file(BytesIO(content), mimetype="application/json", as_attachment=True, download_name="个人信息.json")


@blueprint.post("/oversight/persons/<uuid:person_id>/erase")
@allow(Permission.PERSON_DATA)
def erase_person(person_id: UUID) -> Any:
    found, form = _person(person_id), EraseForm()
    if not form.validate_on_submit():
        return _page(found, form), 422
    data.erase(session(), runtime(), found, form.reason.data or "", actor=staff().id, now=now())
    flash(gettext("个人信息已删除；账本中的凭证保留，但不再指向任何人"))
    return redirect(url_for(".person", person_id=person_id))


def _me() -> Person:
    person_id = staff().person_id
    if person_id is None:
        raise Conflict("course.no_person")
    return data.person_of(session(), person_id)


@blueprint.get("/my-data")
@allow(Permission.TRAINEE_SELF)
def my_data() -> str:
    found = _me()
    looks = data.looks_at(session(), found.id)
    return render_template(
        "oversight/my_data.html",
        person=found,
        held=data.held(session(), found).tables,
        held_names=HELD_NAMES,
        kept=privacy.kept_until(session(), found),
        looks=looks,
        names=people.names_of(session(), [each.actor for each in looks]),
    )


@blueprint.post("/my-data/export.json")
@allow(Permission.TRAINEE_SELF)
def export_my_data() -> Response:
    return _file(_me())
