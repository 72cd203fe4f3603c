"""After a sitting is marked: what its scripts say of the items and of themselves; calibrations of a bank; and the
certificates of a large plan."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.bank import service as bank
from certengine.bank.rules import ReleasedItem
from certengine.delivery import service as delivery
from certengine.foundation.jobs import Job, JobState, job, report, submit
from certengine.foundation.runtime import Runtime
from certengine.marking import calibrating, certifying, studies
from certengine.marking.analysis import Script, observe
from certengine.marking.joining import analysis_takers
from certengine.marking.models import BankCalibration, MeasurementStudy, SittingAnalysis
from certengine.marking.pace import Arrivals, pace
from certengine.marking.scripts import scripts
from certengine.marking.sitting_report import report as report_of
from certengine.people.models import Sex
from certengine.sittings import service as sittings

ANALYSIS = "marking.analysis"
CALIBRATION = "marking.calibration"


def ask(session: Session, sitting_id: UUID, now: Any) -> Job:
    return submit(session, ANALYSIS, delivery.sitting_key(sitting_id), {"sitting": str(sitting_id)}, now)


def ask_calibration(session: Session, bank_id: UUID, actor: str, now: Any) -> Job:
    return submit(session, CALIBRATION, f"bank:{bank_id}", {"bank": str(bank_id), "actor": actor}, now)


def running_calibration(session: Session, bank_id: UUID) -> bool:
    query = select(Job).where(Job.subject == f"bank:{bank_id}", Job.kind == CALIBRATION)
    return session.scalar(query.where(Job.state.in_((JobState.WAITING, JobState.RUNNING))).limit(1)) is not None


@job(ANALYSIS)
def analyse(runtime: Runtime, row: Job) -> None:
    """Item by item for the bank, and the sitting as a whole for whoever releases its results."""
    sitting_id = UUID(row.payload["sitting"])
    with runtime.unit_of_work(read_only=True) as session:
        sitting = sittings.sitting(session, sitting_id)
        assert sitting.release_id is not None
        release = bank.released_items(session, sitting.release_id)
        items = {item.id: item for item in release.items}
        marked = scripts(session, sitting_id)
        pairs = [
            (delivery.registration_key(one), delivery.registration_key(other))
            for one, other in sittings.neighbours(session, sitting_id)
        ]
        arrived = delivery.arrivals(session, sitting_id)
        known = bank.used_before(session, release.bank_id, sitting.starts_at)
    observed = observe(marked.values(), items)
    timed = pace({delivery.registration_key(each): Arrivals(*times) for each, times in arrived.items()})
    used = {item.id for item in release.items if (item.id, item.version) in known}
    whole = replace(report_of(marked, items, pairs, used), pace=timed)
    now = runtime.clock.now()
    with runtime.unit_of_work() as session:
        bank.record_statistics(session, release.bank_id, delivery.sitting_key(sitting_id), observed, now)
        session.merge(SittingAnalysis(sitting_id=sitting_id, at=now, figures=whole.as_json()))
        for take in analysis_takers:
            take(session, sitting_id, whole, now)
    report(runtime, row.id, done=len(observed), total=len(observed))


@job(studies.EQUATE)
def equate(runtime: Runtime, row: Job) -> None:
    study_id = UUID(row.payload["study"])
    with runtime.unit_of_work(read_only=True) as session:
        study = session.get(MeasurementStudy, study_id)
        # Whoever asked may have thought better of it.
        found = studies.equate(session, study) if study else None
    if found is not None:
        with runtime.unit_of_work() as session:
            study = session.get_one(MeasurementStudy, study_id)
            study.figures, study.figured_at, study.figured_by = found.as_json(), runtime.clock.now(), study.actor
    report(runtime, row.id, done=1, total=1)


@job(certifying.CERTIFY)
def certify(runtime: Runtime, row: Job) -> None:
    """Each batch is one transaction; killed half way, it goes on with whoever has no certificate yet."""
    plan_id, organisation_id = UUID(row.payload["plan"]), UUID(row.payload["organisation"])
    left = 1
    while left:
        with runtime.unit_of_work() as session:
            now = runtime.clock.now()
            left = certifying.issue_next(session, runtime, organisation_id, plan_id, row.payload["actor"], now)
        report(runtime, row.id, done=max(0, row.total - left), total=row.total)


@job(CALIBRATION)
def calibrate(runtime: Runtime, row: Job) -> None:
    bank_id = UUID(row.payload["bank"])
    with runtime.unit_of_work(read_only=True) as session:
        releases = calibrating.releases_of(session, bank_id)
        newest: dict[str, ReleasedItem] = {}
        for item in (item for items in releases.values() for item in items):
            if item.id not in newest or item.version > newest[item.id].version:
                newest[item.id] = item
        found: list[Script] = []
        women: list[bool | None] = []
        for sitting in sittings.using_releases(session, list(releases)):
            assert sitting.release_id is not None
            same = {i.id for i in releases[sitting.release_id] if newest[i.id].version == i.version}
            sexes = {delivery.registration_key(each): sex for each, sex in sittings.sexes(session, sitting.id).items()}
            for registration, script in scripts(session, sitting.id).items():
                sex = sexes.get(registration)
                women.append(None if sex is None else sex is Sex.FEMALE)
                earned = {item: points for item, points in script.earned.items() if item in same}
                found.append(Script(earned, script.points, {}))
    estimated, rows = calibrating.estimate(found, [newest[code] for code in sorted(newest)], women)
    with runtime.unit_of_work() as session:
        session.add(
            BankCalibration(
                bank_id=bank_id,
                at=runtime.clock.now(),
                actor=row.payload["actor"],
                model=estimated.model.value,
                people=len(found),
                figures=calibrating.kept(estimated, rows),
            )
        )
    report(runtime, row.id, done=len(rows), total=len(rows))
