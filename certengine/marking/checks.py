"""What is looked at before results are released: what stands in the way, and what people should have looked into."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.delivery import service as delivery
from certengine.marking import correcting, rules
from certengine.marking.models import MarkState
from certengine.marking.standings import PlanMarks, Standing
from certengine.proctoring import service as proctoring
from certengine.proctoring.models import CheckIn

# A warning names so many candidates, and counts all.
NAMED = 5


@dataclass(frozen=True)
class Check:
    """blocks: no release while it stands; otherwise the proposer says in a note what was found."""

    code: str
    values: Mapping[str, Any] = field(default_factory=dict)
    blocks: bool = False


def checks(session: Session, marks: PlanMarks) -> list[Check]:
    """Everything that speaks against a release, what blocks it first."""
    if marks.released:
        return [Check("marking.released", blocks=True)]
    blocking = _blocking(session, marks)
    warnings = [*_scripts(session, marks), *_scores(marks), *_incidents(session, marks)]
    return [*blocking, *warnings]


def _blocking(session: Session, marks: PlanMarks) -> list[Check]:
    found = []
    if not marks.theory:
        found.append(Check("marking.no_theory", blocks=True))
    elif not marks.standings:
        found.append(Check("marking.nothing_to_release", blocks=True))
    if still := sum(delivery.running(session, each.id) for each in marks.theory):
        found.append(Check("marking.still_running", {"count": still}, blocks=True))
    if marks.unmarked:
        found.append(Check("marking.theory_unmarked", blocks=True))
    if marks.waiting_for_practical:
        found.append(Check("marking.practical_unmarked", {"count": marks.waiting_for_practical}, blocks=True))
    for each in marks.standings:
        if each.differ:
            values = {"ticket": each.candidate.ticket_number, "most": rules.LARGEST_DIFFERENCE}
            found.append(Check("marking.examiners_differ", values, blocks=True))
    if waiting := correcting.open_rulings(session, [each.id for each in marks.theory]):
        found.append(Check("marking.ruling_open", {"count": waiting}, blocks=True))
    return found


def _scripts(session: Session, marks: PlanMarks) -> list[Check]:
    """Whoever was checked in and has no script, and blank scripts."""
    ids = [each.id for each in marks.theory]
    came = set(session.scalars(select(CheckIn.registration_id).where(CheckIn.sitting_id.in_(ids))))
    missing = [
        each
        for each in marks.standings
        if each.theory_state is MarkState.ABSENT and each.candidate.registration_id in came
    ]
    blank = [each for each in marks.standings if each.theory_state is MarkState.BLANK]
    return [
        Check(code, {"count": len(who), "tickets": _named(who)})
        for code, who in (("marking.check_missing", missing), ("marking.check_blank", blank))
        if who
    ]


def _named(standings: Sequence[Standing]) -> str:
    tickets = [each.candidate.ticket_number for each in standings[:NAMED]]
    return "、".join(tickets) + ("…" if len(standings) > NAMED else "")


def _scores(marks: PlanMarks) -> list[Check]:
    """Rooms far from the others, and nobody or everybody passing the theory part."""
    rooms: dict[str, list[Decimal]] = defaultdict(list)
    theory = {each.id for each in marks.theory}
    for each in marks.standings:
        for place in each.candidate.placements:
            if place.sitting_id in theory and each.theory is not None:
                rooms[place.room_name].append(each.theory)
    return [
        Check("marking.check_room", {"room": found.name, "mean": f"{found.mean:.2f}", "others": f"{found.others:.2f}"})
        for found in rules.unusual_rooms(rooms)
    ]


def _incidents(session: Session, marks: PlanMarks) -> list[Check]:
    count = sum(len(proctoring.incidents(session, each.id)) for each in (*marks.theory, *marks.practical))
    return [Check("marking.check_incidents", {"count": count})] if count else []
