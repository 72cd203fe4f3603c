import enum
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from certengine.foundation.database import Base
from certengine.foundation.ids import new_id
from certengine.marking import annotation_models as annotation_models
from certengine.marking import answer_models as answer_models
from certengine.standards.rules import Part


class Verdict(enum.Enum):
    PASSED = "passed"
    FAILED = "failed"
    ABSENT = "absent"
    VOID = "void"


class MarkState(enum.Enum):
    """Why there is a score or none. A blank script was handed in and has 0; so may a script with answers."""

    ABSENT = "absent"
    BLANK = "blank"
    UNMARKED = "unmarked"
    MARKED = "marked"
    # Passed in an earlier exam and still valid: it was not taken again.
    KEPT = "kept"
    VOID = "void"


class RulingKind(enum.Enum):
    """What is done about an item that turned out to be bad."""

    VOID = "void"
    SECOND_KEY = "second_key"
    FULL_MARKS = "full_marks"


class ProposalState(enum.Enum):
    """Of what one person proposes and another signs."""

    PROPOSED = "proposed"
    CARRIED_OUT = "carried_out"
    REJECTED = "rejected"


class ChangeState(enum.Enum):
    """WAITING: a pass would become a fail, which nothing but a decision by two does."""

    APPLIED = "applied"
    WAITING = "waiting"
    KEPT = "kept"


class ReviewState(enum.Enum):
    ASKED = "asked"
    CHECKED = "checked"
    UNCHANGED = "unchanged"
    CHANGED = "changed"


class TheoryMark(Base):
    """The mark of one script as it stands; items holds what each item earned, in hundredths, by item id.

    Items that were voided are not among them.
    """

    __tablename__ = "theory_mark"
    __table_args__ = (UniqueConstraint("sitting_id", "registration_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"), index=True)
    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"), index=True)
    score: Mapped[Decimal]
    items: Mapped[dict[str, Any]]
    # How many items have an answer, 0 for a blank script; None for marks from before this was kept.
    answered: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    marked_at: Mapped[datetime]


class EarlierTheoryMark(Base):
    """A version of a mark that another has taken the place of. Nothing is changed or removed here."""

    __tablename__ = "earlier_theory_mark"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"), index=True)
    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"), index=True)
    version: Mapped[int]
    score: Mapped[Decimal]
    items: Mapped[dict[str, Any]]
    answered: Mapped[int | None]
    marked_at: Mapped[datetime]


class ItemRuling(Base):
    """What is to be done about an item of a sitting; accepted are the answers that count as right beside the key."""

    __tablename__ = "item_ruling"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"), index=True)
    item: Mapped[str] = mapped_column(String(60))
    kind: Mapped[RulingKind]
    accepted: Mapped[list[Any]]
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[ProposalState] = mapped_column(default=ProposalState.PROPOSED)
    proposed_at: Mapped[datetime]
    proposed_by: Mapped[str] = mapped_column(String(80))
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(String(80))
    # The hash of the marks that came of it.
    marks: Mapped[str | None] = mapped_column(String(64))


class PracticalMark(Base):
    """One examiner's mark of one candidate; points by criterion, as texts."""

    __tablename__ = "practical_mark"
    __table_args__ = (UniqueConstraint("sitting_id", "registration_id", "examiner"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"), index=True)
    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"), index=True)
    examiner: Mapped[str] = mapped_column(String(80))
    examiner_name: Mapped[str] = mapped_column(String(120))
    task: Mapped[str] = mapped_column(String(60))
    points: Mapped[dict[str, Any]]
    total: Mapped[Decimal]
    comment: Mapped[str] = mapped_column(Text, default="")
    # Criteria with their points as they were when it was given; None for marks from before this was kept.
    rubric: Mapped[list[Any] | None]
    # Counts the savings: a form that was opened before another saving is refused.
    version: Mapped[int] = mapped_column(default=1)
    marked_at: Mapped[datetime]


class EarlierPracticalMark(Base):
    """A version of an examiner's mark that another has taken the place of. Nothing is changed or removed here."""

    __tablename__ = "earlier_practical_mark"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"))
    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"), index=True)
    examiner: Mapped[str] = mapped_column(String(80))
    version: Mapped[int]
    points: Mapped[dict[str, Any]]
    total: Mapped[Decimal]
    comment: Mapped[str] = mapped_column(Text)
    rubric: Mapped[list[Any] | None]
    marked_at: Mapped[datetime]


class NothingHandedIn(Base):
    """A candidate of the practical part who did not come, or who left nothing to be marked: not the same as 0 points."""

    __tablename__ = "nothing_handed_in"

    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"), primary_key=True)
    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"), primary_key=True)
    state: Mapped[MarkState]
    recorded_by: Mapped[str] = mapped_column(String(80))
    recorded_at: Mapped[datetime]


class ResultVoid(Base):
    """A part taken away by a decision, before or after the release; both parts are two rows."""

    __tablename__ = "result_void"

    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"), primary_key=True)
    part: Mapped[Part] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(80))


class Result(Base):
    """What a candidate has got in both parts, from its release on; None where a part was not taken."""

    __tablename__ = "result"

    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"), primary_key=True)
    exam_plan_id: Mapped[UUID] = mapped_column(ForeignKey("exam_plan.id"), index=True)
    theory: Mapped[Decimal | None]
    practical: Mapped[Decimal | None]
    verdict: Mapped[Verdict]
    released_at: Mapped[datetime]
    released_by: Mapped[str] = mapped_column(String(80))
    certificate_id: Mapped[UUID | None] = mapped_column(ForeignKey("certificate.id"))
    theory_state: Mapped[MarkState | None]
    practical_state: Mapped[MarkState | None]
    # The end of an embargo: until then the candidate sees nothing and gets no certificate.
    visible_from: Mapped[datetime | None]


class ResultChange(Base):
    """One score of a released result that became another, or would; cause names the ruling or the review."""

    __tablename__ = "result_change"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"), index=True)
    exam_plan_id: Mapped[UUID] = mapped_column(ForeignKey("exam_plan.id"), index=True)
    cause: Mapped[str] = mapped_column(String(80))
    part: Mapped[Part]
    before: Mapped[Decimal | None]
    after: Mapped[Decimal | None]
    verdict_before: Mapped[Verdict]
    verdict_after: Mapped[Verdict]
    state: Mapped[ChangeState]
    at: Mapped[datetime]
    # Of one that waits: what the first person wants, and who has signed it.
    wanted: Mapped[ChangeState | None]
    reason: Mapped[str] = mapped_column(Text, default="")
    proposed_by: Mapped[str | None] = mapped_column(String(80))
    decided_by: Mapped[str | None] = mapped_column(String(80))
    decided_at: Mapped[datetime | None]


class ReleaseProposal(Base):
    """The results of a plan, to be released once a second person signs; warnings are what the checks said."""

    __tablename__ = "release_proposal"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    exam_plan_id: Mapped[UUID] = mapped_column(ForeignKey("exam_plan.id"), index=True)
    state: Mapped[ProposalState] = mapped_column(default=ProposalState.PROPOSED)
    warnings: Mapped[list[Any]]
    note: Mapped[str] = mapped_column(Text, default="")
    embargo_until: Mapped[datetime | None]
    proposed_at: Mapped[datetime]
    proposed_by: Mapped[str] = mapped_column(String(80))
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(String(80))


class ScoreReview(Base):
    """A candidate's wish to have a released result looked at again; theory and practical are what was found."""

    __tablename__ = "score_review"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"), unique=True)
    exam_plan_id: Mapped[UUID] = mapped_column(ForeignKey("exam_plan.id"), index=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    state: Mapped[ReviewState] = mapped_column(default=ReviewState.ASKED)
    reason: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime]
    findings: Mapped[str] = mapped_column(Text, default="")
    theory: Mapped[Decimal | None]
    practical: Mapped[Decimal | None]
    checked_by: Mapped[str | None] = mapped_column(String(80))
    checked_at: Mapped[datetime | None]
    decision: Mapped[str] = mapped_column(Text, default="")
    decided_by: Mapped[str | None] = mapped_column(String(80))
    decided_at: Mapped[datetime | None]


class SittingAnalysis(Base):
    """What a marked sitting's scripts say as a whole; see sitting_report.py for the figures."""

    __tablename__ = "sitting_analysis"

    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"), primary_key=True)
    at: Mapped[datetime]
    figures: Mapped[dict[str, Any]]


class BankCalibration(Base):
    """Item parameters of a bank, estimated anew from all scripts; adopted once somebody proposes them as versions."""

    __tablename__ = "bank_calibration"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    bank_id: Mapped[UUID] = mapped_column(ForeignKey("bank.id"), index=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(80))
    model: Mapped[str] = mapped_column(String(20))
    people: Mapped[int]
    figures: Mapped[dict[str, Any]]
    adopted_at: Mapped[datetime | None]
    adopted_by: Mapped[str | None] = mapped_column(String(80))


class StudyKind(enum.Enum):
    EQUATING = "equating"
    ANGOFF = "angoff"
    BOOKMARK = "bookmark"


class MeasurementStudy(Base):
    """A fixed form of a sitting: its scores on another form's scale, or where a panel would cut it; see equating.py and
    cut_scores.py for the figures."""

    __tablename__ = "measurement_study"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    kind: Mapped[StudyKind]
    title: Mapped[str] = mapped_column(String(200))
    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"), index=True)
    form: Mapped[str] = mapped_column(String(2))
    # Of an equating, the form whose scale is kept.
    other_sitting_id: Mapped[UUID | None] = mapped_column(ForeignKey("sitting.id"))
    other_form: Mapped[str | None] = mapped_column(String(2))
    judges: Mapped[list[Any]] = mapped_column(default=list)
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
    # None before the job is done, or the workbook is back.
    figures: Mapped[dict[str, Any] | None]
    figured_at: Mapped[datetime | None]
    figured_by: Mapped[str | None] = mapped_column(String(80))
