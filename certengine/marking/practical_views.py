"""The practical part: an examiner's candidates and their rubric, and an officer's view of the panel."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from certengine.bank.rendering import render_markdown
from certengine.bank.rules import PracticalTask
from certengine.delivery import file_rules, tasks
from certengine.delivery.task_views import sent
from certengine.foundation.errors import CertengineError, Conflict, Invalid, NotAllowed, NotFound
from certengine.foundation.paging import page_of
from certengine.marking import examiner_figures, practical, samples
from certengine.marking.answer_officer_views import OFFICERS
from certengine.marking.examiners import PanelState, shown_name, task_code
from certengine.marking.models import MarkState
from certengine.marking.practical import PracticalEntry
from certengine.marking.sample_views import criteria_points, typed_criteria
from certengine.marking.views import blueprint
from certengine.people.actors import staff
from certengine.people.permissions import Permission
from certengine.sittings import service as sittings
from certengine.sittings.service import SittingView
from certengine.standards.rules import Part
from certengine.web.access import allow
from certengine.web.errors import say
from certengine.web.request import now, session


@blueprint.get("/marking/practical", endpoint="practical")
@allow(Permission.MARK_ENTER)
def practical_rooms() -> str:
    """The examiner's rooms with their candidates, and which of them wait for this examiner."""
    rooms = [
        (sitting, room, examiner_figures.waiting_for(session(), sitting, room.id, staff().id, staff().account_id))
        for sitting, room in sittings.rooms_of_proctor(session(), staff().account_id)
        if sitting.part is Part.PRACTICAL
    ]
    return render_template(
        "marking/practical.html",
        rooms=rooms,
        practice={sitting.id: _practice(sitting) for sitting, _room, _rows in rooms},
        State=MarkState,
        Panel=PanelState,
    )


def _practice(sitting: SittingView) -> tuple[samples.Standing, list[tuple[str, bool]]]:
    """How the examiner stands before the samples, and each sample's code with whether they have marked it."""
    tolerance = practical.layout_of(sitting).tolerance
    found = samples.samples_of(session(), sitting.id)
    marked = [(each.code, samples.mark_of(session(), each.id, staff().id) is not None) for each in found]
    return samples.standing_of(session(), sitting.id, tolerance, staff().id), marked


def to_mark(sitting_id: UUID, registration_id: UUID) -> tuple[SittingView, PracticalTask]:
    """What an examiner of the room may mark. Raises NotAllowed."""
    if not sittings.is_assigned(session(), staff().account_id, sitting_id):
        raise NotAllowed("marking.not_assigned")
    practical.refuse_partial(session(), staff().account_id, registration_id)
    sitting = sittings.sitting_of(session(), staff().organisation_id, sitting_id)
    return sitting, practical.task_of(session(), sitting)


@blueprint.route("/marking/practical/<uuid:sitting_id>/<uuid:registration_id>", methods=["GET", "POST"])
@allow(Permission.MARK_ENTER)
def script(sitting_id: UUID, registration_id: UUID) -> str | Response | tuple[str, int]:
    sitting, task = to_mark(sitting_id, registration_id)
    opened = practical.opened(session(), sitting, registration_id, staff().id)
    given = dict(opened.own.points) if opened.own else {}
    problems: dict[str, str] = {}
    if request.method == "POST":
        given = typed_criteria(task)
        try:
            _enter(sitting_id, registration_id, task, given)
            flash(gettext("已保存"))
            return redirect(url_for(".practical"))
        except Invalid as error:
            problems = {each.place: say(each) for each in error.problems}
        except Conflict as error:
            problems = {"": say(error)}
    files = tasks.files_handed_in(session(), sitting_id, registration_id)
    candidate, blind = sittings.candidate(session(), registration_id), practical.layout_of(sitting).blind
    page = render_template(
        "marking/script.html",
        sitting=sitting,
        candidate=candidate,
        place=sittings.placement_of(session(), sitting_id, registration_id),
        code=task_code(sitting_id, registration_id),
        blind=blind,
        task=task,
        files=[(each, shown_name(each.name, candidate, blind)) for each in files],
        counting={each.id for each in file_rules.counting(files)},
        scenario=render_markdown(task.scenario),
        solution=render_markdown(task.reference_solution),
        given=given,
        comment=request.form.get("comment") or (opened.own.comment if opened.own else ""),
        opened=opened,
        old_rubric=bool(opened.own and practical.flagged(task, [opened.own])),
        after=examiner_figures.next_for(session(), sitting, staff().id, staff().account_id, registration_id),
        problems=problems,
    )
    return (page, 422) if problems else page


@blueprint.get("/marking/practical/<uuid:sitting_id>/<uuid:registration_id>/files/<uuid:file_id>")
@allow(Permission.MARK_ENTER)
def handed_file(sitting_id: UUID, registration_id: UUID, file_id: UUID) -> Response:
    """A file as it was handed in, replaced ones too."""
    sitting, _task = to_mark(sitting_id, registration_id)
    for each in tasks.files_handed_in(session(), sitting_id, registration_id):
        if each.id == file_id and each.completed_at is not None and each.digest:
            candidate = sittings.candidate(session(), registration_id)
            return sent(each.digest, shown_name(each.name, candidate, practical.layout_of(sitting).blind))
    raise NotFound("delivery.file_not_found")


def _enter(sitting_id: UUID, registration_id: UUID, task: PracticalTask, given: dict[str, str]) -> None:
    entry = PracticalEntry(
        criteria_points(task, given), request.form.get("comment", "")[:2000], request.form.get("version", 0, int)
    )
    practical.enter(
        session(),
        sitting_id,
        registration_id,
        entry,
        examiner=staff().id,
        examiner_name=staff().name,
        now=now(),
    )


@blueprint.post("/marking/practical/<uuid:sitting_id>/<uuid:registration_id>/nothing")
@allow(Permission.MARK_ENTER)
def nothing(sitting_id: UUID, registration_id: UUID) -> Response:
    """The candidate did not come, or left nothing; an empty state takes it back."""
    to_mark(sitting_id, registration_id)
    wanted = request.form.get("state", "")
    state = MarkState(wanted) if wanted in {each.value for each in MarkState} else None
    try:
        practical.record_nothing(session(), sitting_id, registration_id, state, staff().id, now())
        flash(gettext("已保存"))
    except CertengineError as error:
        flash(say(error), "danger")
    return redirect(url_for(".practical"))


@blueprint.get("/results/practical/<uuid:sitting_id>")
@allow(*OFFICERS)
def practical_panel(sitting_id: UUID) -> str:
    """How far the panel is, which marks lie apart, how its examiners compare, and whose work bears which code."""
    sitting = sittings.sitting_of(session(), staff().organisation_id, sitting_id)
    lines = examiner_figures.candidate_lines(session(), sitting)
    examiners = examiner_figures.examiner_lines(session(), sitting)
    return render_template(
        "marking/practical_panel.html",
        sitting=sitting,
        layout=practical.layout_of(sitting),
        lines=lines,
        page=page_of(lines, request.args.get("page", 1, int)),
        examiners=examiners,
        settled=sum(each.panel.state is PanelState.SETTLED or bool(each.nothing) for each in lines),
        fastest=max((each.hourly or 0 for each in examiners), default=0) or 1,
        Panel=PanelState,
    )
