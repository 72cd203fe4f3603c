"""Selections from the application over recommendation, experts and public notice to the title."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, joinedload

from certengine.foundation.errors import Conflict, Invalid, NotAllowed, NotFound, Problem
from certengine.foundation.runtime import Runtime
from certengine.foundation.uploads import document_type
from certengine.ledger import service as ledger
from certengine.people import regions
from certengine.people import service as people
from certengine.people.models import Organisation, OrganisationKind
from certengine.programme import documents, notices, panels, selection_problems, selection_rules
from certengine.programme.application_models import Application, ApplicationDocument, ApplicationKind, Stage
from certengine.programme.document_models import DocumentKind
from certengine.programme.document_sheet import Paper
from certengine.programme.documents import Wanted
from certengine.programme.notices import Told
from certengine.programme.panels import Reviewed
from certengine.training import courses
from certengine.training.course_models import CourseState

__all__ = ["selection_problems"]

# What a title does where it is given: (session, runtime, application, actor, now).
Award = Callable[[Session, Runtime, Application, str, datetime], None]
_awards: dict[ApplicationKind, Award] = {}


@dataclass(frozen=True)
class ApplicationFacts:
    kind: ApplicationKind
    recommender_id: UUID
    statement: Mapping[str, str]
    national: bool = False
    fields: tuple[str, ...] = ()
    course_id: UUID | None = None


@dataclass(frozen=True)
class Viewer:
    """Whose eyes look: an organisation and its region; recommends and decides by the account's permissions."""

    organisation_id: UUID
    region: str
    recommends: bool
    decides: bool

    def may_see(self, found: Application) -> bool:
        here = found.region.startswith(regions.reach(self.region))
        return (
            found.organisation_id == self.organisation_id
            or (self.recommends and found.recommender_id == self.organisation_id)
            or (self.decides and here)
        )

    def may_decide(self, found: Application) -> bool:
        """The province's department over what comes from its own; nobody over their own."""
        here = found.region.startswith(regions.reach(self.region))
        return (
            self.decides
            and regions.is_provincial(self.region)
            and here
            and found.organisation_id != self.organisation_id
        )

    def may_recommend(self, found: Application) -> bool:
        return self.recommends and found.recommender_id == self.organisation_id


def on_award(kind: ApplicationKind) -> Callable[[Award], Award]:
    """Declares what a title does; the package that keeps the title says it."""

    def declare(award: Award) -> Award:
        _awards[kind] = award
        return award

    return declare


def recommenders(session: Session, region: str) -> Sequence[Organisation]:
    """Who may recommend an applicant of this region: its city's department, the province's, industry authorities."""
    same_city = (Organisation.kind == OrganisationKind.DEPARTMENT) & Organisation.region.in_(
        [f"{region[:4]}00", f"{region[:2]}0000"]
    )
    authority = (Organisation.kind == OrganisationKind.INDUSTRY_AUTHORITY) & Organisation.region.startswith(region[:2])
    return session.scalars(
        select(Organisation).where(or_(same_city, authority)).order_by(Organisation.region.desc(), Organisation.name)
    ).all()


def apply(
    session: Session, organisation_id: UUID, facts: ApplicationFacts, *, token: str, actor: str, now: datetime
) -> Application:
    """A new application; the same token again returns the one it made. Raises Invalid naming the field, Conflict."""
    if made := session.scalar(select(Application).where(Application.token == token)):
        return made
    own = people.organisation(session, organisation_id)
    found = [Problem(name, "application.needed") for name in _missing(facts)]
    if facts.recommender_id not in {each.id for each in recommenders(session, own.region)}:
        found.append(Problem("recommender", "application.recommender"))
    title = own.name
    if facts.kind is ApplicationKind.BEST_COURSE and facts.course_id:
        nominated = courses.course(session, facts.course_id, organisation_id)
        title = nominated.title
        if nominated.state is not CourseState.PUBLISHED:
            found.append(Problem("course", "application.course_not_published"))
    if found:
        raise Invalid(found)
    if session.scalar(_open_query(organisation_id, facts)):
        raise Conflict("application.exists")
    made = Application(
        kind=facts.kind,
        national=facts.national,
        organisation_id=organisation_id,
        course_id=facts.course_id,
        title=title,
        fields=list(facts.fields),
        statement=dict(facts.statement),
        region=own.region,
        recommender_id=facts.recommender_id,
        token=token,
        created_at=now,
        changed_at=now,
    )
    session.add(made)
    session.flush()
    _record(session, "application.made", made, actor, now, {"kind": facts.kind.value})
    return made


def _missing(facts: ApplicationFacts) -> list[str]:
    missing = [name for name in selection_rules.QUESTIONS if not facts.statement.get(name, "").strip()]
    institution = facts.kind in (ApplicationKind.TRAINING_INSTITUTION, ApplicationKind.EVALUATION_INSTITUTION)
    if institution and not facts.fields:
        missing.append("fields")
    if facts.kind is ApplicationKind.BEST_COURSE and facts.course_id is None:
        missing.append("course")
    return missing


def _open_query(organisation_id: UUID, facts: ApplicationFacts) -> Select[Any]:
    return select(Application.id).where(
        Application.organisation_id == organisation_id,
        Application.kind == facts.kind,
        Application.course_id == facts.course_id if facts.course_id else Application.course_id.is_(None),
        Application.stage.in_([Stage.SUBMITTED, Stage.RETURNED, Stage.RECOMMENDED, Stage.PUBLISHED]),
    )


def applications_query(viewer: Viewer, kind: ApplicationKind | None = None, stage: Stage | None = None) -> Select[Any]:
    """What the viewer may see, newest first."""
    mine = [Application.organisation_id == viewer.organisation_id]
    if viewer.recommends:
        mine.append(Application.recommender_id == viewer.organisation_id)
    if viewer.decides:
        mine.append(Application.region.startswith(regions.reach(viewer.region), autoescape=True))
    query = select(Application).where(or_(*mine)).options(joinedload(Application.organisation))
    if kind:
        query = query.where(Application.kind == kind)
    if stage:
        query = query.where(Application.stage == stage)
    return query.order_by(Application.created_at.desc(), Application.id.desc())


def application(session: Session, application_id: UUID, viewer: Viewer | None, lock: bool = False) -> Application:
    """Raises NotFound, also for what the viewer may not see; viewer None for an expert who was assigned to it."""
    query = select(Application).where(Application.id == application_id)
    found = session.scalar(query.with_for_update(of=Application) if lock else query)
    if found is None or (viewer is not None and not viewer.may_see(found)):
        raise NotFound("application.not_found")
    return found


def add_document(session: Session, runtime: Runtime, found: Application, name: str, content: bytes) -> None:
    """Keeps a proof. Raises Invalid for a kind of file that is none, Conflict once it is recommended."""
    if found.stage not in (Stage.SUBMITTED, Stage.RETURNED):
        raise Conflict("application.stage")
    media_type = document_type(content)
    if media_type is None:
        raise Invalid([Problem("file", "application.file_kind")])
    session.add(
        ApplicationDocument(
            application_id=found.id,
            name=name.strip()[:160] or "file",
            digest=runtime.files.put(content),
            media_type=media_type,
            added_at=runtime.clock.now(),
        )
    )
    session.flush()


def submit_again(
    session: Session, found: Application, statement: Mapping[str, str], *, actor: str, now: datetime
) -> None:
    missing = [Problem(name, "application.needed") for name in selection_rules.QUESTIONS if not statement[name].strip()]
    if missing:
        raise Invalid(missing)
    found.statement = dict(statement)
    _move(session, found, Stage.SUBMITTED, "", actor, now)


def withdraw(session: Session, found: Application, *, actor: str, now: datetime) -> None:
    _move(session, found, Stage.WITHDRAWN, "", actor, now)


def recommend(
    session: Session, found: Application, stage: Stage, text: str, *, viewer: Viewer, actor: str, now: datetime
) -> None:
    """stage: RECOMMENDED, RETURNED or REFUSED. Raises NotAllowed for anybody but the recommender that was named."""
    if not viewer.may_recommend(found) or found.organisation_id == viewer.organisation_id:
        raise NotAllowed("application.not_recommender")
    if not text.strip():
        raise Invalid([Problem("text", "application.needed")])
    if found.stage is not Stage.SUBMITTED:
        raise Conflict("application.stage")
    found.recommendation, found.recommended_by = text.strip(), actor
    _move(session, found, stage, text.strip(), actor, now)


def reviewed(found: Application) -> Reviewed:
    return Reviewed(found.subject, found.title, frozenset({found.organisation_id, found.recommender_id}))


def assign_experts(
    session: Session, found: Application, account_ids: Sequence[UUID], *, viewer: Viewer, actor: str, now: datetime
) -> int:
    _decides(found, viewer)
    if found.stage is not Stage.RECOMMENDED:
        raise Conflict("application.stage")
    return panels.assign(session, reviewed(found), account_ids, actor=actor, now=now)


def publish(session: Session, found: Application, told: Told, *, viewer: Viewer, actor: str, now: datetime) -> None:
    """Puts the intended title up for objections. Raises Conflict while experts are too few or too low."""
    _decides(found, viewer)
    panel = panels.panel_of(session, found.subject)
    if not panel.complete:
        raise Conflict("panel.incomplete", least=selection_rules.LEAST_EXPERTS)
    if not panel.good:
        raise Conflict("panel.too_low", average=panel.average, least=selection_rules.PASS_AVERAGE)
    _move(session, found, Stage.PUBLISHED, "", actor, now)
    notices.publish(session, told, actor=actor, now=now)


def decide(
    session: Session,
    runtime: Runtime,
    found: Application,
    award: bool,
    opinion: str,
    *,
    viewer: Viewer,
    actor: str,
    now: datetime,
) -> None:
    """The title after the days for objections, or its refusal with a reason at any step."""
    _decides(found, viewer)
    if not opinion.strip():
        raise Invalid([Problem("opinion", "application.needed")])
    if award:
        problem = notices.closing_problem(notices.notice_of(session, found.subject), now)
        if problem:
            raise Conflict(problem)
    found.opinion, found.decided_by = opinion.strip(), actor
    _move(session, found, Stage.AWARDED if award else Stage.REFUSED, opinion.strip(), actor, now)
    if award:
        _awards[found.kind](session, runtime, found, actor, now)


def _decides(found: Application, viewer: Viewer) -> None:
    if not viewer.may_decide(found):
        raise NotAllowed("application.not_decider")


def _move(session: Session, found: Application, stage: Stage, text: str, actor: str, now: datetime) -> None:
    if not selection_rules.may_follow(found.stage, stage):
        raise Conflict("application.stage")
    found.stage, found.changed_at = stage, now
    session.flush()
    _record(session, f"application.{stage.value}", found, actor, now, {"kind": found.kind.value}, {"text": text})


def _record(
    session: Session,
    kind: str,
    found: Application,
    actor: str,
    now: datetime,
    public: dict[str, Any],
    private: dict[str, Any] | None = None,
) -> None:
    # The exam's applications have kinds of their own under "application."; these stand apart.
    kind = kind.replace("application.", "selection.")
    ledger.record(session, kind=kind, actor=actor, subject=found.subject, now=now, public=public, private=private)


@on_award(ApplicationKind.BEST_COURSE)
def _award_course(session: Session, runtime: Runtime, found: Application, actor: str, now: datetime) -> None:
    assert found.course_id is not None
    year = notices.today(now).year
    courses.choose_best(session, found.course_id, year, actor=actor, now=now)
    holder = people.organisation(session, found.organisation_id).name
    lines = (f"课程：《{found.title}》", f"经遴选入选 {year} 年度优秀网络课程")
    wanted = Wanted(DocumentKind.BEST_COURSE, found.subject, Paper.CERTIFICATE, "优秀网络课程证书", holder, lines)
    documents.issue(session, runtime, wanted, actor=actor, now=now)
