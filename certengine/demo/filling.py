"""certengine demo: a province with three evaluation institutions: exams that are over, one that runs, one to come.

Everything is made by the use cases that the screens call, at the times at which it would have happened.
"""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine import rooms
from certengine.certificates import countersigning
from certengine.certificates import service as certificates
from certengine.certificates.sealing import seal_all
from certengine.demo import province
from certengine.demo.banks import OTHERS, bring_bank, released_bank
from certengine.demo.cast import People, cast
from certengine.demo.cities import found_elsewhere, teach_elsewhere
from certengine.demo.exams import Exam
from certengine.demo.houses import capital
from certengine.demo.programme import found_late_base, run_programme
from certengine.demo.province import Houses
from certengine.demo.registering import open_registration
from certengine.demo.room import running_exam
from certengine.demo.story import Story, facts, grade_certificates, path_of, show
from certengine.demo.supervision import supervise
from certengine.demo.training import offer_courses, teach_class
from certengine.foundation import migrate
from certengine.foundation.clock import SetClock
from certengine.foundation.jobs import run_job
from certengine.foundation.runtime import Runtime, current, use
from certengine.ledger import service as ledger
from certengine.people.models import Organisation
from certengine.standards.rules import Level


@click.command("demo")
def command() -> None:
    """Fills the demonstration; a second run changes nothing. Prints the sign-ins."""
    runtime = use(Runtime(replace(current().settings, demonstration=True)))
    migrate.upgrade(runtime)
    rooms.load_models()
    path = path_of(runtime)
    if not path.exists():
        with runtime.unit_of_work(read_only=True) as session:
            begun = session.scalar(select(Organisation.id).limit(1)) is not None
        if begun:
            folder = runtime.settings.data
            raise click.ClickException(
                f"{folder} holds other data, or a demonstration that was cut off; use an empty folder"
            )
        filled = fill(runtime)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(filled, ensure_ascii=False, indent=2))
    show(json.loads(path.read_text()))


def fill(runtime: Runtime) -> dict[str, Any]:
    """Makes everything; returns what demo.json holds."""
    now = runtime.clock.now()
    clock = SetClock(now - timedelta(days=430))
    past = Runtime(runtime.settings, clock)
    with past.unit_of_work() as session:
        staff = cast(session, clock.now())
        found_elsewhere(session, staff, clock.now())
        houses = province.found_others(session, staff, capital(staff), clock.now())
    found_late_base(past, clock, staff)
    clock.at = now - timedelta(days=300)
    province.select(past, staff, houses)
    clock.at = now - timedelta(days=40)
    release_id = released_bank(past, houses.capital, Level.JUNIOR)
    for field, level in OTHERS:
        bring_bank(past, houses.capital, field, level)
    teach_class(past, clock, staff, now)
    teach_elsewhere(past, clock, staff, now)
    qingdao = province.over_in_qingdao(past, clock, houses.qingdao, now)
    over = province.over_in_the_capital(past, clock, houses.capital, release_id, now)
    yantai = province.marked_in_yantai(past, clock, houses.yantai, now)
    clock.at = now - timedelta(days=5)
    offer_courses(past, clock, staff)
    run_programme(past, clock, staff, now)
    supervise(past, clock, staff, now)
    open_registration(past, clock, staff, now)
    planned = province.next_in_qingdao(past, clock, houses.qingdao, now)
    province.planned_in_yantai(past, clock, houses.yantai, now)
    running = running_exam(past, clock, houses.capital, release_id, now)
    with past.unit_of_work() as session:
        _ends(session, past, staff, over, now)
    while ledger.sequence(past):
        pass
    seal_all(past)
    _countersign(past, staff, houses)
    with past.unit_of_work(read_only=True) as session:
        return facts(session, past, staff, Story(qingdao, over, yantai, running, planned))


def _countersign(past: Runtime, staff: People, houses: Houses) -> None:
    """The department has signed what the capital's institution issued; what Qingdao's and the trainers did waits."""
    actor, office, now = staff.actor("supervisor"), staff.accounts["supervisor"].organisation_id, past.clock.now()
    with past.unit_of_work() as session:
        for owner in (staff.institution.id, staff.trainers.id, houses.qingdao.organisation_id):
            countersigning.set_for(session, office, owner, True, actor, now)
        job_id = countersigning.begin(session, office, staff.institution.id, actor, now).id
    rooms.load_jobs()
    run_job(past, job_id)


def _ends(session: Session, past: Runtime, staff: People, exam: Exam, now: datetime) -> None:
    """One certificate is revoked by two people, one replaced."""
    held = grade_certificates(session, exam)
    certificates.revoke(session, held[-1].id, "考后查实违纪", staff.actor("issuer"), staff.actor("issuer2"), now)
    content = certificates.content_of(session, held[-2])
    certificates.supersede(session, past, held[-2].id, content, "补录照片后重新签发", staff.actor("issuer"), now)
