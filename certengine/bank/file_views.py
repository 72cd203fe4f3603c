"""Pages for files: import with its preview, export, the spreadsheet to fill in."""

from io import BytesIO
from uuid import UUID

from flask import Response as FlaskResponse
from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from certengine.bank import service
from certengine.bank.exporting import export as write
from certengine.bank.exporting import losses
from certengine.bank.formats import FORMATS
from certengine.bank.formats.writing import Written
from certengine.bank.forms import ConfirmForm, UploadForm
from certengine.bank.importing import Action, Plan
from certengine.bank.models import Bank, BankImport
from certengine.bank.pages import blueprint, context, own_bank, staff
from certengine.bank.rendering import plain
from certengine.foundation.errors import CertengineError, Invalid, NotFound
from certengine.ledger import service as ledger
from certengine.people.permissions import Permission
from certengine.web.access import allow
from certengine.web.errors import say
from certengine.web.request import now, runtime, session

SHOWN_ROWS = 500


@blueprint.route("/banks/<uuid:bank_id>/import", methods=["GET", "POST"])
@allow(Permission.BANK_WRITE)
def import_(bank_id: UUID) -> str | tuple[str, int]:
    bank = own_bank(bank_id)
    form = UploadForm()
    if not form.validate_on_submit():
        page = render_template("bank/import.html", **context(bank, "import"), form=form, problems=[])
        return page, 422 if form.is_submitted() else 200
    data = form.file.data.read()
    filename = (form.file.data.filename or "")[-200:]
    try:
        plan = service.preview(
            session(), bank_id=bank_id, filename=filename, data=data, format=form.format.data or "auto"
        )
    except Invalid as error:
        problems = [f"{each.place} {say(each)}" for each in error.problems]
        page = render_template("bank/import.html", **context(bank, "import"), form=form, problems=problems)
        return page, 422
    # Kept by its hash, so that what is confirmed is what was looked at.
    runtime().files.put(data)
    return _preview_page(bank, plan, form.format.data or "auto", 200)


def _preview_page(bank: Bank, plan: Plan, format_: str, status: int) -> tuple[str, int]:
    confirm = ConfirmForm(
        formdata=None, data={"sha256": plan.sha256, "filename": plan.filename, "format": format_, "mode": "whole"}
    )
    page = render_template(
        "bank/preview.html",
        **context(bank, "import"),
        plan=plan,
        rows=sorted(plan.rows, key=lambda row: row.action is not Action.REFUSE)[:SHOWN_ROWS],
        actions=list(Action),
        good=plan.count(Action.ADD) + plan.count(Action.PROPOSE),
        form=confirm,
        say=say,
        plain=plain,
    )
    return page, status


@blueprint.post("/banks/<uuid:bank_id>/import/confirm")
@allow(Permission.BANK_WRITE)
def confirm_import(bank_id: UUID) -> Response | tuple[str, int]:
    bank = own_bank(bank_id)
    form = ConfirmForm()
    try:
        data = runtime().files.get(form.sha256.data or "")
    except (FileNotFoundError, ValueError):
        raise NotFound("bank.no_import") from None
    filename, format_ = (form.filename.data or "")[-200:], form.format.data or "auto"
    try:
        outcome = service.import_bank(
            session(),
            bank_id=bank_id,
            filename=filename,
            data=data,
            format=format_,
            keep_good=form.mode.data == "good",
            actor=staff().id,
            now=now(),
        )
    except Invalid:
        flash(_("文件中有错误，没有导入任何试题"), "danger")
        plan = service.preview(session(), bank_id=bank_id, filename=filename, data=data, format=format_)
        return _preview_page(bank, plan, format_, 422)
    count = outcome.plan.count(Action.ADD) + outcome.plan.count(Action.PROPOSE)
    flash(_("导入 %(count)s 项，等待另一人审核", count=count), "success")
    return redirect(url_for(".bank", bank_id=bank_id, status="proposed"))  # type: ignore[return-value]


@blueprint.post("/banks/<uuid:bank_id>/imports/<uuid:import_id>/approve")
@allow(Permission.ITEM_REVIEW)
def approve_import(bank_id: UUID, import_id: UUID) -> Response:
    source = session().get(BankImport, import_id)
    if source is None or source.bank_id != own_bank(bank_id).id:
        raise NotFound("bank.no_import")
    try:
        approved, left = service.approve_import(session(), import_id, staff().id, now())
        flash(_("通过 %(approved)s 项；%(left)s 项还不完整，须先补充", approved=approved, left=left), "success")
    except CertengineError as error:
        flash(say(error), "danger")
    return redirect(url_for(".bank", bank_id=bank_id))  # type: ignore[return-value]


@blueprint.get("/banks/<uuid:bank_id>/export")
@allow(Permission.BANK_WRITE, Permission.ITEM_REVIEW)
def exports(bank_id: UUID) -> str:
    bank = own_bank(bank_id)
    entries = service.latest_entries(session(), bank_id)
    reports = {each: losses(bank.field, bank.level, entries, each) for each in FORMATS} if entries else {}
    return render_template("bank/export.html", **context(bank, "export"), reports=reports, count=len(entries), say=say)


@blueprint.post("/banks/<uuid:bank_id>/export")
@allow(Permission.BANK_WRITE, Permission.ITEM_REVIEW)
def export(bank_id: UUID) -> FlaskResponse:
    """The whole bank with its keys; that it left the house stands in the ledger."""
    bank = own_bank(bank_id)
    format_ = request.form.get("format", "")
    entries = service.latest_entries(session(), bank_id)
    written = write(bank.field, bank.level, entries, format_, load=runtime().files.get)
    ledger.record(
        session(),
        kind="bank.exported",
        actor=staff().id,
        subject=f"bank:{bank_id}",
        now=now(),
        private={"format": format_, "entries": len(entries)},
    )
    return _download(written, f"{bank.field}-{bank.level}")


@blueprint.get("/banks/template.xlsx")
@allow(Permission.BANK_READ)
def template() -> FlaskResponse:
    from certengine.bank.formats.xlsx_writing import template as make

    return _download(make(), "item-template")


def _download(written: Written, name: str) -> FlaskResponse:
    return send_file(
        BytesIO(written.content),
        mimetype=written.media_type,
        as_attachment=True,
        download_name=f"{name}.{written.suffix}",
    )
