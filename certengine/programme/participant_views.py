"""Seminars for those who take part, and for employers who nominate their people."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from certengine.foundation.errors import CertengineError, Conflict, Invalid, NotFound
from certengine.people.actors import staff
from certengine.people.models import DocumentType
from certengine.people.permissions import Permission
from certengine.programme import documents, notices, seminar_closing, seminar_people, seminar_running, seminars
from certengine.programme.forms import FeedbackForm, SignInForm
from certengine.programme.pages import blueprint
from certengine.programme.seminar_models import Participant, ParticipantState, Seminar, SeminarState
from certengine.programme.seminar_running_views import nominate_list
from certengine.training import rotating
from certengine.web.access import allow, current_actor, public
from certengine.web.errors import say
from certengine.web.request import now, runtime, session
from certengine.web.security import limiter


def _learner() -> UUID:
    person_id = staff().person_id
    if person_id is None:
        raise Conflict("course.no_person")
    return person_id


@blueprint.get("/programme/open-seminars")
@allow(Permission.COURSE_ENROL)
def open_seminars() -> str:
    """Approved seminars that have not begun."""
    query = (
        select(Seminar)
        .where(Seminar.state == SeminarState.APPROVED, Seminar.starts_on > notices.today(now()))
        .options(joinedload(Seminar.host))
        .order_by(Seminar.starts_on)
    )
    found = session().scalars(query).all()
    mine = select(Participant).where(Participant.nominated_by_id == staff().organisation_id)
    own = session().scalars(mine.options(joinedload(Participant.person), joinedload(Participant.seminar))).all()
    return render_template("programme/open_seminars.html", seminars=found, own=own, problems=[])


@blueprint.post("/programme/open-seminars/<uuid:seminar_id>")
@allow(Permission.COURSE_ENROL)
def nominate_people(seminar_id: UUID) -> Any:
    found = seminars.seminar(session(), seminar_id, None)
    if found.starts_on <= notices.today(now()):
        raise Conflict("seminar.not_approved")
    said = nominate_list(found, staff().organisation_id)
    if said:
        return render_template("programme/open_seminars.html", seminars=[found], own=[], problems=said), 422
    return redirect(url_for(".open_seminars"))


@blueprint.get("/programme/my-seminars")
@allow(Permission.TRAINEE_SELF)
def my_seminars() -> str:
    mine = seminar_people.mine(session(), _learner())
    known = documents.by_subject(session(), [each.subject for each in mine])
    return render_template("programme/my_seminars.html", places=mine, documents=known)


@blueprint.route("/programme/my-seminars/<uuid:seminar_id>", methods=["GET", "POST"])
@allow(Permission.TRAINEE_SELF)
def my_seminar(seminar_id: UUID) -> Any:
    place, form = seminar_people.my_place(session(), _learner(), seminar_id), FeedbackForm()
    begun = notices.today(now()) >= place.seminar.starts_on and place.state is ParticipantState.ADMITTED
    if form.validate_on_submit():
        if not begun:
            raise Conflict("seminar.sign_in_closed")
        marks = {name: int(form[name].data) for name in ("content", "teaching", "organisation")}
        seminar_closing.give_feedback(session(), place, marks, form.remark.data or "")
        flash(gettext("谢谢您的评价"))
        return redirect(url_for(".my_seminar", seminar_id=seminar_id))
    status = 422 if request.method == "POST" else 200
    page = render_template(
        "programme/my_seminar.html",
        place=place,
        form=form,
        begun=begun,
        admitted=place.state is ParticipantState.ADMITTED,
    )
    return page, status


@blueprint.get("/programme/my-seminars/<uuid:seminar_id>/materials/<uuid:material_id>")
@allow(Permission.TRAINEE_SELF, Permission.SEMINAR_RUN)
def material(seminar_id: UUID, material_id: UUID) -> Response:
    """For the participants who were admitted and for the host."""
    found = seminars.seminar(session(), seminar_id, None)
    acting = staff()
    runs = acting.may(Permission.SEMINAR_RUN) and acting.organisation_id in (found.organisation_id, found.host_id)
    # Whoever is neither host nor anybody's participant learns nothing, as of a seminar that is none.
    if not runs and acting.person_id is None:
        raise NotFound("seminar.not_found")
    if not runs:
        place = seminar_people.my_place(session(), _learner(), seminar_id)
        if place.state is not ParticipantState.ADMITTED:
            raise NotFound("seminar.not_found")
    kept = next((each for each in found.materials if each.id == material_id), None)
    if kept is None:
        raise NotFound("not_found")
    return send_file(
        runtime().files.path(kept.digest), mimetype=kept.media_type, as_attachment=True, download_name=kept.name
    )


@blueprint.route("/seminars/<uuid:seminar_id>/<uuid:session_id>/sign-in/<code>", methods=["GET", "POST"])
@public("participants sign in with the code on the screen and their document; many have no account")
@limiter.limit("60 per minute", methods=["POST"])
def sign_in_page(seminar_id: UUID, session_id: UUID, code: str) -> Any:
    found = seminars.seminar(session(), seminar_id, None)
    part = seminar_running.session_of(session(), found, session_id)
    form, others = SignInForm(), []
    person_id = getattr(current_actor(), "person_id", None)
    # Reading the form takes longer than a code lives: the page gives its own time, kept for two minutes.
    fresh = rotating.holds(runtime().settings.secret_key, f"session:{part.id}", code, now().timestamp())
    ticket = request.form.get("ticket", "")
    kept = rotating.ticket_holds(runtime().settings.secret_key, f"session:{part.id}", ticket, now().timestamp())
    if not fresh and not kept:
        return render_template("programme/sign_in.html", part=part, seminar=found, form=None, others=[], done=None), 410
    done = None
    if request.method == "POST" and (person_id or form.validate_on_submit()):
        try:
            present = _present(found, form, person_id)
            seminar_running.sign_in(session(), present, part, by="qr", now=now())
            done = present
        except Invalid as error:
            others = form.show_problems(error)
        except CertengineError as error:
            others = [say(error)]
    page = render_template(
        "programme/sign_in.html",
        part=part,
        seminar=found,
        form=form,
        known=person_id is not None,
        ticket=rotating.ticket(runtime().settings.secret_key, f"session:{part.id}", now().timestamp()),
        others=others,
        done=done,
    )
    return page, 200 if request.method == "GET" or done else 422


def _present(found: Seminar, form: SignInForm, person_id: UUID | None) -> Participant:
    if person_id is not None:
        place = seminar_people.my_place(session(), person_id, found.id)
        if place.state is not ParticipantState.ADMITTED:
            raise NotFound("seminar.not_admitted")
        return place
    kind = DocumentType(form.document_type.data)
    return seminar_people.participant_by_document(
        session(), runtime().cipher, found, kind, form.number.data or "", now()
    )
