"""A learner's year, its statement and the statement's verification; the department's lists and sums."""

from io import BytesIO
from typing import Any

from flask import Response, redirect, render_template, request, send_file, url_for
from flask_babel import get_locale
from openpyxl import Workbook
from sqlalchemy import select

from certengine.foundation.errors import CertengineError, Invalid, NotFound
from certengine.foundation.spreadsheets import append_texts, saved
from certengine.people import regions
from certengine.people.actors import region, staff
from certengine.people.models import DocumentType
from certengine.people.permissions import Permission
from certengine.training import course_statistics, hours_accounts, statements
from certengine.training.course_forms import LookUpForm
from certengine.training.course_models import YearStatement
from certengine.training.employer_views import year_asked
from certengine.training.pages import SUBJECTS, WAYS, blueprint, learner
from certengine.web.access import allow, current_actor, public
from certengine.web.downloads import sent_spreadsheet
from certengine.web.errors import say
from certengine.web.request import now, runtime, session
from certengine.web.security import limiter


@blueprint.get("/hours")
@allow(Permission.TRAINEE_SELF)
def my_hours() -> str:
    person_id, year = learner(), year_asked()
    years = sorted({*hours_accounts.years_of(session(), person_id), hours_accounts.year_of(now())}, reverse=True)
    return render_template(
        "training/my_hours.html",
        account=hours_accounts.person_year(session(), person_id, year),
        years=years,
        learning=hours_accounts.learning_of(session(), person_id),
    )


@blueprint.post("/hours/<int:year>/statement")
@allow(Permission.TRAINEE_SELF)
def issue_statement(year: int) -> Any:
    made = statements.issue(session(), runtime(), learner(), year, actor=staff().id, now=now())
    return redirect(url_for(".statement", code=made.code))


@blueprint.get("/hours/statements/<code>.pdf")
@allow(Permission.TRAINEE_SELF)
def statement_pdf(code: str) -> Response:
    found = session().scalar(select(YearStatement).where(YearStatement.code == code))
    if found is None or found.person_id != learner():
        raise NotFound("statement.not_found")
    name = f"学时证明-{found.year}.pdf"
    content = BytesIO(runtime().files.get(found.pdf))
    return send_file(content, mimetype="application/pdf", as_attachment=True, download_name=name)


@blueprint.route("/courses/statements", methods=["GET"])
@public("whoever was shown a statement may check it")
def statement_form() -> Any:
    code = request.args.get("code", "").strip()
    return redirect(url_for(".statement", code=code)) if code else render_template("training/statement_form.html")


@blueprint.route("/courses/statements/<code>", methods=["GET", "POST"])
@public("whoever holds a statement's code holds its content")
@limiter.limit("120 per minute")
def statement(code: str) -> Any:
    try:
        checked = statements.check(session(), code)
    except NotFound as error:
        return render_template("training/statement_form.html", problem=say(error), code=code), 404
    upload = request.files.get("pdf")
    same = statements.same_bytes(checked.statement, upload.read()) if upload else None
    return render_template(
        "training/statement.html",
        checked=checked,
        facts=checked.statement.facts,
        same=same,
        subjects={each.value: text for each, text in SUBJECTS.items()},
        ways={each.value: text for each, text in WAYS.items()},
        mine=_is_mine(checked.statement),
    )


def _is_mine(found: YearStatement) -> bool:
    return getattr(current_actor(), "person_id", None) == found.person_id


@blueprint.get("/courses/statistics", endpoint="course_statistics")
@allow(Permission.COURSE_REVIEW)
def sums_of_year() -> str:
    year, cities = year_asked(), regions.reach(region())
    by_city = course_statistics.by_city(session(), year, cities)
    return render_template(
        "training/statistics.html",
        year=year,
        years=course_statistics.years(session()) or [year],
        by_city=by_city,
        whole=course_statistics.whole(by_city),
        page=course_statistics.by_organisation(session(), year, cities, request.args.get("page", 1, int)),
        cities=regions.names(str(get_locale())),
        form=LookUpForm(formdata=None),
    )


@blueprint.get("/courses/statistics.xlsx")
@allow(Permission.COURSE_REVIEW)
def statistics_xlsx() -> Response:
    year, cities = year_asked(), regions.reach(region())
    workbook = Workbook()
    sheet = workbook.active
    sheet.title = f"{year}年各市"
    lines = course_statistics.by_city(session(), year, cities)
    cities_names = regions.names()
    _table(sheet, [(cities_names.get(each.key, each.key), each) for each in lines])
    companies = course_statistics.by_organisation(session(), year, cities, 1, size=100_000)
    _table(workbook.create_sheet("各单位"), [(each.key, each) for each in companies.rows])
    return sent_spreadsheet(saved(workbook), f"继续教育统计-{year}.xlsx")


def _table(sheet: Any, lines: list[tuple[str, course_statistics.Sums]]) -> None:
    sheet.append(["名称", "人数", "达到要求", "选课人次", "完成人次", "公需学时", "专业学时"])
    for name, each in lines:
        figures = [each.people, each.met, each.enrolled, each.completed, each.general, each.professional]
        append_texts(sheet, [name, *figures])
    sheet.column_dimensions["A"].width = 32


@blueprint.get("/courses/records")
@allow(Permission.COURSE_REVIEW)
def course_records() -> str:
    """Who learns what, newest first; a page goes on after the last row of the one before."""
    city, names = request.args.get("city", ""), regions.names(str(get_locale()))
    reach = regions.reach(region())
    whole = reach if len(reach) < 4 else f"{reach}00"
    within = city if city.startswith(reach) and city in names else whole
    rows = course_statistics.records(session(), within, request.args.get("after", ""))
    return render_template(
        "training/records.html",
        rows=rows[: course_statistics.RECORDS],
        more=len(rows) > course_statistics.RECORDS,
        city=city,
        cities={code: name for code, name in names.items() if code.startswith(reach)},
    )


@blueprint.post("/courses/person")
@allow(Permission.COURSE_REVIEW)
def look_up_person() -> Any:
    """By document and never by name; who looked is in the ledger."""
    form = LookUpForm()
    if not form.validate_on_submit():
        return render_template("training/person.html", form=form, person=None, others=[]), 422
    try:
        person = hours_accounts.look_up(
            session(),
            runtime().cipher,
            DocumentType(form.document_type.data),
            form.number.data,
            cities=regions.reach(region()),
            actor=staff().id,
            now=now(),
        )
    except Invalid as error:
        return render_template("training/person.html", form=form, person=None, others=form.show_problems(error)), 422
    except CertengineError as error:
        return render_template("training/person.html", form=form, person=None, others=[say(error)]), 404
    year = form.year.data or hours_accounts.year_of(now())
    return render_template(
        "training/person.html",
        form=form,
        person=person,
        others=[],
        account=hours_accounts.person_year(session(), person.id, year),
        years=hours_accounts.years_of(session(), person.id),
        learning=hours_accounts.learning_of(session(), person.id),
    )
