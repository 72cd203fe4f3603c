"""A seminar's own work for who hosts it: participants, programme, signing in, materials, summary, certificates."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from openpyxl import Workbook
from werkzeug.wrappers import Response

from certengine.foundation.errors import Invalid, NotFound
from certengine.foundation.spreadsheets import append_texts, saved
from certengine.foundation.uploads import document_type
from certengine.people import roster
from certengine.people.actors import staff
from certengine.people.enrolment import qr_path
from certengine.people.models import DocumentType
from certengine.people.permissions import Permission
from certengine.people.service import PersonFacts
from certengine.programme import documents, notices, seminar_closing, seminar_people, seminar_running
from certengine.programme.forms import ParticipantForm, SessionForm, SummaryForm
from certengine.programme.pages import blueprint, chosen_ids
from certengine.programme.seminar_models import Participant, Seminar
from certengine.programme.seminar_running import SessionFacts
from certengine.programme.seminar_views import back, seminar_of, seminar_page
from certengine.training import rotating
from certengine.web.access import allow
from certengine.web.downloads import sent_spreadsheet
from certengine.web.errors import say
from certengine.web.request import now, runtime, session

EMPLOYER, POST = "工作单位", "职称或职务"


def run_of(seminar_id: UUID, lock: bool = False) -> Seminar:
    """Raises NotFound for who neither applied for it nor hosts it."""
    found = seminar_of(seminar_id, lock)
    if staff().organisation_id not in (found.organisation_id, found.host_id):
        raise NotFound("seminar.not_found")
    return found


@blueprint.post("/programme/seminars/<uuid:seminar_id>/participants")
@allow(Permission.SEMINAR_RUN)
def add_participant(seminar_id: UUID) -> Any:
    found, form = run_of(seminar_id), ParticipantForm()
    if not form.validate_on_submit():
        return seminar_page(found, participant_form=form), 422
    facts = PersonFacts(form.name.data, DocumentType(form.document_type.data), form.number.data)
    try:
        seminar_people.nominate(
            session(),
            runtime().cipher,
            found,
            facts,
            organisation_id=staff().organisation_id,
            employer=form.employer.data or "",
            post=form.post.data or "",
            actor=staff().id,
            now=now(),
        )
    except Invalid as error:
        return seminar_page(found, form.show_problems(error), participant_form=form), 422
    return back(seminar_id)


@blueprint.get("/programme/seminars/participants.xlsx")
@allow(Permission.SEMINAR_RUN, Permission.COURSE_ENROL)
def participants_template() -> Response:
    content = roster.template((EMPLOYER, POST))
    return sent_spreadsheet(content, "参训人员名单.xlsx")


@blueprint.post("/programme/seminars/<uuid:seminar_id>/participants/list")
@allow(Permission.SEMINAR_RUN)
def add_participants(seminar_id: UUID) -> Any:
    found = run_of(seminar_id)
    said = nominate_list(found, staff().organisation_id)
    return (seminar_page(found, said), 422) if said else back(seminar_id)


def nominate_list(found: Seminar, organisation_id: UUID) -> list[str]:
    """Nominates everybody of an uploaded list, or nobody where a row is wrong; returns what is."""
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        return [gettext("请选择文件")]
    try:
        read = roster.read_roster(upload.read(), upload.filename, notices.today(now()), (EMPLOYER, POST))
        if read.problems:
            raise Invalid(list(read.problems))
        added = sum(
            seminar_people.nominate(
                session(),
                runtime().cipher,
                found,
                row.facts,
                organisation_id=organisation_id,
                employer=row.extra[EMPLOYER],
                post=row.extra[POST],
                actor=staff().id,
                now=now(),
            )[1]
            for row in read.rows
        )
    except Invalid as error:
        session().rollback()
        return [f"{each.place}: {say(each)}" for each in error.problems]
    flash(gettext("新增%(added)s人，%(known)s人已在名单中", added=added, known=len(read.rows) - added))
    return []


@blueprint.post("/programme/seminars/<uuid:seminar_id>/admission")
@allow(Permission.SEMINAR_RUN)
def admit(seminar_id: UUID) -> Any:
    found = run_of(seminar_id, lock=True)
    accept = request.form.get("accept") == "yes"
    count = seminar_people.admit(session(), found, chosen_ids("participant"), accept, actor=staff().id, now=now())
    flash(gettext("已处理%(count)s人", count=count))
    return back(seminar_id)


@blueprint.post("/programme/seminars/<uuid:seminar_id>/sessions")
@allow(Permission.SEMINAR_RUN)
def add_session(seminar_id: UUID) -> Any:
    found, form = run_of(seminar_id, lock=True), SessionForm()
    if not form.validate_on_submit():
        return seminar_page(found, session_form=form), 422
    starts_at, ends_at = form.starts_at.data, form.ends_at.data
    assert starts_at and ends_at
    facts = SessionFacts(form.topic.data, form.speaker.data, form.place.data, starts_at, ends_at)
    try:
        seminar_running.add_session(session(), found, facts, actor=staff().id, now=now())
    except Invalid as error:
        return seminar_page(found, form.show_problems(error), session_form=form), 422
    return back(seminar_id)


@blueprint.post("/programme/seminars/<uuid:seminar_id>/sessions/<uuid:session_id>/remove")
@allow(Permission.SEMINAR_RUN)
def remove_session(seminar_id: UUID, session_id: UUID) -> Any:
    seminar_running.remove_session(session(), run_of(seminar_id, lock=True), session_id)
    return back(seminar_id)


@blueprint.get("/programme/seminars/<uuid:seminar_id>/sessions/<uuid:session_id>/code")
@allow(Permission.SEMINAR_RUN)
def show_code(seminar_id: UUID, session_id: UUID) -> str:
    """The code on the screen of the room; the page renews itself before it ends."""
    found = run_of(seminar_id)
    part = seminar_running.session_of(session(), found, session_id)
    code = rotating.code(runtime().settings.secret_key, f"session:{part.id}", now().timestamp())
    address = f"{runtime().settings.base_url}" + url_for(
        ".sign_in_page", seminar_id=seminar_id, session_id=session_id, code=code
    )
    side, path = qr_path(address)
    return render_template(
        "programme/sign_in_code.html",
        seminar=found,
        part=part,
        side=side,
        path=path,
        address=address,
        seconds=rotating.SECONDS,
        signed=seminar_running.signed_count(session(), part.id),
        admitted=seminar_people.admitted(session(), found.id),
    )


@blueprint.route("/programme/seminars/<uuid:seminar_id>/sessions/<uuid:session_id>/list", methods=["GET", "POST"])
@allow(Permission.SEMINAR_RUN)
def session_list(seminar_id: UUID, session_id: UUID) -> Any:
    """Signing in by the list on paper: whoever is ticked was there."""
    found = run_of(seminar_id)
    part = seminar_running.session_of(session(), found, session_id)
    signed = seminar_running.signed_in(session(), part.id)
    admitted = seminar_people.admitted_people(session(), found.id)
    if request.method == "POST":
        chosen = set(chosen_ids("participant"))
        for each in admitted:
            if each.id in chosen:
                seminar_running.sign_in(session(), each, part, by=staff().id, now=now())
        return redirect(url_for(".session_list", seminar_id=seminar_id, session_id=session_id))
    return render_template("programme/session_list.html", seminar=found, part=part, people=admitted, signed=signed)


@blueprint.post("/programme/seminars/<uuid:seminar_id>/materials")
@allow(Permission.SEMINAR_RUN)
def add_material(seminar_id: UUID) -> Any:
    found, upload = run_of(seminar_id), request.files.get("file")
    content = upload.read() if upload else b""
    media = document_type(content)
    if not content or media is None or upload is None:
        return seminar_page(found, [gettext("请选择 PDF、JPEG、PNG 或 Office 文件")]), 422
    seminar_running.add_material(session(), runtime(), found, upload.filename or "", content, media)
    return back(seminar_id)


@blueprint.post("/programme/seminars/<uuid:seminar_id>/summary")
@allow(Permission.SEMINAR_RUN)
def summarise(seminar_id: UUID) -> Any:
    found, form = run_of(seminar_id, lock=True), SummaryForm()
    if not form.validate_on_submit():
        return seminar_page(found, summary=form), 422
    seminar_closing.summarise_seminar(
        session(), runtime(), found, summary=form.summary.data, actor=staff().id, now=now()
    )
    return back(seminar_id)


@blueprint.post("/programme/seminars/<uuid:seminar_id>/certificates")
@allow(Permission.SEMINAR_RUN)
def issue_seminar_certificates(seminar_id: UUID) -> Any:
    found = run_of(seminar_id, lock=True)
    count = seminar_closing.issue_certificates(session(), runtime(), found, actor=staff().id, now=now())
    flash(gettext("已签发%(count)s份结业证书，学时已计入本人年度账户", count=count))
    return back(seminar_id)


@blueprint.get("/programme/seminars/<uuid:seminar_id>/participants/<uuid:participant_id>/certificate.pdf")
@allow(Permission.SEMINAR_RUN)
def participant_certificate(seminar_id: UUID, participant_id: UUID) -> Response:
    found = run_of(seminar_id)
    held = session().get(Participant, participant_id)
    issued = documents.documents_of(session(), f"participant:{participant_id}")
    if held is None or held.seminar_id != found.id or not issued:
        raise NotFound("document.not_found")
    return send_file(
        runtime().files.path(issued[0].pdf),
        mimetype="application/pdf",
        as_attachment=True,
        download_name=f"{issued[0].number}.pdf",
    )


@blueprint.get("/programme/seminars/<uuid:seminar_id>/roster.xlsx")
@allow(Permission.SEMINAR_RUN, Permission.SEMINAR_MANAGE)
def roster_xlsx(seminar_id: UUID) -> Response:
    """The roster that goes to the department with the summary."""
    found = seminar_of(seminar_id)
    workbook = Workbook()
    sheet = workbook.active
    sheet.title = "花名册"
    sheet.append(["姓名", "证件号码", "工作单位", "职称或职务", "签到", "证书编号"])
    for row in seminar_closing.roster_rows(session(), found):
        append_texts(sheet, row)
    return sent_spreadsheet(saved(workbook), f"花名册-{found.title}.xlsx")
