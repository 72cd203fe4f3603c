import enum
from io import BytesIO
from typing import Any, TypeVar
from uuid import UUID

from flask import flash, redirect, render_template, request, send_file, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from certengine.certificates import (
    batches,
    checking,
    countersign_views,
    design_views,
    holder_views,
    hook_views,
    key_views,
    lifecycle,
    many,
    outcome_page,
    series_views,
    service,
)
from certengine.certificates.checking import Outcome
from certengine.certificates.models import Certificate, CertificateAct, CertificateState
from certengine.certificates.pages import LOOK_UPS, blueprint
from certengine.certificates.rules import CODE_LENGTH, CertificateKind, ReasonClass, fields_of
from certengine.foundation.errors import Conflict, Invalid, NotFound
from certengine.foundation.ids import fold_code
from certengine.foundation.paging import paginate
from certengine.ledger import service as ledger
from certengine.people import reach
from certengine.people.actors import seen, staff
from certengine.people.permissions import Permission
from certengine.web.access import allow, public
from certengine.web.downloads import sent_spreadsheet
from certengine.web.errors import say
from certengine.web.layout import NavigationEntry, add_labels, add_navigation
from certengine.web.request import may_lag, now, runtime, session
from certengine.web.security import limiter

__all__ = ["blueprint", "countersign_views", "design_views", "holder_views", "hook_views", "key_views", "series_views"]
Member = TypeVar("Member", bound=enum.Enum)

OUTCOMES = {
    Outcome.VALID: _("有效"),
    Outcome.SUSPENDED: _("已暂停"),
    Outcome.EXPIRED: _("已过有效期"),
    Outcome.REVOKED: _("已撤销"),
    Outcome.SUPERSEDED: _("已被新证书替换"),
    Outcome.UNKNOWN: _("查无此证"),
    Outcome.DAMAGED: _("文件损坏或被改动"),
}
STATES = {
    CertificateState.VALID: _("有效"),
    CertificateState.SUSPENDED: _("已暂停"),
    CertificateState.REVOKED: _("已撤销"),
    CertificateState.SUPERSEDED: _("已替换"),
}

REASONS = {
    ReasonClass.ERROR: _("签发有误"),
    ReasonClass.MISCONDUCT: _("违纪违规"),
    ReasonClass.NOT_ELIGIBLE: _("不符合申报条件"),
    ReasonClass.HOLDER: _("持证人申请"),
    ReasonClass.ORDER: _("主管部门或发证机构决定"),
    ReasonClass.KEY: _("签名密钥泄露之后签发，须重新签发"),
}
ACTS = {
    CertificateAct.REVOKE: _("撤销"),
    CertificateAct.REISSUE: _("更正并重新签发"),
    CertificateAct.REINSTATE: _("恢复"),
}


@blueprint.record_once
def set_up(state: BlueprintSetupState) -> None:
    add_labels(state, Outcome, OUTCOMES)
    add_labels(state, CertificateState, STATES)
    add_labels(state, ReasonClass, REASONS)
    add_labels(state, CertificateAct, ACTS)
    kinds = {CertificateKind.GRADE: _("专业技术等级证书"), CertificateKind.TRAINING: _("培训合格证书")}
    add_labels(state, CertificateKind, kinds)
    state.app.jinja_env.globals["printed_fields"] = outcome_page.printed_fields
    add_navigation(state, NavigationEntry(600, _("证书"), "certificates.certificates", Permission.CERTIFICATE_READ))
    add_navigation(state, NavigationEntry(610, _("我的证书"), "certificates.mine", Permission.TRAINEE_SELF))


@blueprint.get("/v/<code>")
@may_lag
@public("an employer scans the code on a certificate")
@limiter.limit(LOOK_UPS)
def look_up(code: str) -> tuple[str, int]:
    found = service.by_code(session(), runtime(), code)
    return outcome_page.page(found, code[:40]), 404 if found is None else 200


@blueprint.get("/v/<code>.pdf")
@public("whoever has the code has the certificate")
@limiter.limit("30 per minute")
def download(code: str) -> Response:
    found = service.by_code(session(), runtime(), code)
    if found is None or found.damaged:
        raise NotFound("certificate.not_found")
    name = f"{found.facts['name']}-{found.number}.pdf"
    return send_file(BytesIO(runtime().files.get(found.pdf)), mimetype="application/pdf", download_name=name)


@blueprint.get("/verify")
@public("anyone may verify a certificate")
def verify() -> str | Response:
    typed = request.args.get("code", "").strip()
    if typed and len(fold_code(typed)) == CODE_LENGTH:
        return redirect(url_for(".look_up", code=fold_code(typed)))
    number, name = request.args.get("number", "").strip(), request.args.get("name", "").strip()
    if number and name:
        return _by_number(number, name)
    problem = gettext("查验码应为16位字母和数字") if typed else None
    return render_template("certificates/verify.html", typed=typed, number=number, name=name, problem=problem)


@limiter.limit("30 per minute")
def _by_number(number: str, name: str) -> str:
    found = service.by_number(session(), runtime(), number, name)
    return outcome_page.page(found, f"{number} {name}"[:80])


@blueprint.post("/verify/file")
@public("anyone may have a file compared with what was issued")
@limiter.limit("30 per minute")
def verify_file() -> str | tuple[str, int]:
    upload = request.files.get("file")
    try:
        checked = checking.check_file(session(), runtime(), upload.read() if upload else b"")
    except Invalid as error:
        return _verify_page(say(error.problems[0])), 422
    problems = [say(Conflict(code)) for code in checked.problems]
    return render_template("certificates/file.html", checked=checked, problems=problems, Outcome=Outcome)


@blueprint.post("/verify/list")
@public("an employer may have a list checked")
@limiter.limit("6 per minute")
def verify_list() -> str | tuple[str, int] | Response:
    upload = request.files.get("list")
    try:
        lines = checking.check_list(session(), runtime(), upload.read() if upload else b"")
    except Invalid as error:
        return _verify_page(say(error.problems[0])), 422
    if request.form.get("as") == "xlsx":
        return _list_file(lines)
    return render_template("certificates/list.html", lines=lines, Outcome=Outcome)


@blueprint.post("/verify/files")
@public("an employer may have many files checked at once; none is kept")
@limiter.limit("6 per minute")
def verify_files() -> str | tuple[str, int] | Response:
    upload = request.files.get("files")
    try:
        answers = many.check_zip(session(), runtime(), upload.read() if upload else b"")
    except Invalid as error:
        return _verify_page(say(error.problems[0])), 422
    if request.form.get("as") == "xlsx":
        return _answers_file(answers)
    return render_template(
        "certificates/files.html", answers=answers, Outcome=Outcome, say=lambda code: say(Conflict(code))
    )


def _answers_file(answers: list[many.Answer]) -> Response:
    rows: list[tuple[str, ...]] = [("文件", "结果", "姓名", "证书编号", "说明")]
    for each in answers:
        if each.check is None:
            rows.append((each.name, str(OUTCOMES[Outcome.UNKNOWN]), "", "", say(Conflict("certificate.unreadable"))))
            continue
        facts = each.check.found.facts if each.check.found else {}
        why = "；".join(say(Conflict(code)) for code in each.check.problems)
        rows.append((each.name, str(OUTCOMES[each.check.outcome]), facts.get("name", ""), facts.get("number", ""), why))
    return _workbook(rows, gettext("查验结果") + ".xlsx")


def _verify_page(problem: str) -> str:
    return render_template("certificates/verify.html", typed="", number="", name="", problem=problem)


def _list_file(lines: list[checking.ListLine]) -> Response:
    rows: list[tuple[str, ...]] = [("行", "查验码或编号", "姓名", "结果")]
    rows += [(str(line.row), line.typed, line.name, str(OUTCOMES[line.outcome])) for line in lines]
    return _workbook(rows, gettext("查验结果") + ".xlsx")


def _workbook(rows: list[tuple[str, ...]], name: str) -> Response:
    return sent_spreadsheet(many.answer_sheet(rows), name)


@blueprint.get("/certificates")
@allow(Permission.CERTIFICATE_READ)
def certificates() -> str:
    sought, state = request.args.get("q", "").strip(), request.args.get("state", "")
    state = state if state in {"asked", *(each.value for each in CertificateState)} else ""
    of = seen()
    institutions = service.institutions(session(), of) if isinstance(of, str) else {}
    chosen = next((each for each in institutions if str(each) == request.args.get("institution")), None)
    query = service.certificates_query(of, sought, state, chosen)
    page = paginate(session(), query, request.args.get("page", 1, int))
    return render_template(
        "certificates/certificates.html",
        page=page,
        sought=sought,
        state=state,
        State=CertificateState,
        institutions=institutions,
        chosen=chosen,
        batches=batches.batch_jobs(session(), staff().organisation_id, limit=5),
    )


@blueprint.get("/certificates.xlsx")
@allow(Permission.CERTIFICATE_READ)
def certificates_xlsx() -> Response:
    rows: list[tuple[str, ...]] = [("证书编号", "查验码", "姓名", "种类", "职业", "等级", "状态", "发证日期")]
    for row in session().scalars(service.certificates_query(seen())):
        facts = row.content
        level = dict(fields_of(facts))["专业技术等级"]
        kind = "专业技术等级证书" if row.kind is CertificateKind.GRADE else "培训合格证书"
        cells = (row.number, row.code, row.holder_name, kind, facts["occupation"], level)
        rows.append((*cells, str(STATES[row.state]), facts["issued_on"]))
    return _workbook(rows, gettext("证书") + ".xlsx")


def _row(certificate_id: UUID) -> Certificate:
    of = seen()
    if not isinstance(of, str):
        return service.certificate_of(session(), of, certificate_id)
    row = session().get(Certificate, certificate_id)
    if row is None or not reach.covers(session(), of, row.organisation_id):
        raise NotFound("certificate.not_found")
    return row


@blueprint.get("/certificates/<uuid:certificate_id>")
@allow(Permission.CERTIFICATE_READ)
def certificate(certificate_id: UUID) -> str:
    row = _row(certificate_id)
    return render_template(
        "certificates/certificate.html",
        row=row,
        view=service.view(session(), runtime(), row),
        acts=ledger.history(session(), f"certificate:{row.id}"),
        State=CertificateState,
        Act=CertificateAct,
        reasons=[each for each in ReasonClass if each is not ReasonClass.KEY],
        key_lost=row.reason_class is ReasonClass.KEY,
        successor=session().get(Certificate, row.successor_id) if row.successor_id else None,
        may_revoke=staff().may(Permission.CERTIFICATE_REVOKE),
        me=staff().id,
    )


@blueprint.post("/certificates/<uuid:certificate_id>/<any(ask, confirm, cancel, suspend):step>")
@allow(Permission.CERTIFICATE_REVOKE)
def life(certificate_id: UUID, step: str) -> Response:
    """Suspended by one person; else asked by one, and confirmed or cancelled by another."""
    row = service.certificate_of(session(), staff().organisation_id, certificate_id)
    try:
        flash(_step(row, step))
    except (Conflict, Invalid) as error:
        # Nothing of an act that was refused half way may stay.
        session().rollback()
        flash(say(error if isinstance(error, Conflict) else error.problems[0]), "danger")
    return redirect(url_for(".certificate", certificate_id=certificate_id))


@blueprint.get("/certificates/batches/<uuid:job_id>")
@allow(Permission.CERTIFICATE_READ)
def batch(job_id: UUID) -> str:
    found = batches.batch_job(session(), staff().organisation_id, job_id)
    return render_template("certificates/batch.html", job=found, done=batches.done(session(), job_id))


@blueprint.get("/certificates/batches/<uuid:job_id>/progress")
@allow(Permission.CERTIFICATE_READ)
def batch_progress(job_id: UUID) -> dict[str, Any]:
    found = batches.batch_job(session(), staff().organisation_id, job_id)
    return {"state": found.state.value, "done": found.done, "total": found.total}


def _step(row: Certificate, step: str) -> str:
    """Does what was pressed and says what was done."""
    form = request.form
    if step == "confirm":
        act = row.asked_act
        lifecycle.confirm(session(), runtime(), row.id, staff().id, now())
        done = {
            CertificateAct.REVOKE: gettext("证书已撤销"),
            CertificateAct.REISSUE: gettext("已重新签发，原证书已被替换"),
            CertificateAct.REINSTATE: gettext("证书已恢复有效"),
        }
        return done[act] if act else ""
    if step == "cancel":
        lifecycle.cancel(session(), row.id, staff().id, now())
        return gettext("申请已取消")
    reason_class = _choice(ReasonClass, form.get("reason_class", "order"))
    if step == "suspend":
        lifecycle.suspend(session(), row.id, reason_class, form.get("reason", ""), staff().id, now())
        return gettext("证书已暂停")
    act = _choice(CertificateAct, form.get("act", "revoke"))
    _ask(row, act, reason_class if act is CertificateAct.REVOKE else None)
    return gettext("已提出申请，须由另一人确认")


def _ask(row: Certificate, act: CertificateAct, reason_class: ReasonClass | None) -> None:
    name = request.form.get("holder_name", "").strip()
    proposal = {"holder_name": name} if act is CertificateAct.REISSUE and name else None
    lifecycle.ask(
        session(),
        row.id,
        act,
        request.form.get("reason", ""),
        staff().id,
        now(),
        reason_class=reason_class,
        proposal=proposal,
    )


def _choice(members: type[Member], text: str) -> Member:
    try:
        return members(text)
    except ValueError:
        raise NotFound("certificate.not_found") from None
