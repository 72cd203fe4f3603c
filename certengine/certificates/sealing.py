"""Certificates' files completed with their evidence once the ledger's checkpoint covers them, and stamped again in time.

The file that was issued stays as it is, byte for byte; each sealed one begins with it.
"""

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from certengine.certificates import authority, checking, evidence, ledger_proof, stamping
from certengine.certificates.evidence import COUNTERSIGNATURE, LEDGER_PROOF, Evidence
from certengine.certificates.models import Certificate, CertificateFile, CertificateState, SigningCertificate
from certengine.certificates.signing import CONTENTS, LARGE_CONTENTS, Signer
from certengine.certificates.verify import verify
from certengine.foundation.errors import Conflict
from certengine.foundation.runtime import Runtime
from certengine.ledger import cosignatures
from certengine.ledger import service as ledger

NOT_GOOD = "certificate.not_sealed"
RESTAMP = "certificate.restamp"
# One transaction.
BATCH = 50
# How long a file waits for a witness's cosignature before it is sealed with the log's own signature alone.
PATIENCE = timedelta(hours=1)
# Stamped again when the newest stamp's authority lasts for less than this.
AHEAD = timedelta(days=365 * 2)


class Sealer:
    """What is the same for all files of one batch: the authorities' certificates, their lists, who tells the time."""

    def __init__(self, session: Session, runtime: Runtime, now: datetime) -> None:
        self._session, self._runtime, self._now = session, runtime, now
        self._stamp = authority.stamp(session, runtime, now)
        rows = authority.authorities(session)
        self._certificates = tuple(row.der for row in rows)
        self._lists = tuple(authority.list_of(session, runtime, row, now) for row in rows)
        self._known = checking.known(session, runtime)
        self._roots = authority.roots(session)

    def extended(self, pdf: bytes, proof: bytes | None) -> tuple[bytes, datetime]:
        """The file with its next revision, and until when its new stamp lasts.

        Raises Conflict where the file is not good now: what is damaged is never made to look whole.
        """
        return self._checked(pdf, lambda: self._with(pdf, (LEDGER_PROOF, proof) if proof else None, evidence.ROOM))

    def countersigned(self, pdf: bytes, signer: Signer) -> tuple[bytes, datetime]:
        """The file with a revision that bears this department's signature over it; as `extended`."""

        def made() -> bytes:
            content = signer.cms(hashlib.sha256(pdf).digest())
            # A stamp of ours is short; another authority's is not known before it comes.
            beside = LARGE_CONTENTS if self._runtime.settings.tsa_url else CONTENTS
            return self._with(pdf, (COUNTERSIGNATURE, content), beside + len(content))

        return self._checked(pdf, made)

    def _checked(self, pdf: bytes, make: Callable[[], bytes]) -> tuple[bytes, datetime]:
        if not verify(pdf, self._roots, self._known).valid:
            raise Conflict(NOT_GOOD)
        made = make()
        after = verify(made, self._roots, self._known)
        if not after.valid:
            raise Conflict(NOT_GOOD)
        return made, after.stamps[-1].until

    def _with(self, pdf: bytes, attribute: tuple[str, bytes] | None, room: int) -> bytes:
        def token(digest: bytes) -> bytes:
            given = self._stamp(digest)
            return stamping.with_attribute(given, *attribute) if attribute else given

        return evidence.extend(pdf, self._evidence(pdf), token, room)

    def _evidence(self, pdf: bytes) -> Evidence:
        new = tuple(der for der in self._certificates if der not in pdf)
        return Evidence(new, self._lists)


def seal_next(session: Session, runtime: Runtime, now: datetime, after: UUID | None = None) -> tuple[int, UUID | None]:
    """Seals those of the next batch that a checkpoint covers; returns how many, and the last one looked at."""
    # What was suspended or ended meanwhile needs no evidence, or will be looked at again when it is valid.
    query = select(Certificate).where(Certificate.sealed.is_(None), Certificate.state == CertificateState.VALID)
    query = query.order_by(Certificate.id).limit(BATCH)
    rows = session.scalars((query.where(Certificate.id > after) if after else query).with_for_update()).all()
    if not rows:
        return 0, None
    sealer, done = Sealer(session, runtime, now), 0
    for row in rows:
        proof = _proof(session, runtime, row, now)
        pdf = runtime.files.get(row.pdf) if proof is not None and runtime.files.is_whole(row.pdf) else None
        if pdf is not None:
            done += _extended(session, runtime, sealer, row, pdf, proof, now)
    return done, rows[-1].id


def _extended(
    session: Session, runtime: Runtime, sealer: Sealer, row: Certificate, pdf: bytes, proof: bytes | None, now: datetime
) -> bool:
    """Whether the file was extended: one that is not good is left as it is and keeps nobody else's waiting."""
    try:
        made = sealer.extended(pdf, proof)
    except Conflict as error:
        # That nobody tells the time is no fault of the file's.
        if error.code != NOT_GOOD:
            raise
        return False
    keep(session, runtime, row, made, now)
    return True


def _proof(session: Session, runtime: Runtime, row: Certificate, now: datetime) -> bytes | None:
    """The ledger's proof of the issue, under a checkpoint that witnesses have signed where there are any."""
    receipt = ledger.receipt(session, row.ledger_entry)
    if runtime.settings.witnesses:
        witnessed = cosignatures.witnessed_receipt(session, row.ledger_entry)
        if witnessed is not None:
            receipt = witnessed
        elif now - row.issued_at <= PATIENCE:
            return None
    return None if receipt.pending else ledger_proof.encode(receipt.as_json())


def keep(session: Session, runtime: Runtime, row: Certificate, made: tuple[bytes, datetime], now: datetime) -> None:
    """What a `Sealer` has made is the file that is handed out from now on."""
    pdf, until = made
    digest = runtime.files.put(pdf)
    session.add(CertificateFile(digest=digest, certificate_id=row.id, made_at=now))
    row.sealed, row.evidence_until = digest, until
    session.flush()


def seal_all(runtime: Runtime) -> int:
    """Seals everything that a checkpoint covers, a batch at a time; returns how many."""
    done, after = 0, None
    while True:
        with runtime.unit_of_work() as session:
            sealed, after = seal_next(session, runtime, runtime.clock.now(), after)
        if after is None:
            return done
        done += sealed


def aging(session: Session, before: datetime) -> int:
    """How many certificates bear a stamp that does not last until then."""
    return session.scalar(select(func.count()).select_from(Certificate).where(Certificate.evidence_until < before)) or 0


def age(session: Session, stampers: Sequence[SigningCertificate], since: datetime) -> int:
    """Has every file stamped again whose newest time stamp is of one of these; returns how many they are."""
    ends = [row.not_after for row in stampers]
    above = [session.get_one(SigningCertificate, row.issuer_id).not_after for row in stampers if row.issuer_id]
    mine = Certificate.evidence_until.in_({*ends, *above})
    count = session.scalar(select(func.count()).select_from(Certificate).where(mine)) or 0
    session.execute(update(Certificate).where(mine).values(evidence_until=since))
    return count


def restamp_next(
    session: Session, runtime: Runtime, before: datetime, now: datetime, after: UUID | None = None
) -> tuple[int, UUID | None]:
    """Stamps the next batch of those whose stamp does not last until `before` again; as `seal_next`."""
    query = select(Certificate).where(Certificate.evidence_until < before).order_by(Certificate.id).limit(BATCH)
    rows: Sequence[Certificate] = session.scalars(
        (query.where(Certificate.id > after) if after else query).with_for_update()
    ).all()
    if not rows:
        return 0, None
    sealer, done = Sealer(session, runtime, now), 0
    for row in rows:
        if runtime.files.is_whole(row.file):
            # With a newer proof as well: of a log whose key was replaced, the older one tells nobody anything more.
            proof = _proof(session, runtime, row, now)
            done += _extended(session, runtime, sealer, row, runtime.files.get(row.file), proof, now)
    ledger.record(
        session,
        kind="certificate.restamped",
        actor="system",
        subject="certificates",
        now=now,
        public={"count": done},
        private={},
    )
    return done, rows[-1].id


def restamp_all(runtime: Runtime, before: datetime) -> int:
    """Stamps everything again whose stamp does not last until then; returns how many."""
    done, after = 0, None
    while True:
        with runtime.unit_of_work() as session:
            stamped, after = restamp_next(session, runtime, before, runtime.clock.now(), after)
        if after is None:
            return done
        done += stamped
