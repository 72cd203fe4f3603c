"""The item centre's work: tasks for authors, and one act on many items with its undoing."""

from datetime import date
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from certengine.bank import service
from certengine.bank.bulk import MOST, Act, edit, undo
from certengine.bank.forms import TaskForm
from certengine.bank.models import Bank, BankItem, BulkEdit
from certengine.bank.pages import TYPES, blueprint, context, filters_of_request, own_bank, standard_of
from certengine.bank.writing_tasks import TaskFacts, assign, close, tasks
from certengine.foundation.errors import CertengineError, Invalid, NotFound
from certengine.people import service as people
from certengine.people.actors import staff
from certengine.people.models import Account, AccountRole
from certengine.people.permissions import HOLDS, Permission
from certengine.standards.rules import Level
from certengine.web.access import allow
from certengine.web.errors import say
from certengine.web.request import now, session

REVIEWERS_ACTS = (Act.RETIRE, Act.RESTORE)


def authors(organisation_id: UUID) -> list[Account]:
    """The organisation's active accounts that may write items."""
    roles = [role for role, held in HOLDS.items() if Permission.BANK_WRITE in held]
    query = (
        select(Account)
        .where(Account.organisation_id == organisation_id, Account.active)
        .where(Account.id.in_(select(AccountRole.account_id).where(AccountRole.role.in_(roles))))
    )
    return list(session().scalars(query.order_by(Account.name, Account.login)))


def _form(bank: Bank) -> TaskForm:
    form = TaskForm()
    form.assignee.choices = [
        ("", _("请选择")),
        *((f"account:{each.id}", f"{each.name}（{each.login}）") for each in authors(bank.organisation_id)),
    ]
    leaves = [(node.id, f"{node.id} {node.zh}") for node in standard_of(bank).nodes() if _carries(node, bank.level)]
    form.outline.choices = [("", _("不限")), *leaves]
    form.type.choices = [("", _("不限")), *((kind.value, text) for kind, text in TYPES.items())]
    return form


def _carries(node: object, level: str) -> bool:
    return any(Level(level) in each.levels for each in node.walk())  # type: ignore[attr-defined]


@blueprint.route("/banks/<uuid:bank_id>/tasks", methods=["GET", "POST"])
@allow(Permission.BANK_WRITE, Permission.ITEM_REVIEW)
def writing_tasks(bank_id: UUID) -> str | Response | tuple[str, int]:
    """Open tasks; a reviewer gives new ones."""
    bank = own_bank(bank_id)
    form = _form(bank)
    if request.method == "POST" and not staff().may(Permission.ITEM_REVIEW):
        raise NotFound("not_found")
    if form.validate_on_submit():
        facts = TaskFacts(
            form.assignee.data or "",
            form.outline.data or "",
            form.type.data or "",
            form.wanted.data or 0,
            form.due_on.data or date.min,
            form.note.data or "",
        )
        try:
            assign(session(), bank_id, facts, staff().id, now())
        except Invalid as error:
            form.show_problems(error)
        else:
            flash(_("命题任务已下达"), "success")
            return redirect(url_for(".writing_tasks", bank_id=bank_id))  # type: ignore[return-value]
    rows = tasks(session(), [bank_id], now())
    page = render_template(
        "bank/tasks.html",
        **context(bank, "tasks"),
        rows=rows,
        form=form,
        names=people.shown_names(session(), (each.task.assignee for each in rows)),
        types={kind.value: text for kind, text in TYPES.items()},
    )
    return page, 422 if form.is_submitted() else 200


@blueprint.post("/banks/<uuid:bank_id>/tasks/<uuid:task_id>/close")
@allow(Permission.ITEM_REVIEW)
def close_task(bank_id: UUID, task_id: UUID) -> Response:
    own_bank(bank_id)
    close(session(), bank_id, task_id, now())
    flash(_("命题任务已结束"), "success")
    return redirect(url_for(".writing_tasks", bank_id=bank_id))  # type: ignore[return-value]


@blueprint.post("/banks/<uuid:bank_id>/bulk")
@allow(Permission.BANK_WRITE, Permission.ITEM_REVIEW)
def bulk_edit(bank_id: UUID) -> Response:
    """The chosen items of the list, or all that pass its filters."""
    own_bank(bank_id)
    narrowed: dict[str, Any] = request.args.to_dict()
    back = redirect(url_for(".bank", bank_id=bank_id, **narrowed))
    try:
        act = Act(request.form.get("act", ""))
    except ValueError:
        raise NotFound("not_found") from None
    needed = Permission.ITEM_REVIEW if act in REVIEWERS_ACTS else Permission.BANK_WRITE
    if not staff().may(needed):
        raise NotFound("not_found")
    codes = request.form.getlist("code")
    if "all" in request.form:
        query = service.items_query(session(), bank_id, filters_of_request())
        codes = list(session().scalars(query.with_only_columns(BankItem.code).limit(MOST + 1)))
    value = request.form.get(act.value, "")
    try:
        made = edit(session(), bank_id=bank_id, codes=codes, act=act, value=value, actor=staff().id, now=now())
        flash(_("已处理 %(count)s 项，可在列表下方撤销", count=len(made.items)), "success")
    except Invalid as error:
        flash(say(error.problems[0]), "danger")
    except CertengineError as error:
        flash(say(error), "danger")
    return back  # type: ignore[return-value]


@blueprint.post("/banks/<uuid:bank_id>/bulk/<uuid:edit_id>/undo")
@allow(Permission.BANK_WRITE, Permission.ITEM_REVIEW)
def undo_bulk(bank_id: UUID, edit_id: UUID) -> Response:
    own_bank(bank_id)
    record = session().get(BulkEdit, edit_id)
    if record is not None and Act(record.act) in REVIEWERS_ACTS and not staff().may(Permission.ITEM_REVIEW):
        raise NotFound("not_found")
    try:
        undone, kept = undo(session(), bank_id, edit_id, staff().id, now())
        flash(_("已撤销 %(undone)s 项；%(kept)s 项其后已有变化，保持不动", undone=undone, kept=kept), "success")
    except CertengineError as error:
        flash(say(error), "danger")
    return redirect(url_for(".bank", bank_id=bank_id))  # type: ignore[return-value]
