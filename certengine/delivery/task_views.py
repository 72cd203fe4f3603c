"""The screen of a practical task: its material, and the files that are handed in, in parts."""

from base64 import b64encode
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as Answer

from certengine.bank.rendering import render_markdown
from certengine.delivery import file_rules, gate, receiving, service, tasks
from certengine.delivery.models import Attempt, AttemptState, HandedFile
from certengine.delivery.tasks import Announced
from certengine.delivery.views import blueprint, candidate, key_shown, visitor
from certengine.foundation.errors import CertengineError, Conflict, Invalid, NotFound, Problem
from certengine.ledger import service as ledger
from certengine.people.actors import Staff
from certengine.people.permissions import Permission
from certengine.sittings import service as sittings
from certengine.sittings.service import SittingView
from certengine.standards.rules import Part
from certengine.web.access import allow, current_actor
from certengine.web.errors import say
from certengine.web.request import now, runtime, session


@blueprint.get("/exam/<uuid:sitting_id>/task")
@allow(Permission.ATTEMPT_TAKE)
def task(sitting_id: UUID) -> str | Answer:
    me = candidate()
    standing = service.attempt_of(session(), sitting_id, me.registration_id)
    if standing is None or standing.started_at is None or standing.state is AttemptState.SUBMITTED:
        return redirect(url_for(".sitting", sitting_id=sitting_id))
    view = sittings.sitting(session(), sitting_id)
    if gate.obstacle(standing, visitor(view)):
        return redirect(url_for(".outside", sitting_id=sitting_id))
    found = tasks.task_of(session(), view)
    data = {
        "attempt": str(standing.id),
        "generation": standing.generation,
        "part": file_rules.PART,
        "files": _files(standing),
        **receiving.clock(standing.state, standing.deadline_at, standing.extra_seconds, now()),
        "addresses": {
            "open": url_for(".open_screen", sitting_id=sitting_id, shown=key_shown(standing, view)),
            "state": url_for(".task_state", sitting_id=sitting_id),
            "begin": url_for(".begin_file", sitting_id=sitting_id),
            "file": url_for(".file_part", file_id=UUID(int=0)).removesuffix(str(UUID(int=0))),
            "receipt": url_for(".receipt", sitting_id=sitting_id),
            "worker": url_for(".worker"),
            "events": url_for(".report_events", sitting_id=sitting_id),
        },
    }
    return render_template(
        "delivery/task.html",
        data=data,
        task=found,
        scenario=render_markdown(found.scenario),
        materials=tasks.materials(session(), sitting_id),
        limits=tasks.limits_of(view),
        sitting=view,
        candidate=sittings.candidate(session(), me.registration_id),
        place=sittings.placement_of(session(), sitting_id, me.registration_id),
    )


def _files(standing: Attempt) -> list[dict[str, Any]]:
    return _described(tasks.files_of(session(), [standing.id])[standing.id])


def _described(files: list[HandedFile]) -> list[dict[str, Any]]:
    counting = {each.id for each in file_rules.counting(files)}
    return [
        {
            "id": str(each.id),
            "name": each.name,
            "size": each.size,
            "received": each.received,
            "sha256": each.digest if each.completed_at else None,
            "at": int(each.completed_at.timestamp() * 1000) if each.completed_at else None,
            "counts": each.id in counting,
        }
        for each in files
        if each.removed_at is None
    ]


@blueprint.post("/exam/<uuid:sitting_id>/task/state")
@allow(Permission.ATTEMPT_TAKE)
def task_state(sitting_id: UUID) -> dict[str, Any]:
    """A sign of life, answered with the clock, the files, and whether another screen has taken over."""
    standing = _own(sitting_id)
    generation = (request.get_json(silent=True) or {}).get("generation")
    if generation == standing.generation:
        standing.seen_at = now()
    taken_over = generation != standing.generation and standing.state is AttemptState.RUNNING
    return {
        **receiving.clock(standing.state, standing.deadline_at, standing.extra_seconds, now()),
        "files": _files(standing),
        "problem": "delivery.taken_over" if taken_over else None,
    }


def _own(sitting_id: UUID) -> Attempt:
    standing = service.attempt_of(session(), sitting_id, candidate().registration_id)
    if standing is None:
        raise NotFound("delivery.not_found")
    return standing


def _refused(error: CertengineError) -> tuple[dict[str, Any], int]:
    problems = error.problems if isinstance(error, Invalid) else [Problem("", error.code, error.values)]
    status = 409 if isinstance(error, Conflict) else 422
    return {"problem": problems[0].code, "message": " ".join(say(each) for each in problems)}, status


@blueprint.post("/exam/<uuid:sitting_id>/files")
@allow(Permission.ATTEMPT_TAKE)
def begin_file(sitting_id: UUID) -> tuple[dict[str, Any], int]:
    """{"name", "size", "sha256" or "", "generation"} → the file's id and how much of it is there already."""
    body = request.get_json(silent=True)
    facts = _announced(body if isinstance(body, dict) else {})
    if facts is None:
        return {"problem": "bad_request", "message": say(Problem("", "bad_request"))}, 422
    view = sittings.sitting(session(), sitting_id)
    if view.part is not Part.PRACTICAL:
        raise NotFound("not_found")
    try:
        standing = service.attempt(session(), _own(sitting_id).id, lock=True)
        found = tasks.begin_file(session(), standing, facts, now())
    except (Conflict, Invalid) as error:
        return _refused(error)
    return {"id": str(found.id), "received": found.received, "whole": found.completed_at is not None}, 200


def _announced(body: dict[str, Any]) -> Announced | None:
    name, size, digest, generation = (body.get(key) for key in ("name", "size", "sha256", "generation"))
    if not isinstance(name, str) or type(size) is not int or type(generation) is not int:
        return None
    if not isinstance(digest, str) or (digest and (len(digest) != 64 or set(digest) - set("0123456789abcdef"))):
        return None
    return Announced(name, min(size, 1 << 60), digest, generation)


@blueprint.put("/exam/files/<uuid:file_id>")
@allow(Permission.ATTEMPT_TAKE)
def file_part(file_id: UUID) -> tuple[dict[str, Any], int]:
    """The bytes from ?at=N on; answers how many are there. No transaction is open while they are written."""
    at, generation = request.args.get("at", -1, int), request.args.get("generation", -1, int)
    if at < 0 or (request.content_length or 0) > file_rules.PART:
        return {"problem": "bad_request", "message": say(Problem("", "bad_request"))}, 422
    me = candidate().registration_id
    try:
        found = tasks.take_part(runtime(), me, file_id, generation, at, request.get_data(cache=False))
    except (Conflict, Invalid) as error:
        return _refused(error)
    return {
        "received": found.received,
        "whole": found.completed_at is not None,
        "sha256": found.digest if found.completed_at else None,
    }, 200


@blueprint.delete("/exam/files/<uuid:file_id>")
@allow(Permission.ATTEMPT_TAKE)
def remove_file(file_id: UUID) -> tuple[dict[str, Any], int]:
    try:
        generation = request.args.get("generation", -1, int)
        tasks.remove_file(session(), candidate().registration_id, file_id, generation, now())
    except Conflict as error:
        return _refused(error)
    return {}, 200


@blueprint.get("/exam/files/<uuid:file_id>")
@allow(Permission.ATTEMPT_TAKE)
def own_file(file_id: UUID) -> Answer:
    """What arrived, for the candidate to look at again while the attempt runs."""
    found, standing = tasks.own_file(session(), candidate().registration_id, file_id)
    if found.completed_at is None or standing.state is AttemptState.SUBMITTED:
        raise NotFound("delivery.file_not_found")
    return sent(found.digest or "", found.name)


def sent(digest: str, name: str) -> Answer:
    """A file as an attachment, whatever it holds: it never runs under our address."""
    answer = send_file(
        runtime().files.path(digest), mimetype="application/octet-stream", as_attachment=True, download_name=name
    )
    answer.headers["Repr-Digest"] = f"sha-256=:{b64encode(bytes.fromhex(digest)).decode()}:"
    return answer


@blueprint.get("/exam/<uuid:sitting_id>/materials/<uuid:material_id>")
@allow(Permission.ATTEMPT_TAKE)
def candidate_material(sitting_id: UUID, material_id: UUID) -> Answer:
    """Only while the candidate's own attempt runs."""
    standing = _own(sitting_id)
    if standing.state not in (AttemptState.RUNNING, AttemptState.SUSPENDED):
        raise NotFound("not_found")
    found = tasks.material(session(), sitting_id, material_id)
    return sent(found.digest, found.name)


def _planned(sitting_id: UUID) -> SittingView:
    actor = current_actor()
    assert isinstance(actor, Staff)
    view = sittings.sitting_of(session(), actor.organisation_id, sitting_id)
    if view.part is not Part.PRACTICAL:
        raise NotFound("sittings.not_found")
    return view


@blueprint.route("/sittings/<uuid:sitting_id>/materials", methods=["GET", "POST"])
@allow(Permission.PAPER_DRAW)
def materials(sitting_id: UUID) -> str | Answer | tuple[str, int]:
    """The files that go with the task, put there before the start by whoever chose it."""
    view, actor = _planned(sitting_id), current_actor()
    assert actor is not None
    problems: list[str] = []
    if request.method == "POST":
        given = [each for each in request.files.getlist("material") if each.filename]
        try:
            if not given:
                raise Invalid([Problem("material", "delivery.material_missing")])
            # All of them or none.
            with session().begin_nested():
                for each in given:
                    tasks.add_material(session(), runtime(), view, each.filename or "", each.read(), actor.id, now())
            flash(gettext("已添加%(count)s个文件", count=len(given)))
            return redirect(url_for(".materials", sitting_id=sitting_id))
        except Invalid as error:
            problems = [say(each) for each in error.problems]
        except Conflict as error:
            problems = [say(error)]
    page = render_template(
        "delivery/materials.html",
        sitting=view,
        task=tasks.task_of(session(), view) if view.release_id else None,
        materials=tasks.materials(session(), sitting_id),
        problems=problems,
        open=now() < view.starts_at,
        acts=[each for each in ledger.history(session(), f"sitting:{sitting_id}") if each.kind.startswith("task.")],
    )
    return (page, 422) if problems else page


@blueprint.get("/sittings/<uuid:sitting_id>/materials/<uuid:material_id>")
@allow(Permission.PAPER_DRAW)
def material(sitting_id: UUID, material_id: UUID) -> Answer:
    found = tasks.material(session(), _planned(sitting_id).id, material_id)
    return sent(found.digest, found.name)


@blueprint.post("/sittings/<uuid:sitting_id>/materials/<uuid:material_id>/remove")
@allow(Permission.PAPER_DRAW)
def remove_material(sitting_id: UUID, material_id: UUID) -> Answer:
    view, actor = _planned(sitting_id), current_actor()
    assert actor is not None
    try:
        tasks.remove_material(session(), view, material_id, actor.id, now())
        flash(gettext("已删除"))
    except Conflict as error:
        flash(say(error), "danger")
    return redirect(url_for(".materials", sitting_id=sitting_id))
