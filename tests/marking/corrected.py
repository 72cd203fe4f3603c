"""A sitting at the edge of the pass mark, for what happens to marks after they were made."""

from collections.abc import Sequence
from decimal import Decimal

from certengine.bank import service as bank
from certengine.delivery import service as delivery
from certengine.delivery.journal import Arrived, Journal
from certengine.foundation.clock import SetClock
from certengine.foundation.runtime import Runtime
from certengine.marking import correcting, service
from certengine.marking.correcting import Preview, RulingFacts
from certengine.marking.models import ItemRuling, RulingKind
from certengine.papers import service as papers
from certengine.papers.rules import PaperItem
from certengine.sittings import service as sittings
from tests.delivery.test_service import begun
from tests.marking.test_service import ISSUER, SECOND
from tests.sittings.factories import Exam


def placed_for(runtime: Runtime, made: Exam, number: int) -> Sequence[PaperItem]:
    with runtime.unit_of_work(read_only=True) as session:
        key = delivery.registration_key(made.registrations[number])
        return papers.paper(session, delivery.sitting_key(made.theory_id), key).items


def answer_up_to(
    runtime: Runtime, clock: SetClock, made: Exam, number: int, points: Decimal, without: str = ""
) -> None:
    """Hands in a script that earns exactly so many points; the item named is left out."""
    attempt = begun(runtime, clock, made, number)
    with runtime.unit_of_work(read_only=True) as session:
        release = sittings.sitting(session, made.theory_id).release_id
        assert release is not None
        items = {item.id: item for item in bank.released_items(session, release).items}
    rows, left = [], points
    for sequence, placed in enumerate(placed_for(runtime, made, number), 1):
        if placed.item != without and placed.points <= left:
            key = items[placed.item].key
            given = list(key) if isinstance(key, tuple) else key
            rows.append((placed.item, sequence, {"a": given, "f": False}))
            left -= placed.points
    assert left == 0, left
    if rows:
        assert Journal(runtime).save(Arrived(attempt.id, 1, rows)).problem is None
    with runtime.unit_of_work() as session:
        delivery.submit(session, attempt.id, delivery.registration_key(made.registrations[number]), clock.now())


def ruling(
    runtime: Runtime, made: Exam, item: str, kind: RulingKind = RulingKind.FULL_MARKS, *accepted: object
) -> ItemRuling:
    with runtime.unit_of_work() as session:
        sitting = sittings.sitting(session, made.theory_id)
        facts = RulingFacts(item, kind, accepted, "题干有误")
        return correcting.propose(session, sitting, facts, ISSUER, runtime.clock.now())


def signed(runtime: Runtime, made: Exam, row: ItemRuling, actor: str = SECOND) -> Preview:
    now = runtime.clock.now()
    with runtime.unit_of_work() as session:
        sitting = sittings.sitting(session, made.theory_id)
        standing = correcting.ruling_of(session, sitting.id, row.id, lock=True)
        seen = correcting.preview(session, sitting, standing, now)
        return correcting.sign(session, sitting, standing, seen.marks, actor, now)


def theory_of(runtime: Runtime, made: Exam) -> list[Decimal | None]:
    with runtime.unit_of_work(read_only=True) as session:
        return [each.theory for each in service.plan_marks(session, made.plan_id).standings]
