from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.bank.releases import ReleaseView
from certengine.foundation.canonical import canonical_json
from certengine.foundation.errors import Conflict, Invalid, NotFound
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.ledger.rules import inclusion_holds, leaf_hash
from certengine.papers import commitments, service
from certengine.papers.models import DrawState, PaperDraw
from certengine.papers.rules import draw
from tests.bank import factories as bank

SITTING = f"sitting:{uuid4()}"
MAKER = "account:maker"
NAMES = [f"registration:{number}" for number in range(12)]


@pytest.fixture
def release(session: Session, runtime: Runtime) -> ReleaseView:
    return bank.release(session, runtime)


def committed(session: Session, runtime: Runtime, release: ReleaseView) -> PaperDraw:
    now = runtime.clock.now()
    draw_id = service.commit_seed(
        session,
        sitting=SITTING,
        release_id=release.id,
        direction=None,
        actor=MAKER,
        now=now,
        title="人工智能初级理论考试",
        ends_at=now + timedelta(hours=2),
    )
    row = session.get(PaperDraw, draw_id)
    assert row is not None
    return row


def test_the_seed_is_committed_to_before_the_papers_and_told_after(
    session: Session, runtime: Runtime, release: ReleaseView
) -> None:
    row = committed(session, runtime, release)
    now = runtime.clock.now()
    assert service.draw_papers(session, row.id, NAMES, MAKER, now) == 12
    with pytest.raises(Conflict, match="too_early"):
        service.disclose(session, row.id, MAKER, now)
    service.disclose(session, row.id, MAKER, now + timedelta(hours=3))
    after, drawn, before = ledger.history(session, SITTING)
    assert [each.kind for each in (before, drawn, after)] == [
        "papers.seed_committed",
        "papers.committed",
        "papers.disclosed",
    ]
    seed = bytes.fromhex(after.public["seed"])
    assert commitments.seed_commitment(seed) == before.public["seed_hash"]
    view = service.draw_of(session, SITTING)
    assert view is not None and view.state is DrawState.DISCLOSED
    again = draw(release.items, view.rules, seed, after.public["registrations"])
    assert commitments.papers_root([paper.paper_hash for paper in again]) == drawn.public["root"]
    assert {paper.registration: paper for paper in again} == service.papers(session, SITTING)


def test_a_paper_is_found_as_it_was_drawn_and_proved_to_be_committed(
    session: Session, runtime: Runtime, release: ReleaseView
) -> None:
    row = committed(session, runtime, release)
    service.draw_papers(session, row.id, NAMES, MAKER, runtime.clock.now())
    paper = service.paper(session, SITTING, NAMES[3])
    assert len(paper.items) == 65 and sum(item.points for item in paper.items) == Decimal(100)
    index, count, path, root = service.paper_proof(session, SITTING, NAMES[3])
    leaf = leaf_hash(bytes.fromhex(paper.paper_hash))
    assert inclusion_holds(leaf, index, count, [bytes.fromhex(each) for each in path], bytes.fromhex(root))
    with pytest.raises(NotFound):
        service.paper(session, SITTING, "registration:nobody")


def test_who_registers_late_is_drawn_in_a_batch_of_their_own_and_nobody_twice(
    session: Session, runtime: Runtime, release: ReleaseView
) -> None:
    row = committed(session, runtime, release)
    now = runtime.clock.now()
    service.draw_papers(session, row.id, NAMES[:10], MAKER, now)
    first = service.papers(session, SITTING)
    assert service.draw_papers(session, row.id, NAMES, MAKER, now) == 2
    assert service.draw_papers(session, row.id, NAMES, MAKER, now) == 0
    view = service.draw_of(session, SITTING)
    assert view is not None and [batch.papers for batch in view.batches] == [10, 2] and view.papers == 12
    assert {name: service.papers(session, SITTING)[name] for name in first} == first


def test_a_sitting_has_one_draw_and_none_after_its_disclosure(
    session: Session, runtime: Runtime, release: ReleaseView
) -> None:
    row = committed(session, runtime, release)
    with pytest.raises(Conflict, match="already_committed"):
        committed(session, runtime, release)
    with pytest.raises(Invalid):
        service.draw_papers(session, row.id, [], MAKER, runtime.clock.now())
    with pytest.raises(Conflict, match="nothing_drawn"):
        service.disclose(session, row.id, MAKER, runtime.clock.now())
    service.draw_papers(session, row.id, NAMES[:1], MAKER, runtime.clock.now())
    later = runtime.clock.now() + timedelta(hours=3)
    service.disclose(session, row.id, MAKER, later)
    with pytest.raises(Conflict, match="already_disclosed"):
        service.draw_papers(session, row.id, NAMES, MAKER, later)


def test_the_seed_is_nowhere_in_clear_before_its_disclosure(
    session: Session, runtime: Runtime, release: ReleaseView
) -> None:
    row = committed(session, runtime, release)
    service.draw_papers(session, row.id, NAMES, MAKER, runtime.clock.now())
    seed = runtime.cipher.decrypt(row.seed_sealed)
    assert len(seed) == 64
    stored = session.execute(select(PaperDraw.__table__)).one()
    assert seed not in repr(stored) and seed.encode() not in row.seed_sealed
    assert all(seed not in repr(entry) for entry in ledger.history(session, SITTING))


def test_many_papers_are_committed_to_in_entries_that_fit_the_ledger(
    session: Session, runtime: Runtime, release: ReleaseView
) -> None:
    row = committed(session, runtime, release)
    names = [f"registration:{uuid4()}" for _ in range(1300)]
    assert service.draw_papers(session, row.id, names, MAKER, runtime.clock.now()) == 1300
    service.disclose(session, row.id, MAKER, runtime.clock.now() + timedelta(hours=3))
    entries = ledger.history(session, SITTING)
    assert all(len(canonical_json(entry.public)) < 65_000 for entry in entries)
    drawn = [entry.public for entry in entries if entry.kind == commitments.COMMITTED]
    assert sorted(len(public["commitments"]) for public in drawn) == [100, 600, 600]
    disclosed = [entry.public for entry in entries if entry.kind == commitments.DISCLOSED]
    assert sorted(sum((public["registrations"] for public in disclosed), [])) == sorted(names)
