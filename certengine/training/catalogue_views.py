"""The catalogue for everybody, and enrolling oneself."""

from typing import Any
from uuid import UUID

from flask import redirect, render_template, request, url_for
from sqlalchemy import select

from certengine.foundation.paging import paginate
from certengine.people import service as people
from certengine.people.actors import Staff, region, staff
from certengine.people.models import OrganisationKind
from certengine.people.permissions import Permission
from certengine.standards.names import field_names
from certengine.standards.rules import Level
from certengine.training import course_rules, courses, learning
from certengine.training.course_models import CourseEnrolment, CourseState, Subject
from certengine.training.course_views import chosen
from certengine.training.courses import Sought
from certengine.training.hours_accounts import Where
from certengine.training.pages import LEVEL_NAMES, SUBJECTS, blueprint, learner
from certengine.web.access import allow, current_actor, public
from certengine.web.request import now, session


@blueprint.get("/courses")
@public("the catalogue is for everybody who looks for a course")
def catalogue() -> str:
    sought = Sought(
        words=request.args.get("q", "").strip(),
        subject=chosen(Subject, "subject"),
        field=request.args.get("field", ""),
        level=chosen(Level, "level"),
        state=CourseState.PUBLISHED,
        of_bases=bool(request.args.get("bases")),
    )
    page = paginate(session(), courses.courses_query(sought), request.args.get("page", 1, int))
    return render_template(
        "training/catalogue.html",
        page=page,
        sought=sought,
        subjects=SUBJECTS,
        fields=field_names(),
        levels=LEVEL_NAMES,
        Kind=OrganisationKind,
    )


@blueprint.get("/courses/<uuid:course_id>")
@public("what a course is about is part of the catalogue")
def catalogue_course(course_id: UUID) -> str:
    found = courses.published(session(), course_id)
    actor = current_actor()
    learns = isinstance(actor, Staff) and actor.person_id is not None and actor.may(Permission.TRAINEE_SELF)
    mine = None
    if learns and isinstance(actor, Staff):
        mine = session().scalar(
            select(CourseEnrolment.id).where(
                CourseEnrolment.course_id == course_id, CourseEnrolment.person_id == actor.person_id
            )
        )
    return render_template(
        "training/catalogue_course.html",
        course=found,
        learns=learns,
        mine=mine,
        fields=field_names(),
        levels=LEVEL_NAMES,
        Kind=OrganisationKind,
    )


@blueprint.post("/courses/<uuid:course_id>/enrol")
@allow(Permission.TRAINEE_SELF)
def enrol_oneself(course_id: UUID) -> Any:
    person_id, found = learner(), courses.published(session(), course_id)
    where = Where(course_rules.city_of(region()), employer())
    made, _new = learning.enrol(session(), found, person_id, where, now=now())
    return redirect(url_for(".learn", enrolment_id=made.id))


def employer() -> UUID | None:
    """The learner's organisation where it is an employer: whoever keeps accounts for others does not count as one."""
    own = staff().organisation_id
    return own if people.organisation(session(), own).kind is OrganisationKind.EMPLOYER else None
