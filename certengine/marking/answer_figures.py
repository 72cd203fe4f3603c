"""What an officer sees of people's marking: how far each question is, how its markers compare, where they differ."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from certengine.marking import answer_markers as markers
from certengine.marking import answer_rules as rules
from certengine.marking import answers
from certengine.marking.answer_entry import seed_pairs
from certengine.marking.answer_models import AnswerMark, AnswerQuestion, AnswerState, WrittenAnswer
from certengine.marking.answer_rules import Agreement
from certengine.marking.answers import QuestionView


@dataclass(frozen=True)
class QuestionLine:
    """One question of a sitting, in numbers of answers."""

    question: QuestionView
    answers: int
    blank: int
    open: int
    disputed: int
    seeds: int
    markers: int
    flagged: int

    @property
    def settled(self) -> int:
        return self.answers - self.open - self.disputed


@dataclass(frozen=True)
class MarkerLine:
    """Means in per cent of the points: a marker's own, and of the others on the same question."""

    account_id: UUID
    name: str
    third: bool
    active: bool
    paused_at: datetime | None
    quota: int
    marked: int
    agreement: Agreement
    practice: Agreement
    own_mean: float | None
    others_mean: float | None
    hourly: float | None

    @property
    def severity(self) -> float | None:
        """Below 0: stricter than the others."""
        if self.own_mean is None or self.others_mean is None:
            return None
        return self.own_mean - self.others_mean


@dataclass(frozen=True)
class Difference:
    """An answer with more marks than were wanted, or in dispute: every mark is shown, none is lost."""

    code: str
    state: AnswerState
    marks: tuple[tuple[str, Decimal], ...]
    settled: Decimal | None


def lines(session: Session, sitting_id: UUID) -> list[QuestionLine]:
    """The questions of a sitting."""
    rows = answers.questions_of(session, sitting_id)
    seed = WrittenAnswer.registration_id.is_(None).label("seed")
    query = (
        select(WrittenAnswer.question_id, WrittenAnswer.state, WrittenAnswer.blank, seed, func.count().label("count"))
        .join(AnswerQuestion, AnswerQuestion.id == WrittenAnswer.question_id)
        .where(AnswerQuestion.sitting_id == sitting_id)
        .group_by(WrittenAnswer.question_id, WrittenAnswer.state, WrittenAnswer.blank, seed)
    )
    counts: dict[UUID, Counter[str]] = defaultdict(Counter)
    for row in session.execute(query):
        names = ["seeds"] if row.seed else ["answers", row.state.value, *(["blank"] if row.blank else [])]
        counts[row.question_id].update(dict.fromkeys(names, row.count))
    found = []
    for each in rows:
        view, count = answers.view_of(session, each), counts[each.id]
        active = sum(marker.active for marker, _account in markers.markers_of(session, each.id))
        flagged = len(markers.flagged(session, view))
        found.append(
            QuestionLine(
                view,
                count["answers"],
                count["blank"],
                count["open"],
                count["disputed"],
                count["seeds"],
                active,
                flagged,
            )
        )
    return found


def marker_lines(session: Session, view: QuestionView) -> list[MarkerLine]:
    """Everyone who marks or marked a question, by name."""
    query = (
        select(AnswerMark, WrittenAnswer.registration_id)
        .join(WrittenAnswer, WrittenAnswer.id == AnswerMark.answer_id)
        .where(WrittenAnswer.question_id == view.id)
        .order_by(AnswerMark.number)
    )
    newest: dict[tuple[UUID, str], tuple[AnswerMark, bool]] = {}
    moments: dict[str, list[datetime]] = defaultdict(list)
    for mark, registration_id in session.execute(query):
        newest[mark.answer_id, mark.marker] = mark, registration_id is None
        moments[mark.marker].append(mark.at)
    shares: dict[str, list[Fraction]] = defaultdict(list)
    marked: Counter[str] = Counter()
    for mark, seed in newest.values():
        if not mark.set_aside:
            marked[mark.marker] += 1
            if not seed:
                shares[mark.marker].append(answers.share_of(mark))
    found = []
    for marker, account in markers.markers_of(session, view.id):
        name = f"account:{account.id}"
        others = [share for other, given in shares.items() if other != name for share in given]
        found.append(
            MarkerLine(
                account_id=account.id,
                name=account.name,
                third=marker.third,
                active=marker.active,
                paused_at=marker.paused_at,
                quota=marker.quota,
                marked=marked[name],
                agreement=rules.agreement(seed_pairs(session, marker), view.tolerance_share),
                practice=rules.agreement(seed_pairs(session, marker, practice=True), view.tolerance_share),
                own_mean=rules.mean(shares[name]),
                others_mean=rules.mean(others),
                hourly=rules.answers_an_hour(moments[name]),
            )
        )
    return found


def differences(session: Session, view: QuestionView, names: dict[str, str]) -> list[Difference]:
    """names: marker → name. In dispute first, then by code."""
    several = (
        select(AnswerMark.answer_id)
        .where(~AnswerMark.set_aside)
        .group_by(AnswerMark.answer_id)
        .having(func.count(AnswerMark.marker.distinct()) > rules.wanted_marks(view.mode))
    )
    query = select(WrittenAnswer).where(
        WrittenAnswer.question_id == view.id,
        WrittenAnswer.registration_id.is_not(None),
        (WrittenAnswer.state == AnswerState.DISPUTED) | WrittenAnswer.id.in_(several),
    )
    rows = sorted(session.scalars(query), key=lambda row: (row.state is not AnswerState.DISPUTED, row.code))
    marks = answers.latest_marks(session, [row.id for row in rows])
    return [
        Difference(
            row.code,
            row.state,
            tuple((names.get(each.marker, ""), each.given) for each in marks.get(row.id, ())),
            None if row.share is None else rules.in_points(Fraction(row.share), view.whole),
        )
        for row in rows
    ]


def blank_codes(session: Session, question_id: UUID) -> Sequence[str]:
    query = select(WrittenAnswer.code).where(WrittenAnswer.question_id == question_id, WrittenAnswer.blank)
    return session.scalars(query.order_by(WrittenAnswer.code)).all()


def seeds_of(session: Session, view: QuestionView) -> list[tuple[str, Decimal, bool]]:
    """(code, agreed points, whether for practice) of the seeds."""
    query = select(WrittenAnswer).where(WrittenAnswer.question_id == view.id, WrittenAnswer.registration_id.is_(None))
    found = []
    for row in session.scalars(query.order_by(WrittenAnswer.code)):
        assert row.agreed is not None
        found.append((row.code, rules.in_points(rules.agreed_share(row.agreed), view.whole), row.practice))
    return found
