"""Inspections for the department that runs them and for the institution that puts things right."""

from typing import Any
from uuid import UUID

from flask import redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from certengine.foundation.clock import CHINA
from certengine.foundation.errors import Invalid, NotFound
from certengine.foundation.ids import random_code
from certengine.foundation.paging import paginate
from certengine.foundation.uploads import document_type
from certengine.ledger import service as ledger
from certengine.oversight import inspections
from certengine.oversight.forms import CorrectionForm, FindingForm, RoundForm, VisitForm, VisitReportForm
from certengine.oversight.inspection_models import FindingState, Inspection, InspectionState, Severity
from certengine.oversight.pages import INSPECTION_STATES, blueprint
from certengine.people import designations, reach
from certengine.people.actors import region, staff
from certengine.people.models import OrganisationKind
from certengine.people.pages import ORGANISATION_KINDS
from certengine.people.permissions import Permission
from certengine.web.access import allow
from certengine.web.downloads import sent_rows
from certengine.web.forms import given_token
from certengine.web.request import now, runtime, session


def _kinds() -> list[tuple[str, Any]]:
    return [(kind.value, ORGANISATION_KINDS[kind]) for kind in inspections.INSPECTED]


def _state() -> InspectionState | None:
    given = request.args.get("state", "")
    return InspectionState(given) if given in {each.value for each in InspectionState} else None


@blueprint.get("/oversight/inspections", endpoint="inspections")
@allow(Permission.INSPECTION_MANAGE)
def list_inspections() -> str:
    return _list()


def _list(form: RoundForm | None = None) -> str:
    form = form or RoundForm(formdata=None, token=random_code(20))
    form.kind.choices = _kinds()
    today = now().astimezone(CHINA).date()
    query = inspections.inspections_query(region(), _state())
    return render_template(
        "oversight/inspections.html",
        page=paginate(session(), query, request.args.get("page", 1, int)),
        rounds=inspections.rounds(session(), region()),
        overdue=inspections.overdue(session(), region(), today),
        states=INSPECTION_STATES,
        chosen=request.args,
        form=form,
    )


@blueprint.get("/oversight/inspections.xlsx")
@allow(Permission.INSPECTION_MANAGE)
def inspections_xlsx() -> Response:
    rows = [
        (each.organisation.name, each.reason, each.planned_on, each.inspectors, str(INSPECTION_STATES[each.state]))
        for each in session().scalars(inspections.inspections_query(region(), _state()))
    ]
    return sent_rows(("机构", "来源", "检查日期", "检查人员", "状态"), rows, "监督检查")


@blueprint.post("/oversight/inspections/rounds")
@allow(Permission.INSPECTION_MANAGE)
def draw_round() -> Any:
    form = RoundForm()
    form.kind.choices = _kinds()
    if not form.validate_on_submit():
        return _list(form), 422
    try:
        made = inspections.draw_round(
            session(),
            form.title.data.strip(),
            OrganisationKind(form.kind.data),
            form.count.data or 0,
            region(),
            token=given_token(),
            actor=staff().id,
            now=now(),
        )
    except Invalid as error:
        form.show_problems(error)
        return _list(form), 422
    return redirect(url_for(".inspection_round", round_id=made.id))


@blueprint.get("/oversight/inspections/rounds/<uuid:round_id>")
@allow(Permission.INSPECTION_MANAGE)
def inspection_round(round_id: UUID) -> str:
    found = inspections.round_of(session(), round_id, region())
    return render_template("oversight/round.html", round=found, again=inspections.again(found))


@blueprint.get("/oversight/inspections/<uuid:inspection_id>")
@allow(Permission.INSPECTION_MANAGE)
def inspection(inspection_id: UUID) -> str:
    return _page(_inspection(inspection_id))


def _inspection(inspection_id: UUID) -> Inspection:
    return inspections.inspection(session(), inspection_id, region())


def _page(found: Inspection, **forms: Any) -> str:
    fresh: dict[str, Any] = {
        "visit": VisitForm(formdata=None, data={"planned_on": found.planned_on, "inspectors": found.inspectors}),
        "finding_form": FindingForm(formdata=None),
        "report_form": VisitReportForm(formdata=None),
    }
    return render_template(
        "oversight/inspection.html",
        inspection=found,
        designations=designations.of_organisation(session(), found.organisation_id),
        State=InspectionState,
        FindingState=FindingState,
        history=ledger.history(session(), found.subject),
        today=now().astimezone(CHINA).date(),
        **{**fresh, **forms},
    )


def _back(inspection_id: UUID) -> Any:
    return redirect(url_for(".inspection", inspection_id=inspection_id))


@blueprint.post("/oversight/inspections/<uuid:inspection_id>/plan")
@allow(Permission.INSPECTION_MANAGE)
def plan_inspection(inspection_id: UUID) -> Any:
    found, form = _inspection(inspection_id), VisitForm()
    if not form.validate_on_submit():
        return _page(found, visit=form), 422
    try:
        inspectors = form.inspectors.data or ""
        inspections.plan(session(), found, form.planned_on.data, inspectors, actor=staff().id, now=now())
    except Invalid as error:
        form.show_problems(error)
        return _page(found, visit=form), 422
    return _back(inspection_id)


@blueprint.post("/oversight/inspections/<uuid:inspection_id>/findings")
@allow(Permission.INSPECTION_MANAGE)
def add_finding(inspection_id: UUID) -> Any:
    found, form = _inspection(inspection_id), FindingForm()
    if not form.validate_on_submit():
        return _page(found, finding_form=form), 422
    try:
        severity = Severity(form.severity.data)
        text = form.text.data or ""
        inspections.add_finding(session(), found, text, severity, form.due_on.data, actor=staff().id, now=now())
    except Invalid as error:
        form.show_problems(error)
        return _page(found, finding_form=form), 422
    return _back(inspection_id)


@blueprint.post("/oversight/inspections/<uuid:inspection_id>/report")
@allow(Permission.INSPECTION_MANAGE)
def report_inspection(inspection_id: UUID) -> Any:
    found, form = _inspection(inspection_id), VisitReportForm()
    if not form.validate_on_submit():
        return _page(found, report_form=form), 422
    inspections.report(session(), found, form.report.data or "", actor=staff().id, now=now())
    return _back(inspection_id)


@blueprint.post("/oversight/inspections/<uuid:inspection_id>/findings/<uuid:finding_id>")
@allow(Permission.INSPECTION_MANAGE)
def judge_finding(inspection_id: UUID, finding_id: UUID) -> Any:
    accept, answer = request.form.get("accept") == "yes", request.form.get("answer", "")
    found = _inspection(inspection_id)
    inspections.judge(session(), found, finding_id, accept, answer, actor=staff().id, now=now())
    return _back(inspection_id)


@blueprint.get("/oversight/findings/<uuid:finding_id>/proof")
@allow(Permission.INSPECTION_MANAGE, Permission.INSPECTION_ANSWER)
def finding_proof(finding_id: UUID) -> Any:
    """For the department of the region and the institution itself."""
    found, about = inspections.proof_of(session(), finding_id)
    own = about.organisation_id == staff().organisation_id
    manages = staff().may(Permission.INSPECTION_MANAGE) and reach.covers(session(), region(), about.organisation_id)
    if not found.proof or not (own or manages):
        raise NotFound("inspection.not_found")
    return send_file(runtime().files.path(found.proof), as_attachment=True, download_name=found.proof_name)


@blueprint.get("/oversight/own-inspections")
@allow(Permission.INSPECTION_ANSWER)
def own_inspections() -> str:
    return _own()


def _own(form: CorrectionForm | None = None) -> str:
    own = staff().organisation_id
    return render_template(
        "oversight/own_inspections.html",
        inspections=inspections.of_organisation(session(), own),
        designations=designations.of_organisation(session(), own),
        form=form or CorrectionForm(formdata=None),
        State=FindingState,
        today=now().astimezone(CHINA).date(),
    )


@blueprint.post("/oversight/own-inspections/<uuid:finding_id>")
@allow(Permission.INSPECTION_ANSWER)
def correct_finding(finding_id: UUID) -> Any:
    form = CorrectionForm()
    _found, about = inspections.proof_of(session(), finding_id)
    if about.organisation_id != staff().organisation_id:
        raise NotFound("inspection.not_found")
    if not form.validate_on_submit():
        return _own(form), 422
    upload, proof = form.file.data, None
    content = upload.read() if upload else b""
    if content:
        if document_type(content) is None:
            form.file.errors = [*form.file.errors, gettext("只接受 PDF、JPEG、PNG 或 Office 文件")]
            return _own(form), 422
        proof = runtime().files.put(content), (upload.filename or "file")[:160]
    inspections.correct(
        session(),
        staff().organisation_id,
        finding_id,
        form.correction.data or "",
        proof,
        actor=staff().id,
        now=now(),
    )
    return redirect(url_for(".own_inspections"))
