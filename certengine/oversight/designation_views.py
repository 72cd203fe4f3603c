"""Designations of institutions: the list by when they end, one with its history, suspension, restoring, ending."""

from typing import Any
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from certengine.foundation.clock import CHINA, chinese_day
from certengine.foundation.paging import paginate
from certengine.foundation.runtime import Runtime
from certengine.oversight.forms import StepForm
from certengine.oversight.pages import DESIGNATION_STATES, DESIGNATIONS, blueprint, must_be_provincial
from certengine.people import designations, regions
from certengine.people.actors import region, staff
from certengine.people.designation_models import Designation, DesignationKind, DesignationState
from certengine.people.models import Organisation
from certengine.people.permissions import Permission
from certengine.programme import documents
from certengine.programme.application_models import Application, ApplicationKind
from certengine.programme.applications import on_award
from certengine.programme.document_models import DocumentKind
from certengine.programme.document_sheet import Paper
from certengine.programme.documents import Wanted
from certengine.standards.names import field_names
from certengine.web.access import allow
from certengine.web.downloads import sent_rows
from certengine.web.request import now, session

ACTS = {
    DesignationState.IN_FORCE: (("suspended", _("暂停认定")), ("ended", _("终止认定"))),
    DesignationState.SUSPENDED: (("in_force", _("恢复认定")), ("ended", _("终止认定"))),
    DesignationState.ENDED: (),
}
TITLES = {DesignationKind.TRAINING: "培训机构认定书", DesignationKind.EVALUATION: "评价机构认定书"}


@on_award(ApplicationKind.TRAINING_INSTITUTION)
def award_training(database: Session, runtime: Runtime, found: Application, actor: str, moment: Any) -> None:
    _award(database, runtime, found, DesignationKind.TRAINING, actor, moment)


@on_award(ApplicationKind.EVALUATION_INSTITUTION)
def award_evaluation(database: Session, runtime: Runtime, found: Application, actor: str, moment: Any) -> None:
    _award(database, runtime, found, DesignationKind.EVALUATION, actor, moment)


def _award(
    database: Session, runtime: Runtime, found: Application, kind: DesignationKind, actor: str, moment: Any
) -> None:
    """The first term or the next one, with its paper; that of the term before counts no more."""
    made = designations.grant(database, found.organisation_id, kind, found.fields, actor=actor, now=moment)
    documents.withdraw(database, made.subject, "换发新的认定书", actor=actor, now=moment)
    titles = field_names()
    lines = (
        f"认定期限：{chinese_day(made.valid_from)}至{chinese_day(made.valid_until)}",
        "职业：" + "、".join(titles.get(each, each) for each in made.fields),
    )
    name = database.get_one(Organisation, made.organisation_id).name
    wanted = Wanted(DocumentKind.DESIGNATION, made.subject, Paper.CERTIFICATE, TITLES[kind], name, lines)
    documents.issue(database, runtime, wanted, actor=actor, now=moment)


def _chosen() -> DesignationKind | None:
    given = request.args.get("kind", "")
    return DesignationKind(given) if given in {each.value for each in DesignationKind} else None


@blueprint.get("/oversight/designations", endpoint="designations")
@allow(Permission.INSPECTION_MANAGE)
def list_designations() -> str:
    query = designations.designations_query(region(), _chosen())
    return render_template(
        "oversight/designations.html",
        page=paginate(session(), query, request.args.get("page", 1, int)),
        kinds=DESIGNATIONS,
        chosen=request.args,
        today=now().astimezone(CHINA).date(),
        soon=designations.RENEWAL_DAYS,
        names=regions.names(str(get_locale())),
    )


@blueprint.get("/oversight/designations.xlsx")
@allow(Permission.INSPECTION_MANAGE)
def designations_xlsx() -> Response:
    places, fields = regions.names(), field_names()
    rows = [
        (
            each.organisation.name,
            places.get(each.organisation.region, each.organisation.region),
            str(DESIGNATIONS[each.kind]),
            "、".join(fields.get(field, field) for field in each.fields),
            each.valid_from,
            each.valid_until,
            str(DESIGNATION_STATES[each.state]),
        )
        for each in session().scalars(designations.designations_query(region(), _chosen()))
    ]
    return sent_rows(("机构", "地区", "类别", "领域", "认定日期", "到期日期", "状态"), rows, "机构认定")


@blueprint.route("/oversight/designations/<uuid:designation_id>", methods=["GET", "POST"])
@allow(Permission.INSPECTION_MANAGE)
def designation(designation_id: UUID) -> Any:
    found, form = designations.designation(session(), designation_id, region()), StepForm()
    form.act.choices = list(ACTS[found.state])
    if form.validate_on_submit():
        must_be_provincial()
        state = DesignationState(form.act.data)
        designations.change(session(), found, state, form.reason.data or "", actor=staff().id, now=now())
        if state is DesignationState.ENDED:
            documents.withdraw(session(), found.subject, form.reason.data or "", actor=staff().id, now=now())
        return redirect(url_for(".designation", designation_id=designation_id))
    return _page(found, form), 422 if request.method == "POST" else 200


def _page(found: Designation, form: StepForm) -> str:
    return render_template(
        "oversight/designation.html",
        designation=found,
        form=form,
        decides=regions.is_provincial(region()),
        documents=documents.documents_of(session(), found.subject),
        fields=field_names(),
        today=now().astimezone(CHINA).date(),
    )
