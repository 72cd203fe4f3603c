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
from certengine.marking.examiners import Panel, PanelState, panel_of
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
from certengine.standards.rules import HandIn, Layout, Part, PracticalLayout

# Of a plan without sittings, which has nothing to be judged by.
DEFAULT_MARKS = rules.PassMarks(Decimal(60), Decimal(60))


@dataclass(frozen=True)
class Standing:
    """A candidate's marks before and after the release. A score is there for a blank script too: it is 0.00.

    missing: examiners whose marks the panel still waits for; differ: their marks lie too far apart.
    """

    candidate: CandidateView
    theory: Decimal | None
    practical: Decimal | None
    examiners: int
    missing: int
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
    layout: PracticalLayout


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
        exam_layout(planned[0]).practical if planned else PracticalLayout(0, Decimal(60), 0, HandIn(0, 0, ())),
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
    voids, panel = known.voids[name], panel_of(known.totals.get(name, []), known.layout)
    theory_state, theory = _theory(candidate, known)
    practical_state, practical = _practical(candidate, theory_state, panel, known)
    marks = pass_marks(known.sat[0]) if known.sat else DEFAULT_MARKS
    verdict = Verdict.VOID if voids else rules.verdict(theory, practical, marks)
    if not voids and _stayed_away(theory_state, practical_state):
        verdict = Verdict.ABSENT
    if released := known.results.get(name):
        # What was released counts, also where marks have changed since and nobody has decided what of it.
        theory, practical = released.theory, released.practical
        verdict = Verdict.VOID if voids else released.verdict
        theory_state = _released_state(released.theory_state, theory_state, theory)
        practical_state = _released_state(released.practical_state, practical_state, practical)
    differ = Part.PRACTICAL not in voids and panel.state is PanelState.APART
    missing = panel.missing if panel.marks else 0
    return Standing(
        candidate,
        theory,
        practical,
        panel.marks,
        missing,
        differ,
        verdict,
        released,
        theory_state,
        practical_state,
    )


def _stayed_away(*states: MarkState) -> bool:
    """Whether a candidate came to none of the parts that were to be taken."""
    return MarkState.ABSENT in states and set(states) <= {MarkState.ABSENT, MarkState.KEPT}


def _kept(candidate: CandidateView, part: Part) -> Decimal | None:
    return next((each.score for each in candidate.kept if each.part is part), None)


def _theory(candidate: CandidateView, known: _Known) -> tuple[MarkState, Decimal | None]:
    if Part.THEORY in known.voids[candidate.registration_id]:
        return MarkState.VOID, None
    if (kept := _kept(candidate, Part.THEORY)) is not None:
        return MarkState.KEPT, kept
    if mark := known.theory.get(candidate.registration_id):
        return (MarkState.BLANK if mark.answered == 0 else MarkState.MARKED), mark.score
    ids = {each.id for each in known.sat}
    mine = {place.sitting_id for place in candidate.placements if place.sitting_id in ids} or ids
    return (MarkState.ABSENT if mine and mine <= known.marked else MarkState.UNMARKED), None


def _practical(
    candidate: CandidateView, theory: MarkState, panel: Panel, known: _Known
) -> tuple[MarkState, Decimal | None]:
    name = candidate.registration_id
    if Part.PRACTICAL in known.voids[name]:
        return MarkState.VOID, None
    if (kept := _kept(candidate, Part.PRACTICAL)) is not None:
        return MarkState.KEPT, kept
    if panel.score is not None:
        return MarkState.MARKED, panel.score
    if panel.marks:
        return MarkState.UNMARKED, None
    if found := known.nothing.get(name):
        return found, Decimal(0) if found is MarkState.BLANK else None
    return (MarkState.ABSENT if theory is MarkState.ABSENT else MarkState.UNMARKED), None


def _released_state(released: MarkState | None, now: MarkState, score: Decimal | None) -> MarkState:
    if now is MarkState.VOID:
        return now
    return released or (MarkState.ABSENT if score is None else MarkState.MARKED)


def exam_layout(sitting: SittingView) -> Layout:
    return standards.standard(sitting.field).layout(sitting.level)


def pass_marks(sitting: SittingView) -> rules.PassMarks:
    layout = exam_layout(sitting)
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
    """present: registered without those absent from every part that they were to take; passed is out of them."""

    registered: int
    absent: int
    present: int
    passed: int
    theory: PartFigures
    practical: PartFigures


def figures(marks: PlanMarks) -> PlanFigures:
    limits = pass_marks(marks.theory[0]) if marks.theory else DEFAULT_MARKS
    passed = sum(each.verdict is Verdict.PASSED for each in marks.standings)
    # By state: before the marking nobody is absent yet.
    both = [(each.theory_state, each.practical_state) for each in marks.standings]
    registered, absent = len(both), sum(_stayed_away(*states) for states in both)
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
    # A kept score was earned elsewhere and says nothing of this exam.
    scores = [score for state, score in read_all if score is not None and state is not MarkState.KEPT]
    mean = rules.mean_score(scores)
    return PartFigures(
        Counter(state for state, _ in read_all), len(scores), mean, sum(each >= limit for each in scores)
    )
