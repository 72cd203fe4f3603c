from io import BytesIO
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from certengine.foundation.clock import CHINA
from certengine.foundation.errors import Conflict, Invalid, Problem
from certengine.foundation.ids import random_code
from certengine.foundation.paging import paginate
from certengine.ledger import service as ledger
from certengine.papers import service as papers
from certengine.papers.values import Caps
from certengine.people import designations
from certengine.people import service as people
from certengine.people.designation_models import DesignationKind
from certengine.people.permissions import Permission, Role
from certengine.sittings import (
    announcing,
    candidate_views,
    completion_views,
    group_views,
    room_pages,
    rules,
    service,
    site_pages,
    sites,
    staffing,
)
from certengine.sittings.forms import PlanForm, PublicPlanForm, RoomForm, SittingForm, WindowForm
from certengine.sittings.models import ExamRoom, SittingState
from certengine.sittings.pages import actor, blueprint, may, organisation
from certengine.sittings.service import PlanFacts, RoomFacts, SittingFacts, SittingView
from certengine.sittings.tickets import door_list, tickets
from certengine.standards import service as standards
from certengine.standards.rules import Level, Part
from certengine.web.access import allow
from certengine.web.downloads import sent_spreadsheet
from certengine.web.errors import say
from certengine.web.request import now, runtime, session

__all__ = ["blueprint", "candidate_views", "completion_views", "group_views", "room_pages", "site_pages"]


@blueprint.get("/sittings")
@allow(Permission.SITTING_PLAN, Permission.SITTING_READ)
def sittings() -> str:
    sought = request.args.get("q", "").strip()
    page = paginate(session(), service.plans_query(organisation(), sought), request.args.get("page", 1, int))
    planned = {plan.id: service.sittings_of(session(), plan.id) for plan in page.rows}
    return render_template(
        "sittings/plans.html",
        page=page,
        sought=sought,
        planned=planned,
        may_plan=may(Permission.SITTING_PLAN),
        now=now(),
    )


@blueprint.route("/sittings/new", methods=["GET", "POST"])
@allow(Permission.SITTING_PLAN)
def new_plan() -> str | Response:
    form = PlanForm(token=random_code(20))
    form.offer()
    if form.validate_on_submit():
        try:
            facts = PlanFacts(
                form.title.data or "",
                form.field.data,
                Level(form.level.data),
                form.direction.data or None,
                form.capacity.data or 0,
                bool(form.trial.data),
            )
            designations.must_stand(
                session(),
                organisation(),
                DesignationKind.EVALUATION,
                facts.field,
                now().astimezone(CHINA).date(),
                required=runtime().settings.designation_required,
            )
            made = service.plan_exam(
                session(), organisation(), facts, token=form.token.data or "", actor=actor(), now=now()
            )
            flash(gettext("考试已建立。下一步：导入考生名单。"))
            return redirect(url_for(".plan", plan_id=made.id))
        except Invalid as error:
            form.show_problems(error)
    return render_template("sittings/new_plan.html", form=form)


@blueprint.get("/sittings/plans/<uuid:plan_id>")
@allow(Permission.SITTING_PLAN, Permission.SITTING_READ)
def plan(plan_id: UUID) -> str:
    return _plan_page(plan_id, SittingForm())


def _plan_page(plan_id: UUID, form: SittingForm) -> str:
    found = service.plan_of(session(), organisation(), plan_id)
    candidates = service.candidates(session(), plan_id)
    return render_template(
        "sittings/plan.html",
        plan=found,
        standard=standards.standard(found.field),
        candidates=len(candidates),
        eligible=sum(each.eligible for each in candidates),
        photos=sum(each.photo is not None for each in candidates),
        sittings=[(each, service.exam_rooms(session(), each.id)) for each in service.sittings_of(session(), plan_id)],
        form=form,
        acts=ledger.history(session(), f"exam_plan:{plan_id}", limit=30),
        may_plan=may(Permission.SITTING_PLAN),
        may_read_results=may(Permission.RESULT_READ),
        may_register=may(Permission.REGISTRATION_MANAGE),
        public=PublicPlanForm(data={"public": found.published_at is not None, "fee": found.fee}),
        paid=announcing.payments(session(), plan_id),
        window=WindowForm(data={"opens_at": found.opens_at, "closes_at": found.closes_at}),
        Part=Part,
    )


@blueprint.post("/sittings/plans/<uuid:plan_id>/sittings")
@allow(Permission.SITTING_PLAN)
def add_sitting(plan_id: UUID) -> str | Response | tuple[str, int]:
    found = service.plan_of(session(), organisation(), plan_id)
    form = SittingForm()
    if form.validate_on_submit() and form.starts_at.data:
        try:
            facts = SittingFacts(Part(form.part.data), form.starts_at.data, form.minutes.data or 0)
            made = service.add_sitting(session(), found, facts, actor(), now())
            flash(gettext("场次已建立。下一步：添加考场并排座。"))
            return redirect(url_for(".sitting", sitting_id=made.id))
        except Invalid as error:
            form.show_problems(error)
    return _plan_page(plan_id, form), 422


@blueprint.get("/sittings/<uuid:sitting_id>")
@allow(Permission.SITTING_PLAN, Permission.SITTING_READ)
def sitting(sitting_id: UUID) -> str:
    return _sitting_page(sitting_id, RoomForm())


def _sitting_page(sitting_id: UUID, form: RoomForm) -> str:
    view = service.sitting_of(session(), organisation(), sitting_id)
    rooms = service.exam_rooms(session(), sitting_id)
    # A practical part needs somebody at the board too.
    roles = [Role.PROCTOR] if view.part is Part.THEORY else [Role.EXAMINER, Role.PROCTOR]
    placed = service.placements(session(), sitting_id)
    seats = {(each.exam_room_id, each.seat_number): each for each in placed}
    draw = papers.draw_of(session(), key(view))
    releases = [
        release
        for release in papers.releases_of(session(), organisation())
        if _fits(view, papers.release_of(session(), release.id, organisation()))
    ]
    return render_template(
        "sittings/sitting.html",
        sitting=view,
        rooms=[(room, rules.seat_plan(room.rows, room.columns)) for room in rooms],
        seats=seats,
        placed=len(placed),
        needed={room.id: staffing.ratio_of(view).needed(room.candidates) for room in rooms},
        check=staffing.check(session(), view),
        staff=service.staff_of(session(), sitting_id),
        may_serve=people.staff_with(session(), organisation(), roles),
        form=form,
        sites=sites.sites_of(session(), organisation()),
        draw=draw,
        receipts=[ledger.receipt(session(), draw.committed_entry), *_batches(draw)] if draw else [],
        releases=releases,
        acts=ledger.history(session(), key(view), limit=50),
        Part=Part,
        SittingState=SittingState,
        may_plan=may(Permission.SITTING_PLAN),
        may_draw=may(Permission.PAPER_DRAW),
        may_read_papers=may(Permission.PAPER_READ),
        now=now(),
    )


def _batches(draw: papers.DrawView) -> list[ledger.Receipt]:
    return [ledger.receipt(session(), batch.entry) for batch in draw.batches]


def _fits(view: SittingView, release: Any) -> bool:
    return (release.field, release.level) == (view.field, view.level)


def key(view: SittingView) -> str:
    return f"sitting:{view.id}"


@blueprint.post("/sittings/<uuid:sitting_id>/rooms")
@allow(Permission.SITTING_PLAN)
def add_room(sitting_id: UUID) -> str | Response | tuple[str, int]:
    view = service.sitting_of(session(), organisation(), sitting_id)
    form = RoomForm()
    if form.validate_on_submit():
        try:
            facts = RoomFacts(form.name.data or "", form.site.data or "", form.rows.data or 0, form.columns.data or 0)
            service.add_room(session(), view.id, facts)
            return redirect(url_for(".sitting", sitting_id=sitting_id))
        except Invalid as error:
            form.show_problems(error)
    return _sitting_page(sitting_id, form), 422


def _back(sitting_id: UUID, done: Any) -> Response:
    """Does an act and tells what came of it on the sitting's page."""
    try:
        flash(done())
    except Conflict as error:
        flash(say(error), "danger")
    except Invalid as error:
        for problem in error.problems:
            flash(say(problem), "danger")
    return redirect(url_for(".sitting", sitting_id=sitting_id))


@blueprint.post("/sittings/<uuid:sitting_id>/seat")
@allow(Permission.SITTING_PLAN)
def seat(sitting_id: UUID) -> Response:
    view = service.sitting_of(session(), organisation(), sitting_id)

    def act() -> str:
        return gettext("已为%(count)s名考生排座", count=service.seat_candidates(session(), view.id, actor(), now()))

    return _back(sitting_id, act)


@blueprint.post("/sittings/<uuid:sitting_id>/rooms/<uuid:room_id>/special")
@allow(Permission.SITTING_PLAN)
def special_room(sitting_id: UUID, room_id: UUID) -> Response:
    """Keeps a room for candidates with special needs, or gives it back to all."""
    view = service.sitting_of(session(), organisation(), sitting_id)

    def act() -> str:
        if view.state is SittingState.DRAWN or view.starts_at <= now():
            raise Conflict("sittings.already_drawn")
        room = _room(view, room_id)
        room.special = not room.special
        return gettext("已设为特殊需要考场，请重新排座") if room.special else gettext("已设为普通考场，请重新排座")

    return _back(sitting_id, act)


@blueprint.post("/sittings/<uuid:sitting_id>/browser-keys")
@allow(Permission.SITTING_PLAN)
def browser_keys(sitting_id: UUID) -> Response:
    view = service.sitting_of(session(), organisation(), sitting_id)

    def act() -> str:
        count = service.set_browser_keys(session(), view, request.form.get("keys", "")[:20_000], actor(), now())
        return gettext("已保存%(count)s个密钥", count=count) if count else gettext("不要求考试浏览器")

    return _back(sitting_id, act)


def _room(view: SittingView, room_id: UUID) -> ExamRoom:
    found = session().get(ExamRoom, room_id)
    if found is None or found.sitting_id != view.id:
        raise Conflict("sittings.no_rooms")
    return found


@blueprint.post("/sittings/<uuid:sitting_id>/rooms/<uuid:room_id>/staff")
@allow(Permission.SITTING_PLAN)
def assign(sitting_id: UUID, room_id: UUID) -> Response:
    view = service.sitting_of(session(), organisation(), sitting_id)

    def act() -> str:
        account_id = request.form.get("account", "", str)
        offered = people.staff_with(session(), organisation(), [Role.PROCTOR, Role.EXAMINER])
        account = next((each for each in offered if str(each.id) == account_id), None)
        if account is None:
            raise Conflict("sittings.staff_unknown")
        minded = service.assign(session(), _room(view, room_id), account, actor(), now())
        if minded:
            return gettext("已安排%(name)s；请注意利益冲突：见考前检查", name=account.name)
        return gettext("已安排%(name)s", name=account.name)

    return _back(sitting_id, act)


@blueprint.post("/sittings/<uuid:sitting_id>/rooms/<uuid:room_id>/staff/<uuid:account_id>/remove")
@allow(Permission.SITTING_PLAN)
def unassign(sitting_id: UUID, room_id: UUID, account_id: UUID) -> Response:
    view = service.sitting_of(session(), organisation(), sitting_id)

    def act() -> str:
        service.unassign(session(), _room(view, room_id), account_id, actor(), now())
        return gettext("已取消安排")

    return _back(sitting_id, act)


@blueprint.post("/sittings/<uuid:sitting_id>/draw")
@allow(Permission.PAPER_DRAW)
def draw(sitting_id: UUID) -> Response:
    """Theory: commits the seed, draws and commits to every paper. Practical: fixes the task's release."""
    view = service.sitting_of(session(), organisation(), sitting_id)

    def act() -> str:
        release = papers.release_of(session(), _uuid(request.form.get("release")), organisation())
        if view.part is Part.PRACTICAL:
            service.set_release(session(), view, release.id, drawn=False)
            return gettext("已选定考核任务的题库版本")
        if now() >= view.starts_at:
            raise Conflict("sittings.started")
        return gettext("已组卷%(count)s份，承诺已写入账本", count=draw_papers(view, release.id, _caps()))

    return _back(sitting_id, act)


def _caps() -> Caps:
    """Empty fields ask for nothing. Raises Invalid for what is no number."""
    found: dict[str, int] = {}
    problems = []
    for name in ("exposure", "overlap", "forms"):
        text = request.form.get(name, "").strip()
        if text.isascii() and text.isdecimal() and len(text) <= 4:
            found[name] = int(text)
        elif text:
            problems.append(Problem(name, "sittings.not_a_number", {"text": text[:20]}))
    if problems:
        raise Invalid(problems)
    return Caps(**found)


def draw_papers(view: SittingView, release_id: UUID, caps: Caps) -> int:
    placed = service.placements(session(), view.id)
    if not placed:
        raise Conflict("sittings.not_seated")
    service.set_release(session(), view, release_id, drawn=True)
    draw_id = papers.commit_seed(
        session(),
        sitting=key(view),
        release_id=release_id,
        direction=view.direction,
        actor=actor(),
        now=now(),
        title=view.title,
        organisation_id=view.organisation_id,
        ends_at=view.ends_at,
        cipher=runtime().cipher,
        caps=caps,
    )
    registrations = [f"registration:{each.registration_id}" for each in placed]
    pairs = [(f"registration:{one}", f"registration:{other}") for one, other in service.neighbours(session(), view.id)]
    return papers.draw_papers(session(), draw_id, registrations, actor(), now(), runtime().cipher, pairs)


def _uuid(text: str | None) -> UUID:
    try:
        return UUID(text or "")
    except ValueError:
        raise Invalid([Problem("release", "bank.no_release")]) from None


@blueprint.get("/sittings/<uuid:sitting_id>/tickets.pdf")
@allow(Permission.SITTING_PLAN)
def tickets_pdf(sitting_id: UUID) -> Response:
    """Every admission ticket of the sitting, or of one room or one candidate."""
    view = service.sitting_of(session(), organisation(), sitting_id)
    room, one = request.args.get("room", type=UUID), request.args.get("registration", type=UUID)
    placed = [
        each for each in service.placements(session(), view.id, room) if one is None or each.registration_id == one
    ]
    if not placed:
        raise Conflict("sittings.not_seated")
    pdf = tickets(session(), runtime(), [each.registration_id for each in placed])
    name = gettext("准考证") + f"-{view.title}.pdf"
    return send_file(BytesIO(pdf), mimetype="application/pdf", download_name=name)


@blueprint.get("/sittings/<uuid:sitting_id>/rooms/<uuid:room_id>/list")
@allow(Permission.SITTING_PLAN, Permission.SITTING_READ)
def door(sitting_id: UUID, room_id: UUID) -> str:
    """The list for the door and for signatures, to be printed."""
    view = service.sitting_of(session(), organisation(), sitting_id)
    room = next((each for each in service.exam_rooms(session(), view.id) if each.id == room_id), None)
    if room is None:
        raise Conflict("sittings.no_rooms")
    return render_template(
        "sittings/door.html", sitting=view, room=room, placed=service.placements(session(), view.id, room_id)
    )


@blueprint.get("/sittings/<uuid:sitting_id>/rooms/<uuid:room_id>/list.xlsx")
@allow(Permission.SITTING_PLAN, Permission.SITTING_READ)
def door_xlsx(sitting_id: UUID, room_id: UUID) -> Response:
    view = service.sitting_of(session(), organisation(), sitting_id)
    content = door_list(view, service.placements(session(), view.id, room_id))
    return sent_spreadsheet(content, gettext("签到表") + ".xlsx")
