"""What a holder does alone: a link to all their certificates with an end date, and the way back into a lost account."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.certificates.models import Certificate, CertificateShare
from certengine.foundation.clock import CHINA
from certengine.foundation.errors import Invalid, NotFound, Problem
from certengine.foundation.ids import fold_code, random_code
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.people.models import Account, Person
from certengine.people.permissions import Role

# 130 bits.
TOKEN = 26
LONGEST = 366


def make(
    session: Session, runtime: Runtime, document_index: str, days: int, actor: str, now: datetime
) -> CertificateShare:
    """A link that shows the holder's certificates through the last of so many days in China. Raises Invalid."""
    if not 1 <= days <= LONGEST:
        raise Invalid([Problem("days", "certificate.share_days")])
    token = random_code(TOKEN)
    row = CertificateShare(
        document_index=document_index,
        token_hash=_hash(token),
        token_sealed=runtime.cipher.encrypt(token),
        ends_on=(now + timedelta(days=days)).astimezone(CHINA).date(),
        made_at=now,
    )
    session.add(row)
    session.flush()
    _record(session, "certificate.shared", row, actor, now)
    return row


def token_of(runtime: Runtime, row: CertificateShare) -> str:
    return runtime.cipher.decrypt(row.token_sealed)


def standing(session: Session, document_index: str, now: datetime) -> Sequence[CertificateShare]:
    """The links that still open, newest first."""
    query = select(CertificateShare).where(
        CertificateShare.document_index == document_index,
        CertificateShare.ended_at.is_(None),
        CertificateShare.ends_on >= now.astimezone(CHINA).date(),
    )
    return session.scalars(query.order_by(CertificateShare.made_at.desc(), CertificateShare.id.desc())).all()


def opened(session: Session, token: str, now: datetime) -> CertificateShare:
    """Raises NotFound for one that never was, is over or was taken back, without saying which."""
    row = session.scalar(select(CertificateShare).where(CertificateShare.token_hash == _hash(fold_code(token))))
    if row is None or row.ended_at is not None or row.ends_on < now.astimezone(CHINA).date():
        raise NotFound("certificate.no_share")
    return row


def end(session: Session, share_id: UUID, document_index: str, actor: str, now: datetime) -> None:
    """Raises NotFound, for another's too."""
    row = session.get(CertificateShare, share_id, with_for_update=True)
    if row is None or row.document_index != document_index or row.ended_at is not None:
        raise NotFound("certificate.no_share")
    row.ended_at = now
    _record(session, "certificate.share_ended", row, actor, now)


def holders_account(session: Session, document_index: str, code: str) -> Account | None:
    """The account of whoever holds this document and a certificate with this code; of trainees alone, since a staff
    account does more than show certificates."""
    held = select(Certificate.id).where(
        Certificate.document_index == document_index, Certificate.code == fold_code(code)
    )
    if session.scalar(held) is None:
        return None
    query = select(Account).join(Person, Account.person_id == Person.id)
    found = session.scalars(query.where(Person.document_index == document_index, Account.active)).all()
    mine = [each for each in found if {part.role for part in each.roles} == {Role.TRAINEE}]
    return mine[0] if len(mine) == 1 else None


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _record(session: Session, kind: str, row: CertificateShare, actor: str, now: datetime) -> None:
    private = {"ends_on": row.ends_on.isoformat()}
    ledger.record(session, kind=kind, actor=actor, subject=f"certificate_share:{row.id}", now=now, private=private)
