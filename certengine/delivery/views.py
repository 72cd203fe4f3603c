import json
from typing import Any
from urllib.parse import quote
from uuid import UUID

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, send_file, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf.csrf import generate_csrf
from itsdangerous import URLSafeSerializer
from werkzeug.wrappers import Response as Answer

from certengine.delivery import entering, events, file_rules, gate, receiving, screen, service, tasks
from certengine.delivery.actors import KIND, Candidate, identity
from certengine.delivery.forms import CandidateForm
from certengine.delivery.journal import Journal
from certengine.delivery.models import Attempt, AttemptState, EventKind
from certengine.delivery.reading import saved_answers
from certengine.delivery.receiving import Refused
from certengine.delivery.screen import Screens
from certengine.delivery.scripts import Scripts
from certengine.foundation.clock import CHINA
from certengine.foundation.errors import Conflict, NotAllowed, NotFound, Problem
from certengine.ledger import service as ledger
from certengine.people import attempts
from certengine.people.actors import sign_in
from certengine.people.permissions import Permission
from certengine.sittings import service as sittings
from certengine.sittings.service import SittingView
from certengine.standards.rules import Part
from certengine.web import devices
from certengine.web.access import add_door, allow, current_actor, public
from certengine.web.errors import say
from certengine.web.layout import add_labels
from certengine.web.request import now, runtime, session
from certengine.web.security import limiter

blueprint = Blueprint("delivery", __name__)

STATES = {
    AttemptState.READY: _("等待开考"),
    AttemptState.RUNNING: _("作答中"),
    AttemptState.SUSPENDED: _("已暂停"),
    AttemptState.SUBMITTED: _("已交卷"),
}


EVENTS = {
    EventKind.FOCUS_LOST: _("离开考试窗口"),
    EventKind.PASTED: _("粘贴文字"),
    EventKind.CLOCK_CHANGED: _("本机时钟改变"),
    EventKind.OFFLINE: _("网络中断"),
    EventKind.ADDRESS_CHANGED: _("网络地址改变"),
    EventKind.SECOND_SIGN_IN: _("在另一处登录"),
    EventKind.OTHER_DEVICE: _("在另一台机器上打开"),
    EventKind.WRONG_KEY: _("考试浏览器密钥不符"),
    EventKind.KEY_SHOWN: _("考试浏览器密钥相符"),
    EventKind.LET_IN: _("监考员放行"),
}


@blueprint.record_once
def set_up(state: BlueprintSetupState) -> None:
    add_labels(state, AttemptState, STATES)
    add_door(state.app, "/exam/", "delivery.front_door")
    add_labels(state, EventKind, EVENTS)
    state.app.extensions["scripts"] = Scripts()
    state.app.extensions["screens"] = Screens()
    # The journal is made over the runtime at first use: the app may be built before its database stands.
    state.app.extensions["journal"] = None


def scripts() -> Scripts:
    return current_app.extensions["scripts"]  # type: ignore[no-any-return]


def screens() -> Screens:
    return current_app.extensions["screens"]  # type: ignore[no-any-return]


def journal() -> Journal:
    found: Journal | None = current_app.extensions["journal"]
    if found is None:
        found = current_app.extensions["journal"] = Journal(runtime())
    return found


def candidate() -> Candidate:
    actor = current_actor()
    assert isinstance(actor, Candidate)
    return actor


@blueprint.route("/exam", methods=["GET", "POST"])
@public("the candidates' front door")
# A whole hall, or a load test, comes from one address: failures are slowed down one by one (delivery.entering).
@limiter.limit("6000 per minute", methods=["POST"])
def front_door() -> str | Answer | tuple[str, int]:
    form = CandidateForm(ticket=request.args.get("ticket", "")[:40])
    if not form.validate_on_submit():
        return render_template("delivery/front_door.html", form=form, problem=None)
    ticket, number = form.ticket.data or "", form.number.data or ""
    found = entering.enter(ticket, number)
    if isinstance(found, Problem):
        page = render_template("delivery/front_door.html", form=form, problem=say(found))
        return page, 429 if found.code == attempts.WAIT else 422
    sign_in(KIND, identity(found.registration_id, found.ticket_number))
    return redirect(url_for(".desk"))


@blueprint.get("/exam/desk")
@allow(Permission.ATTEMPT_TAKE)
def desk() -> str | Answer:
    """The candidate's sittings; straight on to the only one, or to the only one that goes on now."""
    me = sittings.candidate(session(), candidate().registration_id)
    mine = [sittings.sitting(session(), place.sitting_id) for place in me.placements]
    here = [each for each in mine if each.release_id is not None]
    going_on = [each for each in here if each.entry_opens_at <= now() <= each.late_until]
    for chosen in (here, going_on):
        if len(chosen) == 1:
            return redirect(url_for(".sitting", sitting_id=chosen[0].id))
    return render_template("delivery/desk.html", candidate=me, sittings=mine, here=here)


@blueprint.get("/exam/<uuid:sitting_id>")
@allow(Permission.ATTEMPT_TAKE)
def sitting(sitting_id: UUID) -> str | Answer:
    """Where the candidate stands: identity, waiting, examination, receipt."""
    view = scripts().sitting(session(), sitting_id, now())
    me = candidate()
    standing = service.attempt_of(session(), sitting_id, me.registration_id)
    if standing is not None and standing.state is AttemptState.SUBMITTED:
        return redirect(url_for(".receipt", sitting_id=sitting_id))
    if standing is not None and standing.started_at is not None:
        return redirect(url_for(_screen(view), sitting_id=sitting_id))
    place = service.place_of(session(), view, me.registration_id)
    problem = service.entry_problem(view, standing, now())
    facts: dict[str, Any] = {
        "sitting": view,
        "place": place,
        "problem": say(Problem("", problem, {"opens": view.entry_opens_at.astimezone(CHINA).strftime("%H:%M")}))
        if problem
        else None,
        "too_early": problem == "delivery.too_early",
        "now": now(),
    }
    if problem or standing is None:
        return render_template("delivery/identity.html", **facts)
    return render_template("delivery/waiting.html", **facts)


def _screen(view: SittingView) -> str:
    return ".paper" if view.part is Part.THEORY else ".task"


@blueprint.post("/exam/<uuid:sitting_id>/confirm")
@allow(Permission.ATTEMPT_TAKE)
def confirm(sitting_id: UUID) -> Answer:
    service.confirm(session(), sitting_id, candidate().registration_id, now())
    return redirect(url_for(".sitting", sitting_id=sitting_id))


@blueprint.post("/exam/<uuid:sitting_id>/start")
@allow(Permission.ATTEMPT_TAKE)
def start(sitting_id: UUID) -> Answer:
    try:
        view = scripts().sitting(session(), sitting_id, now())
        service.start(session(), sitting_id, candidate().registration_id, now(), view)
    except Conflict as error:
        if error.code == "delivery.already_submitted":
            return redirect(url_for(".receipt", sitting_id=sitting_id))
        flash(say(error), "warning")
        return redirect(url_for(".sitting", sitting_id=sitting_id))
    # A practical part is led on from there: one query less for thousands who start at once.
    return redirect(url_for(".paper", sitting_id=sitting_id))


def _shows_key(view: SittingView) -> bool:
    shown = [request.headers.get(name, "") for name in gate.KEY_HEADERS]
    return gate.shows_key(view.browser_keys, request.url, shown)


def _seen() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="exam browser")


def key_shown(standing: Attempt, view: SittingView) -> str | None:
    """Goes with the page that was asked for with the key: not every version of the browser shows it to scripts too."""
    shown = view.browser_keys and _shows_key(view)
    return str(_seen().dumps(str(standing.id))) if shown else None


def visitor(view: SittingView, standing: Attempt | None = None) -> gate.Visitor:
    """The browser that asks, with the key that it shows where the sitting wants one."""
    key = _shows_key(view) if view.browser_keys else None
    if key is False and standing is not None:
        found, seen = _seen().loads_unsafe(request.args.get("shown", ""))
        key = found and seen == str(standing.id)
    device = devices.known(f"ticket:{candidate().ticket_number}")
    return gate.Visitor(device or gate.UNKNOWN, request.remote_addr or "", request.user_agent.string[:200], key)


@blueprint.route("/exam/<uuid:sitting_id>/outside", methods=["GET", "POST"])
@allow(Permission.ATTEMPT_TAKE)
def outside(sitting_id: UUID) -> str | Answer:
    """Where a browser waits that has to be let in by a proctor."""
    view = scripts().sitting(session(), sitting_id, now())
    standing = service.attempt_of(session(), sitting_id, candidate().registration_id)
    problem = gate.obstacle(standing, visitor(view)) if standing else None
    if standing is None or problem is None or standing.state is AttemptState.SUBMITTED:
        return redirect(url_for(".sitting", sitting_id=sitting_id))
    if request.method == "POST":
        gate.ask(session(), standing, visitor(view), now())
        return redirect(url_for(".outside", sitting_id=sitting_id))
    return render_template(
        "delivery/outside.html",
        sitting=view,
        place=service.place_of(session(), view, candidate().registration_id),
        problem=say(Problem("", problem)),
        asked=standing.held_for == problem,
    )


@blueprint.post("/exam/<uuid:sitting_id>/events")
@allow(Permission.ATTEMPT_TAKE)
def report_events(sitting_id: UUID) -> tuple[dict[str, Any], int]:
    """What a screen saw: focus lost, a paste, a changed clock, a time without network."""
    standing = service.attempt_of(session(), sitting_id, candidate().registration_id, lock=True)
    if standing is None:
        raise NotFound("delivery.not_found")
    taken = events.take(session(), standing, (request.get_json(silent=True) or {}).get("events"), now())
    if taken is None:
        return {"problem": "bad_request"}, 422
    return {"taken": taken}, 200


@blueprint.get("/exam/<uuid:sitting_id>/paper")
@allow(Permission.ATTEMPT_TAKE)
def paper(sitting_id: UUID) -> str | Answer:
    """The examination screen. It is complete in itself, so that the browser can show it again without a network."""
    standing = service.attempt_of(session(), sitting_id, candidate().registration_id)
    if standing is None or standing.started_at is None:
        return redirect(url_for(".sitting", sitting_id=sitting_id))
    if standing.state is AttemptState.SUBMITTED:
        return redirect(url_for(".receipt", sitting_id=sitting_id))
    view = scripts().sitting(session(), sitting_id, now())
    if view.part is Part.PRACTICAL:
        return redirect(url_for(".task", sitting_id=sitting_id))
    if gate.obstacle(standing, visitor(view)):
        return redirect(url_for(".outside", sitting_id=sitting_id))
    return (
        screens()
        .of(view)
        .page(
            standing,
            service.place_of(session(), view, candidate().registration_id),
            scripts().script(session(), standing, view.release_id),
            saved_answers(session(), standing, standing.generation),
            token=generate_csrf(),
            secret=runtime().settings.secret_key,
            now=now(),
            shown=key_shown(standing, view),
        )
    )


@blueprint.post("/exam/<uuid:sitting_id>/open")
@allow(Permission.ATTEMPT_TAKE)
def open_screen(sitting_id: UUID) -> dict[str, Any]:
    view, me = scripts().sitting(session(), sitting_id, now()), candidate().registration_id
    known = service.attempt_of(session(), sitting_id, me) if view.browser_keys else None
    standing = service.open_screen(session(), sitting_id, me, now(), visitor(view, known))
    return screen.opened(session(), standing, now())


@blueprint.post("/exam/answers/<uuid:attempt_id>")
@allow(Permission.ATTEMPT_TAKE)
def answers(attempt_id: UUID) -> tuple[dict[str, Any], int]:
    """Answers of one's own attempt; the usual case is taken by the door in front (delivery.door)."""
    me = candidate()
    # A reading of its own: the request's session would hold the database's one writer while the journal waits for it.
    with runtime().unit_of_work(read_only=True) as reading:
        owner = scripts().owner(reading, attempt_id)
    if owner != me.registration_id:
        raise NotAllowed("not_allowed")
    arrival = receiving.arrived(scripts(), attempt_id, request.get_json(silent=True))
    if isinstance(arrival, Refused):
        return {"problem": arrival.problem, "message": say(Problem("", arrival.problem))}, 422
    status, body = receiving.answer(arrival, journal().save(arrival))
    return body, status


@blueprint.post("/exam/<uuid:sitting_id>/submit")
@allow(Permission.ATTEMPT_TAKE)
def submit(sitting_id: UUID) -> Answer:
    me = candidate()
    standing = service.attempt_of(session(), sitting_id, me.registration_id)
    if standing is None:
        raise NotFound("delivery.not_found")
    service.submit(session(), standing.id, me.id, now())
    return redirect(url_for(".receipt", sitting_id=sitting_id))


@blueprint.get("/exam/<uuid:sitting_id>/receipt")
@allow(Permission.ATTEMPT_TAKE)
def receipt(sitting_id: UUID) -> str | Answer:
    standing = service.attempt_of(session(), sitting_id, candidate().registration_id)
    if standing is None or standing.receipt_entry is None:
        return redirect(url_for(".sitting", sitting_id=sitting_id))
    view = scripts().sitting(session(), sitting_id, now())
    if view.part is Part.PRACTICAL:
        files = tasks.files_of(session(), [standing.id])[standing.id]
        facts: dict[str, Any] = {"files": file_rules.counting(files)}
    else:
        answered = service.answers_of(session(), [standing.id]).get(standing.id, {})
        script = scripts().script(session(), standing)
        total = sum(len(section["items"]) for section in script["sections"])
        facts = {"answered": len(answered), "total": total, "paper_hash": script["paper_hash"]}
    return render_template(
        "delivery/receipt.html",
        attempt=standing,
        receipt=ledger.receipt(session(), standing.receipt_entry),
        **facts,
        events=events.events_of(session(), standing.id),
        sitting=view,
        candidate=sittings.candidate(session(), candidate().registration_id),
    )


@blueprint.get("/exam/<uuid:sitting_id>/receipt.json")
@allow(Permission.ATTEMPT_TAKE)
def receipt_file(sitting_id: UUID) -> Response:
    standing = service.attempt_of(session(), sitting_id, candidate().registration_id)
    if standing is None or standing.receipt_entry is None:
        raise NotFound("delivery.not_found")
    content = json.dumps(ledger.receipt(session(), standing.receipt_entry).as_json(), ensure_ascii=False, indent=2)
    name = gettext("交卷回执") + f"-{candidate().ticket_number}.json"
    return Response(
        content,
        content_type="application/json",
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"},
    )


@blueprint.get("/exam/photo")
@allow(Permission.ATTEMPT_TAKE)
def photo() -> Answer:
    """The candidate's own photograph."""
    found = sittings.candidate(session(), candidate().registration_id).photo
    if not found:
        raise NotFound("not_found")
    return send_file(runtime().files.path(found), mimetype="image/jpeg")


@blueprint.get("/exam/worker.js")
@public("the browser fetches its service worker without asking who is there")
def worker() -> Answer:
    """Served under /exam, for a service worker rules only over its own folder."""
    answer = current_app.send_static_file("delivery/worker.js")
    answer.headers["Cache-Control"] = "no-cache"
    answer.headers["Service-Worker-Allowed"] = "/exam"
    return answer


# Last, for they add their pages to the blueprint above.
from certengine.delivery import paper_entry_views, task_views  # noqa: E402

__all__ = ["blueprint", "paper_entry_views", "task_views"]
