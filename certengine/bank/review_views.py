"""What is decided and said about versions: review, trial, comments, comparison."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from certengine.bank import service
from certengine.bank.comparing import differences
from certengine.bank.models import ItemComment, ItemVersion
from certengine.bank.pages import KEYS, blueprint, context, own_bank
from certengine.bank.rules import entry_of
from certengine.foundation.errors import CertengineError, Invalid, NotFound
from certengine.people import service as people
from certengine.people.actors import staff
from certengine.people.permissions import Permission
from certengine.web.access import allow
from certengine.web.errors import say
from certengine.web.request import now, session


def _own_version(bank_id: UUID, version_id: UUID) -> ItemVersion:
    found = session().get(ItemVersion, version_id)
    if found is None or found.item.bank_id != own_bank(bank_id).id:
        raise NotFound("bank.no_version", number="")
    return found


def _decide(bank_id: UUID, version_id: UUID, act: Any, done: str) -> Response:
    found = _own_version(bank_id, version_id)
    code, number = found.item.code, found.number
    _tried(act, done)
    return redirect(url_for(".item", bank_id=bank_id, code=code, version=number))  # type: ignore[return-value]


def _tried(act: Any, done: str) -> None:
    try:
        act()
        flash(done, "success")
    except Invalid as error:
        for problem in error.problems:
            flash(say(problem), "danger")
    except CertengineError as error:
        flash(say(error), "danger")


@blueprint.post("/banks/<uuid:bank_id>/versions/<uuid:version_id>/approve")
@allow(Permission.ITEM_REVIEW)
def approve(bank_id: UUID, version_id: UUID) -> Response:
    pilot = "pilot" in request.form
    return _decide(
        bank_id,
        version_id,
        lambda: service.approve(session(), version_id, staff().id, now(), pilot),
        _("审核通过，进入试测") if pilot else _("审核通过，已可使用"),
    )


@blueprint.post("/banks/<uuid:bank_id>/versions/<uuid:version_id>/reject")
@allow(Permission.ITEM_REVIEW)
def reject(bank_id: UUID, version_id: UUID) -> Response:
    reason = request.form.get("comment", "")
    return _decide(
        bank_id, version_id, lambda: service.reject(session(), version_id, reason, staff().id, now()), _("已退回")
    )


@blueprint.post("/banks/<uuid:bank_id>/versions/<uuid:version_id>/withdraw")
@allow(Permission.BANK_WRITE)
def withdraw(bank_id: UUID, version_id: UUID) -> Response:
    return _decide(bank_id, version_id, lambda: service.withdraw(session(), version_id, staff().id, now()), _("已撤回"))


@blueprint.post("/banks/<uuid:bank_id>/versions/<uuid:version_id>/comments")
@allow(Permission.BANK_WRITE, Permission.ITEM_REVIEW)
def comment(bank_id: UUID, version_id: UUID) -> Response:
    text = request.form.get("text", "")
    return _decide(
        bank_id, version_id, lambda: service.comment(session(), version_id, text, staff().id, now()), _("意见已记下")
    )


@blueprint.post("/banks/<uuid:bank_id>/comments/<uuid:comment_id>/settle")
@allow(Permission.BANK_WRITE, Permission.ITEM_REVIEW)
def settle(bank_id: UUID, comment_id: UUID) -> Response:
    found = session().get(ItemComment, comment_id)
    if found is None:
        raise NotFound("bank.no_comment")
    return _decide(
        bank_id, found.version_id, lambda: service.settle(session(), comment_id, staff().id, now()), _("意见已处理")
    )


@blueprint.post("/banks/<uuid:bank_id>/items/<code>/retire")
@allow(Permission.ITEM_REVIEW)
def retire(bank_id: UUID, code: str) -> Response:
    own_bank(bank_id)
    _tried(lambda: service.retire(session(), bank_id, code, staff().id, now()), _("%(code)s 已停用", code=code))
    return redirect(url_for(".item", bank_id=bank_id, code=code))  # type: ignore[return-value]


@blueprint.post("/banks/<uuid:bank_id>/items/<code>/live")
@allow(Permission.ITEM_REVIEW)
def go_live(bank_id: UUID, code: str) -> Response:
    own_bank(bank_id)
    _tried(lambda: service.go_live(session(), bank_id, code, staff().id, now()), _("%(code)s 已正式启用", code=code))
    return redirect(url_for(".item", bank_id=bank_id, code=code))  # type: ignore[return-value]


@blueprint.post("/banks/<uuid:bank_id>/items/<code>/compare")
@allow(Permission.BANK_WRITE, Permission.ITEM_REVIEW)
def compare(bank_id: UUID, code: str) -> str:
    """Two versions side by side with their keys; that the keys were read stands in the ledger."""
    bank = own_bank(bank_id)
    found = service.item(session(), bank_id, code)
    numbers = sorted(request.form.get(key, 0, int) for key in ("first", "second"))
    first, second = (service.version(session(), found.id, number) for number in numbers)
    if found.live_version_id:
        for each in dict.fromkeys((first, second)):
            service.read_key(session(), each, staff().id, now())
    return render_template(
        "bank/compare.html",
        **context(bank, "items"),
        item=found,
        first=first,
        second=second,
        names=people.shown_names(session(), [first.author, second.author]),
        rows=differences(entry_of(first.content), entry_of(second.content)),
        keys=KEYS,
    )
