"""certengine demo: a small institution with an exam that is over, one that runs now, a class, a base and a seminar.

Everything is made by the use cases that the screens call, at the times at which it would have happened.
"""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine import rooms
from certengine.certificates import countersigning
from certengine.certificates import service as certificates
from certengine.certificates.models import Certificate, CertificateState
from certengine.certificates.sealing import seal_all
from certengine.delivery import service as delivery
from certengine.demo.cast import CANDIDATES, PASSWORD, People, cast, document
from certengine.demo.cities import found_elsewhere, teach_elsewhere
from certengine.demo.exams import Exam, bring_banks, finished_exam, live_exam
from certengine.demo.programme import found_late_base, run_programme
from certengine.demo.registering import open_registration
from certengine.demo.supervision import supervise
from certengine.demo.training import offer_courses, teach_class
from certengine.foundation import migrate
from certengine.foundation.clock import SetClock
from certengine.foundation.jobs import run_job
from certengine.foundation.runtime import Runtime, current, use
from certengine.ledger import service as ledger
from certengine.people.models import Account, AccountRole, Organisation
from certengine.sittings import service as sittings
from certengine.sittings.tickets import tickets


@click.command("demo")
def command() -> None:
    """Fills the demonstration; a second run changes nothing. Prints the sign-ins."""
    runtime = use(Runtime(replace(current().settings, demonstration=True)))
    migrate.upgrade(runtime)
    rooms.load_models()
    path = runtime.settings.data / "demo" / "demo.json"
    if not path.exists():
        with runtime.unit_of_work(read_only=True) as session:
            begun = session.scalar(select(Organisation.id).limit(1)) is not None
        if begun:
            folder = runtime.settings.data
            raise click.ClickException(
                f"{folder} holds other data, or a demonstration that was cut off; use an empty folder"
            )
        facts = fill(runtime)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(facts, ensure_ascii=False, indent=2))
    show(json.loads(path.read_text()))


def show(facts: dict[str, Any]) -> None:
    click.echo(f"address: {facts['base_url']}")
    for each in facts["accounts"]:
        click.echo(f"  {each['role']:<16} {each['login']:<14} {each['password']}")
    click.echo(f"candidates ({facts['base_url']}/exam):")
    for each in facts["candidates"]:
        click.echo(f"  {each['name']}  ticket {each['ticket']}  document {each['document']}")
    click.echo(f"a certificate: {facts['base_url']}/v/{facts['grade_certificate']['code']}")


def fill(runtime: Runtime) -> dict[str, Any]:
    """Makes everything; returns what demo.json holds."""
    now = runtime.clock.now()
    clock = SetClock(now - timedelta(days=430))
    past = Runtime(runtime.settings, clock)
    with past.unit_of_work() as session:
        staff = cast(session, clock.now())
        found_elsewhere(session, staff, clock.now())
    found_late_base(past, clock, staff)
    clock.at = now - timedelta(days=40)
    release_id = bring_banks(past, staff)
    teach_class(past, clock, staff, now)
    teach_elsewhere(past, clock, staff, now)
    over = finished_exam(past, clock, staff, release_id, now)
    clock.at = now - timedelta(days=5)
    offer_courses(past, clock, staff)
    run_programme(past, clock, staff, now)
    supervise(past, clock, staff, now)
    open_registration(past, clock, staff, now)
    clock.at = now - timedelta(days=5)
    live = live_exam(past, clock, staff, release_id, now)
    with past.unit_of_work() as session:
        _ends(session, past, staff, over, now)
    while ledger.sequence(past):
        pass
    seal_all(past)
    _countersign(past, staff)
    with past.unit_of_work(read_only=True) as session:
        return _facts(session, past, staff, over, live)


def _countersign(past: Runtime, staff: People) -> None:
    """The department has signed what the evaluation institution issued; what the training institution did waits."""
    actor, office, now = staff.actor("supervisor"), staff.accounts["supervisor"].organisation_id, past.clock.now()
    with past.unit_of_work() as session:
        for institution in (staff.institution, staff.trainers):
            countersigning.set_for(session, office, institution.id, True, actor, now)
        job_id = countersigning.begin(session, office, staff.institution.id, actor, now).id
    rooms.load_jobs()
    run_job(past, job_id)


def _grade_certificates(session: Session, exam: Exam) -> list[Certificate]:
    subjects = [delivery.registration_key(each) for each in exam.registrations]
    query = select(Certificate).where(Certificate.subject.in_(subjects)).order_by(Certificate.number)
    return list(session.scalars(query))


def _ends(session: Session, past: Runtime, staff: People, exam: Exam, now: datetime) -> None:
    """One certificate is revoked by two people, one replaced."""
    held = _grade_certificates(session, exam)
    certificates.revoke(session, held[-1].id, "考后查实违纪", staff.actor("issuer"), staff.actor("issuer2"), now)
    content = certificates.content_of(session, held[-2])
    certificates.supersede(session, past, held[-2].id, content, "补录照片后重新签发", staff.actor("issuer"), now)


def _facts(session: Session, past: Runtime, staff: People, over: Exam, live: Exam) -> dict[str, Any]:
    folder = past.settings.data / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    held = _grade_certificates(session, over)
    by_state = {each.state: each for each in reversed(held)}
    # The first of its class is the trainee's.
    query = select(Certificate).where(Certificate.organisation_id == staff.trainers.id).order_by(Certificate.serial)
    trained = session.scalars(query.limit(1)).one()
    ticket = folder / "ticket.pdf"
    ticket.write_bytes(tickets(session, past, [live.registrations[0]]))
    accounts = [
        {"role": role.value, "login": login, "password": PASSWORD}
        for login, role in session.execute(
            select(Account.login, AccountRole.role).join(AccountRole).order_by(Account.created_at, Account.id)
        )
    ]
    candidates = [
        {"name": view.name, "ticket": view.ticket_number, "document": document(serial)}
        for (_name, serial, _ability), view in zip(
            CANDIDATES, [sittings.candidate(session, each) for each in live.registrations], strict=True
        )
    ]
    return {
        "base_url": past.settings.base_url,
        "accounts": accounts,
        "candidates": candidates,
        "grade_certificate": _file(past, by_state[CertificateState.VALID], folder / "grade_certificate.pdf"),
        "training_certificate": _file(past, trained, folder / "training_certificate.pdf"),
        "revoked_code": by_state[CertificateState.REVOKED].code,
        "superseded_code": by_state[CertificateState.SUPERSEDED].code,
        "ticket_pdf": str(ticket),
        "sitting_url": f"{past.settings.base_url}/exam/{live.theory_id}",
    }


def _file(past: Runtime, row: Certificate, path: Path) -> dict[str, str]:
    path.write_bytes(past.files.get(row.file))
    return {"pdf": str(path), "code": row.code, "name": row.holder_name}
