"""Whether every number that was given out is borne by a certificate, and of one that is not, why.

A number is taken in the transaction that issues: one that is rolled back gives it back, and what is revoked or replaced
keeps its own. So a gap never comes of use; it is said what is known of it, and it is an alarm.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from certengine.certificates import numbers
from certengine.certificates.models import Certificate, CertificateSeries, CertificateState
from certengine.ledger import service as ledger
from certengine.ledger.models import LedgerEntry
from certengine.people import reach
from certengine.people.models import Organisation

# Of one series at most so many are looked into; more are counted.
MOST_NAMED = 200


@dataclass(frozen=True)
class Gap:
    """A number that no certificate bears. entry: the ledger's entry of its issue, whose certificate is gone; None: the
    ledger knows of none, so that the counter itself was changed."""

    serial: int
    number: str
    entry: int | None


@dataclass(frozen=True)
class Series:
    """An institution's numbers of a year. counts: certificates by their state; missing: how many are not borne;
    wrong: numbers that were never given out, or are borne by more than one."""

    organisation_id: UUID
    institution: str
    year: int
    last: int
    first_number: str
    last_number: str
    counts: dict[CertificateState, int]
    missing: int
    gaps: tuple[Gap, ...]
    wrong: tuple[int, ...]

    @property
    def issued(self) -> int:
        return sum(self.counts.values())

    @property
    def whole(self) -> bool:
        return not self.missing and not self.wrong


def report(session: Session, seen: UUID | str | None = None) -> list[Series]:
    """A line for each institution and year, the newest year first. seen: an organisation, the region of a department;
    None: all."""
    query = select(CertificateSeries, Organisation).join(
        Organisation, Organisation.id == CertificateSeries.organisation_id
    )
    if seen is not None:
        query = query.where(reach.sees(CertificateSeries.organisation_id, seen))
    rows = session.execute(query.order_by(CertificateSeries.year.desc(), Organisation.name)).all()
    return [_series(session, series, institution) for series, institution in rows]


def _series(session: Session, series: CertificateSeries, institution: Organisation) -> Series:
    mine = (Certificate.organisation_id == series.organisation_id) & (Certificate.year == series.year)
    states = session.execute(select(Certificate.state, func.count()).where(mine).group_by(Certificate.state))
    counts = {state: int(count) for state, count in states}
    distinct, lowest, highest = session.execute(
        select(
            func.count(Certificate.serial.distinct()), func.min(Certificate.serial), func.max(Certificate.serial)
        ).where(mine)
    ).one()
    gaps: list[Gap] = []
    missing: list[int] = []
    wrong: tuple[int, ...] = ()
    # Only where the three figures differ is it worth looking which is missing.
    if not (distinct == sum(counts.values()) == series.last == (highest or 0)):
        serials = session.scalars(select(Certificate.serial).where(mine).order_by(Certificate.serial)).all()
        missing, wrong = numbers.gaps(serials, series.last), _wrong(serials, series.last)
        gaps = _explained(session, institution, series.year, missing[:MOST_NAMED])
    return Series(
        institution.id,
        institution.name,
        series.year,
        series.last,
        _number(session, mine, lowest),
        _number(session, mine, highest),
        counts,
        len(missing),
        tuple(gaps),
        wrong,
    )


def _number(session: Session, mine: ColumnElement[bool], serial: int | None) -> str:
    return session.scalar(select(Certificate.number).where(mine, Certificate.serial == serial).limit(1)) or ""


def _wrong(serials: Sequence[int], last: int) -> tuple[int, ...]:
    twice = {each for before, each in zip(serials, serials[1:], strict=False) if before == each}
    return tuple(sorted(twice | {each for each in serials if not 1 <= each <= last}))


def _explained(session: Session, institution: Organisation, year: int, missing: Iterable[int]) -> list[Gap]:
    """With the ledger's entry of an issue whose certificate is no longer there."""
    standing = select(Certificate.ledger_entry)
    query = ledger.entries_query().where(LedgerEntry.kind == "certificate.issued", LedgerEntry.id.not_in(standing))
    lost = {}
    for entry in ledger.views(session, query):
        facts = entry.private.get("facts") or {}
        if facts.get("institution") == institution.name and str(facts.get("issued_on", "")).startswith(str(year)):
            lost[str(facts["number"])] = entry.index
    found = []
    for serial in missing:
        spelled = f"{serial:0{numbers.SERIAL_DIGITS}}"
        number = next((each for each in lost if spelled in each), "")
        found.append(Gap(serial, number, lost.get(number)))
    return found
