"""What is looked at before results are released: what stands in the way, and what people should have looked into."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.delivery import service as delivery
from certengine.marking import correcting, practical, rules
from certengine.marking.joining import Check, release_checks
from certengine.marking.models import MarkState, SittingAnalysis
from certengine.marking.practical import layout_of
from certengine.marking.sitting_report import report_from_json
from certengine.marking.standings import PlanMarks, Standing
from certengine.proctoring import service as proctoring
from certengine.proctoring.models import CheckIn

# A warning names so many candidates, and counts all.
NAMED = 5


def checks(session: Session, marks: PlanMarks) -> list[Check]:
    """Everything that speaks against a release, what blocks it first."""
    if marks.released:
        return [Check("marking.released", blocks=True)]
    blocking = _blocking(session, marks)
    warnings = [
        *_scripts(session, marks),
        *_scores(marks),
        *_unusual(session, marks),
        *_incidents(session, marks),
    ]
    plan_ids = {each.exam_plan_id for each in marks.theory}
    joined = [check for plan_id in plan_ids for more in release_checks for check in more(session, plan_id)]
    found = [*blocking, *warnings, *joined]
    return sorted(found, key=lambda each: not each.blocks)


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
        values = {"count": marks.waiting_for_practical, "least": layout_of(marks.practical[0]).examiners}
        found.append(Check("marking.practical_unmarked", values, blocks=True))
    for each in marks.standings:
        if each.differ:
            most = layout_of(marks.practical[0]).tolerance
            found.append(
                Check("marking.examiners_differ", {"ticket": each.candidate.ticket_number, "most": most}, blocks=True)
            )
    found.extend(_old_rubric(session, marks))
    if waiting := correcting.open_rulings(session, [each.id for each in marks.theory]):
        found.append(Check("marking.ruling_open", {"count": waiting}, blocks=True))
    return found


def _old_rubric(session: Session, marks: PlanMarks) -> list[Check]:
    count = 0
    for sitting in marks.practical:
        if given := practical.marks(session, sitting.id):
            task = practical.task_of(session, sitting)
            count += sum(len(practical.flagged(task, each)) for each in given.values())
    return [Check("marking.rubric_changed", {"count": count}, blocks=True)] if count else []


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


def _unusual(session: Session, marks: PlanMarks) -> list[Check]:
    """Scripts whose answers do not fit their ability, as the analysis lists them."""
    rows = [session.get(SittingAnalysis, each.id) for each in marks.theory]
    count = sum(len(report_from_json(row.figures).people) for row in rows if row)
    return [Check("marking.check_unusual", {"count": count})] if count else []


def _incidents(session: Session, marks: PlanMarks) -> list[Check]:
    count = sum(len(proctoring.incidents(session, each.id)) for each in (*marks.theory, *marks.practical))
    return [Check("marking.check_incidents", {"count": count})] if count else []
