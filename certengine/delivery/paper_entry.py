"""Answers that were given on paper, where computers could not be used: two people type them, and only what both typed
alike becomes an attempt, on the printed form that the candidate had."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from certengine.bank import service as bank
from certengine.bank.rules import Item
from certengine.delivery import rules, service
from certengine.delivery.models import AnswerEntry, Attempt, AttemptState, PaperEntry
from certengine.foundation.errors import Conflict, Invalid, Problem
from certengine.ledger import service as ledger
from certengine.papers import fixed_forms, on_paper
from certengine.papers.on_paper import Form, Script
from certengine.sittings import service as sittings
from certengine.sittings.service import SittingView
from certengine.standards.rules import Part

TAKEN = "attempt.on_paper"


def forms_of(session: Session, sitting: SittingView) -> list[Form]:
    """The sitting's forms drawn for printing, by letter."""
    if sitting.part is not Part.THEORY or sitting.release_id is None:
        return []
    items: dict[str, Item] = {item.id: item for item in bank.released_items(session, sitting.release_id).items}
    papers = fixed_forms.printed(session, service.sitting_key(sitting.id))
    return [on_paper.form(letter, paper, items) for letter, paper in papers.items()]


def open_entry(session: Session, sitting_id: UUID) -> PaperEntry | None:
    """What one person typed and nobody has confirmed yet."""
    return session.scalar(
        select(PaperEntry).where(PaperEntry.sitting_id == sitting_id, PaperEntry.taken_at.is_(None)).with_for_update()
    )


def entries(session: Session, sitting_id: UUID) -> list[PaperEntry]:
    """Newest first."""
    query = select(PaperEntry).where(PaperEntry.sitting_id == sitting_id)
    return list(session.scalars(query.order_by(PaperEntry.at.desc(), PaperEntry.id.desc())))


def enter(
    session: Session, sitting: SittingView, content: bytes, name: str, actor: str, now: datetime
) -> tuple[PaperEntry, bool]:
    """The first person's workbook is kept; a second person's that says the same makes attempts of it (True).

    Raises Invalid with every faulty cell, or with every candidate and question that the two typed differently; Conflict
    before the start.
    """
    if now < sitting.starts_at:
        raise Conflict("delivery.not_started")
    forms = forms_of(session, sitting)
    seated = {each.ticket_number: each.registration_id for each in sittings.placements(session, sitting.id)}
    scripts = on_paper.read(content, name, forms, list(seated))
    _check(session, sitting.id, name, forms, seated, scripts)
    rows = {ticket: {"form": each.form, "answers": dict(each.answers)} for ticket, each in sorted(scripts.items())}
    standing = open_entry(session, sitting.id)
    if standing is None or standing.actor == actor:
        standing = standing or PaperEntry(sitting_id=sitting.id)
        standing.rows, standing.actor, standing.at = rows, actor, now
        session.add(standing)
        session.flush()
        return standing, False
    if different := _differences(standing.rows, rows, forms):
        raise Invalid(different, "delivery.typed_differently")
    for ticket, script in scripts.items():
        _take(session, sitting, seated[ticket], script, (standing.actor, actor), now)
    standing.taken_at, standing.taken_by = now, actor
    return standing, True


def discard(session: Session, sitting_id: UUID) -> None:
    """What waits for a second person is thrown away. Raises Conflict where nothing waits."""
    standing = open_entry(session, sitting_id)
    if standing is None:
        raise Conflict("delivery.nothing_typed")
    session.delete(standing)


def _check(
    session: Session,
    sitting_id: UUID,
    name: str,
    forms: list[Form],
    seated: Mapping[str, UUID],
    scripts: Mapping[str, Script],
) -> None:
    """Raises Invalid for who has handed in, or saved an answer on a computer; and for texts that are too long."""
    written = select(AnswerEntry.attempt_id).where(AnswerEntry.attempt_id == Attempt.id).exists()
    answered = select(Attempt.registration_id).where(
        Attempt.sitting_id == sitting_id, or_(Attempt.state == AttemptState.SUBMITTED, written)
    )
    busy = set(session.scalars(answered))
    problems = [
        Problem(name, "delivery.answered_on_screen", {"ticket": ticket}) for ticket in scripts if seated[ticket] in busy
    ]
    if problems := [*problems, *malformed(name, forms, scripts)]:
        raise Invalid(problems)


def malformed(name: str, forms: Sequence[Form], scripts: Mapping[str, Script]) -> list[Problem]:
    """Answers that a screen could not have sent either; name: of the file. Pure."""
    places = {(form.letter, place.answered.id): place for form in forms for place in form.places}
    found = []
    for ticket, script in scripts.items():
        for item, answer in script.answers.items():
            place = places[script.form, item]
            if rules.answer_problem(place.answered, place.options, answer) is not None:
                found.append(Problem(name, "delivery.typed_badly", {"ticket": ticket, "label": place.number}))
    return found


def _differences(first: Mapping[str, Any], second: Mapping[str, Any], forms: list[Form]) -> list[Problem]:
    numbers = {(form.letter, place.answered.id): place.number for form in forms for place in form.places}
    found = []
    for ticket in sorted(first.keys() | second.keys()):
        one, other = first.get(ticket), second.get(ticket)
        if one is None or other is None:
            found.append(Problem(ticket, "delivery.typed_once"))
        elif one["form"] != other["form"]:
            found.append(Problem(ticket, "delivery.typed_form"))
        else:
            for item in sorted(one["answers"].keys() | other["answers"].keys()):
                if one["answers"].get(item) != other["answers"].get(item):
                    found.append(Problem(ticket, "delivery.typed_answer", {"label": numbers[one["form"], item]}))
    return found


def _take(
    session: Session,
    sitting: SittingView,
    registration_id: UUID,
    script: Script,
    typed_by: tuple[str, str],
    now: datetime,
) -> None:
    standing = service.attempt_of(session, sitting.id, registration_id, lock=True)
    if standing is None:
        standing = Attempt(
            sitting_id=sitting.id, registration_id=registration_id, confirmed_at=now, deadline_at=sitting.ends_at
        )
        session.add(standing)
    standing.form, standing.state = script.form, AttemptState.RUNNING
    standing.started_at = standing.started_at or sitting.starts_at
    session.flush()
    ledger.record(
        session,
        kind=TAKEN,
        actor=typed_by[1],
        subject=f"attempt:{standing.id}",
        now=now,
        private={
            "registration": service.registration_key(registration_id),
            "form": script.form,
            "typed_by": list(typed_by),
        },
    )
    session.add_all(
        AnswerEntry(
            attempt_id=standing.id, item=item, sequence=number, content={"a": answer, "f": False}, received_at=now
        )
        for number, (item, answer) in enumerate(sorted(script.answers.items()), 1)
    )
    session.flush()
    service.submit(session, standing.id, typed_by[1], now)
