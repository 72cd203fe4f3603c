"""A marker's queue and the marks entered there: none is lost, whoever marks at the same time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from certengine.foundation.canonical import canonical_hash
from certengine.foundation.errors import Conflict, Invalid, NotAllowed, NotFound
from certengine.marking import answer_markers as markers
from certengine.marking import answer_rules as rules
from certengine.marking import answers, partial
from certengine.marking.answer_models import (
    AnswerMark,
    AnswerMarker,
    AnswerQuestion,
    AnswerState,
    MarkingMode,
    WrittenAnswer,
)
from certengine.marking.answers import QuestionView

CLOCK = "clock"


@dataclass(frozen=True)
class Progress:
    question: QuestionView
    third: bool
    quota: int
    marked: int
    waiting: int
    paused: bool


@dataclass(frozen=True)
class Opened:
    """One answer as a marker sees it. version and number go into the form: what they were when it was opened."""

    id: UUID
    question: QuestionView
    code: str
    text: str
    version: int
    own: AnswerMark | None
    # Of the others, where this marker may see them.
    others: tuple[AnswerMark, ...]
    before: str | None
    after: str | None
    marked: int
    quota: int

    @property
    def number(self) -> int:
        return self.own.number if self.own else 0


@dataclass(frozen=True)
class Entry:
    """What a marker entered, by answer point; version and number as the form was opened with."""

    points: Sequence[Decimal | None]
    comment: str
    version: int
    number: int


def assigned(session: Session, account_id: UUID, question_id: UUID, lock: bool = False) -> AnswerMarker:
    """Raises NotAllowed for a question that is not this examiner's."""
    marker = markers.marker_of(session, question_id, account_id, lock)
    if marker is None or not marker.active:
        raise NotAllowed("marking.not_assigned_answer")
    return marker


def progress(session: Session, account_id: UUID) -> list[Progress]:
    """The questions of an examiner, the newest sitting first."""
    query = (
        select(AnswerMarker, AnswerQuestion)
        .join(AnswerQuestion, AnswerQuestion.id == AnswerMarker.question_id)
        .where(AnswerMarker.account_id == account_id, AnswerMarker.active)
        .order_by(AnswerQuestion.opened_at.desc(), AnswerQuestion.item, AnswerQuestion.part)
    )
    found = []
    for marker, row in session.execute(query).all():
        view, done = answers.view_of(session, row), len(own_codes(session, marker))
        count = select(func.count()).select_from(_takeable(marker).subquery())
        waiting = (session.scalar(count) or 0) + len(_seeds(session, marker))
        left = max(0, marker.quota - done)
        found.append(Progress(view, marker.third, marker.quota, done, min(waiting, left), marker.paused_at is not None))
    return found


def _name(marker: AnswerMarker) -> str:
    return f"account:{marker.account_id}"


def _marked_by(marker: AnswerMarker) -> Any:
    """Whether this marker has a mark of the answer that counts."""
    return (
        select(AnswerMark.id)
        .where(AnswerMark.answer_id == WrittenAnswer.id, AnswerMark.marker == _name(marker), ~AnswerMark.set_aside)
        .exists()
    )


def _takeable(marker: AnswerMarker) -> Select[Any]:
    """Codes that wait for a mark by this marker: of nobody whom they have to do with."""
    state = AnswerState.DISPUTED if marker.third else AnswerState.OPEN
    return (
        select(WrittenAnswer.code)
        .where(WrittenAnswer.question_id == marker.question_id, WrittenAnswer.registration_id.is_not(None))
        .where(WrittenAnswer.state == state, ~_marked_by(marker))
        .where(WrittenAnswer.registration_id.not_in(partial.registrations(marker.account_id)))
    )


def _seeds(session: Session, marker: AnswerMarker) -> Sequence[str]:
    if marker.third:
        return ()
    return session.scalars(_agreed(marker).where(~WrittenAnswer.practice, ~_marked_by(marker))).all()


def _agreed(marker: AnswerMarker) -> Select[Any]:
    query = select(WrittenAnswer.code)
    return query.where(WrittenAnswer.question_id == marker.question_id, WrittenAnswer.registration_id.is_(None))


def practice_waiting(session: Session, marker: AnswerMarker) -> Sequence[str]:
    """What this marker has to mark before anything else, in the same order for all."""
    query = _agreed(marker).where(WrittenAnswer.practice, ~_marked_by(marker))
    return session.scalars(query.order_by(WrittenAnswer.code)).all()


def own_codes(session: Session, marker: AnswerMarker) -> list[tuple[str, bool]]:
    """(code, whether a seed) of what this marker has marked after practising, in the order in which they came to it."""
    first = func.min(AnswerMark.at).label("first")
    query = (
        select(WrittenAnswer.code, WrittenAnswer.registration_id, first)
        .join(AnswerMark, AnswerMark.answer_id == WrittenAnswer.id)
        .where(
            WrittenAnswer.question_id == marker.question_id, AnswerMark.marker == _name(marker), ~AnswerMark.set_aside
        )
        .where(~WrittenAnswer.practice)
        .group_by(WrittenAnswer.code, WrittenAnswer.registration_id)
        .order_by(first, WrittenAnswer.code)
    )
    return [(row.code, row.registration_id is None) for row in session.execute(query)]


def next_code(session: Session, account_id: UUID, question_id: UUID, skip: str = "") -> str | None:
    """What this marker marks next; None when nothing waits, the quota is full or they are paused.

    skip: an answer left for later, which comes again when nothing else waits.
    """
    marker = assigned(session, account_id, question_id)
    done = own_codes(session, marker)
    if marker.paused_at is not None or len(done) >= marker.quota:
        return None
    if waiting := practice_waiting(session, marker):
        return waiting[0]
    codes, seeds = set(session.scalars(_takeable(marker))), set(_seeds(session, marker))
    if len(codes | seeds) > 1:
        codes, seeds = codes - {skip}, seeds - {skip}
    return rules.next_code(_name(marker), codes, seeds, len(done), sum(1 for _code, seed in done if seed))


def _answer(session: Session, question_id: UUID, code: str, lock: bool = False) -> WrittenAnswer:
    query = select(WrittenAnswer).where(WrittenAnswer.question_id == question_id, WrittenAnswer.code == code)
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFound("marking.no_answer")
    return found


def opened(session: Session, account_id: UUID, question_id: UUID, code: str) -> Opened:
    """Raises NotAllowed for the answer of somebody whom the marker has to do with, NotFound."""
    marker = assigned(session, account_id, question_id)
    answer = _answer(session, question_id, code)
    _refuse_partial(session, marker, answer)
    view = answers.question(session, question_id)
    marks = answers.latest_marks(session, [answer.id]).get(answer.id, [])
    own = next((each for each in marks if each.marker == _name(marker)), None)
    if own is None and not _takes(marker, answer):
        raise Conflict("marking.answer_settled")
    seen = view.mode is MarkingMode.DOUBLE and answer.registration_id is not None
    others = tuple(each for each in marks if seen and each.marker != _name(marker))
    done = [each for each, _seed in own_codes(session, marker)]
    place = done.index(code) if code in done else len(done)
    before = done[place - 1] if place else None
    after = done[place + 1] if place + 1 < len(done) else None
    return Opened(
        answer.id, view, answer.code, answer.text, answer.version, own, others, before, after, len(done), marker.quota
    )


def _refuse_partial(session: Session, marker: AnswerMarker, answer: WrittenAnswer) -> None:
    if answer.registration_id and not partial.may_mark(session, marker.account_id, answer.registration_id):
        raise NotAllowed("marking.answer_of_own")


def _takes(marker: AnswerMarker, answer: WrittenAnswer) -> bool:
    """Whether the answer waits for a mark by such a marker."""
    if answer.registration_id is None:
        return answer.practice or not marker.third
    return answer.state is (AnswerState.DISPUTED if marker.third else AnswerState.OPEN)


def enter(session: Session, account_id: UUID, question_id: UUID, code: str, entry: Entry, now: datetime) -> bool:
    """Keeps a mark; True when somebody else had marked the answer meanwhile, so that this one is kept beside theirs.

    Raises Invalid for wrong points, Conflict for the marker's own stale form, a full quota, a pause, after a third
    marker decided, and after the release.
    """
    answers.hold(session, AnswerQuestion.id == question_id, shared=True)
    marker = assigned(session, account_id, question_id, lock=True)
    answer = _answer(session, question_id, code, lock=True)
    _refuse_partial(session, marker, answer)
    view = answers.question(session, question_id)
    answers.refuse_released(session, view.sitting_id)
    now = answers.after_totals(session, view.sitting_id, now)
    if marker.paused_at is not None:
        raise Conflict("marking.marker_paused")
    marks = answers.latest_marks(session, [answer.id]).get(answer.id, [])
    own = next((each for each in marks if each.marker == _name(marker)), None)
    if entry.number != (own.number if own else 0):
        raise Conflict("marking.changed_meanwhile")
    disputed = answer.state is AnswerState.DISPUTED
    if own is None and not answer.practice and practice_waiting(session, marker):
        raise Conflict("marking.practice_first")
    if own is not None and answer.practice:
        # Whoever has seen the agreed points marks it no more.
        raise Conflict("marking.sample_marked")
    beside = own is None and not _takes(marker, answer)
    _refuse_late(session, marker, answer, entry, own, len(marks), beside)
    if found := rules.point_problems(view.rubric, entry.points):
        raise Invalid(found)
    _keep(session, view, marker, answer, entry, now)
    answers.resettle(session, view, answer, now)
    session.flush()
    if disputed and answer.state is AnswerState.SETTLED:
        # Its own entry, with whatever else of the marker waits for one.
        record_batch(session, marker, now, "answers.dispute_decided", answer.code)
    elif len(_unrecorded(session, marker)) >= rules.BATCH:
        record_batch(session, marker, now)
    if answer.registration_id is None:
        _pause_if_far_off(session, view, marker, answer.practice, now)
    return beside


def _refuse_late(
    session: Session,
    marker: AnswerMarker,
    answer: WrittenAnswer,
    entry: Entry,
    own: AnswerMark | None,
    marks: int,
    beside: bool,
) -> None:
    if own is None:
        if beside and (entry.version == answer.version or answer.blank):
            raise Conflict("marking.answer_settled")
        if len(own_codes(session, marker)) >= marker.quota:
            raise Conflict("marking.quota_full")
    elif answer.registration_id is not None and (answer.state is AnswerState.DISPUTED or marks > 2):
        raise Conflict("marking.answer_disputed")


def _keep(
    session: Session,
    view: QuestionView,
    marker: AnswerMarker,
    answer: WrittenAnswer,
    entry: Entry,
    now: datetime,
) -> None:
    highest = select(func.max(AnswerMark.number)).where(
        AnswerMark.answer_id == answer.id, AnswerMark.marker == _name(marker)
    )
    mark = AnswerMark(
        answer_id=answer.id,
        marker=_name(marker),
        # Set-aside marks keep their numbers, which may be higher than that of the form.
        number=(session.scalar(highest) or 0) + 1,
        points=rules.named_points(entry.points),
        given=sum((each or Decimal(0) for each in entry.points), Decimal(0)),
        whole=view.whole,
        rubric=view.rubric_hash,
        comment=entry.comment.strip(),
        at=now,
    )
    session.add(mark)
    answer.version += 1
    session.flush()


def _unrecorded(session: Session, marker: AnswerMarker) -> list[tuple[AnswerMark, str]]:
    query = (
        select(AnswerMark, WrittenAnswer.code)
        .join(WrittenAnswer, WrittenAnswer.id == AnswerMark.answer_id)
        .where(WrittenAnswer.question_id == marker.question_id, AnswerMark.marker == _name(marker))
        .where(AnswerMark.entry.is_(None))
        .order_by(AnswerMark.at, WrittenAnswer.code, AnswerMark.number)
    )
    return [(mark, code) for mark, code in session.execute(query)]


def record_batch(
    session: Session, marker: AnswerMarker, now: datetime, kind: str = "answers.marked", code: str = ""
) -> None:
    """Writes a marker's marks that are in no entry yet to the ledger: their hash for all, each mark in private."""
    waiting = _unrecorded(session, marker)
    if not waiting:
        return
    row = session.get_one(AnswerQuestion, marker.question_id)
    told = [_told(mark, each) for mark, each in waiting]
    public = {"count": len(told), "marks": canonical_hash(told)}
    private = {"item": row.item, "part": row.part, "marker": _name(marker), "marks": told}
    if code:
        private["decides"] = code
    entry = answers.record(session, kind, row.sitting_id, _name(marker), now, public, private)
    for mark, _code in waiting:
        mark.entry = entry
    session.flush()


def _told(mark: AnswerMark, code: str) -> dict[str, Any]:
    return {
        "code": code,
        "number": mark.number,
        "points": mark.points,
        "given": f"{mark.given:.2f}",
        "whole": f"{mark.whole:.2f}",
        "rubric": mark.rubric,
        "comment": mark.comment,
        "at": mark.at.isoformat(),
    }


def record_rest(session: Session, sitting_id: UUID, now: datetime) -> None:
    """Every mark of the sitting that is in no entry yet goes to the ledger, before totals are made of them."""
    query = (
        select(AnswerMarker)
        .join(AnswerQuestion, AnswerQuestion.id == AnswerMarker.question_id)
        .where(AnswerQuestion.sitting_id == sitting_id)
        .order_by(AnswerMarker.id)
    )
    for marker in session.scalars(query).all():
        record_batch(session, marker, now)


def seed_pairs(session: Session, marker: AnswerMarker, practice: bool = False) -> list[tuple[Fraction, Fraction]]:
    """(given, agreed) of the seeds that count, or of those for practice, as shares of the points."""
    query = (
        select(AnswerMark, WrittenAnswer.agreed)
        .join(WrittenAnswer, WrittenAnswer.id == AnswerMark.answer_id)
        .where(WrittenAnswer.question_id == marker.question_id, WrittenAnswer.registration_id.is_(None))
        .where(WrittenAnswer.practice == practice)
        .where(AnswerMark.marker == _name(marker), AnswerMark.at >= marker.seeds_since)
        .order_by(AnswerMark.number)
    )
    newest = {mark.answer_id: (mark, agreed) for mark, agreed in session.execute(query)}
    return [(answers.share_of(mark), rules.agreed_share(agreed)) for mark, agreed in newest.values()]


def practice_result(
    session: Session, account_id: UUID, question_id: UUID, code: str
) -> tuple[AnswerMark, WrittenAnswer]:
    """What the marker gave for an answer to practise on, and the answer with its agreed points.

    Raises NotFound for any other answer, and before it is marked.
    """
    marker, answer = assigned(session, account_id, question_id), _answer(session, question_id, code)
    marks = answers.latest_marks(session, [answer.id]).get(answer.id, [])
    own = next((each for each in marks if each.marker == _name(marker)), None)
    if not answer.practice or own is None:
        raise NotFound("marking.no_answer")
    return own, answer


def is_practice(session: Session, question_id: UUID, code: str) -> bool:
    return _answer(session, question_id, code).practice


def _pause_if_far_off(
    session: Session, view: QuestionView, marker: AnswerMarker, practice: bool, now: datetime
) -> None:
    """Seeds are judged from the first few on, practice when all of it is done."""
    if practice and practice_waiting(session, marker):
        return
    found = rules.agreement(seed_pairs(session, marker, practice), view.tolerance_share)
    if found.unready if practice else found.too_low:
        # The marker's row is locked already: the question's must not be locked after it.
        marker.paused_at = now
        private = {"question": view.name, "marker": _name(marker), "within": found.within, "seeds": found.seeds}
        answers.record(session, "answers.marker_paused", view.sitting_id, CLOCK, now, {}, private)
