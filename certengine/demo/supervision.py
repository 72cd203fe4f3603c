"""Inspections drawn by lot with findings at every step, a suspended institution, complaints at every step, a report."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.demo.cast import People
from certengine.foundation.clock import SetClock
from certengine.foundation.runtime import Runtime
from certengine.oversight import complaints, inspections, yearly_report
from certengine.oversight.inspection_models import Inspection, Severity
from certengine.people import designations
from certengine.people.designation_models import Designation, DesignationState
from certengine.people.models import OrganisationKind
from certengine.programme import notices

# What was found, how bad it is, and in how many days it is to be put right.
FINDINGS = (
    ("两个课次的签到记录没有教师签字。", Severity.MINOR, 30),
    ("实训机房有三台设备不能使用，未及时登记。", Severity.MAJOR, 10),
)
# About whom, in how many hours after the first.
COMPLAINTS = (
    ("training-qd", "课程安排", "公布的课程时间临时调整，没有提前通知学员。", 52),
    ("training", "收费", "缴费后没有及时开具发票。", 27),
    ("training-zb", "在线课堂", "直播回看链接两天后才能打开，影响复习。", 0),
)


def supervise(past: Runtime, clock: SetClock, staff: People, now: datetime) -> None:
    """What a department's year leaves behind."""
    clock.at = now - timedelta(days=20)
    actor = staff.actor("supervisor")
    with past.unit_of_work() as session:
        _suspend(session, staff, clock.now())
        drawn = inspections.draw_round(
            session,
            f"{now.year}年度培训机构双随机检查",
            OrganisationKind.TRAINING_INSTITUTION,
            3,
            "370000",
            token="demo round",
            actor=actor,
            now=clock.now(),
        )
        for visit in drawn.inspections[:2]:
            _inspect(session, staff, visit, clock.now())
        # The third is only planned for now.
        soon = notices.today(now) + timedelta(days=6)
        inspections.plan(session, drawn.inspections[2], soon, "秦岭、江澜", actor=actor, now=clock.now())
        clock.at = now - timedelta(days=6)
        _put_right(session, staff, drawn.inspections[0], clock.now())
        _complaints(session, past, staff, clock.now())
        yearly_report.issue(session, past, "370000", notices.today(now).year, actor=actor, now=clock.now())


def _suspend(session: Session, staff: People, now: datetime) -> None:
    owner = staff.accounts["training-wf"].organisation_id
    found = session.scalars(select(Designation).where(Designation.organisation_id == owner)).one()
    reason = "场地租约到期，新场地验收前暂停招生。"
    designations.change(session, found, DesignationState.SUSPENDED, reason, actor=staff.actor("supervisor"), now=now)


def _inspect(session: Session, staff: People, visit: Inspection, now: datetime) -> None:
    actor, today = staff.actor("supervisor"), notices.today(now)
    inspections.plan(session, visit, today, "秦岭、柳青", actor=actor, now=now)
    for text, severity, days in FINDINGS:
        inspections.add_finding(session, visit, text, severity, today + timedelta(days=days), actor=actor, now=now)
    inspections.report(session, visit, "查阅培训计划、签到与材料，整体规范，问题见清单。", actor=actor, now=now)


def _put_right(session: Session, staff: People, visit: Inspection, now: datetime) -> None:
    """The institution answers both findings; one answer is accepted, the other waits to be judged."""
    officer = next(each for each in staff.accounts.values() if each.organisation_id == visit.organisation_id)
    for place, found in enumerate(visit.findings):
        text = "已补签并改为每次课后由教师当场确认。" if place == 0 else "三台设备已更换，登记表附后。"
        inspections.correct(
            session, visit.organisation_id, found.id, text, None, actor=f"account:{officer.id}", now=now
        )
    inspections.judge(session, visit, visit.findings[0].id, True, "", actor=staff.actor("supervisor"), now=now)


def _complaints(session: Session, past: Runtime, staff: People, now: datetime) -> None:
    actor = staff.actor("supervisor")
    made = [
        complaints.complain(
            session,
            past.cipher,
            organisation_id=staff.accounts[login].organisation_id,
            about=about,
            text=text,
            name="",
            contact="",
            now=now + timedelta(hours=hours),
        )
        for login, about, text, hours in COMPLAINTS
    ]
    complaints.take_up(session, made[1], "370000", actor=actor, now=now + timedelta(hours=49))
    complaints.answer(
        session,
        made[2],
        "经核实，平台转码延迟，已更换线路，今后当日可回看。",
        actor=actor,
        now=now + timedelta(hours=20),
    )
