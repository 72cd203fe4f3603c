"""Who marks which question and how: mode and tolerance, examiners with quotas, seeds, marks sent back."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from certengine.foundation.canonical import canonical_hash
from certengine.foundation.errors import Conflict, Invalid, NotFound, Problem
from certengine.marking import answer_rules as rules
from certengine.marking import answers
from certengine.marking.answer_models import AnswerMark, AnswerMarker, AnswerQuestion, MarkingMode, WrittenAnswer
from certengine.marking.answers import QuestionView
from certengine.people.models import Account
from certengine.people.permissions import Role

LARGEST_QUOTA = 100_000
CHANGES = ("removed", "paused", "released")


def set_mode(session: Session, question_id: UUID, mode: MarkingMode, tolerance: int, actor: str, now: datetime) -> None:
    """How often each answer is marked and by how much marks may differ. Raises Conflict once anybody has marked."""
    row = _locked(session, question_id)
    if not 0 <= tolerance <= 100:
        raise Invalid([Problem("tolerance", "marking.tolerance_range")])
    if has_marks(session, question_id):
        raise Conflict("marking.answers_begun")
    row.mode, row.tolerance = mode, tolerance
    public = {"mode": mode.value, "tolerance": tolerance}
    answers.record(session, "answers.mode_set", row.sitting_id, actor, now, public, _names(row))


def _locked(session: Session, question_id: UUID) -> AnswerQuestion:
    row = session.scalar(select(AnswerQuestion).where(AnswerQuestion.id == question_id).with_for_update())
    if row is None:
        raise NotFound("marking.no_question")
    return row


def _names(row: AnswerQuestion) -> dict[str, str]:
    return {"item": row.item, "part": row.part}


def has_marks(session: Session, question_id: UUID) -> bool:
    query = select(AnswerMark.id).join(WrittenAnswer, WrittenAnswer.id == AnswerMark.answer_id)
    return session.scalar(query.where(WrittenAnswer.question_id == question_id).limit(1)) is not None


def assign(
    session: Session, question_id: UUID, account: Account, *, third: bool, quota: int, actor: str, now: datetime
) -> AnswerMarker:
    """Gives a question to an examiner, or changes their quota. Raises Invalid for anyone who is no examiner."""
    if Role.EXAMINER not in {each.role for each in account.roles}:
        raise Invalid([Problem("account", "marking.no_examiner")])
    if not 1 <= quota <= LARGEST_QUOTA:
        raise Invalid([Problem("quota", "marking.quota_range", {"most": LARGEST_QUOTA})])
    row = _locked(session, question_id)
    marker = marker_of(session, question_id, account.id)
    if marker is None:
        marker = AnswerMarker(question_id=question_id, account_id=account.id, quota=quota, seeds_since=now)
        session.add(marker)
    marker.third, marker.quota, marker.active = third, quota, True
    session.flush()
    private = {**_names(row), "marker": f"account:{account.id}", "third": third, "quota": quota}
    answers.record(session, "answers.marker_assigned", row.sitting_id, actor, now, {}, private)
    return marker


def marker_of(session: Session, question_id: UUID, account_id: UUID, lock: bool = False) -> AnswerMarker | None:
    query = select(AnswerMarker).where(AnswerMarker.question_id == question_id, AnswerMarker.account_id == account_id)
    return session.scalar(query.with_for_update() if lock else query)


def markers_of(session: Session, question_id: UUID) -> list[tuple[AnswerMarker, Account]]:
    """By name; whoever was taken off the question stays listed."""
    query = select(AnswerMarker, Account).join(Account, Account.id == AnswerMarker.account_id)
    rows = session.execute(query.where(AnswerMarker.question_id == question_id).order_by(Account.name, Account.id))
    return [(marker, account) for marker, account in rows]


def change(session: Session, question_id: UUID, account_id: UUID, act: str, actor: str, now: datetime) -> None:
    """removed: the question is taken away, marks stay; paused: no further answers; released: a paused one goes on."""
    row, marker = _locked(session, question_id), marker_of(session, question_id, account_id, lock=True)
    if marker is None or act not in CHANGES:
        raise NotFound("marking.no_question")
    if act == "removed":
        marker.active = False
    elif act == "paused":
        marker.paused_at = now
    else:
        # What was marked until now is forgiven: the next seeds tell.
        marker.paused_at, marker.seeds_since = None, now
    private = {**_names(row), "marker": f"account:{account_id}"}
    answers.record(session, f"answers.marker_{act}", row.sitting_id, actor, now, {}, private)


def add_seed(
    session: Session,
    question_id: UUID,
    text: str,
    points: Sequence[Decimal | None],
    actor: str,
    now: datetime,
    *,
    practice: bool = False,
    note: str = "",
) -> str:
    """An answer with agreed points, which every marker gets among the others, or before them to practise on.

    Returns its code. Raises Invalid.
    """
    row = _locked(session, question_id)
    view = answers.view_of(session, row)
    found = rules.point_problems(view.rubric, points)
    if rules.is_blank(text):
        found.insert(0, Problem("text", "marking.seed_text_missing"))
    if found:
        raise Invalid(found)
    code = answers.free_code(answers.laid_out(session, view.sitting_id)[1])
    agreed = rules.named_points(points)
    whole = f"{view.whole:.2f}"
    seed = {"points": agreed, "whole": whole}
    session.add(
        WrittenAnswer(
            question_id=question_id, code=code, text=text.strip(), agreed=seed, practice=practice, note=note.strip()
        )
    )
    session.flush()
    private = {**_names(row), "code": code, "text": text.strip(), "agreed": seed, "practice": practice}
    answers.record(session, "answers.seeded", row.sitting_id, actor, now, {}, private)
    return code


def flagged(session: Session, view: QuestionView) -> list[AnswerMark]:
    """Marks that count and were given by other answer points than those in force."""
    query = select(WrittenAnswer.id).join(AnswerMark, AnswerMark.answer_id == WrittenAnswer.id)
    old = query.where(
        WrittenAnswer.question_id == view.id, ~AnswerMark.set_aside, AnswerMark.rubric != view.rubric_hash
    )
    marks = answers.latest_marks(session, session.scalars(old.distinct()).all())
    return [each for given in marks.values() for each in given if each.rubric != view.rubric_hash]


def send_back(session: Session, question_id: UUID, actor: str, now: datetime) -> int:
    """Sets the flagged marks aside, so that their answers are marked again; returns how many marks."""
    row = _locked(session, question_id)
    answers.refuse_released(session, row.sitting_id)
    now = answers.after_totals(session, row.sitting_id, now)
    view = answers.view_of(session, row)
    marks = flagged(session, view)
    if not marks:
        return 0
    ids = {each.answer_id for each in marks}
    query = select(WrittenAnswer).where(WrittenAnswer.id.in_(ids)).order_by(WrittenAnswer.id).with_for_update()
    rows = {each.id: each for each in session.scalars(query)}
    for mark in marks:
        # With what the same marker gave before: none of it counts again.
        earlier = update(AnswerMark).where(AnswerMark.answer_id == mark.answer_id, AnswerMark.marker == mark.marker)
        session.execute(earlier.values(set_aside=True))
        rows[mark.answer_id].version += 1
    session.flush()
    for answer in rows.values():
        answers.resettle(session, view, answer, now)
    told = [[rows[each.answer_id].code, each.marker, each.number] for each in marks]
    public = {"count": len(marks), "marks": canonical_hash(told)}
    answers.record(session, "answers.sent_back", row.sitting_id, actor, now, public, {**_names(row), "marks": told})
    session.flush()
    return len(marks)
