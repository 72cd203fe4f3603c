"""Notices for everybody, objections from anybody, and the department's answers."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext

from certengine.foundation.errors import Invalid, NotFound
from certengine.foundation.paging import paginate
from certengine.people import regions
from certengine.people.actors import region, staff
from certengine.people.permissions import Permission
from certengine.programme import notices
from certengine.programme.application_models import PublicNotice
from certengine.programme.forms import ObjectionAnswerForm, ObjectionForm
from certengine.programme.pages import as_id, blueprint
from certengine.web.access import allow, public
from certengine.web.request import now, runtime, session
from certengine.web.security import limiter


@blueprint.get("/notices")
@public("notices are for everybody")
def public_notices() -> str:
    page = paginate(session(), notices.notices_query(), request.args.get("page", 1, int))
    return render_template("programme/notices.html", page=page, today=notices.today(now()))


@blueprint.route("/notices/<uuid:notice_id>", methods=["GET", "POST"])
@public("whoever reads a notice may object to it")
@limiter.limit("20 per hour", methods=["POST"])
def notice(notice_id: UUID) -> Any:
    found, form, others = notices.notice(session(), notice_id), ObjectionForm(), []
    if form.validate_on_submit():
        try:
            notices.object_to(
                session(),
                runtime().cipher,
                found,
                name=form.name.data or "",
                contact=form.contact.data or "",
                text=form.text.data or "",
                now=now(),
            )
            flash(gettext("异议已收到，处理结果会按您留下的联系方式告知"))
            return redirect(url_for(".notice", notice_id=notice_id))
        except Invalid as error:
            others = form.show_problems(error)
    is_open = found.objections_until is not None and notices.today(now()) <= found.objections_until
    status = 422 if request.method == "POST" else 200
    return render_template("programme/notice.html", notice=found, form=form, is_open=is_open, others=others), status


@blueprint.get("/programme/notices")
@allow(Permission.PROGRAMME_DECIDE)
def managed_notices() -> str:
    here = PublicNotice.region.startswith(regions.reach(region()), autoescape=True)
    query = notices.notices_query().where(here, PublicNotice.objections_until.is_not(None))
    page = paginate(session(), query, request.args.get("page", 1, int))
    return render_template("programme/managed_notices.html", page=page, today=notices.today(now()))


@blueprint.route("/programme/notices/<uuid:notice_id>", methods=["GET", "POST"])
@allow(Permission.PROGRAMME_DECIDE)
def managed_notice(notice_id: UUID) -> Any:
    found, form = notices.notice(session(), notice_id), ObjectionAnswerForm()
    if not found.region.startswith(regions.reach(region())):
        raise NotFound("notice.not_found")
    if form.validate_on_submit():
        notices.decide_objection(
            session(),
            found,
            as_id(request.form.get("objection", "")),
            form.upheld.data == "yes",
            form.answer.data or "",
            actor=staff().id,
            now=now(),
        )
        return redirect(url_for(".managed_notice", notice_id=notice_id))
    cipher = runtime().cipher
    status = 422 if request.method == "POST" else 200
    page = render_template(
        "programme/managed_notice.html",
        notice=found,
        form=form,
        objectors={each.id: notices.objector(cipher, each) for each in found.objections},
    )
    return page, status
