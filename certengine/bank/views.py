from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from certengine.bank import file_views, item_views, picture_views, review_views, service, work_views
from certengine.bank.bulk import Act, recent
from certengine.bank.check import check_bank, near_duplicates, stems
from certengine.bank.coverage import coverage_of
from certengine.bank.models import ItemStatus
from certengine.bank.pages import (
    ACTS,
    BANDS,
    COGNITION,
    STATUS,
    TYPES,
    USES,
    blueprint,
    context,
    filters_of_request,
    own_bank,
    standard_of,
    type_word,
)
from certengine.bank.reading import BankFile, Row
from certengine.bank.releases import own_release
from certengine.bank.rules import Kind
from certengine.bank.work_views import authors
from certengine.bank.writing_tasks import tasks
from certengine.foundation.errors import CertengineError, Invalid, NotFound
from certengine.foundation.paging import paginate
from certengine.ledger import service as ledger
from certengine.people import service as people
from certengine.people.actors import staff
from certengine.people.permissions import Permission
from certengine.standards import service as standards
from certengine.standards.rules import Level
from certengine.web.access import allow
from certengine.web.errors import say
from certengine.web.request import now, session

__all__ = ["blueprint", "file_views", "item_views", "picture_views", "review_views", "work_views"]


@blueprint.get("/banks")
@allow(Permission.BANK_READ)
def banks() -> str:
    found = service.banks(session(), staff().organisation_id)
    titles = {each.field: each for each in standards.fields()}
    mine = tasks(session(), [each.id for each in found], now(), staff().id)
    return render_template(
        "bank/banks.html",
        banks=found,
        standards=titles,
        levels=list(Level),
        Level=Level,
        mine=mine,
        by_id={each.id: each for each in found},
        types={kind.value: text for kind, text in TYPES.items()},
    )


@blueprint.post("/banks")
@allow(Permission.BANK_WRITE)
def open_bank() -> Response:
    field, level = request.form.get("field", ""), request.form.get("level", "")
    if level not in {each.value for each in Level}:
        raise NotFound("bank.level_unknown", level=level)
    bank = service.open_bank(
        session(), organisation_id=staff().organisation_id, field=field, level=Level(level), now=now()
    )
    if "model" in request.form:
        outcome = service.import_model_bank(session(), staff().organisation_id, field, Level(level), staff().id, now())
        added = outcome.plan.count(service.Action.ADD)
        flash(_("载入示范试题 %(count)s 项，等待审题员通过", count=added), "success")
    return redirect(url_for(".bank", bank_id=bank.id))  # type: ignore[return-value]


@blueprint.get("/banks/<uuid:bank_id>")
@allow(Permission.BANK_READ)
def bank(bank_id: UUID) -> str:
    found = own_bank(bank_id)
    filters = filters_of_request()
    page = paginate(session(), service.items_query(session(), bank_id, filters), request.args.get("page", 1, int))
    imports = service.imports(session(), bank_id)
    edits = recent(session(), bank_id)
    return render_template(
        "bank/bank.html",
        **context(found, "items"),
        page=page,
        filters=filters,
        waiting=service.waiting(session(), [row.id for row in page.rows]),
        imports=[(source, left) for source, left in imports if left],
        names=people.shown_names(
            session(), [*(source.actor for source, _left in imports), *(each.actor for each in edits)]
        ),
        type_word=type_word,
        types=TYPES,
        cognitions=COGNITION,
        statuses=STATUS,
        bands=BANDS,
        uses=USES,
        authors=authors(found.organisation_id),
        filtered=filters != service.Filters(),
        edits=edits,
        act_words=ACTS,
        act_word=lambda value: ACTS[Act(value)],
        nodes=list(standard_of(found).nodes()),
    )


@blueprint.get("/banks/<uuid:bank_id>/coverage")
@allow(Permission.BANK_READ)
def coverage(bank_id: UUID) -> str:
    found = own_bank(bank_id)
    entries = service.latest_entries(session(), bank_id)
    rows = coverage_of(entries, standard_of(found), Level(found.level))
    used = {kind for row in rows for kind in row.types}
    types = {kind: text for kind, text in TYPES.items() if kind.value in used}
    return render_template("bank/coverage.html", **context(found, "coverage"), rows=rows, types=types, bands=BANDS)


@blueprint.get("/banks/<uuid:bank_id>/check")
@allow(Permission.BANK_READ)
def check(bank_id: UUID) -> str:
    found = own_bank(bank_id)
    entries = service.latest_entries(session(), bank_id)
    rows = tuple(Row(entry.id, entry) for entry in entries)
    file = BankFile(found.title, found.field, found.level, "", rows)
    known = {entry.id for entry in entries}
    problems = [*check_bank(file, standard_of(found), known), *near_duplicates(stems([file]))] if rows else []
    listed = [(each.place if each.place in known else "", say(each)) for each in problems]
    return render_template("bank/check.html", **context(found, "check"), problems=listed, count=len(rows))


@blueprint.get("/banks/<uuid:bank_id>/releases")
@allow(Permission.BANK_READ)
def releases(bank_id: UUID) -> str:
    found = own_bank(bank_id)
    rows = [each for each in service.releases(session(), found.field, Level(found.level)) if each.bank_id == bank_id]
    counts = service.status_counts(session(), bank_id)
    return render_template(
        "bank/releases.html",
        **context(found, "releases"),
        rows=rows,
        live=counts[ItemStatus.LIVE],
        pilots=counts[ItemStatus.PILOT],
        names=people.shown_names(session(), (each.actor for each in rows)),
    )


@blueprint.post("/banks/<uuid:bank_id>/releases")
@allow(Permission.BANK_RELEASE)
def make_release(bank_id: UUID) -> Response:
    found = own_bank(bank_id)
    try:
        made = service.release(session(), bank_id=found.id, actor=staff().id, now=now(), pilot="pilot" in request.form)
    except Invalid as error:
        flash(say(error.problems[0]), "danger")
        return redirect(url_for(".releases", bank_id=bank_id))  # type: ignore[return-value]
    except CertengineError as error:
        flash(say(error), "danger")
        return redirect(url_for(".releases", bank_id=bank_id))  # type: ignore[return-value]
    flash(_("已发布 %(edition)s", edition=made.edition), "success")
    return redirect(url_for(".release", release_id=made.id))  # type: ignore[return-value]


@blueprint.get("/banks/releases/<uuid:release_id>")
@allow(Permission.BANK_READ)
def release(release_id: UUID) -> str:
    row = own_release(session(), release_id, staff().organisation_id)
    members: list[Any] = service.members(session(), release_id)
    return render_template(
        "bank/release.html",
        **context(own_bank(row.bank_id), "releases"),
        release=row,
        members=members,
        receipt=ledger.receipt(session(), row.entry_id),
        names=people.shown_names(session(), [row.actor]),
        type_word=type_word,
        family=Kind.FAMILY,
    )
