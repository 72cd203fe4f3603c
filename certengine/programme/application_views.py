"""Selections: applying, recommending, experts, public notice, decision. One page shows each what is theirs to do."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from sqlalchemy import select

from certengine.foundation.errors import CertengineError, Invalid, NotFound
from certengine.foundation.ids import random_code
from certengine.foundation.paging import paginate
from certengine.ledger import service as ledger
from certengine.people.actors import region, staff
from certengine.people.permissions import Permission
from certengine.programme import applications, documents, notices, panels, selection_rules
from certengine.programme.application_models import Application, ApplicationKind, ExpertReview, Stage
from certengine.programme.applications import ApplicationFacts
from certengine.programme.forms import (
    ApplicationForm,
    DecisionForm,
    ProofForm,
    PublishForm,
    RecommendationForm,
    StatementForm,
)
from certengine.programme.notices import Told
from certengine.programme.pages import (
    CRITERIA_NAMES,
    KINDS,
    STAGES,
    as_id,
    blueprint,
    chosen,
    chosen_ids,
    say_assigned,
    viewer,
)
from certengine.standards.names import field_choices, field_names
from certengine.training import courses
from certengine.training.course_models import CourseState
from certengine.training.courses import Sought
from certengine.web.access import allow
from certengine.web.errors import say
from certengine.web.forms import given_token
from certengine.web.request import now, runtime, session

SEES = (
    Permission.PROGRAMME_APPLY,
    Permission.PROGRAMME_RECOMMEND,
    Permission.PROGRAMME_DECIDE,
)


@blueprint.get("/programme/applications", endpoint="applications")
@allow(*SEES)
def list_applications() -> str:
    query = applications.applications_query(viewer(), chosen(ApplicationKind, "kind"), chosen(Stage, "stage"))
    return render_template(
        "programme/applications.html",
        page=paginate(session(), query, request.args.get("page", 1, int)),
        kinds=KINDS,
        stages=STAGES,
        chosen=request.args,
        may_apply=staff().may(Permission.PROGRAMME_APPLY),
    )


@blueprint.route("/programme/applications/new/<kind>", methods=["GET", "POST"])
@allow(Permission.PROGRAMME_APPLY)
def apply(kind: str) -> Any:
    wanted = next((each for each in ApplicationKind if each.value == kind), None)
    if wanted is None:
        raise NotFound("not_found")
    form, others = ApplicationForm(token=random_code(20)), []
    _offer(form, wanted)
    if form.validate_on_submit():
        facts = ApplicationFacts(
            wanted,
            UUID(form.recommender.data),
            form.statement(),
            national=bool(form.national.data) and wanted is ApplicationKind.BASE,
            fields=tuple(form.fields.data or ()),
            course_id=as_id(form.course.data) if form.course.data else None,
        )
        token = given_token()
        try:
            made = applications.apply(
                session(), staff().organisation_id, facts, token=token, actor=staff().id, now=now()
            )
            flash(gettext("申报已提交，可以继续上传证明材料"))
            return redirect(url_for(".application", application_id=made.id))
        except Invalid as error:
            others = form.show_problems(error)
        except CertengineError as error:
            others = [say(error)]
    status = 422 if request.method == "POST" else 200
    return render_template("programme/apply.html", form=form, kind=wanted, others=others, Kind=ApplicationKind), status


def _offer(form: ApplicationForm, kind: ApplicationKind) -> None:
    """The choices of the form; what a kind does not ask for has none and is not shown."""
    form.recommender.choices = [(str(each.id), each.name) for each in applications.recommenders(session(), region())]
    institution = kind in (ApplicationKind.TRAINING_INSTITUTION, ApplicationKind.EVALUATION_INSTITUTION)
    form.fields.choices = field_choices() if institution else []
    form.course.choices = [("", "")]
    if kind is ApplicationKind.BEST_COURSE:
        sought = Sought(state=CourseState.PUBLISHED, organisation_id=staff().organisation_id)
        own = session().scalars(courses.courses_query(sought)).all()
        form.course.choices = [(str(each.id), each.title) for each in own]


def _application(application_id: UUID, lock: bool = False) -> Application:
    return applications.application(session(), application_id, viewer(), lock)


@blueprint.get("/programme/applications/<uuid:application_id>")
@allow(*SEES)
def application(application_id: UUID) -> str:
    return _page(_application(application_id))


def _page(found: Application, others: list[str] | None = None, **forms: Any) -> str:
    looks = viewer()
    notice = notices.notice_of(session(), found.subject)
    criteria = selection_rules.CRITERIA[selection_rules.criteria_of(found.kind)]
    decides = looks.may_decide(found)
    draft = gettext("拟认定“%(title)s”为%(kind)s，现予公示。", title=found.title, kind=str(KINDS[found.kind]))
    fresh: dict[str, Any] = {
        "proof": ProofForm(formdata=None),
        "statement": StatementForm(formdata=None, data=found.statement),
        "recommendation": RecommendationForm(formdata=None),
        "publication": PublishForm(
            formdata=None,
            data={
                "title": gettext(
                    "关于%(kind)s遴选结果的公示：%(title)s", kind=str(KINDS[found.kind]), title=found.title
                ),
                "text": draft,
                "days": selection_rules.NOTICE_DAYS,
            },
        ),
        "decision": DecisionForm(formdata=None),
    }
    # Neither applicant nor recommender learns who scored what.
    reviews = panels.reviews_of(session(), found.subject) if decides else []
    return render_template(
        "programme/application.html",
        application=found,
        own=found.organisation_id == staff().organisation_id,
        recommends=looks.may_recommend(found) and found.organisation_id != staff().organisation_id,
        decides=decides,
        reviews=reviews,
        panel=panels.panel_of(session(), found.subject),
        experts=panels.experts(session(), applications.reviewed(found).interested) if decides else [],
        criteria=criteria,
        criteria_names=CRITERIA_NAMES,
        fields=field_names(),
        notice=notice,
        closing=notices.closing_problem(notice, now()),
        say_code=lambda code: say(CertengineError(code)),
        history=ledger.history(session(), found.subject),
        documents=documents.documents_of(session(), found.subject),
        rules=selection_rules,
        Stage=Stage,
        others=others or [],
        **{**fresh, **forms},
    )


def _back(application_id: UUID) -> Any:
    return redirect(url_for(".application", application_id=application_id))


@blueprint.post("/programme/applications/<uuid:application_id>/documents")
@allow(Permission.PROGRAMME_APPLY)
def add_proof(application_id: UUID) -> Any:
    found, form = _own(application_id), ProofForm()
    if not form.validate_on_submit():
        return _page(found, proof=form), 422
    try:
        upload = form.file.data
        applications.add_document(session(), runtime(), found, upload.filename or "", upload.read())
    except Invalid as error:
        return _page(found, form.show_problems(error), proof=form), 422
    return _back(application_id)


def _own(application_id: UUID) -> Application:
    """Raises NotFound for another organisation's."""
    found = _application(application_id, lock=True)
    if found.organisation_id != staff().organisation_id:
        raise NotFound("application.not_found")
    return found


@blueprint.get("/programme/applications/<uuid:application_id>/documents/<uuid:document_id>")
@allow(*SEES, Permission.EXPERT_REVIEW)
def proof(application_id: UUID, document_id: UUID) -> Any:
    """For whoever may see the application, and the experts who were assigned to it."""
    mine = select(ExpertReview.id).where(
        ExpertReview.subject == f"application:{application_id}", ExpertReview.account_id == staff().account_id
    )
    assigned = session().scalar(mine) is not None
    found = applications.application(session(), application_id, None if assigned else viewer())
    kept = next((each for each in found.documents if each.id == document_id), None)
    if kept is None:
        raise NotFound("application.not_found")
    return send_file(
        runtime().files.path(kept.digest), mimetype=kept.media_type, as_attachment=True, download_name=kept.name
    )


@blueprint.post("/programme/applications/<uuid:application_id>/submit")
@allow(Permission.PROGRAMME_APPLY)
def submit_again(application_id: UUID) -> Any:
    found, form = _own(application_id), StatementForm()
    if not form.validate_on_submit():
        return _page(found, statement=form), 422
    applications.submit_again(session(), found, form.statement(), actor=staff().id, now=now())
    flash(gettext("已重新提交"))
    return _back(application_id)


@blueprint.post("/programme/applications/<uuid:application_id>/withdraw")
@allow(Permission.PROGRAMME_APPLY)
def withdraw(application_id: UUID) -> Any:
    applications.withdraw(session(), _own(application_id), actor=staff().id, now=now())
    return _back(application_id)


@blueprint.post("/programme/applications/<uuid:application_id>/recommendation")
@allow(Permission.PROGRAMME_RECOMMEND)
def recommend(application_id: UUID) -> Any:
    found, form = _application(application_id, lock=True), RecommendationForm()
    if not form.validate_on_submit():
        return _page(found, recommendation=form), 422
    stage = Stage(form.decision.data)
    applications.recommend(session(), found, stage, form.text.data or "", viewer=viewer(), actor=staff().id, now=now())
    return _back(application_id)


@blueprint.post("/programme/applications/<uuid:application_id>/experts")
@allow(Permission.PROGRAMME_DECIDE)
def assign_experts(application_id: UUID) -> Any:
    found = _application(application_id, lock=True)
    added = applications.assign_experts(
        session(), found, chosen_ids("expert"), viewer=viewer(), actor=staff().id, now=now()
    )
    say_assigned(added)
    return _back(application_id)


@blueprint.post("/programme/applications/<uuid:application_id>/publication")
@allow(Permission.PROGRAMME_DECIDE)
def publish(application_id: UUID) -> Any:
    found, form = _application(application_id, lock=True), PublishForm()
    if not form.validate_on_submit():
        return _page(found, publication=form), 422
    until = selection_rules.objections_until(notices.today(now()), form.days.data or selection_rules.NOTICE_DAYS)
    told = Told(found.subject, form.title.data.strip(), form.text.data.strip(), found.region, until)
    applications.publish(session(), found, told, viewer=viewer(), actor=staff().id, now=now())
    flash(gettext("已公示"))
    return _back(application_id)


@blueprint.post("/programme/applications/<uuid:application_id>/decision")
@allow(Permission.PROGRAMME_DECIDE)
def decide_application(application_id: UUID) -> Any:
    found, form = _application(application_id, lock=True), DecisionForm()
    if not form.validate_on_submit():
        return _page(found, decision=form), 422
    applications.decide(
        session(),
        runtime(),
        found,
        request.form.get("award") == "yes",
        form.opinion.data or "",
        viewer=viewer(),
        actor=staff().id,
        now=now(),
    )
    return _back(application_id)
