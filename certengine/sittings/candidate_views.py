"""The candidates of a plan: list, one of them, import of lists and photographs, export."""

from collections.abc import Callable, Sequence
from uuid import UUID

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from openpyxl import Workbook
from werkzeug.wrappers import Response

from certengine.foundation.errors import CertengineError, Conflict, Invalid, NotFound, Problem
from certengine.foundation.held_files import held
from certengine.foundation.paging import paginate
from certengine.foundation.spreadsheets import append_texts, saved
from certengine.ledger import service as ledger
from certengine.people.permissions import Permission
from certengine.sittings import applications, importing, kept_parts, proofs, service
from certengine.sittings.application_views import facts_of
from certengine.sittings.candidate_list import template
from certengine.sittings.forms import CandidateForm, ImportForm, PhotosForm, ProofsForm
from certengine.sittings.list_pages import preview, said
from certengine.sittings.models import ExamPlan, RegistrationState
from certengine.sittings.pages import actor, blueprint, organisation
from certengine.sittings.proof_views import proof_facts
from certengine.standards.rules import Part
from certengine.web.access import allow
from certengine.web.downloads import sent_spreadsheet
from certengine.web.errors import say
from certengine.web.forms import ApplyListForm
from certengine.web.request import now, runtime, session


def _plan(plan_id: UUID, lock: bool = False) -> ExamPlan:
    return service.plan_of(session(), organisation(), plan_id, lock)


@blueprint.get("/sittings/plans/<uuid:plan_id>/candidates")
@allow(Permission.REGISTRATION_MANAGE)
def candidates(plan_id: UUID) -> str:
    sought, only = request.args.get("q", "").strip(), request.args.get("only", "")
    query = service.registrations_query(plan_id, sought, only)
    page = paginate(session(), query, request.args.get("page", 1, int))
    return render_template(
        "sittings/candidates.html", plan=_plan(plan_id), page=page, sought=sought, only=only, State=RegistrationState
    )


@blueprint.get("/sittings/plans/<uuid:plan_id>/candidates.xlsx")
@allow(Permission.REGISTRATION_MANAGE)
def candidates_xlsx(plan_id: UUID) -> Response:
    plan = _plan(plan_id)
    workbook = Workbook()
    sheet = workbook.active
    heads = ("准考证号", "姓名", "证件号码", "工作单位", "符合条件", "状态")
    sheet.append(list(heads))
    for row in session().scalars(service.registrations_query(plan_id)):
        active = row.state is RegistrationState.REGISTERED
        cells = (row.ticket_number, row.person.name, row.person.document_masked, row.employer)
        append_texts(sheet, [*cells, "是" if row.eligible else "否", "已报名" if active else "已取消"])
    for letter, width in zip("ABCDEF", (18, 16, 22, 30, 10, 10), strict=True):
        sheet.column_dimensions[letter].width = width
    return sent_spreadsheet(saved(workbook), f"{plan.title}-{gettext('考生')}.xlsx")


@blueprint.get("/sittings/candidates/<uuid:registration_id>")
@allow(Permission.REGISTRATION_MANAGE)
def candidate(registration_id: UUID) -> str:
    row = service.registration_of(session(), organisation(), registration_id)
    return render_template(
        "sittings/candidate.html",
        row=row,
        **proof_facts(row, proofs.of_registration),
        acts=ledger.history(session(), f"registration:{registration_id}"),
        exempt=kept_parts.exemptions(session(), [row.id])[row.id],
        kept=kept_parts.kept_of(session(), row.id),
        State=RegistrationState,
    )


@blueprint.get("/sittings/candidates/<uuid:registration_id>/photo")
@allow(Permission.REGISTRATION_MANAGE)
def candidate_photo(registration_id: UUID) -> Response:
    row = service.registration_of(session(), organisation(), registration_id)
    if not row.person.photo:
        raise NotFound("not_found")
    return send_file(runtime().files.path(row.person.photo), mimetype="image/jpeg")


@blueprint.post("/sittings/candidates/<uuid:registration_id>/photo")
@allow(Permission.REGISTRATION_MANAGE)
def set_photo(registration_id: UUID) -> Response:
    row = service.registration_of(session(), organisation(), registration_id)
    upload = request.files.get("photo")
    try:
        importing.set_photo(session(), runtime(), row, upload.read() if upload else b"")
        flash(gettext("照片已更新"))
    except Invalid as error:
        flash(say(error.problems[0]), "danger")
    return redirect(url_for(".candidate", registration_id=registration_id))


@blueprint.post("/sittings/candidates/<uuid:registration_id>/withdraw")
@allow(Permission.REGISTRATION_MANAGE)
def withdraw(registration_id: UUID) -> Response:
    row = service.registration_of(session(), organisation(), registration_id)
    try:
        service.withdraw(session(), row, actor(), now())
        applications.promote(session(), runtime(), row.exam_plan_id, now())
        flash(gettext("已取消%(name)s的报名", name=row.person.name))
    except Conflict as error:
        flash(say(error), "danger")
    return redirect(url_for(".candidates", plan_id=row.exam_plan_id))


@blueprint.post("/sittings/candidates/<uuid:registration_id>/forgo/<any(theory, practical):part>")
@allow(Permission.REGISTRATION_MANAGE)
def forgo_exemption(registration_id: UUID, part: str) -> Response:
    """The candidate wants to take a part again."""
    row = service.registration_of(session(), organisation(), registration_id)
    try:
        kept_parts.forgo(session(), row, Part(part), actor(), now())
        flash(gettext("已保存"))
    except Conflict as error:
        flash(say(error), "danger")
    return redirect(url_for(".candidate", registration_id=registration_id))


@blueprint.post("/sittings/candidates/<uuid:registration_id>/extra-time")
@allow(Permission.REGISTRATION_MANAGE)
def extra_time(registration_id: UUID) -> Response:
    row = service.registration_of(session(), organisation(), registration_id)
    minutes, reason = request.form.get("minutes", -1, int), request.form.get("reason", "")
    try:
        service.set_extra_time(session(), row, minutes, reason, actor(), now())
        flash(gettext("加时已保存"))
    except Invalid as error:
        flash(say(error.problems[0]), "danger")
    except Conflict as error:
        flash(say(error), "danger")
    return redirect(url_for(".candidate", registration_id=registration_id))


@blueprint.route("/sittings/plans/<uuid:plan_id>/candidates/new", methods=["GET", "POST"])
@allow(Permission.REGISTRATION_MANAGE)
def new_candidate(plan_id: UUID) -> str | Response:
    plan = _plan(plan_id, lock=request.method == "POST")
    form = CandidateForm()
    others: list[str] = []
    if form.validate_on_submit():
        try:
            row, _new = service.register(session(), runtime().cipher, plan, facts_of(form), actor(), now())
            return redirect(url_for(".candidate", registration_id=row.id))
        except Invalid as error:
            others = form.show_problems(error)
        except Conflict as error:
            others = [say(error)]
    return render_template("sittings/new_candidate.html", plan=plan, form=form, others=others)


@blueprint.get("/sittings/candidates-template.xlsx")
@allow(Permission.REGISTRATION_MANAGE, Permission.APPLICATION_LIST)
def candidates_template() -> Response:
    return sent_spreadsheet(template(), gettext("考生名单模板") + ".xlsx")


@blueprint.route("/sittings/plans/<uuid:plan_id>/import", methods=["GET", "POST"])
@allow(Permission.REGISTRATION_MANAGE)
def import_candidates(plan_id: UUID) -> str | tuple[str, int]:
    """A list is looked at first: what would come in, and what is wrong, row by row."""
    plan = _plan(plan_id)
    form = ImportForm()
    if not form.validate_on_submit():
        return _import_page(plan)
    content, name = form.file.data.read(), form.file.data.filename or "list.xlsx"
    back, target = url_for(".import_candidates", plan_id=plan.id), url_for(".apply_import", plan_id=plan.id)
    try:
        return preview(content, name, back=back, target=target, act=gettext("导入"))
    except Invalid as error:
        return _import_page(plan, said(error)), 422


@blueprint.post("/sittings/plans/<uuid:plan_id>/import/apply")
@allow(Permission.REGISTRATION_MANAGE)
def apply_import(plan_id: UUID) -> str | Response | tuple[str, int]:
    plan = _plan(plan_id, lock=True)
    form = ApplyListForm()
    name = form.name.data or "list.xlsx"
    content = held(runtime(), form.digest.data or "")
    try:
        done = importing.apply(
            session(),
            runtime(),
            plan,
            content,
            name,
            keep_good=form.keep_good.data == "yes",
            actor=actor(),
            now=now(),
        )
    except Invalid as error:
        session().rollback()
        return _import_page(_plan(plan_id), said(error)), 422
    flash(
        gettext(
            "导入%(added)s名考生，%(unchanged)s名已在名单中，%(refused)s行未导入",
            added=done.added,
            unchanged=done.unchanged,
            refused=done.refused,
        )
    )
    return redirect(url_for(".candidates", plan_id=plan_id))


@blueprint.post("/sittings/plans/<uuid:plan_id>/photos")
@allow(Permission.REGISTRATION_MANAGE)
def import_photos(plan_id: UUID) -> str | Response | tuple[str, int]:
    plan, upload = _plan(plan_id), request.files.get("photos")
    return _archive(
        plan, lambda: importing.add_photos(session(), runtime(), plan.id, upload.read() if upload else b"", now())
    )


@blueprint.post("/sittings/plans/<uuid:plan_id>/proofs")
@allow(Permission.REGISTRATION_MANAGE)
def import_proofs(plan_id: UUID) -> str | Response | tuple[str, int]:
    plan, upload = _plan(plan_id), request.files.get("proofs")
    content = upload.read() if upload else b""
    return _archive(plan, lambda: proofs.add_many(session(), runtime(), plan, content, actor=actor(), now=now()))


def _archive(plan: ExamPlan, act: Callable[[], tuple[int, list[Problem]]]) -> str | Response | tuple[str, int]:
    """Brings the files of a ZIP in; those that nobody can be found for are named, and the others are kept."""
    try:
        done, problems = act()
    except CertengineError as error:
        done, problems = 0, list(getattr(error, "problems", []))
    if problems:
        told = [f"{problem.place}: {say(problem)}" for problem in problems]
        return _import_page(plan, told, done), 200 if done else 422
    flash(gettext("已导入文件：%(count)s", count=done))
    return redirect(url_for(".candidates", plan_id=plan.id))


def _import_page(plan: ExamPlan, problems: Sequence[str] = (), done: int = 0) -> str:
    forms = {
        "form": ImportForm(formdata=None),
        "photos": PhotosForm(formdata=None),
        "proofs": ProofsForm(formdata=None),
    }
    return render_template("sittings/import.html", plan=plan, problems=problems, done=done, **forms)
