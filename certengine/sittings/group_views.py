"""An employer's or training institution's pages for applying for its people."""

from collections.abc import Sequence
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from openpyxl import Workbook
from werkzeug.wrappers import Response

from certengine.foundation.errors import Conflict, Invalid
from certengine.foundation.held_files import held
from certengine.foundation.paging import paginate
from certengine.foundation.spreadsheets import append_texts, saved
from certengine.people.permissions import Permission
from certengine.sittings import applications, group_applications
from certengine.sittings.forms import FilesForm, ImportForm
from certengine.sittings.list_pages import preview, said
from certengine.sittings.models import Application, ApplicationState, ExamPlan, Registration
from certengine.sittings.pages import DECISIONS, actor, blueprint, organisation
from certengine.standards.names import field_name
from certengine.web.access import allow
from certengine.web.downloads import sent_spreadsheet
from certengine.web.errors import say
from certengine.web.forms import ApplyListForm
from certengine.web.request import now, runtime, session


@blueprint.get("/group-applications")
@allow(Permission.APPLICATION_LIST)
def group_plans() -> str:
    plans = group_applications.plans_of(session(), organisation(), now())
    return render_template(
        "sittings/group_plans.html",
        plans=plans,
        counts=group_applications.counts(session(), organisation()),
        titles={plan.id: field_name(plan.field) for plan in plans},
        State=ApplicationState,
    )


@blueprint.get("/group-applications/<uuid:plan_id>")
@allow(Permission.APPLICATION_LIST)
def group_plan(plan_id: UUID) -> str:
    return _page(applications.plan_to_apply(session(), plan_id))


def _page(plan: ExamPlan, problems: Sequence[str] = (), done: int = 0) -> str:
    sought = request.args.get("q", "").strip()[:60]
    query = group_applications.applied_query(organisation(), plan.id, sought)
    page = paginate(session(), query, request.args.get("page", 1, int))
    closed = applications.window(plan).problem(now())
    return render_template(
        "sittings/group_plan.html",
        plan=plan,
        page=page,
        sought=sought,
        tickets=_tickets(page.rows),
        closed=closed,
        title=field_name(plan.field),
        form=ImportForm(formdata=None),
        files=FilesForm(formdata=None),
        problems=problems,
        done=done,
        open_states=applications.OPEN_STATES,
        State=ApplicationState,
    )


def _tickets(rows: Sequence[Application]) -> dict[UUID, str]:
    """application → ticket number of whoever is registered."""
    registered = {row.registration_id: row.id for row in rows if row.registration_id}
    found = session().query(Registration.id, Registration.ticket_number).where(Registration.id.in_(registered))
    return {registered[registration_id]: ticket for registration_id, ticket in found}


@blueprint.post("/group-applications/<uuid:plan_id>/list")
@allow(Permission.APPLICATION_LIST)
def look_at_group(plan_id: UUID) -> str | tuple[str, int]:
    """A list is looked at first: for whom it would apply, and what is wrong, row by row."""
    plan, form = applications.plan_to_apply(session(), plan_id), ImportForm()
    if not form.validate_on_submit():
        return _page(plan, [gettext("请选择文件")]), 422
    content, name = form.file.data.read(), form.file.data.filename or "list.xlsx"
    back, target = url_for(".group_plan", plan_id=plan.id), url_for(".apply_group", plan_id=plan.id)
    try:
        return preview(content, name, back=back, target=target, act=gettext("提交申请"))
    except Invalid as error:
        return _page(plan, said(error)), 422


@blueprint.post("/group-applications/<uuid:plan_id>/apply")
@allow(Permission.APPLICATION_LIST)
def apply_group(plan_id: UUID) -> str | Response | tuple[str, int]:
    plan, form = applications.plan_to_apply(session(), plan_id), ApplyListForm()
    content = held(runtime(), form.digest.data or "")
    try:
        done = group_applications.apply_list(
            session(),
            runtime(),
            plan,
            organisation(),
            content,
            form.name.data or "list.xlsx",
            keep_good=form.keep_good.data == "yes",
            actor=actor(),
            now=now(),
        )
    except (Invalid, Conflict) as error:
        session().rollback()
        return _page(applications.plan_to_apply(session(), plan_id), said(error)), 422
    counted = {"added": done.added, "unchanged": done.unchanged, "refused": done.refused}
    flash(gettext("提交%(added)s份申请，%(unchanged)s份已提交过，%(refused)s行未提交", **counted))
    return redirect(url_for(".group_plan", plan_id=plan_id))


@blueprint.post("/group-applications/<uuid:plan_id>/files")
@allow(Permission.APPLICATION_LIST)
def add_group_files(plan_id: UUID) -> str | Response | tuple[str, int]:
    plan, upload = applications.plan_to_apply(session(), plan_id), request.files.get("files")
    content = upload.read() if upload else b""
    try:
        done, problems = group_applications.add_files(session(), runtime(), plan, organisation(), content, now())
    except Invalid as error:
        return _page(plan, said(error)), 422
    if problems:
        return _page(plan, [f"{each.place}: {say(each)}" for each in problems], done), 200 if done else 422
    flash(gettext("已导入文件：%(count)s", count=done))
    return redirect(url_for(".group_plan", plan_id=plan_id))


@blueprint.post("/group-applications/<uuid:plan_id>/<uuid:application_id>/withdraw")
@allow(Permission.APPLICATION_LIST)
def withdraw_of_group(plan_id: UUID, application_id: UUID) -> Response:
    found = group_applications.own(session(), organisation(), application_id)
    try:
        applications.withdraw(session(), runtime(), found, now())
        flash(gettext("已撤回%(name)s的申请", name=found.name))
    except Conflict as error:
        flash(say(error), "danger")
    return redirect(url_for(".group_plan", plan_id=plan_id))


@blueprint.get("/group-applications/<uuid:plan_id>/list.xlsx")
@allow(Permission.APPLICATION_LIST)
def group_xlsx(plan_id: UUID) -> Response:
    plan = applications.plan_to_apply(session(), plan_id)
    rows = session().scalars(group_applications.applied_query(organisation(), plan.id)).all()
    tickets, words = _tickets(rows), {each: str(text) for each, text in DECISIONS.items()}
    workbook = Workbook()
    sheet = workbook.active
    sheet.append(["申请编号", "姓名", "证件号码", "报名条件", "状态", "审核意见", "准考证号"])
    for row in rows:
        met = "符合" if row.eligible else "不符合"
        cells = (row.number, row.name, row.document_masked, met, words[row.state], row.comment)
        append_texts(sheet, [*cells, tickets.get(row.id, "")])
    for letter, width in zip("ABCDEFG", (14, 16, 22, 10, 10, 30, 18), strict=True):
        sheet.column_dimensions[letter].width = width
    return sent_spreadsheet(saved(workbook), f"{plan.title}-{gettext('集体报名')}.xlsx")
