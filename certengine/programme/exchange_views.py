"""Exchanges between bases: offers, requests, answers."""

from typing import Any
from uuid import UUID

from flask import redirect, render_template, request, url_for

from certengine.foundation.errors import NotFound
from certengine.foundation.ids import random_code
from certengine.people.actors import staff
from certengine.people.permissions import Permission
from certengine.programme import bases, exchanges
from certengine.programme.base_models import ExchangeKind, TrainingBase
from certengine.programme.forms import ExchangeForm, ExchangeRequestForm
from certengine.programme.pages import EXCHANGES, blueprint, chosen
from certengine.web.access import allow
from certengine.web.forms import given_token
from certengine.web.request import now, session


def _own() -> TrainingBase | None:
    try:
        return bases.base_of(session(), staff().organisation_id)
    except NotFound:
        return None


def _must_be_base() -> TrainingBase:
    return bases.base_of(session(), staff().organisation_id)


@blueprint.get("/programme/exchanges", endpoint="exchanges")
@allow(Permission.BASE_REPORT, Permission.BASE_MANAGE)
def list_exchanges() -> str:
    return _page()


def _page(**forms: Any) -> str:
    fresh = {"form": ExchangeForm(formdata=None, token=random_code(20)), "ask_form": ExchangeRequestForm(formdata=None)}
    return render_template(
        "programme/exchanges.html",
        offers=exchanges.offers(session(), chosen(ExchangeKind, "kind")),
        kinds=EXCHANGES,
        chosen=request.args,
        base=_own(),
        **{**fresh, **forms},
    )


@blueprint.post("/programme/exchanges")
@allow(Permission.BASE_REPORT)
def offer_exchange() -> Any:
    base, form = _must_be_base(), ExchangeForm()
    if not form.validate_on_submit():
        return _page(form=form), 422
    exchanges.offer(
        session(),
        base,
        ExchangeKind(form.kind.data),
        form.title.data or "",
        form.text.data or "",
        token=given_token(),
        actor=staff().id,
        now=now(),
    )
    return redirect(url_for(".exchanges"))


@blueprint.post("/programme/exchanges/<uuid:exchange_id>/requests")
@allow(Permission.BASE_REPORT)
def ask_exchange(exchange_id: UUID) -> Any:
    base, form = _must_be_base(), ExchangeRequestForm()
    if not form.validate_on_submit():
        return _page(ask_form=form), 422
    found = exchanges.exchange(session(), exchange_id)
    exchanges.ask(session(), found, base, form.text.data or "", actor=staff().id, now=now())
    return redirect(url_for(".exchanges"))


@blueprint.post("/programme/exchanges/<uuid:exchange_id>/requests/<uuid:request_id>")
@allow(Permission.BASE_REPORT)
def answer_exchange(exchange_id: UUID, request_id: UUID) -> Any:
    found, base = exchanges.exchange(session(), exchange_id), _must_be_base()
    accept = request.form.get("accept") == "yes"
    exchanges.answer(session(), found, base, request_id, accept, actor=staff().id, now=now())
    return redirect(url_for(".exchanges"))


@blueprint.post("/programme/exchanges/<uuid:exchange_id>/close")
@allow(Permission.BASE_REPORT)
def close_exchange(exchange_id: UUID) -> Any:
    found = exchanges.exchange(session(), exchange_id)
    exchanges.close(session(), found, _must_be_base(), actor=staff().id, now=now())
    return redirect(url_for(".exchanges"))
