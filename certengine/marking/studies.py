"""Studies of fixed forms: begun by a person, figured by a job or from the workbook that a panel filled in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from certengine.bank import service as bank
from certengine.bank.rules import ReleasedItem
from certengine.delivery import service as delivery
from certengine.foundation.errors import Conflict, Invalid, NotFound, Problem
from certengine.foundation.jobs import submit
from certengine.ledger import service as ledger
from certengine.marking import panels
from certengine.marking.analysis import Script
from certengine.marking.cut_scores import CutScore, cut_score
from certengine.marking.equating import Comparison, compare
from certengine.marking.models import MeasurementStudy, StudyKind
from certengine.marking.scripts import scripts
from certengine.papers import fixed_forms
from certengine.psychometrics.standard_setting import response_locations
from certengine.sittings import service as sittings
from certengine.sittings.service import SittingView

EQUATE = "marking.equating"
RECORDED = "marking.standard_set"


@dataclass(frozen=True)
class FormChoice:
    """key: sitting and letter, as a form field holds them."""

    key: str
    sitting: SittingView
    letter: str


def studies_query(organisation_id: UUID) -> Select[Any]:
    """Newest first."""
    query = select(MeasurementStudy).where(MeasurementStudy.organisation_id == organisation_id)
    return query.order_by(MeasurementStudy.at.desc(), MeasurementStudy.id.desc())


def study(session: Session, organisation_id: UUID, study_id: UUID) -> MeasurementStudy:
    """Raises NotFound, also for another organisation's."""
    row = session.get(MeasurementStudy, study_id)
    if row is None or row.organisation_id != organisation_id:
        raise NotFound("studies.not_found")
    return row


def choices(session: Session, organisation_id: UUID) -> list[FormChoice]:
    """Every fixed form of the organisation's theory sittings, newest sitting first."""
    found = sittings.theory_sittings(session, organisation_id)
    keys = {delivery.sitting_key(each.id): each for each in found}
    named = fixed_forms.letters(session, list(keys))
    return [
        FormChoice(f"{sitting.id}/{letter}", sitting, letter)
        for key, sitting in keys.items()
        for letter in named.get(key, [])
    ]


def chosen(session: Session, organisation_id: UUID, key: str, field: str) -> FormChoice:
    """Raises Invalid for a form that the organisation does not have."""
    for each in choices(session, organisation_id):
        if each.key == key:
            return each
    raise Invalid([Problem(field, "studies.no_form")])


def begin_equating(session: Session, x: FormChoice, y: FormChoice, actor: str, now: datetime) -> MeasurementStudy:
    """Asks for the comparison as a job. Raises Invalid where the forms are the same or of another field or level."""
    if x.key == y.key:
        raise Invalid([Problem("other", "studies.same_form")])
    if (x.sitting.field, x.sitting.level) != (y.sitting.field, y.sitting.level):
        raise Invalid([Problem("other", "studies.other_field")])
    row = _study(session, StudyKind.EQUATING, x, actor, now)
    row.other_sitting_id, row.other_form = y.sitting.id, y.letter
    session.flush()
    submit(session, EQUATE, f"study:{row.id}", {"study": str(row.id)}, now)
    return row


def begin_panel(
    session: Session, kind: StudyKind, x: FormChoice, judges: Sequence[str], actor: str, now: datetime
) -> MeasurementStudy:
    """Raises Invalid without at least two judges of different names."""
    names = [name for each in judges if (name := each.strip())]
    if not 2 <= len(names) <= panels.MOST_JUDGES or len(set(names)) < len(names):
        raise Invalid([Problem("judges", "studies.judges", {"most": panels.MOST_JUDGES})])
    row = _study(session, kind, x, actor, now)
    row.judges = names
    session.flush()
    return row


def _study(session: Session, kind: StudyKind, x: FormChoice, actor: str, now: datetime) -> MeasurementStudy:
    row = MeasurementStudy(
        organisation_id=x.sitting.organisation_id,
        kind=kind,
        title=x.sitting.title,
        sitting_id=x.sitting.id,
        form=x.letter,
        judges=[],
        actor=actor,
        at=now,
    )
    session.add(row)
    return row


def remove(session: Session, row: MeasurementStudy) -> None:
    """Raises Conflict once there are figures: what a panel said stays."""
    if row.figures is not None:
        raise Conflict("studies.has_figures")
    session.delete(row)


def panel_items(session: Session, row: MeasurementStudy) -> tuple[list[panels.PanelItem], list[ReleasedItem]]:
    """The form's items in its order, as judges see them, and as they were released."""
    paper = fixed_forms.form(session, delivery.sitting_key(row.sitting_id), row.form)
    release_id = sittings.sitting(session, row.sitting_id).release_id
    assert release_id is not None
    by_id = {item.id: item for item in bank.released_items(session, release_id).items}
    items = [by_id[placed.item] for placed in paper.items]
    a, b, c = _parameters(items)
    places = response_locations(a, b, c)
    rows = [
        panels.PanelItem(number, item.id, item.type.value, float(placed.points), round(float(places[number - 1]), 6))
        for number, (placed, item) in enumerate(zip(paper.items, items, strict=True), 1)
    ]
    return rows, items


def _parameters(items: Sequence[ReleasedItem]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    a, b, c = (
        np.array([float(getattr(each, key)) for each in items]) for key in ("discrimination", "difficulty", "guessing")
    )
    return a, b, c


def record_panel(
    session: Session, row: MeasurementStudy, judged: panels.Judgements, actor: str, now: datetime
) -> CutScore:
    """What the judgements say, kept and put into the ledger; later workbooks take the place of earlier ones."""
    items, released = panel_items(session, row)
    marked = _of_form(session, row.sitting_id, row.form)
    found = cut_score(
        row.kind,
        judged,
        items,
        _parameters(released),
        [_facility(marked, each.item) for each in items],
        [100 * sum(each.earned.values()) / sum(each.points.values()) for each in marked],
    )
    row.figures, row.figured_at, row.figured_by = found.as_json(), now, actor
    ledger.record(
        session,
        kind=RECORDED,
        actor=actor,
        subject=delivery.sitting_key(row.sitting_id),
        now=now,
        private={
            "study": str(row.id),
            "form": row.form,
            "method": row.kind.value,
            "cuts": [f"{each.cut:.2f}" for each in found.rounds],
        },
    )
    return found


def _facility(marked: Sequence[Script], item: str) -> float | None:
    shares = [each.earned[item] / each.points[item] for each in marked if item in each.earned]
    return float(np.mean(shares)) if shares else None


def equate(session: Session, row: MeasurementStudy) -> Comparison:
    """From all marked scripts of both forms."""
    assert row.other_sitting_id is not None and row.other_form is not None
    return compare(
        _of_form(session, row.sitting_id, row.form),
        _of_form(session, row.other_sitting_id, row.other_form),
        same_sitting=row.sitting_id == row.other_sitting_id,
    )


def _of_form(session: Session, sitting_id: UUID, letter: str) -> list[Script]:
    wanted = fixed_forms.takers(session, delivery.sitting_key(sitting_id), letter)
    found = scripts(session, sitting_id) if wanted else {}
    return [found[name] for name in wanted if name in found]
