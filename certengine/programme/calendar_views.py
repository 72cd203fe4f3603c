"""The list of public holidays, year by year."""

from datetime import date
from typing import Any

from flask import redirect, render_template, request, url_for

from certengine.foundation.clock import CHINA
from certengine.foundation.errors import Invalid, NotFound
from certengine.ledger import service as ledger
from certengine.people import regions
from certengine.people.actors import region, staff
from certengine.people.permissions import Permission
from certengine.programme import working_days
from certengine.programme.forms import CalendarForm
from certengine.programme.pages import blueprint
from certengine.web.access import allow
from certengine.web.request import asked_year, now, session


@blueprint.route("/programme/calendar", methods=["GET", "POST"])
@allow(Permission.SEMINAR_MANAGE)
def working_calendar() -> Any:
    keeps = regions.is_provincial(region())
    year = asked_year(now().astimezone(CHINA).year)
    form, others = CalendarForm(), []
    if form.validate_on_submit():
        working_days.must_keep(region())
        try:
            working_days.set_days(
                session(),
                form.first.data,
                form.last.data,
                form.working.data == "yes",
                form.name.data,
                actor=staff().id,
                now=now(),
            )
            return redirect(url_for(".working_calendar", year=form.first.data.year))
        except Invalid as error:
            others = form.show_problems(error)
    page = render_template(
        "programme/calendar.html",
        days=working_days.days_of(session(), year),
        year=year,
        form=form,
        keeps=keeps,
        others=others,
        history=ledger.history(session(), f"calendar:{year}"),
    )
    return page, 422 if request.method == "POST" else 200


@blueprint.post("/programme/calendar/<day>/remove")
@allow(Permission.SEMINAR_MANAGE)
def remove_calendar_day(day: str) -> Any:
    working_days.must_keep(region())
    try:
        chosen = date.fromisoformat(day)
    except ValueError:
        raise NotFound("calendar.not_found") from None
    working_days.remove_day(session(), chosen, actor=staff().id, now=now())
    return redirect(url_for(".working_calendar", year=chosen.year))
