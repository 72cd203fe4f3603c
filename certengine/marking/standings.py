"""Where each candidate of a plan stands: both parts with their states, and the verdict, before and after a release."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.delivery import service as delivery
from certengine.ledger import service as ledger
from certengine.marking import answer_totals, rules
from certengine.marking.models import (
    MarkState,
    NothingHandedIn,
    PracticalMark,
    Result,
    ResultVoid,
    TheoryMark,
    Verdict,
)
from certengine.sittings import service as sittings
from certengine.sittings.service import CandidateView, SittingView
from certengine.standards import service as standards
from certengine.standards.rules import Part


@dataclass(frozen=True)
class Standing:
    """A candidate's marks before and after the release. A score is there for a blank script too: it is 0.00."""

    candidate: CandidateView
    theory: Decimal | None
    practical: Decimal | None
    examiners: int
    differ: bool
    verdict: Verdict
    released: Result | None
    theory_state: MarkState
    practical_state: MarkState


@dataclass(frozen=True)
class PlanMarks:
    """Where a plan's marking stands: what is still missing before the results can be released."""

    theory: tuple[SittingView, ...]
    practical: tuple[SittingView, ...]
    unmarked: tuple[SittingView, ...]
    standings: tuple[Standing, ...]
    waiting_for_practical: int

    @property
    def released(self) -> bool:
        return any(each.released for each in self.standings)


@dataclass(frozen=True)
class _Known:
    """All that is known of a plan's marks, by registration."""

    theory: Mapping[UUID, TheoryMark]
    totals: Mapping[UUID, list[Decimal]]
    nothing: Mapping[UUID, MarkState]
    results: Mapping[UUID, Result]
    voids: Mapping[UUID, set[Part]]
    # Theory sittings of which every script is marked.
    marked: set[UUID]
    sat: tuple[SittingView, ...]


def plan_marks(session: Session, exam_plan_id: UUID) -> PlanMarks:
    """Everything that is known of a plan's marks."""
    planned = sittings.sittings_of(session, exam_plan_id)
    theory = tuple(each for each in planned if each.part is Part.THEORY)
    practical = tuple(each for each in planned if each.part is Part.PRACTICAL)
    candidates = sittings.candidates(session, exam_plan_id)
    scores, marked = _theory_scores(session, theory)
    known = _Known(
        scores,
        _totals(session, practical),
        _nothing(session, practical),
        {
            row.registration_id: row
            for row in session.scalars(select(Result).where(Result.exam_plan_id == exam_plan_id))
        },
        _voids(session, [each.registration_id for each in candidates]),
        marked,
        theory,
    )
    standings = tuple(_standing(each, known) for each in candidates)
    # Only who sat the theory part is waited for; whoever is entered in neither part is absent.
    waiting = sum(
        1
        for each in standings
        if each.theory is not None
        and each.practical_state is MarkState.UNMARKED
        and practical
        and each.verdict is not Verdict.VOID
    )
    return PlanMarks(theory, practical, tuple(each for each in theory if each.id not in marked), standings, waiting)


def _theory_scores(session: Session, theory: Sequence[SittingView]) -> tuple[dict[UUID, TheoryMark], set[UUID]]:
    ids = [each.id for each in theory]
    rows = session.scalars(select(TheoryMark).where(TheoryMark.sitting_id.in_(ids))).all()
    entries = ledger.kinds_of(session, [delivery.sitting_key(each) for each in ids], "marks.computed")
    marked = {each for each in ids if delivery.sitting_key(each) in entries}
    marked -= answer_totals.changed_since_marked(session, ids)
    return {row.registration_id: row for row in rows}, marked


def _totals(session: Session, practical: Sequence[SittingView]) -> dict[UUID, list[Decimal]]:
    found: dict[UUID, list[Decimal]] = defaultdict(list)
    query = select(PracticalMark).where(PracticalMark.sitting_id.in_([each.id for each in practical]))
    for mark in session.scalars(query):
        found[mark.registration_id].append(mark.total)
    return found


def _nothing(session: Session, practical: Sequence[SittingView]) -> dict[UUID, MarkState]:
    query = select(NothingHandedIn).where(NothingHandedIn.sitting_id.in_([each.id for each in practical]))
    return {row.registration_id: row.state for row in session.scalars(query)}


def _voids(session: Session, registration_ids: Sequence[UUID]) -> dict[UUID, set[Part]]:
    found: dict[UUID, set[Part]] = defaultdict(set)
    for row in session.scalars(select(ResultVoid).where(ResultVoid.registration_id.in_(registration_ids))):
        found[row.registration_id].add(row.part)
    return found


def _standing(candidate: CandidateView, known: _Known) -> Standing:
    name = candidate.registration_id
    voids, totals = known.voids[name], known.totals.get(name, [])
    theory_state, theory = _theory(candidate, known)
    practical_state, practical = _practical(name, theory_state, known)
    marks = pass_marks(known.sat[0]) if known.sat else rules.PassMarks(Decimal(60), Decimal(60))
    verdict = Verdict.VOID if voids else rules.verdict(theory, practical, marks)
    if released := known.results.get(name):
        # What was released counts, also where marks have changed since and nobody has decided what of it.
        theory, practical = released.theory, released.practical
        verdict = Verdict.VOID if voids else released.verdict
        theory_state = _released_state(released.theory_state, theory_state, theory)
        practical_state = _released_state(released.practical_state, practical_state, practical)
    differ = Part.PRACTICAL not in voids and rules.differ_too_much(totals)
    return Standing(candidate, theory, practical, len(totals), differ, verdict, released, theory_state, practical_state)


def _theory(candidate: CandidateView, known: _Known) -> tuple[MarkState, Decimal | None]:
    if Part.THEORY in known.voids[candidate.registration_id]:
        return MarkState.VOID, None
    if mark := known.theory.get(candidate.registration_id):
        return (MarkState.BLANK if mark.answered == 0 else MarkState.MARKED), mark.score
    ids = {each.id for each in known.sat}
    mine = {place.sitting_id for place in candidate.placements if place.sitting_id in ids} or ids
    return (MarkState.ABSENT if mine and mine <= known.marked else MarkState.UNMARKED), None


def _practical(name: UUID, theory: MarkState, known: _Known) -> tuple[MarkState, Decimal | None]:
    if Part.PRACTICAL in known.voids[name]:
        return MarkState.VOID, None
    if (score := rules.practical_score(known.totals.get(name, []))) is not None:
        return MarkState.MARKED, score
    if found := known.nothing.get(name):
        return found, Decimal(0) if found is MarkState.BLANK else None
    return (MarkState.ABSENT if theory is MarkState.ABSENT else MarkState.UNMARKED), None


def _released_state(released: MarkState | None, now: MarkState, score: Decimal | None) -> MarkState:
    if now is MarkState.VOID:
        return now
    return released or (MarkState.ABSENT if score is None else MarkState.MARKED)


def pass_marks(sitting: SittingView) -> rules.PassMarks:
    layout = standards.standard(sitting.field).layout(sitting.level)
    return rules.PassMarks(layout.theory.pass_mark, layout.practical.pass_mark)


@dataclass(frozen=True)
class PartFigures:
    """A part in figures, each with what it is a part of: mean and passing are of those that have a score."""

    states: Mapping[MarkState, int]
    scored: int
    mean: Decimal | None
    passing: int


@dataclass(frozen=True)
class PlanFigures:
    """present: registered without those absent from both parts; passed is out of them."""

    registered: int
    absent: int
    present: int
    passed: int
    theory: PartFigures
    practical: PartFigures


def figures(marks: PlanMarks) -> PlanFigures:
    limits = pass_marks(marks.theory[0]) if marks.theory else rules.PassMarks(Decimal(60), Decimal(60))
    passed = sum(each.verdict is Verdict.PASSED for each in marks.standings)
    # By state: before the marking nobody is absent yet.
    both = [(each.theory_state, each.practical_state) for each in marks.standings]
    registered, absent = len(both), both.count((MarkState.ABSENT, MarkState.ABSENT))
    return PlanFigures(
        registered,
        absent,
        registered - absent,
        passed,
        _part(marks.standings, lambda each: (each.theory_state, each.theory), limits.theory),
        _part(marks.standings, lambda each: (each.practical_state, each.practical), limits.practical),
    )


def _part(
    standings: Sequence[Standing],
    read: Callable[[Standing], tuple[MarkState, Decimal | None]],
    limit: Decimal,
) -> PartFigures:
    read_all = [read(each) for each in standings]
    scores = [score for _state, score in read_all if score is not None]
    mean = rules.practical_score(scores)
    return PartFigures(
        Counter(state for state, _ in read_all), len(scores), mean, sum(each >= limit for each in scores)
    )
