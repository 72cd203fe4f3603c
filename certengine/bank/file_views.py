"""Pages for files: import with its preview, export, the spreadsheet to fill in."""

import hashlib
from collections.abc import Iterable
from io import BytesIO
from typing import Any
from uuid import UUID

from flask import Response as FlaskResponse
from flask import flash, jsonify, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from certengine.bank import jobs, service
from certengine.bank.exporting import export as write
from certengine.bank.exporting import losses
from certengine.bank.formats import FORMATS
from certengine.bank.formats.writing import Written
from certengine.bank.forms import ConfirmForm, UploadForm
from certengine.bank.models import Bank, BankImport
from certengine.bank.pages import blueprint, context, own_bank
from certengine.bank.previews import Seen, seen
from certengine.foundation.errors import CertengineError, Invalid, NotFound, Problem
from certengine.foundation.jobs import JobState
from certengine.ledger import service as ledger
from certengine.people.actors import staff
from certengine.people.permissions import Permission
from certengine.web.access import allow
from certengine.web.errors import say
from certengine.web.request import now, runtime, session


@blueprint.route("/banks/<uuid:bank_id>/import", methods=["GET", "POST"])
@allow(Permission.BANK_WRITE)
def import_(bank_id: UUID) -> str | Response | tuple[str, int]:
    bank = own_bank(bank_id)
    form = UploadForm()
    if not form.validate_on_submit():
        page = render_template("bank/import.html", **context(bank, "import"), form=form, problems=[])
        return page, 422 if form.is_submitted() else 200
    data = form.file.data.read()
    asked = {
        "sha256": hashlib.sha256(data).hexdigest(),
        "filename": (form.file.data.filename or "")[-200:],
        "format": form.format.data or "auto",
    }
    if len(data) > jobs.LARGE:
        runtime().files.put(data)
        return _ask(bank, jobs.PREVIEW, asked)
    try:
        plan = service.preview(
            session(), bank_id=bank_id, filename=asked["filename"], data=data, format=asked["format"]
        )
    except Invalid as error:
        return _unreadable_page(bank, error.problems)
    # Kept by its hash, so that what is confirmed is what was looked at.
    runtime().files.put(data)
    return _preview_page(bank, seen(plan), asked["format"], 200)


def _ask(bank: Bank, kind: str, asked: dict[str, Any]) -> Response:
    made = jobs.ask(session(), kind, bank.id, {**asked, "actor": staff().id}, now())
    return redirect(url_for(".import_job", bank_id=bank.id, job_id=made.id))  # type: ignore[return-value]


def _unreadable_page(bank: Bank, problems: Iterable[Problem]) -> tuple[str, int]:
    said = [f"{each.place} {say(each)}" for each in problems]
    return render_template("bank/import.html", **context(bank, "import"), form=UploadForm(), problems=said), 422


def _preview_page(bank: Bank, shown: Seen, format_: str, status: int) -> tuple[str, int]:
    confirm = ConfirmForm(
        formdata=None, data={"sha256": shown.sha256, "filename": shown.filename, "format": format_, "mode": "whole"}
    )
    page = render_template("bank/preview.html", **context(bank, "import"), seen=shown, form=confirm, say=say)
    return page, status


@blueprint.post("/banks/<uuid:bank_id>/import/confirm")
@allow(Permission.BANK_WRITE)
def confirm_import(bank_id: UUID) -> Response | tuple[str, int]:
    bank = own_bank(bank_id)
    form = ConfirmForm()
    asked = {
        "sha256": form.sha256.data or "",
        "filename": (form.filename.data or "")[-200:],
        "format": form.format.data or "auto",
    }
    try:
        data = runtime().files.get(asked["sha256"])
    except (FileNotFoundError, ValueError):
        raise NotFound("bank.no_import") from None
    keep_good = form.mode.data == "good"
    if len(data) > jobs.LARGE:
        return _ask(bank, jobs.IMPORT, {**asked, "keep_good": keep_good})
    planned = service.preview(session(), bank_id=bank_id, filename=asked["filename"], data=data, format=asked["format"])
    try:
        service.bring_in(session(), planned, bank_id=bank_id, keep_good=keep_good, actor=staff().id, now=now())
    except Invalid:
        flash(_("文件中有错误，没有导入任何试题"), "danger")
        return _preview_page(bank, seen(planned), asked["format"], 422)
    return _brought_in(bank, seen(planned))


def _brought_in(bank: Bank, shown: Seen) -> Response:
    flash(_("导入 %(count)s 项，等待另一人审核", count=shown.good), "success")
    return redirect(url_for(".bank", bank_id=bank.id, status="proposed"))  # type: ignore[return-value]


@blueprint.get("/banks/<uuid:bank_id>/import/<uuid:job_id>")
@allow(Permission.BANK_WRITE)
def import_job(bank_id: UUID, job_id: UUID) -> str | Response | tuple[str, int]:
    """How far a large file is; when it is done, what came of it."""
    bank = own_bank(bank_id)
    found = jobs.import_job(session(), bank_id, job_id)
    if found.state is not JobState.DONE:
        return render_template("bank/import_job.html", **context(bank, "import"), job=found, importing=jobs.IMPORT)
    shown = jobs.outcome(runtime(), found)
    if shown.unreadable:
        return _unreadable_page(bank, shown.problems)
    if found.kind == jobs.IMPORT:
        return _brought_in(bank, shown)
    return _preview_page(bank, shown, found.payload["format"], 200)


@blueprint.get("/banks/<uuid:bank_id>/import/<uuid:job_id>/progress")
@allow(Permission.BANK_WRITE)
def import_progress(bank_id: UUID, job_id: UUID) -> FlaskResponse:
    own_bank(bank_id)
    found = jobs.import_job(session(), bank_id, job_id)
    return jsonify(state=found.state.value, done=found.done, total=found.total)


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
