"""Answers from answer sheets, typed by two people into a workbook."""

from io import BytesIO
from uuid import UUID

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from certengine.delivery import paper_entry as typing_in
from certengine.delivery.views import blueprint
from certengine.foundation.errors import Conflict, Invalid, NotFound
from certengine.papers import on_paper
from certengine.people import service as people
from certengine.people.permissions import Permission
from certengine.sittings import service as sittings
from certengine.sittings.service import SittingView
from certengine.web.access import allow, current_actor
from certengine.web.errors import say
from certengine.web.request import now, session

MOST_BYTES = 20_000_000
MOST_TOLD = 100


def _sitting(sitting_id: UUID) -> SittingView:
    return sittings.sitting_of(session(), current_actor().organisation_id, sitting_id)  # type: ignore[union-attr]


@blueprint.get("/sittings/<uuid:sitting_id>/on-paper")
@allow(Permission.REGISTRATION_MANAGE)
def paper_entry(sitting_id: UUID) -> str:
    return _page(_sitting(sitting_id), [])


def _page(sitting: SittingView, problems: list[str]) -> str:
    found = typing_in.entries(session(), sitting.id)
    return render_template(
        "delivery/on_paper.html",
        sitting=sitting,
        forms=typing_in.forms_of(session(), sitting),
        entries=found,
        waiting=next((each for each in found if each.taken_at is None), None),
        names=people.names_of(session(), [name for each in found for name in (each.actor, each.taken_by)]),
        me=current_actor().id,  # type: ignore[union-attr]
        problems=problems,
        begun=now() >= sitting.starts_at,
    )


@blueprint.get("/sittings/<uuid:sitting_id>/on-paper/workbook.xlsx")
@allow(Permission.REGISTRATION_MANAGE)
def paper_entry_workbook(sitting_id: UUID) -> Response:
    """Numbers of questions and candidates; no stem and no key."""
    sitting = _sitting(sitting_id)
    forms = typing_in.forms_of(session(), sitting)
    if not forms:
        raise NotFound("delivery.no_printed_forms")
    placed = sittings.placements(session(), sitting.id)
    made = on_paper.workbook(forms, [(each.ticket_number, each.name) for each in placed])
    return send_file(
        BytesIO(made), as_attachment=True, download_name=f"{sitting.title}-{gettext('纸笔作答录入表')}.xlsx"
    )


@blueprint.post("/sittings/<uuid:sitting_id>/on-paper")
@allow(Permission.REGISTRATION_MANAGE)
def enter_paper(sitting_id: UUID) -> Response | tuple[str, int]:
    sitting, file = _sitting(sitting_id), request.files.get("file")
    if not file or not file.filename:
        return _page(sitting, [gettext("请选择填好的录入表")]), 422
    actor, content = current_actor().id, file.stream.read(MOST_BYTES)  # type: ignore[union-attr]
    try:
        with session().begin_nested():
            row, taken = typing_in.enter(session(), sitting, content, file.filename, actor, now())
    except Invalid as refused:
        told = [f"{each.place}：{say(each)}" for each in refused.problems[:MOST_TOLD]]
        if more := len(refused.problems) - MOST_TOLD:
            told += [gettext("另有 %(count)s 处", count=more)] if more > 0 else []
        return _page(sitting, told), 422
    except Conflict as refused:
        return _page(sitting, [say(refused)]), 422
    count = len(row.rows)
    flash(
        gettext("两次录入一致，%(count)s 名考生已交卷", count=count)
        if taken
        else gettext("已保存 %(count)s 名考生的答案，请另一人独立录入后上传核对", count=count),
        "success",
    )
    return redirect(url_for(".paper_entry", sitting_id=sitting_id))  # type: ignore[return-value]


@blueprint.post("/sittings/<uuid:sitting_id>/on-paper/discard")
@allow(Permission.REGISTRATION_MANAGE)
def discard_paper(sitting_id: UUID) -> Response:
    sitting = _sitting(sitting_id)
    try:
        typing_in.discard(session(), sitting.id)
        flash(gettext("已删除"), "success")
    except Conflict as refused:
        flash(say(refused), "danger")
    return redirect(url_for(".paper_entry", sitting_id=sitting_id))  # type: ignore[return-value]
