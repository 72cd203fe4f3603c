"""A candidate's result with its strengths, as the page and the printed report show it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.bank import service as bank
from certengine.delivery import service as delivery
from certengine.marking import practical, strengths
from certengine.marking.examiners import rubric_content
from certengine.marking.models import MarkState, Result, TheoryMark, Verdict
from certengine.marking.rules import PassMarks
from certengine.marking.standings import pass_marks
from certengine.marking.strengths import Area, CriterionMean
from certengine.people import service as people
from certengine.sittings import service as sittings
from certengine.sittings.service import CandidateView, SittingView
from certengine.standards import service as standards
from certengine.standards.rules import Part, Standard


@dataclass(frozen=True)
class ResultReport:
    """areas and criteria are empty where the part was not marked here, or is too little to be told apart."""

    candidate: CandidateView
    title: str
    institution: str
    institution_en: str | None
    standard: Standard
    level: str
    direction: str | None
    result: Result
    marks: PassMarks
    areas: tuple[Area, ...]
    criteria: tuple[CriterionMean, ...]
    items: int
    at: datetime

    def name_of(self, area: Area, english: bool) -> str:
        """Empty for the rest."""
        node = self.standard.node(area.node)
        if node is None:
            return area.node
        return (english and node.en) or node.zh


def report_of(session: Session, registration_id: UUID, result: Result, now: datetime) -> ResultReport:
    """The caller has seen to it that the result may be shown."""
    candidate = sittings.candidate(session, registration_id)
    planned = sittings.sittings_of(session, result.exam_plan_id)
    sitting, institution = planned[0], people.organisation(session, candidate.organisation_id)
    areas = _areas(session, registration_id) if _told(result, result.theory_state) else ()
    return ResultReport(
        candidate,
        sitting.title,
        institution.name,
        institution.name_en,
        standards.standard(sitting.field),
        sitting.level.value,
        sitting.direction,
        result,
        pass_marks(sitting),
        areas,
        _criteria(session, planned, registration_id) if _told(result, result.practical_state) else (),
        sum(each.items for each in areas),
        now,
    )


def _told(result: Result, state: MarkState | None) -> bool:
    return result.verdict is not Verdict.VOID and state in (MarkState.MARKED, MarkState.BLANK, None)


def _areas(session: Session, registration_id: UUID) -> tuple[Area, ...]:
    mark = session.scalar(select(TheoryMark).where(TheoryMark.registration_id == registration_id))
    if mark is None:
        return ()
    sitting = sittings.sitting(session, mark.sitting_id)
    assert sitting.release_id is not None
    items = {item.id: item for item in bank.released_items(session, sitting.release_id).items}
    standing = delivery.attempt_of(session, sitting.id, registration_id)
    assert standing is not None
    paper = delivery.paper_answered(session, standing)
    earned = {name: Decimal(hundredths).scaleb(-2) for name, hundredths in mark.items.items()}
    return strengths.areas(paper.items, earned, items)


def _criteria(session: Session, planned: list[SittingView], registration_id: UUID) -> tuple[CriterionMean, ...]:
    for sitting in planned:
        if sitting.part is Part.PRACTICAL and (given := practical.marks(session, sitting.id).get(registration_id)):
            rubric = given[0].rubric or rubric_content(practical.task_of(session, sitting).rubric)
            return strengths.criteria(rubric, [each.points for each in given])
    return ()
