"""A seminar's accounts: lines and vouchers, the list as Excel, the signed statement."""

from typing import Any
from uuid import UUID

from flask import Response, redirect, request, send_file, url_for
from flask_babel import gettext
from openpyxl import Workbook

from certengine.foundation.errors import NotFound
from certengine.foundation.spreadsheets import append_texts, mark_heads, saved
from certengine.foundation.uploads import document_type
from certengine.people.actors import staff
from certengine.people.permissions import Permission
from certengine.programme import seminar_accounts
from certengine.programme.account_models import AccountCategory
from certengine.programme.forms import AccountLineForm
from certengine.programme.pages import blueprint
from certengine.programme.seminar_accounts import CATEGORIES_ZH, SIDES_ZH, LineFacts
from certengine.programme.seminar_running_views import run_of
from certengine.programme.seminar_views import SEES, seminar_of, seminar_page
from certengine.web.access import allow
from certengine.web.downloads import sent_spreadsheet
from certengine.web.forms import given_token
from certengine.web.request import now, runtime, session


@blueprint.post("/programme/seminars/<uuid:seminar_id>/accounts")
@allow(Permission.SEMINAR_RUN)
def add_account_line(seminar_id: UUID) -> Any:
    found, form = run_of(seminar_id, lock=True), AccountLineForm()
    if not form.validate_on_submit():
        return seminar_page(found, account_form=form), 422
    upload = request.files.get("voucher")
    content = upload.read() if upload else b""
    voucher = None
    if content:
        media = document_type(content)
        if media is None:
            return seminar_page(found, [gettext("请选择 PDF、JPEG、PNG 或 Office 文件")], account_form=form), 422
        voucher = ((upload.filename if upload else "") or "file", content, media)
    facts = LineFacts(AccountCategory(form.category.data), form.note.data or "", form.amount.data, voucher)
    seminar_accounts.add_line(session(), runtime(), found, facts, token=given_token(), actor=staff().id, now=now())
    return _back(seminar_id)


@blueprint.post("/programme/seminars/<uuid:seminar_id>/accounts/<uuid:line_id>/remove")
@allow(Permission.SEMINAR_RUN)
def remove_account_line(seminar_id: UUID, line_id: UUID) -> Any:
    found = run_of(seminar_id, lock=True)
    seminar_accounts.remove_line(session(), found, line_id, actor=staff().id, now=now())
    return _back(seminar_id)


def _back(seminar_id: UUID) -> Any:
    return redirect(url_for(".show_seminar", seminar_id=seminar_id, _anchor="accounts"))


@blueprint.get("/programme/seminars/<uuid:seminar_id>/accounts/<uuid:line_id>/voucher")
@allow(*SEES)
def account_voucher(seminar_id: UUID, line_id: UUID) -> Response:
    found = seminar_accounts.line(session(), seminar_of(seminar_id), line_id)
    if found.digest is None:
        raise NotFound("accounts.not_found")
    return send_file(
        runtime().files.path(found.digest), mimetype=found.media_type, as_attachment=True, download_name=found.name
    )


@blueprint.get("/programme/seminars/<uuid:seminar_id>/accounts.xlsx")
@allow(*SEES)
def accounts_xlsx(seminar_id: UUID) -> Response:
    found = seminar_of(seminar_id)
    workbook = Workbook()
    sheet = workbook.active
    sheet.title = "收支决算"
    sheet.append(["收支", "类别", "说明", "金额（元）", "凭证"])
    kept = seminar_accounts.accounts(session(), found.id)
    for each in kept.lines:
        append_texts(sheet, (SIDES_ZH[each.side], CATEGORIES_ZH[each.category], each.note, each.amount, each.name))
    for label, amount in (("收入合计", kept.income), ("支出合计", kept.spent), ("结余", kept.balance)):
        sheet.append([label, "", "", amount])
    mark_heads(sheet)
    return sent_spreadsheet(saved(workbook), f"收支决算-{found.title}.xlsx")
