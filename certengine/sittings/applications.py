"""Registering oneself: applying within the window, an officer's decision, the waiting list, and one's way back."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from certengine.foundation.clock import CHINA
from certengine.foundation.errors import Conflict, Invalid, NotFound, Problem
from certengine.foundation.ids import random_code
from certengine.foundation.keys import FieldCipher
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.people import rules as people_rules
from certengine.people import service as people
from certengine.people.models import DocumentType
from certengine.people.service import PersonFacts
from certengine.sittings import portraits, proofs, rules, service
from certengine.sittings.importing import portrait
from certengine.sittings.models import Application, ApplicationState, ExamPlan, Registration, RegistrationState
from certengine.sittings.service import CandidateFacts
from certengine.standards import service as standards

OPEN_STATES = (ApplicationState.SUBMITTED, ApplicationState.RETURNED)


@dataclass(frozen=True)
class Window:
    """When a plan takes applications."""

    opens_at: datetime | None
    closes_at: datetime | None

    def problem(self, now: datetime) -> str | None:
        if self.opens_at is None or self.closes_at is None:
            return "applications.by_list"
        if now < self.opens_at:
            return "applications.not_open"
        return "applications.closed" if now >= self.closes_at else None


def window(plan: ExamPlan) -> Window:
    return Window(plan.opens_at, plan.closes_at)


def set_window(
    session: Session, plan: ExamPlan, opens_at: datetime | None, closes_at: datetime | None, actor: str, now: datetime
) -> None:
    """Both or neither. Raises Invalid."""
    if (opens_at is None) != (closes_at is None):
        raise Invalid([Problem("closes_at", "applications.both")])
    if opens_at is not None and closes_at is not None and closes_at <= opens_at:
        raise Invalid([Problem("closes_at", "applications.order")])
    plan.opens_at, plan.closes_at = opens_at, closes_at
    spelled = [each.isoformat() if each else None for each in (opens_at, closes_at)]
    key = f"exam_plan:{plan.id}"
    public = {"opens_at": spelled[0], "closes_at": spelled[1]}
    ledger.record(session, kind="exam.window_set", actor=actor, subject=key, now=now, public=public)


def open_plans(session: Session, now: datetime) -> Sequence[ExamPlan]:
    """Those that take applications now, the first to close before the others."""
    query = select(ExamPlan).where(ExamPlan.opens_at <= now, ExamPlan.closes_at > now)
    return session.scalars(query.order_by(ExamPlan.closes_at, ExamPlan.id)).all()


def plan_to_apply(session: Session, plan_id: UUID) -> ExamPlan:
    """Raises NotFound for a plan that takes candidates by list alone."""
    plan = session.get(ExamPlan, plan_id)
    if plan is None or plan.opens_at is None:
        raise NotFound("sittings.no_plan")
    return plan


def apply(
    session: Session, runtime: Runtime, plan: ExamPlan, facts: CandidateFacts, photo: bytes, now: datetime
) -> Application:
    """A new application, or the one that was sent back put right.

    Raises Conflict outside the window or where the person has applied already, Invalid with what is wrong.
    """
    given = _given(runtime, plan, facts, photo, True, now)
    found = _of_document(session, plan, given)
    if found is None:
        found = Application(exam_plan_id=plan.id, number=random_code(10), created_at=now, comment="")
        session.add(found)
    elif found.state not in (ApplicationState.RETURNED, ApplicationState.WITHDRAWN):
        raise Conflict("applications.already")
    return _fill(session, runtime, plan, found, given, now)


def correct(
    session: Session, runtime: Runtime, found: Application, facts: CandidateFacts, photo: bytes, now: datetime
) -> Application:
    """Puts an application right that is not decided, or was sent back; without a picture the one from before stays.

    Raises Conflict once it is decided, outside the window, or where the document's holder has another application;
    Invalid with what is wrong.
    """
    plan = _locked(session, found)
    if found.state not in OPEN_STATES:
        raise Conflict("applications.decided")
    given = _given(runtime, plan, facts, photo, found.photo is None, now)
    if _of_document(session, plan, given) not in (None, found):
        raise Conflict("applications.already")
    return _fill(session, runtime, plan, found, given, now)


def apply_for(
    session: Session, runtime: Runtime, plan: ExamPlan, facts: CandidateFacts, organisation_id: UUID, now: datetime
) -> bool:
    """An application made by an organisation, whose photograph may come later; False where it has made it already.

    Raises Conflict outside the window or where the person has applied otherwise, Invalid with what is wrong.
    """
    given = _given(runtime, plan, facts, b"", False, now)
    found = _of_document(session, plan, given)
    if found is not None and found.applied_by != organisation_id:
        raise Conflict("applications.already")
    if found is not None and found.state not in (ApplicationState.RETURNED, ApplicationState.WITHDRAWN):
        return False
    if found is None:
        found = Application(exam_plan_id=plan.id, number=random_code(10), created_at=now, comment="")
        found.applied_by = organisation_id
        session.add(found)
    _fill(session, runtime, plan, found, given, now)
    return True


def set_photo(session: Session, runtime: Runtime, found: Application, content: bytes, now: datetime) -> None:
    """Raises Invalid for what is no picture, Conflict once it is decided."""
    if found.state not in OPEN_STATES:
        raise Conflict("applications.decided")
    before, found.photo, found.changed_at = found.photo, runtime.files.put(portrait(content)), now
    session.flush()
    if before and before != found.photo:
        portraits.drop_unused(session, runtime, [before])


@dataclass(frozen=True)
class _Given:
    """What somebody writes of themselves, as it is kept; portrait: None where the one from before stays."""

    facts: CandidateFacts
    name: str
    number: str
    index: str
    masked: str
    portrait: bytes | None


def _given(
    runtime: Runtime, plan: ExamPlan, facts: CandidateFacts, photo: bytes, photo_needed: bool, now: datetime
) -> _Given:
    if problem := window(plan).problem(now):
        raise Conflict(problem)
    name, number, index, masked, faults = _person(runtime.cipher, facts.person, now)
    kept = None
    if photo:
        try:
            kept = portrait(photo)
        except Invalid as error:
            faults.extend(Problem("photo", each.code, each.values) for each in error.problems)
    elif photo_needed:
        faults.append(Problem("photo", "applications.photo_missing"))
    if faults:
        raise Invalid(faults)
    return _Given(facts, name, number, index, masked, kept)


def _of_document(session: Session, plan: ExamPlan, given: _Given) -> Application | None:
    query = select(Application).where(Application.exam_plan_id == plan.id, Application.document_index == given.index)
    return session.scalar(query.with_for_update())


def _fill(
    session: Session, runtime: Runtime, plan: ExamPlan, found: Application, given: _Given, now: datetime
) -> Application:
    facts = given.facts
    judgement = standards.judge(standards.standard(plan.field), plan.level, facts.evidence)
    found.name, found.document_index, found.document_masked = given.name, given.index, given.masked
    sealed = {"type": facts.person.document_type.value, "number": given.number, "name": facts.person.name}
    found.sealed = runtime.cipher.encrypt(json.dumps(sealed, ensure_ascii=False))
    found.employer, found.evidence = facts.employer, rules.evidence_to_json(facts.evidence)
    before = found.photo
    if given.portrait is not None:
        found.photo = runtime.files.put(given.portrait)
    found.eligible, found.state, found.changed_at = judgement.met, ApplicationState.SUBMITTED, now
    session.flush()
    if before and before != found.photo:
        portraits.drop_unused(session, runtime, [before])
    _record(session, "application.submitted", found, f"application:{found.id}", now)
    return found


def facts_of(runtime: Runtime, found: Application) -> CandidateFacts:
    """What the applicant has given."""
    stored = json.loads(runtime.cipher.decrypt(found.sealed))
    person = PersonFacts(stored["name"], DocumentType(stored["type"]), stored["number"])
    return CandidateFacts(person, rules.evidence_from_json(found.evidence), found.employer)


def _person(cipher: FieldCipher, facts: PersonFacts, now: datetime) -> tuple[str, str, str, str, list[Problem]]:
    """(name, number, blind index, masked number, what is wrong); nothing is looked up, so nothing is told of others."""
    name = people_rules.fold_name(facts.name)
    faults = []
    if problem := people_rules.name_problem(name):
        faults.append(Problem("name", problem))
    parsed = people_rules.parse_document(facts.document_type, facts.number, now.astimezone(CHINA).date())
    if isinstance(parsed, str):
        return name, "", "", "", [*faults, Problem("number", parsed)]
    number = parsed[0]
    index = people.document_index(cipher, facts.document_type, number)
    return name, number, index, people_rules.mask_document(number), faults


def own(session: Session, cipher: FieldCipher, number: str, document: str) -> Application:
    """By its number and the document's. Raises NotFound, whichever of them is wrong."""
    found = session.scalar(select(Application).where(Application.number == number.strip().upper()))
    if found is not None:
        stored = json.loads(cipher.decrypt(found.sealed))
        if stored["number"] == document.strip().upper().replace(" ", ""):
            return found
    raise NotFound("applications.not_found")


def applications_query(exam_plan_id: UUID, state: str = "", sought: str = "") -> Select[Any]:
    """In the order in which they came; who waits for a decision first comes first by filter."""
    query = select(Application).where(Application.exam_plan_id == exam_plan_id)
    if state in {each.value for each in ApplicationState}:
        query = query.where(Application.state == ApplicationState(state))
    if sought:
        query = query.where(Application.name.icontains(sought, autoescape=True))
    return query.order_by(Application.created_at, Application.id)


def application_of(session: Session, organisation_id: UUID, application_id: UUID) -> Application:
    """Raises NotFound, for another organisation's too."""
    found = session.get(Application, application_id)
    if found is None or found.plan.organisation_id != organisation_id:
        raise NotFound("applications.not_found")
    return found


def accept(
    session: Session, runtime: Runtime, found: Application, actor: str, now: datetime, *, originals_seen: bool = False
) -> Application:
    """Registers the applicant, or puts them on the waiting list when the plan is full.

    Raises Conflict when decided, or while documents are missing whose originals nobody has seen; Invalid where the
    identity document is known under another name.
    """
    plan = _locked(session, found)
    if found.state is not ApplicationState.SUBMITTED:
        raise Conflict("applications.decided")
    if (
        missing := proofs.missing(proofs.judgement_of(found), proofs.of_application(session, found.id))
    ) and not originals_seen:
        raise Conflict("applications.proofs_missing")
    found.decided_by, found.decided_at, found.comment = actor, now, ""
    if missing:
        _record(session, "application.originals_seen", found, actor, now, missing=[each.value for each in missing])
    if service.places_left(session, plan) < 1:
        found.state = ApplicationState.WAITING
        _record(session, "application.waiting", found, actor, now)
        return found
    _register(session, runtime, plan, found, actor, now)
    return found


def _locked(session: Session, found: Application) -> ExamPlan:
    return session.scalars(select(ExamPlan).where(ExamPlan.id == found.exam_plan_id).with_for_update()).one()


def _register(
    session: Session, runtime: Runtime, plan: ExamPlan, found: Application, actor: str, now: datetime
) -> None:
    registration, _new = service.register(session, runtime.cipher, plan, facts_of(runtime, found), actor, now)
    if found.photo:
        portraits.replace(session, runtime, registration.person_id, found.photo)
    found.state, found.registration_id = ApplicationState.ACCEPTED, registration.id
    proofs.hand_over(session, found.id, registration.id)
    session.flush()
    _record(session, "application.accepted", found, actor, now)


def decline(
    session: Session, found: Application, comment: str, *, final: bool, actor: str, now: datetime
) -> Application:
    """Sends an application back to be put right, or refuses it for good. Raises Invalid without a reason."""
    if found.state is not ApplicationState.SUBMITTED:
        raise Conflict("applications.decided")
    if not comment.strip():
        raise Invalid([Problem("comment", "applications.reason_missing")])
    found.state = ApplicationState.REFUSED if final else ApplicationState.RETURNED
    found.comment, found.decided_by, found.decided_at = comment.strip()[:500], actor, now
    _record(session, "application.refused" if final else "application.returned", found, actor, now)
    return found


def withdraw(session: Session, runtime: Runtime, found: Application, now: datetime) -> None:
    """The applicant takes the application back; a seat that was theirs goes to who waits. Raises Conflict too late."""
    _locked(session, found)
    if found.state in (ApplicationState.REFUSED, ApplicationState.WITHDRAWN):
        raise Conflict("applications.decided")
    actor = f"application:{found.id}"
    if found.registration_id is not None:
        registration = session.get_one(Registration, found.registration_id)
        if registration.state is RegistrationState.REGISTERED:
            service.withdraw(session, registration, actor, now)
    found.state, found.changed_at = ApplicationState.WITHDRAWN, now
    _record(session, "application.withdrawn", found, actor, now)
    promote(session, runtime, found.exam_plan_id, now)


def promote(session: Session, runtime: Runtime, exam_plan_id: UUID, now: datetime) -> int:
    """Gives free places to those who wait, in the order in which they were accepted; returns how many."""
    plan = session.scalars(select(ExamPlan).where(ExamPlan.id == exam_plan_id).with_for_update()).one()
    session.flush()
    free = service.places_left(session, plan)
    waiting = session.scalars(
        select(Application)
        .where(Application.exam_plan_id == exam_plan_id, Application.state == ApplicationState.WAITING)
        .order_by(Application.decided_at, Application.id)
        .limit(max(0, free))
    ).all()
    for each in waiting:
        _register(session, runtime, plan, each, "system:waiting list", now)
    return len(waiting)


def place_in_line(session: Session, found: Application) -> int:
    """1 is the next to get a place; 0 where nobody waits here."""
    if found.state is not ApplicationState.WAITING:
        return 0
    before = session.scalars(
        select(Application.id)
        .where(Application.exam_plan_id == found.exam_plan_id, Application.state == ApplicationState.WAITING)
        .order_by(Application.decided_at, Application.id)
    ).all()
    return before.index(found.id) + 1


def _record(
    session: Session, kind: str, found: Application, actor: str, now: datetime, missing: Sequence[str] = ()
) -> None:
    ledger.record(
        session,
        kind=kind,
        actor=actor,
        subject=f"application:{found.id}",
        now=now,
        private={"plan": str(found.exam_plan_id), "eligible": found.eligible, "comment": found.comment}
        | ({"missing": list(missing)} if missing else {}),
    )
