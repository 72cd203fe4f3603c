"""Notes at a place: on a written answer, and on the text, picture or PDF that was handed in."""

from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response

from certengine.delivery import tasks
from certengine.delivery.models import HandedFile
from certengine.foundation.errors import CertengineError, Invalid, NotFound
from certengine.marking import annotating, answer_entry, file_pages, practical
from certengine.marking.annotating import Author, Note
from certengine.marking.annotation_rules import Place, Rectangle, TextPlace, pieces, rectangle, text_place
from certengine.marking.answer_entry import Opened
from certengine.marking.examiners import shown_name, task_code
from certengine.marking.practical_views import to_mark
from certengine.marking.views import blueprint
from certengine.people.actors import staff
from certengine.people.permissions import Permission
from certengine.sittings import service as sittings
from certengine.web.access import allow
from certengine.web.errors import say
from certengine.web.request import now, runtime, session

Page = str | Response | tuple[str, int]
FIELDS = ("x", "y", "width", "height")


def author() -> Author:
    return Author(staff().id, staff().name)


def answer_notes(opened: Opened) -> dict[str, Any]:
    """What the part of the page that holds the answer and its notes needs. Others' notes as their marks are seen."""
    notes = annotating.notes_of(session(), answer_id=opened.id, markers=_seen([each.marker for each in opened.others]))
    action = url_for(".note_answer", question_id=opened.question.id, code=opened.code)
    return {"kind": "text", "pieces": _pieces(opened.text, notes), "notes": notes, "action": action, **_empty()}


def _seen(others: Sequence[str]) -> list[str]:
    return [staff().id, *others]


def _empty() -> dict[str, Any]:
    return {"me": staff().id, "problems": [], "given": {}, "page": None, "pages": 1, "picture": None}


def _pieces(text: str, notes: Sequence[Note]) -> Any:
    return pieces(text, [(each.number, each.place) for each in notes if isinstance(each.place, TextPlace)])


def _answered(problems: list[str], shown: Callable[[], dict[str, Any]], page: str) -> Page:
    """A script gets the part of the page anew, a form without script the whole page."""
    if request.headers.get("X-Requested-With") == "fetch":
        given = request.form if problems else {}
        part = render_template("marking/annotated.html", view={**shown(), "problems": problems, "given": given})
        return (part, 422) if problems else part
    for each in problems:
        flash(each, "danger")
    return redirect(page)


def _problems(act: Callable[[], Any]) -> list[str]:
    try:
        act()
        return []
    except NotFound:
        raise
    except CertengineError as error:
        return [say(each) for each in (error.problems if isinstance(error, Invalid) else [error])]


@blueprint.post("/marking/answers/<uuid:question_id>/<code>/notes")
@allow(Permission.MARK_ENTER)
def note_answer(question_id: UUID, code: str) -> Page:
    def opened() -> Opened:
        return answer_entry.opened(session(), staff().account_id, question_id, code)

    found = opened()

    def act() -> None:
        place = text_place(found.text, request.form.get("exact", ""), request.form.get("start", None, int))
        row = annotating.answer_of(session(), question_id, code)
        annotating.note_answer(session(), row, place, request.form.get("body", ""), author(), now())

    page = url_for(".answer", question_id=question_id, code=code)
    return _answered(_problems(act), lambda: answer_notes(opened()), page)


@blueprint.post("/marking/answers/<uuid:question_id>/<code>/notes/<uuid:note_id>")
@allow(Permission.MARK_ENTER)
def take_back_answer_note(question_id: UUID, code: str, note_id: UUID) -> Page:
    problems = _problems(lambda: annotating.take_back(session(), note_id, author(), now()))
    page = url_for(".answer", question_id=question_id, code=code)
    return _answered(
        problems,
        lambda: answer_notes(answer_entry.opened(session(), staff().account_id, question_id, code)),
        page,
    )


def _file(sitting_id: UUID, registration_id: UUID, file_id: UUID) -> HandedFile:
    """Raises NotAllowed for whoever does not mark here, NotFound."""
    to_mark(sitting_id, registration_id)
    for each in tasks.files_handed_in(session(), sitting_id, registration_id):
        if each.id == file_id and each.completed_at is not None and each.digest:
            return each
    raise NotFound("delivery.file_not_found")


def _file_notes(sitting_id: UUID, registration_id: UUID, file: HandedFile, page: int) -> dict[str, Any]:
    sitting = sittings.sitting(session(), sitting_id)
    opened = practical.opened(session(), sitting, registration_id, staff().id)
    notes = annotating.notes_of(session(), file_id=file.id, markers=_seen([each.examiner for each in opened.others]))
    view = file_pages.view_of(runtime().files.path(file.digest or ""), file.name)
    page = min(max(1, page), view.pages)
    here: dict[str, Any] = {"sitting_id": sitting_id, "registration_id": registration_id, "file_id": file.id}
    return {
        **_empty(),
        "kind": view.kind,
        "pieces": _pieces(view.text, notes),
        "notes": notes,
        "rectangles": [each for each in notes if isinstance(each.place, Rectangle) and each.place.page in (None, page)],
        "action": url_for(".note_file", **here, page=page),
        "picture": url_for(".file_picture", **here, page=page) if view.kind in ("picture", "pdf") else None,
        "page": page,
        "pages": view.pages,
        "turn": {
            "before": url_for(".read_file", **here, page=page - 1) if page > 1 else None,
            "after": url_for(".read_file", **here, page=page + 1) if page < view.pages else None,
        },
    }


@blueprint.get("/marking/practical/<uuid:sitting_id>/<uuid:registration_id>/files/<uuid:file_id>/read")
@allow(Permission.MARK_ENTER)
def read_file(sitting_id: UUID, registration_id: UUID, file_id: UUID) -> str:
    """A file with its notes."""
    file = _file(sitting_id, registration_id, file_id)
    candidate = sittings.candidate(session(), registration_id)
    blind = practical.layout_of(sittings.sitting(session(), sitting_id)).blind
    return render_template(
        "marking/file.html",
        sitting_id=sitting_id,
        registration_id=registration_id,
        file=file,
        name=shown_name(file.name, candidate, blind),
        code=task_code(sitting_id, registration_id),
        view=_file_notes(sitting_id, registration_id, file, request.args.get("page", 1, int)),
    )


@blueprint.get("/marking/practical/<uuid:sitting_id>/<uuid:registration_id>/files/<uuid:file_id>/picture")
@allow(Permission.MARK_ENTER)
def file_picture(sitting_id: UUID, registration_id: UUID, file_id: UUID) -> Response:
    """A picture or a page of a PDF, drawn here."""
    file = _file(sitting_id, registration_id, file_id)
    path = runtime().files.path(file.digest or "")
    drawn = file_pages.picture_of(path, file.name, request.args.get("page", 1, int))
    return send_file(BytesIO(drawn), mimetype="image/png", max_age=0)


@blueprint.post("/marking/practical/<uuid:sitting_id>/<uuid:registration_id>/files/<uuid:file_id>/notes")
@allow(Permission.MARK_ENTER)
def note_file(sitting_id: UUID, registration_id: UUID, file_id: UUID) -> Page:
    file = _file(sitting_id, registration_id, file_id)
    page = request.args.get("page", 1, int)

    def act() -> None:
        annotating.note_file(session(), file, _place(file, page), request.form.get("body", ""), author(), now())

    here = url_for(".read_file", sitting_id=sitting_id, registration_id=registration_id, file_id=file_id, page=page)
    return _answered(_problems(act), lambda: _file_notes(sitting_id, registration_id, file, page), here)


def _place(file: HandedFile, page: int) -> Place:
    view = file_pages.view_of(runtime().files.path(file.digest or ""), file.name)
    if view.kind == "text":
        return text_place(view.text, request.form.get("exact", ""), request.form.get("start", None, int))
    if view.kind == "other" or not 1 <= page <= view.pages:
        raise NotFound("not_found")
    return rectangle([request.form.get(name, "") for name in FIELDS], page if view.kind == "pdf" else None)


@blueprint.post("/marking/practical/<uuid:sitting_id>/<uuid:registration_id>/files/<uuid:file_id>/notes/<uuid:note_id>")
@allow(Permission.MARK_ENTER)
def take_back_file_note(sitting_id: UUID, registration_id: UUID, file_id: UUID, note_id: UUID) -> Page:
    file = _file(sitting_id, registration_id, file_id)
    page = request.args.get("page", 1, int)
    problems = _problems(lambda: annotating.take_back(session(), note_id, author(), now()))
    here = url_for(".read_file", sitting_id=sitting_id, registration_id=registration_id, file_id=file_id, page=page)
    return _answered(problems, lambda: _file_notes(sitting_id, registration_id, file, page), here)


@blueprint.app_template_global("note_take_back")
def take_back_address(note: Note) -> str:
    """Where one's own note is taken back, from the page that shows it."""
    arguments = {name: value for name, value in (request.view_args or {}).items() if name != "note_id"}
    if "file_id" in arguments:
        page = request.args.get("page", 1, int)
        return url_for("marking.take_back_file_note", **arguments, note_id=note.id, page=page)
    return url_for("marking.take_back_answer_note", **arguments, note_id=note.id)
