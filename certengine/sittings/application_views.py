"""Registering oneself, and what officers do with applications."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from certengine.foundation.errors import CertengineError, Conflict, Invalid, NotFound, Problem
from certengine.foundation.paging import paginate
from certengine.ledger import service as ledger
from certengine.people import service as people
from certengine.people.models import DocumentType, Organisation
from certengine.people.permissions import Permission
from certengine.people.service import PersonFacts
from certengine.sittings import applications, kept_parts, proofs, rules, service
from certengine.sittings.forms import ApplicationForm, CandidateForm, StatusForm, WindowForm
from certengine.sittings.models import Application, ApplicationState, ExamPlan
from certengine.sittings.pages import actor, blueprint, organisation
from certengine.sittings.proof_views import handed_in, proof_facts, sent_proof
from certengine.sittings.service import CandidateFacts
from certengine.standards.names import field_name
from certengine.standards.rules import Evidence
from certengine.web.access import allow, public
from certengine.web.errors import say
from certengine.web.request import now, runtime, session
from certengine.web.security import limiter

LARGEST_PHOTO = 5_000_000


def facts_of(form: CandidateForm) -> CandidateFacts:
    evidence = Evidence(
        hours=form.hours.data or 0,
        title=form.title.data,
        degree=form.degree.data,
        final_year=form.final_year.data,
        related=form.related.data == "yes",
        years=form.years.data or Decimal(0),
        certificates=rules.HELD[form.certificate.data],
    )
    person = PersonFacts(form.name.data or "", DocumentType(form.document_type.data), form.number.data or "")
    return CandidateFacts(person, evidence, form.employer.data or "")


@blueprint.get("/apply")
@public("anybody may see which exams take applications")
def apply_list() -> str:
    plans = applications.open_plans(session(), now())
    return render_template(
        "sittings/apply_list.html",
        plans=plans,
        titles={plan.id: field_name(plan.field) for plan in plans},
        names={plan.id: people.organisation(session(), plan.organisation_id).name for plan in plans},
        sittings={plan.id: service.sittings_of(session(), plan.id) for plan in plans},
        status=StatusForm(),
    )


@blueprint.route("/apply/<uuid:plan_id>", methods=["GET", "POST"])
@public("anybody may apply while the window is open")
@limiter.limit("30 per minute", methods=["POST"])
def apply(plan_id: UUID) -> str | tuple[str, int]:
    plan = applications.plan_to_apply(session(), plan_id)
    form = ApplicationForm()
    others: list[str] = []
    if form.validate_on_submit():
        upload = form.photo.data
        photo = upload.read(LARGEST_PHOTO + 1) if upload else b""
        try:
            if len(photo) > LARGEST_PHOTO:
                raise Invalid([Problem("photo", "applications.photo_large")])
            made = _applied(plan, form, photo)
            return render_template(
                "sittings/applied.html", plan=plan, application=made, **proof_facts(made, proofs.of_application)
            )
        except Invalid as error:
            others = form.show_problems(error)
        except (Conflict, NotFound) as error:
            others = [say(error)]
    return _form_page(plan, form, others), 422 if form.is_submitted() else 200


def _form_page(plan: ExamPlan, form: ApplicationForm, others: list[str]) -> str:
    problem = applications.window(plan).problem(now())
    return render_template(
        "sittings/apply.html",
        plan=plan,
        form=form,
        others=others,
        title=field_name(plan.field),
        closed=say(Problem("", problem)) if problem else None,
    )


def _filled_form(found: Application) -> ApplicationForm:
    """With what was given before, so that only what is wrong has to be written anew."""
    facts = applications.facts_of(runtime(), found)
    evidence = facts.evidence
    highest = max(rules.HELD, key=lambda held: len(rules.HELD[held] & evidence.certificates))
    form = ApplicationForm(
        formdata=None,
        again=found.number,
        was=facts.person.number,
        name=facts.person.name,
        document_type=facts.person.document_type.value,
        number=facts.person.number,
        employer=facts.employer,
        hours=evidence.hours,
        degree=evidence.degree,
        final_year=evidence.final_year,
        related="yes" if evidence.related else "no",
        title=evidence.title,
        years=evidence.years,
        certificate=highest,
    )
    return form


def _applied(plan: ExamPlan, form: ApplicationForm, photo: bytes) -> Application:
    """The application with its documents, or nothing of it. Raises Invalid and Conflict."""
    documents = []
    for kind, field in form.proofs():
        if field.data:
            content = field.data.read(proofs.LARGEST + 1)
            documents.append(proofs.document(kind, field.data.filename or "", content, field.name))
    if form.again.data:
        before = applications.own(session(), runtime().cipher, form.again.data, form.was.data or "")
        if before.exam_plan_id != plan.id:
            raise NotFound("applications.not_found")
        made = applications.correct(session(), runtime(), before, facts_of(form), photo, now())
    else:
        made = applications.apply(session(), runtime(), plan, facts_of(form), photo, now())
    for each in documents:
        proofs.add_to_application(session(), runtime(), made, each, now())
    return made


@blueprint.route("/apply/status", methods=["GET", "POST"])
@public("an applicant is known by the application's and the document's number")
@limiter.limit("30 per minute", methods=["POST"])
def application_status() -> str | Response | tuple[str, int]:
    """Where one's application stands; its documents, and withdrawing it, take the same two numbers."""
    form = StatusForm()
    if not form.validate_on_submit():
        return render_template("sittings/status.html", form=form, problem=None), 422 if form.is_submitted() else 200
    try:
        found = applications.own(session(), runtime().cipher, form.number.data or "", form.document.data or "")
    except NotFound as error:
        return render_template("sittings/status.html", form=form, problem=say(error)), 422
    problem = None
    if "correct" in request.form and found.state in applications.OPEN_STATES:
        return _form_page(found.plan, _filled_form(found), [])
    try:
        if "withdraw" in request.form:
            applications.withdraw(session(), runtime(), found, now())
        elif (sent := _own_proofs(found)) is not None:
            return sent
    except CertengineError as error:
        problem = say(next(iter(getattr(error, "problems", [error]))))
    registration = service.registered(session(), found.registration_id) if found.registration_id else None
    page = render_template(
        "sittings/my_application.html",
        application=found,
        form=form,
        registration=registration,
        exempt=kept_parts.exemptions(session(), [registration.id])[registration.id] if registration else [],
        place=applications.place_in_line(session(), found),
        problem=problem,
        State=ApplicationState,
        **proof_facts(found, proofs.of_application),
    )
    return page, 422 if problem else 200


def _own_proofs(found: Application) -> Response | None:
    """What the applicant does with a document: one more, one less, or a look at one."""
    kept = proofs.of_application(session(), found.id)
    if request.files.get("proof"):
        proofs.add_to_application(session(), runtime(), found, handed_in(), now())
    elif chosen := request.form.get("look", type=UUID):
        return sent_proof(proofs.one(kept, chosen))
    elif chosen := request.form.get("remove", type=UUID):
        if found.state not in applications.OPEN_STATES:
            raise Conflict("applications.decided")
        actor = f"application:{found.id}"
        proofs.remove(session(), runtime(), proofs.one(kept, chosen), actor, actor, now())
    return None


@blueprint.post("/sittings/plans/<uuid:plan_id>/window")
@allow(Permission.SITTING_PLAN)
def set_window(plan_id: UUID) -> Response:
    plan = service.plan_of(session(), organisation(), plan_id)
    form = WindowForm()
    form.validate()
    try:
        applications.set_window(session(), plan, form.opens_at.data, form.closes_at.data, actor(), now())
        flash(gettext("报名时间已保存"), "success")
    except Invalid as error:
        flash(say(error.problems[0]), "danger")
    return redirect(url_for(".plan", plan_id=plan_id))


@blueprint.get("/sittings/plans/<uuid:plan_id>/applications")
@allow(Permission.REGISTRATION_MANAGE)
def applications_list(plan_id: UUID) -> str:
    plan = service.plan_of(session(), organisation(), plan_id)
    state, sought = request.args.get("state", ""), request.args.get("q", "").strip()[:60]
    query = applications.applications_query(plan_id, state, sought)
    return render_template(
        "sittings/applications.html",
        plan=plan,
        page=paginate(session(), query, request.args.get("page", 1, int)),
        state=state,
        sought=sought,
        left=service.places_left(session(), plan),
        State=ApplicationState,
    )


def _application(application_id: UUID) -> Application:
    return applications.application_of(session(), organisation(), application_id)


@blueprint.get("/sittings/applications/<uuid:application_id>")
@allow(Permission.REGISTRATION_MANAGE)
def application(application_id: UUID) -> str:
    found = _application(application_id)
    group = session().get(Organisation, found.applied_by) if found.applied_by else None
    return render_template(
        "sittings/application.html",
        row=found,
        applied_by=group.name if group else "",
        **proof_facts(found, proofs.of_application),
        acts=ledger.history(session(), f"application:{application_id}"),
        State=ApplicationState,
    )


@blueprint.get("/sittings/applications/<uuid:application_id>/photo")
@allow(Permission.REGISTRATION_MANAGE)
def application_photo(application_id: UUID) -> Response:
    found = _application(application_id)
    if not found.photo:
        raise NotFound("not_found")
    return send_file(runtime().files.path(found.photo), mimetype="image/jpeg")


def _decided(application_id: UUID, act: Callable[[Application], str]) -> Response:
    found = _application(application_id)
    try:
        flash(act(found), "success")
    except CertengineError as error:
        for each in getattr(error, "problems", [error]):
            flash(say(each), "danger")
    return redirect(url_for(".application", application_id=application_id))


@blueprint.post("/sittings/applications/<uuid:application_id>/accept")
@allow(Permission.REGISTRATION_MANAGE)
def accept_application(application_id: UUID) -> Response:
    def act(found: Application) -> Any:
        done = applications.accept(
            session(), runtime(), found, actor(), now(), originals_seen="originals" in request.form
        )
        return gettext("名额已满，已进入候补") if done.state is ApplicationState.WAITING else gettext("已通过并报名")

    return _decided(application_id, act)


@blueprint.post("/sittings/applications/<uuid:application_id>/decline")
@allow(Permission.REGISTRATION_MANAGE)
def decline_application(application_id: UUID) -> Response:
    def act(found: Application) -> Any:
        final = "final" in request.form
        comment = request.form.get("comment", "")
        applications.decline(session(), found, comment, final=final, actor=actor(), now=now())
        return gettext("已拒绝") if final else gettext("已退回补正")

    return _decided(application_id, act)
