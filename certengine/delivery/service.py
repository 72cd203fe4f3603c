"""Use cases of an attempt. Proctors act on attempts through here alone; answers go through the journal."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.delivery import events, gate, problems, rules, tasks
from certengine.delivery.models import Attempt, AttemptState
from certengine.delivery.reading import AttemptView, answers_of, arrivals, board, final_answers, running, saved_state
from certengine.foundation.clock import CHINA
from certengine.foundation.errors import Conflict, Invalid, NotAllowed, NotFound, Problem
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.papers import disclosure
from certengine.papers import service as papers
from certengine.papers.beside import FORM
from certengine.papers.values import Paper
from certengine.sittings import service as sittings
from certengine.sittings.service import PlacementView, SittingView
from certengine.standards.rules import Part

__all__ = ["AttemptView", "answers_of", "arrivals", "board", "final_answers", "problems", "running", "saved_state"]
LONGEST_EXTENSION = 120
CLOCK = "clock"
NO_PAPER = "papers.not_drawn"


def sitting_key(sitting_id: UUID) -> str:
    return f"sitting:{sitting_id}"


def registration_key(registration_id: UUID) -> str:
    return f"registration:{registration_id}"


def attempt_of(session: Session, sitting_id: UUID, registration_id: UUID, lock: bool = False) -> Attempt | None:
    query = select(Attempt).where(Attempt.sitting_id == sitting_id, Attempt.registration_id == registration_id)
    return session.scalar(query.with_for_update() if lock else query)


def attempt(session: Session, attempt_id: UUID, lock: bool = False) -> Attempt:
    """Raises NotFound."""
    query = select(Attempt).where(Attempt.id == attempt_id)
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFound("delivery.not_found")
    return found


@disclosure.writing
def someone_writes(session: Session, sitting: str) -> bool:
    """Whether an attempt at the sitting has begun and is not handed in."""
    standing = (AttemptState.RUNNING, AttemptState.SUSPENDED)
    query = select(Attempt.sitting_id).where(Attempt.state.in_(standing)).distinct()
    return any(sitting_key(each) == sitting for each in session.scalars(query))


def place_of(session: Session, sitting: SittingView, registration_id: UUID) -> PlacementView:
    """The candidate's seat. Raises NotFound for whoever has none there."""
    # A practical part that has no task is held away from this system.
    elsewhere = sitting.part is Part.PRACTICAL and sitting.release_id is None
    place = None if elsewhere else sittings.placement_of(session, sitting.id, registration_id)
    if place is None:
        raise NotFound("delivery.not_placed")
    return place


def entry_problem(sitting: SittingView, standing: Attempt | None, now: datetime) -> str | None:
    """Why the candidate cannot come in now; None when they can."""
    started = standing is not None and standing.started_at is not None
    return rules.entry_problem(sitting.entry_opens_at, sitting.late_until, started, now)


def confirm(session: Session, sitting_id: UUID, registration_id: UUID, now: datetime) -> Attempt:
    """The candidate has confirmed their identity; a second time changes nothing."""
    sitting = sittings.sitting(session, sitting_id)
    place = place_of(session, sitting, registration_id)
    standing = attempt_of(session, sitting_id, registration_id)
    if problem := entry_problem(sitting, standing, now):
        raise Conflict(problem, opens=sitting.entry_opens_at.astimezone(CHINA).strftime("%H:%M"))
    if standing is not None:
        return standing
    extra = place.extra_minutes
    made = Attempt(
        sitting_id=sitting_id,
        registration_id=registration_id,
        confirmed_at=now,
        deadline_at=sitting.ends_at + timedelta(minutes=extra),
        extra_seconds=extra * 60,
    )
    session.add(made)
    session.flush()
    _record(session, "attempt.confirmed", made, registration_key(registration_id), now)
    return made


def start(
    session: Session, sitting_id: UUID, registration_id: UUID, now: datetime, known: SittingView | None = None
) -> Attempt:
    """Starts the attempt, or goes on with the one that runs; known: the sitting, where the caller has it."""
    sitting = known or sittings.sitting(session, sitting_id)
    return _one(start_all(session, sitting, [registration_id], now), registration_id)


def start_all(
    session: Session, sitting: SittingView, registrations: Sequence[UUID], now: datetime
) -> dict[UUID, Attempt | Problem]:
    """Starts those of the attempts that may start, by few statements for all; what the others are told."""
    standing = _locked(session, sitting.id, registrations)
    outcomes: dict[UUID, Attempt | Problem] = {}
    for each in registrations:
        problem = _start_problem(sitting, standing.get(each), now)
        outcomes[each] = Problem("", problem, {"opens": ""}) if problem else standing[each]
    ready = [row for row in outcomes.values() if isinstance(row, Attempt) and row.state is AttemptState.READY]
    # Whoever has no paper cannot start: better an error here than an empty screen.
    given = _given_all(session, sitting, [row.registration_id for row in ready])
    started = [row for row in ready if row.registration_id in given]
    outcomes.update({row.registration_id: Problem("", NO_PAPER) for row in ready if row not in started})
    for row in started:
        row.state, row.started_at, row.seen_at = AttemptState.RUNNING, now, now
    ledger.record_many(session, [_started(row, given[row.registration_id], now) for row in started])
    return outcomes


def _start_problem(sitting: SittingView, standing: Attempt | None, now: datetime) -> str | None:
    if standing is None:
        return "delivery.not_confirmed"
    if standing.state is AttemptState.SUBMITTED:
        return "delivery.already_submitted"
    if standing.state is not AttemptState.READY:
        return None
    return "delivery.not_started" if now < sitting.starts_at else entry_problem(sitting, standing, now)


def _started(standing: Attempt, given: dict[str, Any], now: datetime) -> dict[str, Any]:
    private = {**given, "deadline": standing.deadline_at.isoformat()}
    return _entry("attempt.started", standing, registration_key(standing.registration_id), now, private)


def _locked(session: Session, sitting_id: UUID, registrations: Sequence[UUID]) -> dict[UUID, Attempt]:
    """registration → attempt; always in one order, so that two of these never wait for each other."""
    query = select(Attempt).where(Attempt.sitting_id == sitting_id, Attempt.registration_id.in_(registrations))
    return {each.registration_id: each for each in session.scalars(query.order_by(Attempt.id).with_for_update())}


def _one(outcomes: dict[UUID, Attempt | Problem], registration_id: UUID) -> Attempt:
    outcome = outcomes[registration_id]
    if isinstance(outcome, Problem):
        raise (NotFound if outcome.code == NO_PAPER else Conflict)(outcome.code, **outcome.values)
    return outcome


def _given_all(session: Session, sitting: SittingView, registrations: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """What the ledger keeps of what each was asked to do; who has no paper is not there."""
    if not registrations:
        return {}
    if sitting.part is Part.PRACTICAL:
        task = {"task": tasks.task_of(session, sitting).id, "release": str(sitting.release_id)}
        return dict.fromkeys(registrations, task)
    hashes = papers.paper_hashes(session, sitting_key(sitting.id), [registration_key(each) for each in registrations])
    keys = {each: registration_key(each) for each in registrations}
    return {each: {"paper_hash": hashes[key]} for each, key in keys.items() if key in hashes}


def _given(session: Session, sitting: SittingView, registration_id: UUID, form: str = "") -> dict[str, Any]:
    """The same of one candidate; form: the printed one that they had instead. Raises NotFound without a paper."""
    if form:
        return {"paper_hash": papers.paper_hash(session, sitting_key(sitting.id), _paper_key(registration_id, form))}
    found = _given_all(session, sitting, [registration_id])
    if registration_id not in found:
        raise NotFound(NO_PAPER)
    return found[registration_id]


def _paper_key(registration_id: UUID, form: str) -> str:
    """What the answered paper is registered as among the sitting's papers."""
    return f"{FORM}{form}" if form else registration_key(registration_id)


def paper_answered(session: Session, standing: Attempt) -> Paper:
    """The candidate's own paper, or the printed form that they answered in its place."""
    return papers.paper(session, sitting_key(standing.sitting_id), _paper_key(standing.registration_id, standing.form))


def papers_answered(session: Session, sitting_id: UUID) -> dict[str, Paper]:
    """registration → the paper that is theirs, or the printed form that they answered in its place."""
    drawn = papers.papers(session, sitting_key(sitting_id))
    query = select(Attempt.registration_id, Attempt.form).where(Attempt.sitting_id == sitting_id, Attempt.form != "")
    for row in session.execute(query):
        drawn[registration_key(row.registration_id)] = drawn[_paper_key(row.registration_id, row.form)]
    return drawn


def open_screen(
    session: Session, sitting_id: UUID, registration_id: UUID, now: datetime, visitor: gate.Visitor | None = None
) -> Attempt:
    """A screen takes the attempt over; what an older one sends from now on is refused.

    Raises Conflict for a visitor whom a proctor has to let in first.
    """
    return _one(open_screens(session, sitting_id, {registration_id: visitor}, now), registration_id)


def open_screens(
    session: Session, sitting_id: UUID, visitors: Mapping[UUID, gate.Visitor | None], now: datetime
) -> dict[UUID, Attempt | Problem]:
    """The same for many candidates of a sitting by one statement; visitors: by registration."""
    standing = _locked(session, sitting_id, list(visitors))
    outcomes: dict[UUID, Attempt | Problem] = {}
    for registration_id, visitor in visitors.items():
        each = standing.get(registration_id)
        if each is None or each.started_at is None:
            outcomes[registration_id] = Problem("", "delivery.not_started")
        elif visitor is not None and (problem := gate.obstacle(each, visitor)):
            outcomes[registration_id] = Problem("", problem)
        else:
            if visitor is not None:
                gate.opened(session, each, visitor, now)
            each.generation += 1
            each.seen_at = now
            outcomes[registration_id] = each
    return outcomes


def submit(session: Session, attempt_id: UUID, actor: str, now: datetime) -> Attempt:
    """Hands in; the answers' hash goes to the ledger. A second time changes nothing."""
    standing = attempt(session, attempt_id, lock=True)
    if standing.state is AttemptState.SUBMITTED:
        return standing
    if standing.started_at is None:
        raise Conflict("delivery.not_running")
    return _hand_in(session, standing, actor, now, reason="")


def force_submit(session: Session, attempt_id: UUID, reason: str, actor: str, now: datetime) -> Attempt:
    """A proctor hands in for a candidate. Raises Invalid without a reason."""
    _reason(reason)
    standing = attempt(session, attempt_id, lock=True)
    if standing.state not in (AttemptState.RUNNING, AttemptState.SUSPENDED):
        raise Conflict("delivery.not_running")
    return _hand_in(session, standing, actor, now, reason)


def extend(session: Session, attempt_id: UUID, minutes: int, reason: str, actor: str, now: datetime) -> Attempt:
    """Adds time to one attempt, also after its end as long as it was not handed in."""
    if not 1 <= minutes <= LONGEST_EXTENSION:
        raise Invalid([Problem("minutes", "delivery.minutes_range")])
    _reason(reason)
    standing = attempt(session, attempt_id, lock=True)
    if standing.state is AttemptState.SUBMITTED:
        raise Conflict("delivery.already_submitted")
    standing.extra_seconds += minutes * 60
    standing.deadline_at += timedelta(minutes=minutes)
    if standing.remaining_seconds is not None:
        standing.remaining_seconds += minutes * 60
    _record(session, "attempt.extended", standing, actor, now, private={"minutes": minutes, "reason": reason})
    return standing


def suspend(session: Session, attempt_id: UUID, reason: str, actor: str, now: datetime) -> Attempt:
    """Stops the candidate's clock."""
    _reason(reason)
    standing = attempt(session, attempt_id, lock=True)
    if standing.state is not AttemptState.RUNNING:
        raise Conflict("delivery.not_running")
    standing.state = AttemptState.SUSPENDED
    standing.remaining_seconds = rules.remaining_seconds(standing.deadline_at, now)
    _record(session, "attempt.suspended", standing, actor, now, private={"reason": reason})
    return standing


def resume(session: Session, attempt_id: UUID, actor: str, now: datetime) -> Attempt:
    """Lets the clock run on with what was left."""
    standing = attempt(session, attempt_id, lock=True)
    if standing.state is not AttemptState.SUSPENDED or standing.remaining_seconds is None:
        raise Conflict("delivery.not_suspended")
    added = int((now - standing.deadline_at).total_seconds()) + standing.remaining_seconds
    standing.extra_seconds += max(0, added)
    standing.deadline_at = now + timedelta(seconds=standing.remaining_seconds)
    standing.state, standing.remaining_seconds = AttemptState.RUNNING, None
    _record(session, "attempt.resumed", standing, actor, now)
    return standing


def close_expired(runtime: Runtime, batch: int = 200) -> int:
    """Hands in what ran out of time, in batches; returns how many."""
    closed = 0
    while True:
        with runtime.unit_of_work(read_only=True) as session:
            now = runtime.clock.now()
            query = select(Attempt.id).where(
                Attempt.state == AttemptState.RUNNING, Attempt.deadline_at < now - rules.GRACE
            )
            ids = session.scalars(query.limit(batch)).all()
        if not ids:
            return closed
        with runtime.unit_of_work() as session:
            expired = session.scalars(
                select(Attempt).where(Attempt.id.in_(ids), Attempt.state == AttemptState.RUNNING).with_for_update()
            ).all()
            # A proctor may have added time since the reading.
            late = [each for each in expired if each.deadline_at < now - rules.GRACE]
            for standing in late:
                _hand_in(session, standing, CLOCK, now, reason="")
            closed += len(late)
            if not late:
                return closed


def _hand_in(session: Session, standing: Attempt, actor: str, now: datetime, reason: str) -> Attempt:
    sitting, registration = sitting_key(standing.sitting_id), registration_key(standing.registration_id)
    view = sittings.sitting(session, standing.sitting_id)
    done: dict[str, Any]
    if view.part is Part.PRACTICAL:
        done = {"files": tasks.written(tasks.files_of(session, [standing.id])[standing.id])}
    else:
        done = {"answers": answers_of(session, [standing.id]).get(standing.id, {})}
    if happened := events.events_of(session, standing.id):
        done["events"] = events.digest(happened)
    standing.state, standing.submitted_at, standing.submitted_by = AttemptState.SUBMITTED, now, actor
    standing.remaining_seconds = None
    standing.receipt_entry = ledger.record(
        session,
        kind="attempt.submitted",
        actor=actor,
        subject=f"attempt:{standing.id}",
        now=now,
        public={"sitting": sitting},
        private={
            "registration": registration,
            **_given(session, view, standing.registration_id, standing.form),
            **done,
            "reason": reason,
        },
    )
    return standing


def own_attempt(session: Session, attempt_id: UUID, registration_id: UUID) -> Attempt:
    """The candidate's own attempt; raises NotAllowed for another's."""
    found = attempt(session, attempt_id)
    if found.registration_id != registration_id:
        raise NotAllowed("not_allowed")
    return found


def _reason(reason: str) -> None:
    if not reason.strip():
        raise Invalid([Problem("reason", "delivery.reason_missing")])


def _record(
    session: Session, kind: str, standing: Attempt, actor: str, now: datetime, private: dict[str, Any] | None = None
) -> None:
    ledger.record(session, **_entry(kind, standing, actor, now, private))


def _entry(
    kind: str, standing: Attempt, actor: str, now: datetime, private: dict[str, Any] | None = None
) -> dict[str, Any]:
    return {
        "kind": kind,
        "actor": actor,
        "subject": f"attempt:{standing.id}",
        "now": now,
        "public": {"sitting": sitting_key(standing.sitting_id)},
        "private": {"registration": registration_key(standing.registration_id), **(private or {})},
    }
