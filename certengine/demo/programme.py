"""Bases by their whole way, one of them late; selections at every stage; what bases exchange."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.demo.cast import FIELD, People
from certengine.demo.panel import score
from certengine.demo.seminars import hold_seminars
from certengine.demo.training import PDF
from certengine.foundation.clock import SetClock
from certengine.foundation.runtime import Runtime
from certengine.programme import applications, bases, exchanges, notices, reminders, rules, selection_rules
from certengine.programme.application_models import Application, ApplicationKind, Stage
from certengine.programme.applications import ApplicationFacts, Viewer
from certengine.programme.base_models import AssessmentVerdict, ExchangeKind, Tier
from certengine.programme.bases import ReportFacts
from certengine.programme.notices import Told
from certengine.training.course_models import Course, CourseState

STATEMENT = {
    "conditions": "实训机房六间，计算节点四十台，云平台与网络环境齐备。",
    "staff": "专职教师三十二人，其中高级职称十四人，均持有相应领域的培训资格。",
    "record": "近三年承办省级研修班九期，年均培训两千三百人。",
    "plan": "围绕十个数字技术领域，每年开发课程不少于六门，承办研修班不少于两期。",
}
# Which fields institutions ask for; the evaluation institution is selected for others already.
WANTED = {
    ApplicationKind.TRAINING_INSTITUTION: (FIELD, "big_data"),
    ApplicationKind.EVALUATION_INSTITUTION: ("cloud_computing", "digital_management"),
}
LATE_REPORT = ReportFacts(
    640, 1, 1, "受场地改造影响，全年培训人数未达目标。", "完成场地改造，承办研修班两期，开发课程三门。"
)
REPORT = ReportFacts(
    2140, 2, 6, "完成公需与专业科目培训，承办高级研修班两期，新开发网络课程。", "围绕人工智能与数据要素新开发课程六门。"
)


def found_late_base(past: Runtime, clock: SetClock, staff: People) -> None:
    """A base of last year whose report came late: it was assessed and must put things right."""
    own, supervisor = staff.accounts["base2"].organisation_id, staff.actor("supervisor")
    with past.unit_of_work() as session:
        made = bases.designate_base(session, past, own, Tier.PROVINCIAL, actor=supervisor, now=clock.now())
        year = clock.now().year
        clock.at = datetime(year + 1, 1, 5, 2, tzinfo=UTC)
        bases.submit_report(session, made, year, LATE_REPORT, actor=staff.actor("base2"), now=clock.now())
        clock.advance(days=8)
        bases.assess(
            session,
            made,
            year,
            AssessmentVerdict.POOR,
            "年度总结逾期，培训人数未达目标。",
            actor=supervisor,
            now=clock.now(),
        )
        until = clock.now().date() + timedelta(days=365)
        bases.put_right(session, made, until, "培训人数未达目标，限期整改。", actor=supervisor, now=clock.now())


def run_programme(past: Runtime, clock: SetClock, staff: People, now: datetime) -> None:
    """What a year of the programme leaves behind, by the use cases of its screens."""
    clock.at = now - timedelta(days=39)
    with past.unit_of_work() as session:
        base = _apply(session, staff, "base", ApplicationKind.BASE, "demo base", clock.now())
        applications.add_document(session, past, base, "实训条件证明.pdf", PDF)
        _recommend(session, staff, base, "city", clock.now())
        score(session, staff, base.subject, (88, 92, 85), clock.now())
        _publish(session, staff, base, clock.now())
    clock.at = now - timedelta(days=31)
    with past.unit_of_work() as session:
        _award(session, past, staff, session.get_one(Application, base.id), "同意命名", clock.now())
    hold_seminars(past, clock, staff, now)
    with past.unit_of_work() as session:
        clock.at = now - timedelta(days=14)
        best = _nominate_course(session, staff, "机器学习项目的数据准备", "demo best course", clock.now())
        score(session, staff, best.subject, (90, 86, 94), clock.now())
        _publish(session, staff, best, clock.now())
        clock.at = now - timedelta(days=4)
        _award(session, past, staff, best, "同意入选", clock.now())
        _select(session, past, staff, clock.now())
        _exchange(session, staff, clock.now())
        clock.at = now - timedelta(days=3)
        home = bases.base_of(session, staff.accounts["base"].organisation_id)
        year = rules.reporting_year(notices.today(clock.now()))
        bases.submit_report(session, home, year, REPORT, actor=staff.actor("base"), now=clock.now())
    clock.at = now - timedelta(hours=2)
    reminders.remind_due(past)


def _province(staff: People) -> Viewer:
    return Viewer(staff.accounts["supervisor"].organisation_id, "370000", True, True)


def _apply(
    session: Session,
    staff: People,
    login: str,
    kind: ApplicationKind,
    token: str,
    now: datetime,
    course_id: UUID | None = None,
    recommender: str = "city",
) -> Application:
    facts = ApplicationFacts(
        kind,
        staff.accounts[recommender].organisation_id,
        STATEMENT,
        fields=WANTED.get(kind, ()),
        course_id=course_id,
    )
    own = staff.accounts[login].organisation_id
    return applications.apply(session, own, facts, token=token, actor=staff.actor(login), now=now)


def _recommend(session: Session, staff: People, found: Application, login: str, now: datetime) -> None:
    viewer = Viewer(staff.accounts[login].organisation_id, "370100", True, True)
    applications.recommend(
        session, found, Stage.RECOMMENDED, "条件齐备，同意推荐。", viewer=viewer, actor=staff.actor(login), now=now
    )


def _publish(session: Session, staff: People, found: Application, now: datetime) -> None:
    until = selection_rules.objections_until(notices.today(now))
    told = Told(found.subject, f"关于遴选结果的公示：{found.title}", "经评审，拟认定，现予公示。", found.region, until)
    applications.publish(session, found, told, viewer=_province(staff), actor=staff.actor("supervisor"), now=now)


def _award(session: Session, past: Runtime, staff: People, found: Application, opinion: str, now: datetime) -> None:
    applications.decide(
        session, past, found, True, opinion, viewer=_province(staff), actor=staff.actor("supervisor"), now=now
    )


def _nominate_course(session: Session, staff: People, title: str, token: str, now: datetime) -> Application:
    course = session.scalars(select(Course).where(Course.title == title, Course.state == CourseState.PUBLISHED)).one()
    made = _apply(session, staff, "base", ApplicationKind.BEST_COURSE, token, now, course.id)
    _recommend(session, staff, made, "city", now)
    return made


def _select(session: Session, past: Runtime, staff: People, now: datetime) -> None:
    """An institution that was published and objected to, one before the experts, one that waits; a second course."""
    published = _apply(session, staff, "training", ApplicationKind.TRAINING_INSTITUTION, "demo institution", now)
    applications.add_document(session, past, published, "师资与场地清单.pdf", PDF)
    _recommend(session, staff, published, "city", now)
    score(session, staff, published.subject, (81, 86, 79), now)
    _publish(session, staff, published, now)
    notice = notices.notice_of(session, published.subject)
    assert notice is not None
    text = "公示材料中的实训机房数量与现场不一致，请核实。"
    notices.object_to(session, past.cipher, notice, name="王先生", contact="见来信", text=text, now=now)
    kind, token = ApplicationKind.TRAINING_INSTITUTION, "demo institution yt"
    _apply(session, staff, "training-yt", kind, token, now, None, "supervisor")
    evaluation = _apply(
        session, staff, "officer", ApplicationKind.EVALUATION_INSTITUTION, "demo evaluation", now, None, "industry"
    )
    _recommend(session, staff, evaluation, "industry", now)
    _nominate_course(session, staff, "网络安全与个人信息保护入门", "demo second course", now)


def _exchange(session: Session, staff: People, now: datetime) -> None:
    home = bases.base_of(session, staff.accounts["base"].organisation_id)
    other = bases.base_of(session, staff.accounts["base2"].organisation_id)
    offers = (
        (ExchangeKind.EXPERTS, "人工智能授课专家共享", "可派出三位专家到其他基地授课，每期不超过两天。"),
        (ExchangeKind.MATERIALS, "数据治理案例集共用", "案例集十二篇，可在基地课程中使用并注明来源。"),
    )
    for kind, title, text in offers:
        offered = exchanges.offer(
            session, home, kind, title, text, token=f"demo {kind.value}", actor=staff.actor("base"), now=now
        )
        exchanges.ask(session, offered, other, "拟用于明年春季班。", actor=staff.actor("base2"), now=now)
    first = offered.requests[0]
    exchanges.answer(session, offered, home, first.id, True, actor=staff.actor("base"), now=now)
