"""An inspection drawn by lot with a finding that is being put right, and a complaint from the public."""

from datetime import datetime, timedelta

from sqlalchemy import select

from certengine.demo.cast import FIELD, People
from certengine.foundation.clock import SetClock
from certengine.foundation.runtime import Runtime
from certengine.oversight import complaints, inspections
from certengine.oversight.inspection_models import Severity
from certengine.people import designations
from certengine.people.designation_models import DesignationKind
from certengine.people.models import Organisation, OrganisationKind
from certengine.programme import notices


def supervise(past: Runtime, clock: SetClock, staff: People, now: datetime) -> None:
    """What a department's year leaves behind."""
    clock.at = now - timedelta(days=20)
    actor = staff.actor("supervisor")
    with past.unit_of_work() as session:
        institution = session.scalars(select(Organisation).where(Organisation.code == "SDPJ")).one()
        kind = DesignationKind.EVALUATION
        designations.grant(session, institution.id, kind, [FIELD, "big_data"], actor=actor, now=clock.now())
        drawn = inspections.draw_round(
            session,
            "2026年度培训机构双随机检查",
            OrganisationKind.TRAINING_INSTITUTION,
            1,
            "370000",
            token="demo round",
            actor=actor,
            now=clock.now(),
        )
        visit = drawn.inspections[0]
        today = notices.today(clock.now())
        inspections.plan(session, visit, today, "秦岭、柳青", actor=actor, now=clock.now())
        inspections.add_finding(
            session,
            visit,
            "两个课次的签到记录没有教师签字。",
            Severity.MINOR,
            today + timedelta(days=30),
            actor=actor,
            now=clock.now(),
        )
        inspections.report(session, visit, "查阅培训计划、签到与材料，整体规范。", actor=actor, now=clock.now())
        complaints.complain(
            session,
            past.cipher,
            organisation_id=staff.trainers.id,
            about="课程安排",
            text="公布的课程时间临时调整，没有提前通知学员。",
            name="",
            contact="",
            now=clock.now(),
        )
