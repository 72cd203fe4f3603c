"""Bad items of a sitting: proposing a ruling, seeing whom it touches, signing it."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from certengine.bank.rendering import render_markdown
from certengine.foundation.errors import CertengineError, NotFound
from certengine.marking import correcting, second_keys
from certengine.marking.correcting import RulingFacts
from certengine.marking.models import ProposalState, RulingKind
from certengine.marking.rulings import has_second_key
from certengine.marking.views import blueprint
from certengine.people import service as people
from certengine.people.actors import staff
from certengine.people.permissions import Permission
from certengine.sittings import service as sittings
from certengine.sittings.service import SittingView
from certengine.standards.rules import Part
from certengine.web.access import allow
from certengine.web.errors import say
from certengine.web.request import now, session

# A sitting's list of items shows so many that fit what is sought.
SHOWN = 50


def _sitting(sitting_id: UUID, lock: bool = False) -> SittingView:
    found = sittings.sitting_of(session(), staff().organisation_id, sitting_id)
    if found.part is not Part.THEORY or found.release_id is None:
        raise NotFound("marking.no_theory")
    if lock:
        sittings.plan_of(session(), staff().organisation_id, found.exam_plan_id, lock=True)
    return found


@blueprint.get("/marking/sittings/<uuid:sitting_id>/rulings")
@allow(Permission.RESULT_READ)
def rulings(sitting_id: UUID) -> str:
    """What was proposed and decided about items, and the items to choose from."""
    sitting = _sitting(sitting_id)
    rows = correcting.rulings_of(session(), sitting_id)
    sought = request.args.get("q", "").strip()
    fitting = [
        (item, papers)
        for item, papers in correcting.items_of(session(), sitting)
        if sought and (sought.casefold() in item.id.casefold() or sought in item.stem)
    ]
    return render_template(
        "marking/rulings.html",
        sitting=sitting,
        rows=rows,
        names=people.shown_names(session(), [each for row in rows for each in (row.proposed_by, row.decided_by)]),
        items=fitting[:SHOWN],
        more=len(fitting) - SHOWN,
        sought=sought,
        may_release=staff().may(Permission.RESULT_RELEASE),
    )


@blueprint.route("/marking/sittings/<uuid:sitting_id>/rulings/items/<code>", methods=["GET", "POST"])
@allow(Permission.RESULT_RELEASE)
def new_ruling(sitting_id: UUID, code: str) -> str | Response | tuple[str, int]:
    sitting = _sitting(sitting_id, lock=request.method == "POST")
    item = correcting.item_of(session(), sitting, code)
    problems: list[str] = []
    if request.method == "POST":
        wanted = request.form.get("kind", "")
        kind = RulingKind(wanted) if wanted in {each.value for each in RulingKind} else RulingKind.VOID
        facts = RulingFacts(code, kind, second_keys.accepted(item, request.form), request.form.get("reason", "")[:2000])
        try:
            row = correcting.propose(session(), sitting, facts, staff().id, now())
            return redirect(url_for(".ruling", sitting_id=sitting_id, ruling_id=row.id))
        except NotFound:
            raise
        except CertengineError as error:
            problems = [say(each) for each in getattr(error, "problems", [error])]
    page = render_template(
        "marking/new_ruling.html",
        sitting=sitting,
        item=item,
        stem=render_markdown(item.stem),
        questions=second_keys.questions(item),
        second=has_second_key(item),
        Kind=RulingKind,
        given=request.form,
        problems=problems,
    )
    return (page, 422) if problems else page


@blueprint.get("/marking/sittings/<uuid:sitting_id>/rulings/<uuid:ruling_id>")
@allow(Permission.RESULT_READ)
def ruling(sitting_id: UUID, ruling_id: UUID) -> str:
    """Whom it touches, those who come to pass named apart; to be read before it is signed."""
    sitting = _sitting(sitting_id)
    row = correcting.ruling_of(session(), sitting_id, ruling_id)
    item = correcting.item_of(session(), sitting, row.item)
    proposed = row.state is ProposalState.PROPOSED
    return render_template(
        "marking/ruling.html",
        sitting=sitting,
        ruling=row,
        stem=render_markdown(item.stem),
        accepted=[second_keys.said(item, each) for each in row.accepted],
        preview=correcting.preview(session(), sitting, row, now()) if proposed else None,
        names=people.shown_names(session(), [row.proposed_by, row.decided_by]),
        me=staff().id,
        may_release=staff().may(Permission.RESULT_RELEASE),
        State=ProposalState,
    )


@blueprint.post("/marking/sittings/<uuid:sitting_id>/rulings/<uuid:ruling_id>/<any(sign, reject):step>")
@allow(Permission.RESULT_RELEASE)
def decide_ruling(sitting_id: UUID, ruling_id: UUID, step: str) -> Response:
    sitting = _sitting(sitting_id, lock=True)
    row = correcting.ruling_of(session(), sitting_id, ruling_id, lock=True)
    try:
        if step == "sign":
            found = correcting.sign(session(), sitting, row, request.form.get("seen", ""), staff().id, now())
            flash(gettext("已重新评分，%(count)s人成绩变化", count=len(found.touched)))
        else:
            correcting.reject(session(), row, staff().id, now())
            flash(gettext("已否决"))
    except CertengineError as error:
        session().rollback()
        flash(say(error), "danger")
    return redirect(url_for(".ruling", sitting_id=sitting_id, ruling_id=ruling_id))
