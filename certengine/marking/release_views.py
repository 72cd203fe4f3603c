"""A plan's results: the checks before the release, its two signatures, and what changes afterwards."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from openpyxl import Workbook
from werkzeug.wrappers import Response

from certengine.foundation.clock import CHINA
from certengine.foundation.errors import CertengineError, Invalid, NotFound, Problem
from certengine.foundation.paging import page_of
from certengine.foundation.spreadsheets import saved
from certengine.marking import certifying, changing, correcting, releasing, rules, service
from certengine.marking.checks import checks
from certengine.marking.models import ChangeState, MarkState, Verdict
from certengine.marking.standings import DEFAULT_MARKS, Standing, figures, pass_marks
from certengine.marking.views import STATES, VERDICTS, blueprint
from certengine.people import service as people
from certengine.people.actors import staff
from certengine.people.permissions import Permission
from certengine.sittings import service as sittings
from certengine.web.access import allow
from certengine.web.downloads import sent_spreadsheet
from certengine.web.errors import say
from certengine.web.request import now, runtime, session


@blueprint.get("/results/<uuid:plan_id>")
@allow(Permission.RESULT_READ)
def plan(plan_id: UUID) -> str:
    found = sittings.plan_of(session(), staff().organisation_id, plan_id)
    marks = service.plan_marks(session(), plan_id)
    looked_at = [] if marks.released else checks(session(), marks)
    proposal = releasing.open_proposal(session(), plan_id)
    signed = releasing.signed_proposal(session(), plan_id)
    changes = changing.changes_of_plan(session(), plan_id)
    who = {each.candidate.registration_id: each.candidate for each in marks.standings}
    sought, only = request.args.get("q", "").strip()[:60], request.args.get("verdict", "")
    shown = [each for each in marks.standings if _is_sought(each, sought, only)]
    actors = [each.proposed_by for each in (proposal, signed, *changes) if each]
    return render_template(
        "marking/plan.html",
        plan=found,
        marks=marks,
        figures=figures(marks),
        page=page_of(shown, request.args.get("page", 1, int)),
        sought=sought,
        only=only,
        blocking=[say(Problem("", each.code, each.values)) for each in looked_at if each.blocks],
        warnings=[say(Problem("", each.code, each.values)) for each in looked_at if not each.blocks],
        proposal=proposal,
        signed=signed,
        changes=changes,
        who=who,
        issuing=certifying.latest(session(), plan_id),
        running=certifying.running(session(), plan_id, now()),
        due=certifying.due(session(), plan_id, now()) if marks.released else [],
        rulings={each.id: correcting.open_rulings(session(), [each.id]) for each in marks.theory},
        names=people.shown_names(session(), [*actors, signed.decided_by if signed else None]),
        me=staff().id,
        bars=rules.distribution(theory_scores(marks.standings)),
        limits=pass_marks((*marks.theory, *marks.practical)[0]) if marks.theory or marks.practical else DEFAULT_MARKS,
        practical_bars=rules.distribution(practical_scores(marks.standings)),
        may_release=staff().may(Permission.RESULT_RELEASE),
        may_see_certificates=staff().may(Permission.CERTIFICATE_READ),
        Verdict=Verdict,
        State=MarkState,
        Change=ChangeState,
        Step=certifying.Step,
        now=now(),
    )


def _is_sought(standing: Standing, sought: str, only: str) -> bool:
    who = standing.candidate
    return (not sought or sought in who.name or sought in who.ticket_number) and only in ("", standing.verdict.value)


def theory_scores(standings: Sequence[Standing]) -> list[Decimal]:
    """As they were earned here: without those kept from an earlier exam."""
    kept = MarkState.KEPT
    return [each.theory for each in standings if each.theory is not None and each.theory_state is not kept]


def practical_scores(standings: Sequence[Standing]) -> list[Decimal]:
    kept = MarkState.KEPT
    return [each.practical for each in standings if each.practical is not None and each.practical_state is not kept]


def _done(plan_id: UUID, act: Any, text: str) -> Response:
    """Does what was asked or says why not; nothing of it stands where a part of it cannot be done."""
    try:
        sittings.plan_of(session(), staff().organisation_id, plan_id, lock=True)
        count = act()
        flash(text % {"count": count} if "%(" in text else text)
    except NotFound:
        raise
    except CertengineError as error:
        session().rollback()
        for each in getattr(error, "problems", [error]):
            flash(say(each), "danger")
    return redirect(url_for(".plan", plan_id=plan_id))


@blueprint.post("/results/<uuid:plan_id>/propose")
@allow(Permission.RESULT_RELEASE)
def propose_release(plan_id: UUID) -> Response:
    return _done(
        plan_id,
        lambda: releasing.propose(
            session(), plan_id, _embargo(), request.form.get("note", "")[:2000], staff().id, now()
        ),
        gettext("已提出发布，等待另一人签署"),
    )


def _embargo() -> datetime | None:
    text = request.form.get("embargo", "").strip()
    try:
        return datetime.fromisoformat(text).replace(tzinfo=CHINA) if text else None
    except ValueError:
        raise Invalid([Problem("embargo", "marking.embargo_past")]) from None


@blueprint.post("/results/<uuid:plan_id>/sign")
@allow(Permission.RESULT_RELEASE)
def sign_release(plan_id: UUID) -> Response:
    return _done(
        plan_id,
        lambda: releasing.sign(session(), runtime(), plan_id, staff().id, now()),
        gettext("成绩已发布，签发证书%(count)s张"),
    )


@blueprint.post("/results/<uuid:plan_id>/reject")
@allow(Permission.RESULT_RELEASE)
def reject_release(plan_id: UUID) -> Response:
    return _done(plan_id, lambda: releasing.reject(session(), plan_id, staff().id, now()), gettext("已否决"))


@blueprint.post("/results/<uuid:plan_id>/certificates")
@allow(Permission.RESULT_RELEASE)
def certify(plan_id: UUID) -> Response:
    """Issues and reissues what is due."""

    def act() -> int:
        wanted = certifying.due(session(), plan_id, now())
        return certifying.certify(session(), runtime(), wanted, staff().id, now())

    return _done(plan_id, act, gettext("签发、换发证书%(count)s张"))


@blueprint.get("/results/<uuid:plan_id>/certificates/progress")
@allow(Permission.RESULT_READ)
def certify_progress(plan_id: UUID) -> dict[str, Any]:
    sittings.plan_of(session(), staff().organisation_id, plan_id)
    found = certifying.latest(session(), plan_id)
    if found is None:
        raise NotFound("certificate.no_batch")
    return {"state": found.state.value, "done": found.done, "total": found.total}


@blueprint.post("/results/<uuid:plan_id>/changes/<uuid:change_id>/<any(propose, sign):step>")
@allow(Permission.RESULT_RELEASE)
def change(plan_id: UUID, change_id: UUID, step: str) -> Response:
    """Two people decide whether a pass becomes a fail."""

    def act() -> None:
        row = changing.change_of(session(), plan_id, change_id)
        if step == "sign":
            return changing.sign(session(), row, staff().id, now())
        wanted = ChangeState.KEPT if request.form.get("wanted") == "keep" else ChangeState.APPLIED
        return changing.propose(session(), row, wanted, request.form.get("reason", "")[:2000], staff().id, now())

    return _done(plan_id, act, gettext("已保存"))


@blueprint.get("/results/<uuid:plan_id>/results.xlsx")
@allow(Permission.RESULT_READ)
def results_xlsx(plan_id: UUID) -> Response:
    """Texts as texts, so that no name is a formula; a score stands beside its state, and none is never a 0."""
    found = sittings.plan_of(session(), staff().organisation_id, plan_id)
    marks = service.plan_marks(session(), plan_id)
    workbook = Workbook()
    sheet = workbook.active
    heads: list[str | float | None] = [
        "准考证号",
        "姓名",
        "证件号码",
        "理论知识",
        "理论状态",
        "专业能力",
        "专业能力状态",
        "结果",
    ]
    for texts in (heads, *(_line(each) for each in marks.standings)):
        append_line(sheet, texts)
    _summary(workbook.create_sheet(gettext("统计")), marks)
    return sent_spreadsheet(saved(workbook), f"{found.title}-{gettext('成绩')}.xlsx")


def append_line(sheet: Any, values: Sequence[str | float | int | None]) -> None:
    """A row in which texts are texts, whatever they begin with, and what is none stays empty."""
    sheet.append([None] * len(values))
    for cell, value in zip(sheet[sheet.max_row], values, strict=True):
        cell.value = value
        if isinstance(value, str):
            cell.data_type, cell.number_format = "s", "@"
        elif isinstance(value, float):
            cell.number_format = "0.00"


def _line(each: Standing) -> list[str | float | None]:
    who = each.candidate
    pending = each.released is None and MarkState.UNMARKED in (each.theory_state, each.practical_state)
    return [
        who.ticket_number,
        who.name,
        who.document_masked,
        None if each.theory is None else float(each.theory),
        str(STATES[each.theory_state]),
        None if each.practical is None else float(each.practical),
        str(STATES[each.practical_state]),
        gettext("待定") if pending else str(VERDICTS[each.verdict]),
    ]


def _summary(sheet: Any, marks: service.PlanMarks) -> None:
    """Every share with what it is a share of."""
    whole = figures(marks)
    sheet.append([gettext("报名"), whole.registered])
    sheet.append([gettext("两科均缺考"), whole.absent])
    sheet.append([gettext("实考（报名减两科均缺考）"), whole.present])
    sheet.append([gettext("合格（占实考）"), whole.passed, whole.passed / whole.present if whole.present else None])
    for name, part in ((gettext("理论知识"), whole.theory), (gettext("专业能力"), whole.practical)):
        sheet.append([])
        sheet.append([name])
        for state, text in STATES.items():
            sheet.append([str(text), part.states.get(state, 0)])
        sheet.append([gettext("有成绩（含空白卷与零分）"), part.scored])
        sheet.append([gettext("平均分（按有成绩者）"), None if part.mean is None else float(part.mean)])
        sheet.append([gettext("及格（占有成绩者）"), part.passing, part.passing / part.scored if part.scored else None])
