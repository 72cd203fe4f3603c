"""Complaints: anybody complains and follows the number; the department of the region answers."""

from typing import Any
from uuid import UUID

from flask import redirect, render_template, request, url_for

from certengine.foundation.errors import CertengineError, Invalid
from certengine.foundation.paging import paginate
from certengine.oversight import complaints
from certengine.oversight.forms import AnswerForm, ComplaintForm
from certengine.oversight.inspection_models import ComplaintState
from certengine.oversight.pages import COMPLAINT_STATES, blueprint
from certengine.people.actors import region, staff
from certengine.people.permissions import Permission
from certengine.programme.pages import as_id
from certengine.web.access import allow, public
from certengine.web.errors import say
from certengine.web.request import now, runtime, session
from certengine.web.security import limiter


@blueprint.route("/complaints", methods=["GET", "POST"])
@public("anybody may complain, with a name or without")
@limiter.limit("20 per hour", methods=["POST"])
def complain() -> Any:
    form, others = ComplaintForm(), []
    form.organisation.choices = [("", ""), *((str(each.id), each.name) for each in complaints.institutions(session()))]
    if form.validate_on_submit():
        try:
            made = complaints.complain(
                session(),
                runtime().cipher,
                organisation_id=as_id(form.organisation.data) if form.organisation.data else None,
                about=form.about.data or "",
                text=form.text.data or "",
                name=form.name.data or "",
                contact=form.contact.data or "",
                now=now(),
            )
            return redirect(url_for(".my_complaint", number=made.number))
        except Invalid as error:
            others = form.show_problems(error)
    status = 422 if request.method == "POST" else 200
    return render_template("oversight/complain.html", form=form, others=others), status


@blueprint.get("/complaints/answer")
@public("whoever has a complaint's number reads its answer")
@limiter.limit("60 per minute")
def my_complaint() -> Any:
    number = request.args.get("number", "")
    try:
        found = complaints.by_number(session(), number)
    except CertengineError as error:
        status = 404 if number else 200
        page = render_template("oversight/my_complaint.html", complaint=None, number=number, problem=say(error))
        return page, status
    return render_template("oversight/my_complaint.html", complaint=found, number=number, problem="")


@blueprint.get("/oversight/complaints", endpoint="complaints")
@allow(Permission.INSPECTION_MANAGE)
def list_complaints() -> str:
    given = request.args.get("state", "")
    state = ComplaintState(given) if given in {each.value for each in ComplaintState} else None
    page = paginate(session(), complaints.complaints_query(region(), state), request.args.get("page", 1, int))
    return render_template("oversight/complaints.html", page=page, states=COMPLAINT_STATES, chosen=request.args)


@blueprint.get("/oversight/complaints/<uuid:complaint_id>")
@allow(Permission.INSPECTION_MANAGE)
def complaint(complaint_id: UUID) -> str:
    return _page(complaint_id, AnswerForm(formdata=None))


def _page(complaint_id: UUID, form: AnswerForm) -> str:
    found = complaints.complaint(session(), complaint_id, region())
    who = complaints.who(runtime().cipher, found)
    return render_template("oversight/complaint.html", complaint=found, who=who, form=form, State=ComplaintState)


@blueprint.post("/oversight/complaints/<uuid:complaint_id>/take")
@allow(Permission.INSPECTION_MANAGE)
def take_complaint(complaint_id: UUID) -> Any:
    found = complaints.complaint(session(), complaint_id, region())
    complaints.take_up(session(), found, region(), actor=staff().id, now=now())
    return redirect(url_for(".complaint", complaint_id=complaint_id))


@blueprint.post("/oversight/complaints/<uuid:complaint_id>/answer")
@allow(Permission.INSPECTION_MANAGE)
def answer_complaint(complaint_id: UUID) -> Any:
    form = AnswerForm()
    if not form.validate_on_submit():
        return _page(complaint_id, form), 422
    found = complaints.complaint(session(), complaint_id, region())
    complaints.answer(session(), found, form.answer.data or "", actor=staff().id, now=now())
    return redirect(url_for(".complaint", complaint_id=complaint_id))
