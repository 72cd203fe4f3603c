"""What becomes of a certificate: suspended by one person at once; revoked, reinstated or issued again by two."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.certificates import hooks, rules
from certengine.certificates.models import (
    STANDING_STATES,
    Certificate,
    CertificateAct,
    CertificateState,
)
from certengine.certificates.press import Press, content_of
from certengine.certificates.rules import CertificateContent, ReasonClass
from certengine.certificates.typesetting import missing_characters
from certengine.foundation.clock import CHINA
from certengine.foundation.errors import Conflict, Invalid, NotFound, Problem
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger

ASKED = {
    CertificateAct.REVOKE: "certificate.revocation_asked",
    CertificateAct.REISSUE: "certificate.reissue_asked",
    CertificateAct.REINSTATE: "certificate.reinstatement_asked",
}
CANCELLED = {
    CertificateAct.REVOKE: "certificate.revocation_cancelled",
    CertificateAct.REISSUE: "certificate.reissue_cancelled",
    CertificateAct.REINSTATE: "certificate.reinstatement_cancelled",
}
# From which states each act is asked for.
FROM = {
    CertificateAct.REVOKE: STANDING_STATES,
    CertificateAct.REISSUE: (CertificateState.VALID,),
    CertificateAct.REINSTATE: (CertificateState.SUSPENDED,),
}


def suspend(
    session: Session, certificate_id: UUID, reason_class: ReasonClass, reason: str, actor: str, now: datetime
) -> Certificate:
    """One person may suspend, for a doubt cannot wait; to lift it takes two."""
    reason = _reason(reason)
    row = _standing(session, certificate_id)
    if row.state is CertificateState.SUSPENDED:
        raise Conflict("certificate.not_valid")
    row.state, row.suspended_at = CertificateState.SUSPENDED, now
    row.reason_class, row.reason = reason_class, reason
    if row.asked_act is CertificateAct.REISSUE:
        _forget_request(row)
    _record(session, "certificate.suspended", row, actor, now, {"reason": row.reason})
    return row


def ask(
    session: Session,
    certificate_id: UUID,
    act: CertificateAct,
    reason: str,
    actor: str,
    now: datetime,
    *,
    reason_class: ReasonClass | None = None,
    proposal: Mapping[str, Any] | None = None,
) -> Certificate:
    """The first of the two people. proposal: of a reissue, the corrected parts of the content."""
    reason = _reason(reason)
    row = _standing(session, certificate_id)
    if row.state not in FROM[act] and not (act is CertificateAct.REISSUE and row.reason_class is ReasonClass.KEY):
        raise Conflict("certificate.not_valid")
    if row.asked_act is not None:
        raise Conflict("certificate.asked_already")
    if act is CertificateAct.REISSUE and (missing := missing_characters("".join(map(str, (proposal or {}).values())))):
        values = {"character": missing[0], "point": f"U+{ord(missing[0]):04X}"}
        raise Invalid([Problem("holder_name", "certificate.no_glyph", values)])
    row.asked_act, row.asked_by, row.asked_at = act, actor, now
    # The reasons of a suspension stand until another act takes its place.
    words = {"reason": reason, "reason_class": reason_class.value if reason_class else None}
    row.proposal = {**words, "changes": dict(proposal or {})}
    _record(session, ASKED[act], row, actor, now, {"reason": reason})
    return row


def cancel(session: Session, certificate_id: UUID, actor: str, now: datetime) -> Certificate:
    row = _standing(session, certificate_id)
    if row.asked_act is None:
        raise Conflict("certificate.not_asked")
    kind = CANCELLED[row.asked_act]
    _forget_request(row)
    _record(session, kind, row, actor, now, {})
    return row


def confirm(session: Session, runtime: Runtime, certificate_id: UUID, actor: str, now: datetime) -> Certificate:
    """The second person, who must be another than the first; of a reissue the new certificate is given back."""
    row = _standing(session, certificate_id)
    act = _asked(row, actor)
    if act is CertificateAct.REVOKE:
        return _revoked(session, row, actor, now)
    if act is CertificateAct.REINSTATE:
        asked_by = row.asked_by
        _forget_request(row)
        row.state, row.suspended_at, row.reason, row.reason_class = CertificateState.VALID, None, None, None
        _record(session, "certificate.reinstated", row, actor, now, {"asked_by": asked_by})
        return row
    asked: dict[str, Any] = row.proposal or {}
    content = replace(content_of(session, row), **asked["changes"])
    return supersede(session, runtime, row.id, content, asked["reason"], actor, now)


def _asked(row: Certificate, actor: str) -> CertificateAct:
    if row.asked_act is None:
        raise Conflict("certificate.not_asked")
    if row.asked_by == actor:
        raise Conflict("certificate.second_person")
    return row.asked_act


def ask_revocation(
    session: Session,
    certificate_id: UUID,
    reason: str,
    actor: str,
    now: datetime,
    reason_class: ReasonClass = ReasonClass.ORDER,
) -> Certificate:
    """The first of the two people."""
    return ask(session, certificate_id, CertificateAct.REVOKE, reason, actor, now, reason_class=reason_class)


def cancel_revocation(session: Session, certificate_id: UUID, actor: str, now: datetime) -> Certificate:
    return cancel(session, certificate_id, actor, now)


def confirm_revocation(session: Session, certificate_id: UUID, actor: str, now: datetime) -> Certificate:
    """The second person, who must be another than the first."""
    row = _standing(session, certificate_id)
    if _asked(row, actor) is not CertificateAct.REVOKE:
        raise Conflict("certificate.not_asked")
    return _revoked(session, row, actor, now)


def revoke(
    session: Session,
    certificate_id: UUID,
    reason: str,
    actor: str,
    second_actor: str,
    now: datetime,
    reason_class: ReasonClass = ReasonClass.ORDER,
) -> Certificate:
    """Both steps at once, for a decision that two people have signed already."""
    ask_revocation(session, certificate_id, reason, actor, now, reason_class)
    return confirm_revocation(session, certificate_id, second_actor, now)


def _revoked(session: Session, row: Certificate, actor: str, now: datetime) -> Certificate:
    asked: dict[str, Any] = row.proposal or {}
    row.state, row.ended_at, row.ended_by = CertificateState.REVOKED, now, actor
    row.reason = asked.get("reason") or row.reason
    row.reason_class = ReasonClass(asked.get("reason_class") or ReasonClass.ORDER.value)
    session.flush()
    _record(session, "certificate.revoked", row, actor, now, {"asked_by": row.asked_by})
    return row


def supersede(
    session: Session,
    runtime: Runtime,
    certificate_id: UUID,
    content: CertificateContent,
    reason: str,
    actor: str,
    now: datetime,
) -> Certificate:
    """Issues a corrected certificate in the place of one, after two people have decided so; the old one says that it
    was replaced."""
    if problem := rules.address_problem(runtime.settings.base_url, runtime.settings.demonstration):
        raise Invalid([Problem("", problem)])
    reason = _reason(reason)
    row = _standing(session, certificate_id)
    # Of a key that was compromised, what is suspended for it is issued again as well.
    if row.state is not CertificateState.VALID and row.reason_class is not ReasonClass.KEY:
        raise Conflict("certificate.not_valid")
    row.state, row.ended_at, row.ended_by, row.reason = CertificateState.SUPERSEDED, now, actor, reason
    session.flush()
    issued_on = now.astimezone(CHINA).date()
    made = Press(session, runtime, actor, now).issue(
        replace(content, subject=row.subject, issued_on=issued_on), predecessor=row.id
    )
    row.successor_id = made.id
    private = {"successor": str(made.id), "reason": reason, "asked_by": row.asked_by}
    _record(session, "certificate.superseded", row, actor, now, private)
    return made


def show_successor(
    session: Session, certificate_id: UUID, document_index: str, shown: bool, actor: str, now: datetime
) -> Certificate:
    """The holder's consent that whoever scans the old certificate is led to the new one. Raises NotFound for others."""
    row = session.get(Certificate, certificate_id, with_for_update=True)
    if row is None or row.document_index != document_index or row.state is not CertificateState.SUPERSEDED:
        raise NotFound("certificate.not_found")
    row.successor_shown = shown
    _record(session, "certificate.successor_shown", row, actor, now, {"shown": shown})
    return row


def _reason(reason: str) -> str:
    if not reason.strip():
        raise Invalid([Problem("reason", "certificate.reason_missing")])
    return reason.strip()


def _forget_request(row: Certificate) -> None:
    row.asked_act = row.asked_by = row.asked_at = row.proposal = None


def _standing(session: Session, certificate_id: UUID) -> Certificate:
    row = session.scalar(select(Certificate).where(Certificate.id == certificate_id).with_for_update())
    if row is None:
        raise NotFound("certificate.not_found")
    if row.state not in STANDING_STATES:
        raise Conflict("certificate.not_valid")
    return row


def _record(session: Session, kind: str, row: Certificate, actor: str, now: datetime, private: dict[str, Any]) -> None:
    ledger.record(
        session,
        kind=kind,
        actor=actor,
        subject=f"certificate:{row.id}",
        now=now,
        public={"pdf": row.pdf},
        private={"code": row.code, **private},
    )
    hooks.announce(session, kind, row, now)
