"""An employer's people: how their year stands, and enrolling them by a list."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from certengine.foundation.errors import Invalid
from certengine.foundation.held_files import held, hold
from certengine.foundation.paging import paginate
from certengine.people.actors import staff
from certengine.people.permissions import Permission
from certengine.training import hours_accounts, organisation_enrolment
from certengine.training.course_forms import PeopleListForm
from certengine.training.course_models import CourseEnrolment
from certengine.training.course_rules import rule_of
from certengine.training.organisation_list import template
from certengine.training.pages import blueprint
from certengine.web.access import allow
from certengine.web.downloads import sent_rows, sent_spreadsheet
from certengine.web.errors import say
from certengine.web.forms import ApplyListForm
from certengine.web.request import asked_year, now, runtime, session


def year_asked() -> int:
    """The year of the address, or the present one."""
    return asked_year(hours_accounts.year_of(now()))


@blueprint.get("/organisation/people")
@allow(Permission.COURSE_ENROL)
def organisation_people() -> str:
    year, only, own = year_asked(), request.args.get("only", ""), staff().organisation_id
    page = paginate(session(), hours_accounts.people_query(own, year, only), request.args.get("page", 1, int))
    learns: dict[Any, list[CourseEnrolment]] = {}
    query = select(CourseEnrolment).where(
        CourseEnrolment.organisation_id == own,
        CourseEnrolment.person_id.in_([account.person_id for account in page.rows]),
    )
    for each in session().scalars(query.options(joinedload(CourseEnrolment.course)).order_by(CourseEnrolment.id)):
        learns.setdefault(each.person_id, []).append(each)
    return render_template(
        "training/organisation_people.html",
        page=page,
        year=year,
        this_year=hours_accounts.year_of(now()),
        only=only,
        learns=learns,
        rule=rule_of(year),
    )


@blueprint.get("/organisation/people.xlsx")
@allow(Permission.COURSE_ENROL)
def organisation_people_xlsx() -> Response:
    year, only = year_asked(), request.args.get("only", "")
    rows = [
        (each.person.name, each.person.document_masked, each.professional, each.general, "是" if each.met else "否")
        for each in session().scalars(hours_accounts.people_query(staff().organisation_id, year, only))
    ]
    heads = ("姓名", "证件号码", "专业学时", "公需学时", "达到年度要求")
    return sent_rows(heads, rows, f"单位学员学时-{year}")


@blueprint.get("/organisation/people/template.xlsx")
@allow(Permission.COURSE_ENROL)
def people_template() -> Response:
    content = template(organisation_enrolment.titles(session()))
    return sent_spreadsheet(content, "学员名单.xlsx")


@blueprint.route("/organisation/people/import", methods=["GET", "POST"])
@allow(Permission.COURSE_ENROL)
def import_people() -> Any:
    """A list is looked at first: who would be enrolled, and what is wrong, cell by cell."""
    form = PeopleListForm()
    if not form.validate_on_submit():
        status = 422 if request.method == "POST" else 200
        return render_template("training/import_people.html", form=form, problems=[]), status
    content, name = form.file.data.read(), form.file.data.filename or "list.xlsx"
    try:
        found = organisation_enrolment.look(session(), content, name, now())
    except Invalid as error:
        said = [f"{problem.place}: {say(problem)}" for problem in error.problems]
        return render_template("training/import_people.html", form=form, problems=said), 422
    apply = ApplyListForm(formdata=None, digest=hold(session(), runtime(), content, now()), name=name)
    return render_template("training/preview_people.html", found=found, name=name, form=apply, say=say)


@blueprint.post("/organisation/people/import/apply")
@allow(Permission.COURSE_ENROL)
def apply_people() -> Any:
    form = ApplyListForm()
    content = held(runtime(), form.digest.data or "")
    try:
        done = organisation_enrolment.apply(
            session(),
            runtime(),
            staff().organisation_id,
            content,
            form.name.data or "list.xlsx",
            keep_good=form.keep_good.data == "yes",
            actor=staff().id,
            now=now(),
        )
    except Invalid as error:
        session().rollback()
        said = [f"{problem.place}: {say(problem)}" for problem in error.problems]
        return render_template("training/import_people.html", form=PeopleListForm(formdata=None), problems=said), 422
    flash(
        gettext(
            "新选课%(added)s人次，%(unchanged)s人次已选过，%(refused)s行未导入",
            added=done.added,
            unchanged=done.unchanged,
            refused=done.refused,
        )
    )
    return redirect(url_for(".organisation_people"))
