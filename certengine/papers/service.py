"""The draw of a sitting: seed committed, papers drawn and committed to, paper looked up, seed disclosed."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, insert, select
from sqlalchemy.orm import Session

from certengine.bank import service as bank
from certengine.bank.models import Bank, Release
from certengine.foundation.errors import Conflict, Invalid, NotFound, Problem
from certengine.foundation.ids import new_id
from certengine.foundation.keys import FieldCipher
from certengine.foundation.runtime import current
from certengine.ledger import service as ledger
from certengine.papers import commitments, disclosure, problems
from certengine.papers.beside import Earlier, Surroundings
from certengine.papers.making import capped, make_rules
from certengine.papers.models import DrawState, PaperBatch, PaperDraw, PaperRow
from certengine.papers.reading import (
    loaded,
    paper,
    paper_hash,
    paper_hashes,
    paper_proof,
    papers,
    papers_among,
)
from certengine.papers.rules import (
    Drawable,
    Paper,
    PaperRules,
    SectionRule,
    draw,
    rules_from_json,
)
from certengine.papers.statistics import Statistics, of_papers
from certengine.papers.table import build
from certengine.papers.values import Caps
from certengine.standards import service as standards
from certengine.standards.rules import Level, Part

__all__ = ["loaded", "paper", "paper_hash", "paper_hashes", "paper_proof", "papers", "papers_among", "problems"]

SEED_BYTES = 32
UNCAPPED = Caps()


@dataclass(frozen=True)
class Batch:
    number: int
    papers: int
    root: str
    drawn_at: datetime
    entry: UUID


@dataclass(frozen=True)
class DrawView:
    """A draw without its seed."""

    id: UUID
    organisation_id: UUID
    sitting: str
    title: str
    ends_at: datetime | None
    release_id: UUID
    rules: PaperRules
    seed_hash: str
    state: DrawState
    papers: int
    committed_at: datetime
    committed_entry: UUID
    disclosed_at: datetime | None
    disclosed_entry: UUID | None
    batches: tuple[Batch, ...]


def rules_for(
    field: str, level: Level, direction: str | None, items: Sequence[Drawable], release_digest: str
) -> PaperRules:
    """The paper rules of a standard for a release. Raises Invalid with the shortfalls."""
    standard = standards.standard(field)
    theory = standard.layout(level).theory
    return make_rules(
        items,
        release=release_digest,
        field=field,
        level=level.value,
        direction=direction,
        sections=[SectionRule(each.type, each.count, each.points, each.partial) for each in theory.sections],
        weights=standard.weights(level, Part.THEORY, direction),
    )


def commit_seed(
    session: Session,
    *,
    sitting: str,
    release_id: UUID,
    direction: str | None,
    actor: str,
    now: datetime,
    title: str = "",
    organisation_id: UUID | None = None,
    ends_at: datetime | None = None,
    cipher: FieldCipher | None = None,
    caps: Caps = UNCAPPED,
) -> UUID:
    """Fixes the rules and a secret seed, and publishes the seed's hash before any candidate's paper is known.

    Raises Conflict for a sitting that has a draw, Invalid where the release cannot fill the blueprint.
    """
    if draw_of(session, sitting) is not None:
        raise Conflict("papers.already_committed")
    release = bank.released_items(session, release_id)
    rules = rules_for(release.field, release.level, direction, release.items, release.digest)
    rules = capped(release.items, rules, caps)
    seed = secrets.token_bytes(SEED_BYTES)
    draw_id = new_id()
    public = commitments.seed_entry(str(draw_id), sitting, rules, seed)
    entry = ledger.record(
        session, kind=commitments.SEED_COMMITTED, actor=actor, subject=sitting, now=now, public=public
    )
    session.add(
        PaperDraw(
            id=draw_id,
            organisation_id=organisation_id or _owner(session, release_id),
            sitting=sitting,
            title=title or sitting,
            ends_at=ends_at,
            release_id=release_id,
            release_digest=release.digest,
            rules=rules.as_json(),
            rules_hash=rules.hash,
            seed_sealed=(cipher or current().cipher).encrypt(seed.hex()),
            seed_hash=commitments.seed_commitment(seed),
            committed_at=now,
            committed_entry=entry,
        )
    )
    session.flush()
    return draw_id


def _owner(session: Session, release_id: UUID) -> UUID | None:
    """The organisation whose bank was released; None for no such release."""
    query = select(Bank.organisation_id).join(Release, Release.bank_id == Bank.id).where(Release.id == release_id)
    return session.scalar(query)


def draw_papers(
    session: Session,
    draw_id: UUID,
    registrations: Sequence[str],
    actor: str,
    now: datetime,
    cipher: FieldCipher | None = None,
    neighbours: Sequence[tuple[str, str]] = (),
) -> int:
    """Draws the papers of those who have none yet and commits to them; returns how many were drawn.

    neighbours: pairs whose seats adjoin, for rules that mind them. A second call with the same registrations changes
    nothing. Raises Conflict once the seed is disclosed.
    """
    row = _row(session, draw_id, lock=True)
    if row.state is DrawState.DISCLOSED:
        raise Conflict("papers.already_disclosed")
    have = set(session.scalars(select(PaperRow.registration).where(PaperRow.draw_id == draw_id)))
    wanted = [registration for registration in registrations if registration not in have]
    if not wanted:
        if not have:
            raise Invalid([Problem("", "papers.no_registrations")])
        return 0
    rules = rules_from_json(row.rules)
    release = bank.released_items(session, row.release_id)
    if rules.minds_neighbours:
        row.neighbours = [*row.neighbours, *(list(pair) for pair in neighbours)]
    number = session.scalar(select(func.max(PaperBatch.number)).where(PaperBatch.draw_id == draw_id)) or 0
    size = commitments.PAPERS_BESIDE if rules.minds_neighbours else commitments.PAPERS_AN_ENTRY
    pairs = tuple((str(one), str(other)) for one, other in row.neighbours)
    for start in range(0, len(wanted), size):
        number += 1
        beside = Surroundings(pairs, _earlier(session, draw_id) if rules.minds_others else {})
        batch = draw(release.items, rules, _seed(row, cipher), wanted[start : start + size], beside)
        _commit_batch(session, row, rules, number, batch, actor, now)
    row.state = DrawState.DRAWN
    row.papers += len(wanted)
    session.flush()
    return len(wanted)


def _earlier(session: Session, draw_id: UUID) -> dict[str, Earlier]:
    rows = session.scalars(select(PaperRow).where(PaperRow.draw_id == draw_id))
    return {row.registration: Earlier(tuple(item[0] for item in row.items), row.form) for row in rows}


def _batches(session: Session, draw_id: UUID) -> dict[int, list[str]]:
    """Number of a batch → its registrations in order."""
    drawn = session.execute(
        select(PaperRow.batch, PaperRow.registration).where(PaperRow.draw_id == draw_id).order_by(PaperRow.batch)
    ).all()
    batches: dict[int, list[str]] = {}
    for batch, registration in drawn:
        batches.setdefault(batch, []).append(registration)
    # Code points, not a server's collation: places in the list are committed to.
    return {batch: sorted(names, key=str.encode) for batch, names in batches.items()}


def _pairs(row: PaperDraw, rules: PaperRules, batches: Sequence[Sequence[str]]) -> list[list[tuple[int, int]]] | None:
    if not rules.minds_neighbours:
        return None
    return commitments.numbered(batches, [(str(one), str(other)) for one, other in row.neighbours])


def _commit_batch(
    session: Session, row: PaperDraw, rules: PaperRules, number: int, batch: Sequence[Paper], actor: str, now: datetime
) -> None:
    names = sorted((paper.registration for paper in batch), key=str.encode)
    pairs = _pairs(row, rules, [*_batches(session, row.id).values(), names])
    hashes = [paper.paper_hash for paper in batch]
    public = commitments.committed_entry(str(row.id), rules, number, hashes, pairs[-1] if pairs else None)
    entry = ledger.record(session, kind=commitments.COMMITTED, actor=actor, subject=row.sitting, now=now, public=public)
    session.add(
        PaperBatch(draw_id=row.id, number=number, papers=len(batch), root=public["root"], drawn_at=now, entry=entry)
    )
    session.execute(insert(PaperRow), [_stored(row, number, paper) for paper in batch])


def _stored(row: PaperDraw, batch: int, paper: Paper) -> dict[str, Any]:
    return {
        "id": new_id(),
        "draw_id": row.id,
        "batch": batch,
        "sitting": row.sitting,
        "registration": paper.registration,
        "paper_hash": paper.paper_hash,
        "items": [
            [i.item, i.version, list(i.options), list(i.matches), int(i.points.scaleb(3)), i.section]
            for i in paper.items
        ],
        "expected": [int(score.scaleb(6)) for score in paper.expected],
        "form": paper.form,
    }


def disclose(session: Session, draw_id: UUID, actor: str, now: datetime, cipher: FieldCipher | None = None) -> None:
    """Publishes seed and registrations, so that anyone with the release can recompute every paper.

    Raises Conflict while anybody can still write, without papers, or a second time.
    """
    row = _row(session, draw_id, lock=True)
    if row.state is DrawState.DISCLOSED:
        raise Conflict("papers.already_disclosed")
    if row.state is not DrawState.DRAWN:
        raise Conflict("papers.nothing_drawn")
    if refused := disclosure.obstacle(session, row.sitting, row.ends_at, now):
        raise refused
    batches = _batches(session, draw_id)
    pairs = _pairs(row, rules_from_json(row.rules), list(batches.values()))
    for public in commitments.disclosed_entries(str(draw_id), _seed(row, cipher), list(batches.items()), pairs):
        row.disclosed_entry = ledger.record(
            session, kind=commitments.DISCLOSED, actor=actor, subject=row.sitting, now=now, public=public
        )
    row.state = DrawState.DISCLOSED
    row.disclosed_at = now
    session.flush()


def draw_of(session: Session, sitting: str) -> DrawView | None:
    row = session.scalar(select(PaperDraw).where(PaperDraw.sitting == sitting))
    return _view(session, row) if row else None


def draw_view(session: Session, draw_id: UUID, organisation_id: UUID) -> DrawView:
    """A draw of this organisation; raises NotFound."""
    row = session.get(PaperDraw, draw_id)
    if row is None or row.organisation_id != organisation_id:
        raise NotFound("papers.draw_not_found")
    return _view(session, row)


@dataclass(frozen=True)
class ReleaseLine:
    id: UUID
    title: str
    digest: str
    at: datetime


def releases_of(session: Session, organisation_id: UUID) -> list[ReleaseLine]:
    """The organisation's releases, newest first."""
    query = (
        select(Release.id, Bank.title, Release.edition, Release.digest, Release.at)
        .join(Bank, Bank.id == Release.bank_id)
        .where(Bank.organisation_id == organisation_id)
        .order_by(Release.at.desc(), Release.id.desc())
    )
    return [ReleaseLine(row.id, f"{row.title} {row.edition}", row.digest, row.at) for row in session.execute(query)]


def release_of(session: Session, release_id: UUID, organisation_id: UUID) -> bank.ReleaseView:
    """A release of this organisation's banks; raises NotFound."""
    if _owner(session, release_id) != organisation_id:
        raise NotFound("bank.no_release")
    return bank.released_items(session, release_id)


def draws_query(organisation_id: UUID, sought: str = "") -> Select[Any]:
    """An organisation's draws, newest first; sought is part of the title."""
    query = select(PaperDraw).where(PaperDraw.organisation_id == organisation_id)
    if sought:
        query = query.where(PaperDraw.title.icontains(sought, autoescape=True))
    return query.order_by(PaperDraw.committed_at.desc(), PaperDraw.id.desc())


def statistics_of(session: Session, view: DrawView) -> Statistics | None:
    """Of the papers drawn; None before there are any."""
    drawn = list(papers(session, view.sitting).values())
    if not drawn:
        return None
    table = build(bank.released_items(session, view.release_id).items, view.rules)
    return of_papers(drawn, [item.id for item, comes in zip(table.items, table.possible, strict=True) if comes])


def commitment_rows(session: Session, draw_id: UUID) -> list[tuple[int, str, str]]:
    """Batch, registration and paper hash of every paper."""
    query = (
        select(PaperRow.batch, PaperRow.registration, PaperRow.paper_hash)
        .where(PaperRow.draw_id == draw_id)
        .order_by(PaperRow.batch, PaperRow.registration)
    )
    return [(row.batch, row.registration, row.paper_hash) for row in session.execute(query)]


def _view(session: Session, row: PaperDraw) -> DrawView:
    batches = session.scalars(select(PaperBatch).where(PaperBatch.draw_id == row.id).order_by(PaperBatch.number))
    return DrawView(
        id=row.id,
        organisation_id=row.organisation_id,
        sitting=row.sitting,
        title=row.title,
        ends_at=row.ends_at,
        release_id=row.release_id,
        rules=rules_from_json(row.rules),
        seed_hash=row.seed_hash,
        state=row.state,
        papers=row.papers,
        committed_at=row.committed_at,
        committed_entry=row.committed_entry,
        disclosed_at=row.disclosed_at,
        disclosed_entry=row.disclosed_entry,
        batches=tuple(Batch(b.number, b.papers, b.root, b.drawn_at, b.entry) for b in batches),
    )


def _row(session: Session, draw_id: UUID, lock: bool = False) -> PaperDraw:
    query = select(PaperDraw).where(PaperDraw.id == draw_id)
    row = session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise NotFound("papers.draw_not_found")
    return row


def _seed(row: PaperDraw, cipher: FieldCipher | None) -> bytes:
    return bytes.fromhex((cipher or current().cipher).decrypt(row.seed_sealed))
