"""A base by its whole way, a seminar that was held, one that waits for experts, selections at every stage."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.demo.cast import CANDIDATES, FIELD, People, document
from certengine.foundation.clock import SetClock
from certengine.foundation.runtime import Runtime
from certengine.people.models import Account, DocumentType
from certengine.people.service import PersonFacts
from certengine.programme import (
    applications,
    bases,
    exchanges,
    notices,
    panels,
    selection_rules,
    seminar_accounts,
    seminar_closing,
    seminar_people,
    seminar_running,
    seminars,
)
from certengine.programme.account_models import AccountCategory
from certengine.programme.application_models import Application, ApplicationKind, Stage
from certengine.programme.applications import ApplicationFacts, Viewer
from certengine.programme.base_models import ExchangeKind, Tier
from certengine.programme.notices import Told
from certengine.programme.seminar_accounts import LineFacts
from certengine.programme.seminar_models import Seminar
from certengine.programme.seminar_running import SessionFacts
from certengine.programme.seminars import SeminarFacts, SeminarViewer
from certengine.training.course_models import Course, CourseState

ACCOUNTS = (
    (AccountCategory.PROVINCIAL, "省级专项经费拨款", 100000),
    (AccountCategory.OWN, "承办单位自筹", 20000),
    (AccountCategory.TEACHING, "讲课费，两天四讲", 36000),
    (AccountCategory.LODGING, "学员住宿，两晚", 41200),
    (AccountCategory.MEALS, "学员伙食，两天", 18400),
    (AccountCategory.VENUE, "报告厅与设备", 12000),
    (AccountCategory.MATERIALS, "教材与资料印制", 5800),
)
EXPERTS = ("expert1", "expert2", "expert3")
STATEMENT = {
    "conditions": "实训机房六间，计算节点四十台，云平台与网络环境齐备。",
    "staff": "专职教师三十二人，其中高级职称十四人，均持有相应领域的培训资格。",
    "record": "近三年承办省级研修班九期，年均培训两千三百人。",
    "plan": "围绕十个数字技术领域，每年开发课程不少于六门，承办研修班不少于两期。",
}


def run_programme(past: Runtime, clock: SetClock, staff: People, now: datetime) -> None:
    """What a year of the programme leaves behind, by the use cases of its screens."""
    clock.at = now - timedelta(days=39)
    with past.unit_of_work() as session:
        base = _apply(session, staff, "base", ApplicationKind.BASE, "demo base", clock.now())
        _recommend(session, staff, base, "city", clock.now())
        _score(session, staff, base.subject, (88, 92, 85), clock.now())
        _publish(session, staff, base, clock.now())
    clock.at = now - timedelta(days=31)
    with past.unit_of_work() as session:
        found = session.get_one(Application, base.id)
        decided = {"viewer": _province(staff), "actor": staff.actor("supervisor"), "now": clock.now()}
        applications.decide(session, past, found, True, "同意命名", **decided)  # type: ignore[arg-type]
    _hold_seminar(past, clock, staff, now)
    clock.at = now - timedelta(days=4)
    with past.unit_of_work() as session:
        _wait_for_experts(session, staff, clock.now())
        _select(session, staff, clock.now())
        home = bases.base_of(session, staff.accounts["base"].organisation_id)
        exchanges.offer(
            session,
            home,
            ExchangeKind.EXPERTS,
            "人工智能授课专家共享",
            "可派出三位专家到其他基地授课，每期不超过两天。",
            token="demo exchange",
            actor=staff.actor("base"),
            now=clock.now(),
        )


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
) -> Application:
    institution = kind in (ApplicationKind.TRAINING_INSTITUTION, ApplicationKind.EVALUATION_INSTITUTION)
    facts = ApplicationFacts(
        kind,
        staff.accounts["city"].organisation_id,
        STATEMENT,
        fields=(FIELD, "big_data") if institution else (),
        course_id=course_id,
    )
    own = staff.accounts[login].organisation_id
    return applications.apply(session, own, facts, token=token, actor=staff.actor(login), now=now)


def _recommend(session: Session, staff: People, found: Application, login: str, now: datetime) -> None:
    viewer = Viewer(staff.accounts[login].organisation_id, "370100", True, True)
    applications.recommend(
        session, found, Stage.RECOMMENDED, "条件齐备，同意推荐。", viewer=viewer, actor=staff.actor(login), now=now
    )


def _score(session: Session, staff: People, subject: str, totals: tuple[int, ...], now: datetime) -> None:
    kind = subject.partition(":")[0]
    criteria = selection_rules.CRITERIA["seminar" if kind == "seminar" else "application"]
    accounts = [staff.accounts[login] for login in EXPERTS[: len(totals)]]
    what = panels.Reviewed(subject, _title(session, subject), frozenset())
    panels.assign(session, what, [each.id for each in accounts], actor=staff.actor("supervisor"), now=now)
    for account, total in zip(accounts, totals, strict=True):
        _give(session, account, subject, total, dict(criteria), now)


def _title(session: Session, subject: str) -> str:
    kind, _, identity = subject.partition(":")
    if kind == "seminar":
        return seminars.seminar(session, UUID(identity), None).title
    return applications.application(session, UUID(identity), None).title


def _give(
    session: Session, account: Account, subject: str, total: int, criteria: dict[str, int], now: datetime
) -> None:
    """Shares a total among the criteria by their weights, the rest on the first."""
    scores: dict[str, int | None] = {name: most * total // 100 for name, most in criteria.items()}
    first = next(iter(scores))
    short = total - sum(each or 0 for each in scores.values())
    scores[first] = min(criteria[first], (scores[first] or 0) + short)
    given = next(each for each in panels.reviews_for(session, account.id) if each.subject == subject)
    panels.score(session, given, scores, "材料齐全，同意。", criteria=criteria, actor=f"account:{account.id}", now=now)


def _publish(session: Session, staff: People, found: Application, now: datetime) -> None:
    until = selection_rules.objections_until(notices.today(now))
    told = Told(found.subject, f"关于遴选结果的公示：{found.title}", "经评审，拟认定，现予公示。", found.region, until)
    applications.publish(session, found, told, viewer=_province(staff), actor=staff.actor("supervisor"), now=now)


def _hold_seminar(past: Runtime, clock: SetClock, staff: People, now: datetime) -> None:
    """Applied for by the city, hosted by the base, held three weeks ago, summarised in time."""
    starts = now - timedelta(days=22)
    day = notices.today(starts)
    clock.at = now - timedelta(days=55)
    host = staff.accounts["base"].organisation_id
    with past.unit_of_work() as session:
        facts = SeminarFacts(
            "大数据治理高级研修班",
            Tier.PROVINCIAL,
            day,
            day + timedelta(days=1),
            40,
            "省级专项经费与承办单位自筹",
            "数据治理体系、数据要素流通、典型案例研讨，每天六学时。",
            Decimal(120000),
            host,
        )
        held = seminars.apply_for_seminar(
            session,
            staff.accounts["city"].organisation_id,
            facts,
            token="demo held seminar",
            actor=staff.actor("city"),
            now=clock.now(),
        )
        _score(session, staff, held.subject, (90, 84, 87), clock.now())
        viewer = SeminarViewer(staff.accounts["supervisor"].organisation_id, "370000", True)
        seminars.decide_seminar(
            session,
            held,
            accept=True,
            opinion="同意举办",
            viewer=viewer,
            actor=staff.actor("supervisor"),
            now=clock.now(),
        )
        _admit(session, past, staff, held.id, clock.now())
        parts = [
            seminar_running.add_session(
                session,
                held,
                SessionFacts(
                    topic,
                    "专家 丁一",
                    "齐鲁软件园报告厅",
                    starts + timedelta(days=number),
                    starts + timedelta(days=number, hours=5),
                ),
                actor=staff.actor("base"),
                now=clock.now(),
            )
            for number, topic in enumerate(("数据治理体系", "数据要素流通与案例"))
        ]
    with past.unit_of_work() as session:
        held = seminars.seminar(session, held.id, None)
        for present in seminar_people.admitted_people(session, held.id):
            for part in parts:
                seminar_running.sign_in(session, present, part, by=staff.actor("base"), now=part.starts_at)
            marks = {"content": 5, "teaching": 5, "organisation": 4}
            seminar_closing.give_feedback(session, present, marks, "案例研讨很有收获")
        clock.at = starts + timedelta(days=6)
        _accounts(session, past, staff, held, clock.now())
        seminar_closing.summarise_seminar(
            session,
            past,
            held,
            summary="两天研修按计划完成，学员反映良好。",
            actor=staff.actor("base"),
            now=clock.now(),
        )
        seminar_closing.issue_certificates(session, past, held, actor=staff.actor("base"), now=clock.now())


def _accounts(session: Session, past: Runtime, staff: People, held: Seminar, now: datetime) -> None:
    for number, (category, note, amount) in enumerate(ACCOUNTS):
        receipt = (f"凭证{number + 1}.pdf", b"%PDF-1.4\n% receipt of the demonstration\n%%EOF\n", "application/pdf")
        facts = LineFacts(category, note, Decimal(amount), receipt)
        token = f"demo accounts {held.id.hex[:16]} {number}"
        seminar_accounts.add_line(session, past, held, facts, token=token, actor=staff.actor("base"), now=now)


def _admit(session: Session, past: Runtime, staff: People, seminar_id: UUID, now: datetime) -> None:
    held = seminars.seminar(session, seminar_id, None)
    for name, serial, _ability in CANDIDATES[:4]:
        seminar_people.nominate(
            session,
            past.cipher,
            held,
            PersonFacts(name, DocumentType.RESIDENT_ID, document(serial)),
            organisation_id=staff.accounts["employer"].organisation_id,
            employer="泰山智能装备有限公司",
            post="高级工程师",
            actor=staff.actor("employer"),
            now=now,
        )
    people_there = [each.participant.id for each in seminar_people.participants(session, held.id)]
    seminar_people.admit(session, held, people_there, True, actor=staff.actor("base"), now=now)


def _wait_for_experts(session: Session, staff: People, now: datetime) -> None:
    starts = notices.today(now) + timedelta(days=45)
    facts = SeminarFacts(
        "工业互联网与人工智能融合高级研修班",
        Tier.NATIONAL,
        starts,
        starts + timedelta(days=4),
        60,
        "申请中央财政经费",
        "工业互联网平台、边缘智能、行业大模型，五天三十学时。",
        Decimal(200000),
        staff.accounts["base"].organisation_id,
    )
    made = seminars.apply_for_seminar(
        session,
        staff.accounts["industry"].organisation_id,
        facts,
        token="demo seminar",
        actor=staff.actor("industry"),
        now=now,
    )
    waiting = [staff.accounts[login].id for login in EXPERTS]
    panels.assign(session, seminars.reviewed(made), waiting, actor=staff.actor("supervisor"), now=now)


def _select(session: Session, staff: People, now: datetime) -> None:
    """An institution that was published, a course that waits for its recommendation."""
    institution = _apply(session, staff, "training", ApplicationKind.TRAINING_INSTITUTION, "demo institution", now)
    _recommend(session, staff, institution, "city", now)
    _score(session, staff, institution.subject, (81, 86, 79), now)
    _publish(session, staff, institution, now)
    best = session.scalar(
        select(Course).where(
            Course.organisation_id == staff.accounts["base"].organisation_id, Course.state == CourseState.PUBLISHED
        )
    )
    if best:
        _apply(session, staff, "base", ApplicationKind.BEST_COURSE, "demo best course", now, best.id)
