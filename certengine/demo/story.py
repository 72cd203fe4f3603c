"""What demo.json tells of the demonstration, and what is printed of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.certificates.models import Certificate, CertificateState
from certengine.delivery import service as delivery
from certengine.demo.cast import CANDIDATES, PASSWORD, VISITORS, Candidate, People, document
from certengine.demo.exams import Exam
from certengine.demo.room import Running
from certengine.foundation.clock import CHINA
from certengine.foundation.runtime import Runtime
from certengine.people import regions
from certengine.people.models import Account, AccountRole, Organisation
from certengine.sittings import service as sittings
from certengine.sittings.models import ExamPlan, Registration
from certengine.sittings.tickets import tickets


@dataclass(frozen=True)
class Story:
    """The exams, from the one that is over to the one that is planned."""

    qingdao: Exam
    capital: Exam
    yantai: Exam
    running: Running
    planned: UUID


def path_of(runtime: Runtime) -> Path:
    return runtime.settings.data / "demo" / "demo.json"


def grade_certificates(session: Session, exam: Exam) -> list[Certificate]:
    subjects = [delivery.registration_key(each) for each in exam.registrations]
    query = select(Certificate).where(Certificate.subject.in_(subjects)).order_by(Certificate.number)
    return list(session.scalars(query))


def facts(session: Session, past: Runtime, staff: People, story: Story) -> dict[str, Any]:
    folder = past.settings.data / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    held, running = grade_certificates(session, story.capital), story.running.exam
    by_state = {each.state: each for each in reversed(held)}
    # The first of its class is the trainee's.
    query = select(Certificate).where(Certificate.organisation_id == staff.trainers.id).order_by(Certificate.serial)
    trained = session.scalars(query.limit(1)).one()
    ticket, base = folder / "ticket.pdf", past.settings.base_url
    ticket.write_bytes(tickets(session, past, [running.registrations[0]]))
    return {
        "base_url": base,
        "accounts": _accounts(session),
        "candidates": _candidates(session, running, VISITORS),
        "result": _candidates(session, story.capital, CANDIDATES[:1])[0],
        "grade_certificate": _file(past, by_state[CertificateState.VALID], folder / "grade_certificate.pdf"),
        "training_certificate": _file(past, trained, folder / "training_certificate.pdf"),
        "revoked_code": by_state[CertificateState.REVOKED].code,
        "superseded_code": by_state[CertificateState.SUPERSEDED].code,
        "ticket_pdf": str(ticket),
        "sitting_url": f"{base}/exam/{running.theory_id}",
        "board_url": f"{base}/proctoring/{running.theory_id}/{running.room_id}",
        "answering": [str(each) for each in story.running.answering],
        "story": _story(session, base, story),
    }


def _accounts(session: Session) -> list[dict[str, str]]:
    query = select(Account.login, AccountRole.role, Account.name, Organisation.name, Organisation.region)
    rows = session.execute(
        query.join(AccountRole, AccountRole.account_id == Account.id)
        .join(Organisation, Organisation.id == Account.organisation_id)
        .order_by(Account.created_at, Account.id)
    )
    return [
        {
            "role": role.value,
            "login": login,
            "password": PASSWORD,
            "name": name,
            "organisation": organisation,
            "region": regions.names()[region],
        }
        for login, role, name, organisation, region in rows
    ]


def _candidates(session: Session, exam: Exam, first: Sequence[Candidate]) -> list[dict[str, str]]:
    """What the first ones of an exam sign in with."""
    views = [sittings.candidate(session, each) for each in exam.registrations[: len(first)]]
    return [
        {"name": view.name, "ticket": view.ticket_number, "document": document(serial)}
        for (_name, serial, _ability), view in zip(first, views, strict=True)
    ]


def _story(session: Session, base: str, story: Story) -> list[dict[str, str]]:
    """One line for each exam; login: who sees it at this address."""
    running = story.running.exam
    planned = f"{base}/sittings/plans/{story.planned}"
    lines = (
        ("finished", story.qingdao.plan_id, "issuer-qd", f"{base}/results/{story.qingdao.plan_id}"),
        ("finished", story.capital.plan_id, "issuer", f"{base}/results/{story.capital.plan_id}"),
        ("marking", story.yantai.plan_id, "examiner-yt", f"{base}/marking/practical"),
        ("running", running.plan_id, "proctor", f"{base}/proctoring/{running.theory_id}/{running.room_id}"),
        ("planned", story.planned, "officer-qd", planned),
    )
    return [_line(session, *each) for each in lines]


def _line(session: Session, state: str, plan_id: UUID, login: str, address: str) -> dict[str, str]:
    plan = session.get_one(ExamPlan, plan_id)
    first = sittings.sittings_of(session, plan_id)[0]
    count = len(session.scalars(select(Registration.id).where(Registration.exam_plan_id == plan_id)).all())
    return {
        "state": state,
        "title": plan.title,
        "institution": session.get_one(Organisation, plan.organisation_id).name,
        "date": f"{first.starts_at.astimezone(CHINA):%Y-%m-%d}",
        "candidates": str(count),
        "login": login,
        "address": address,
    }


def _file(past: Runtime, row: Certificate, path: Path) -> dict[str, str]:
    path.write_bytes(past.files.get(row.file))
    return {"pdf": str(path), "code": row.code, "name": row.holder_name}


def show(told: dict[str, Any]) -> None:
    base, owner = told["base_url"], ""
    click.echo(f"address: {base}")
    for each in sorted(told["accounts"], key=lambda each: each.get("organisation", "")):
        if each.get("organisation", "") != owner:
            owner = each["organisation"]
            click.echo(f"  {owner}")
        click.echo(f"    {each['role']:<16} {each['login']:<14} {each['password']}")
    click.echo(f"candidates ({base}/exam):")
    for each in told["candidates"]:
        click.echo(f"  {each['name']}  ticket {each['ticket']}  document {each['document']}")
    if result := told.get("result"):
        click.echo(f"a result: {result['name']}  ticket {result['ticket']}  document {result['document']}")
    click.echo(f"a certificate: {base}/v/{told['grade_certificate']['code']}")
    click.echo("the story (docs/demonstration.md):")
    for each in told.get("story", ()):
        click.echo(f"  {each['state']:<9} {each['date']}  {each['institution']}  {each['title']}, {each['candidates']}")
        click.echo(f"            as {each['login']}: {each['address']}")
    click.echo(f"  the province, as supervisor: {base}/oversight")
