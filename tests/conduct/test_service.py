from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from certengine.conduct import service
from certengine.conduct.models import MisconductCase
from certengine.conduct.regulation import OWN, read_regulation, regulation
from certengine.conduct.rules import CaseState
from certengine.conduct.service import CaseFacts, Decision
from certengine.foundation.clock import SetClock
from certengine.foundation.errors import Conflict, Invalid, NotFound
from certengine.foundation.runtime import Runtime
from certengine.marking import service as marking
from certengine.marking.models import Verdict
from certengine.people.models import Organisation, OrganisationKind
from certengine.sittings import service as sittings
from certengine.sittings.models import ExamRoom
from tests.factories import PASSWORD, account, organisation
from tests.sittings.factories import Exam, exam

OBJECTION_TIME = read_regulation(OWN).objection_time
FIRST, SECOND, DECIDER = "account:first", "account:second", "account:decider"


@pytest.fixture
def made(runtime: Runtime) -> Exam:
    return exam(runtime)


def recorded(runtime: Runtime, made: Exam, tier: str = "subject_void", facts: str = "夹带纸条") -> UUID:
    with runtime.unit_of_work() as session:
        now = runtime.clock.now()
        act = next((code for code, act in regulation().acts.items() if act.tier == tier), "")
        wanted = CaseFacts(made.theory_id, made.registrations[0], act, facts, now)
        owner = organisation(session, runtime).id
        return service.record(session, owner, wanted, token=tier, actor=FIRST, now=now).id


def act(runtime: Runtime, case_id: UUID, do: object) -> None:
    with runtime.unit_of_work() as session:
        do(session, session.get_one(MisconductCase, case_id))  # type: ignore[operator]


def told(runtime: Runtime, made: Exam, tier: str = "subject_void") -> UUID:
    case_id = recorded(runtime, made, tier)
    now = runtime.clock.now()
    act(runtime, case_id, lambda session, case: service.sign(session, case, SECOND, now))
    act(runtime, case_id, lambda session, case: service.notify(session, case, DECIDER, now))
    return case_id


def decide(
    runtime: Runtime, case_id: UUID, upheld: bool = True, actor: str = DECIDER, tier: str = "subject_void"
) -> None:
    decision = Decision(upheld, tier, "证据确凿")
    act(runtime, case_id, lambda session, case: service.decide(session, case, decision, actor, runtime.clock.now()))


def test_two_proctors_sign_and_a_third_person_decides_after_the_objection(runtime: Runtime, made: Exam) -> None:
    case_id = recorded(runtime, made)
    now = runtime.clock.now()
    with pytest.raises(Conflict, match="second_person"):
        act(runtime, case_id, lambda session, case: service.sign(session, case, FIRST, now))
    with pytest.raises(Conflict, match="not_signed"):
        act(runtime, case_id, lambda session, case: service.notify(session, case, DECIDER, now))
    act(runtime, case_id, lambda session, case: service.sign(session, case, SECOND, now))
    act(runtime, case_id, lambda session, case: service.notify(session, case, DECIDER, now))
    with pytest.raises(Conflict, match="objection_time"):
        decide(runtime, case_id)
    act(
        runtime, case_id, lambda session, case: service.take_objection(session, case, "不是我的", "registration:1", now)
    )
    with pytest.raises(Conflict, match="decider_signed"):
        decide(runtime, case_id, actor=FIRST)
    decide(runtime, case_id)
    with runtime.unit_of_work(read_only=True) as session:
        assert session.get_one(MisconductCase, case_id).state is CaseState.UPHELD
        standing = marking.plan_marks(session, made.plan_id).standings[0]
        assert standing.verdict is Verdict.VOID and standing.theory is None


def test_without_an_objection_it_is_decided_after_the_time_to_object(
    runtime: Runtime, made: Exam, clock: SetClock
) -> None:
    case_id = told(runtime, made)
    clock.at += OBJECTION_TIME + timedelta(seconds=1)
    with pytest.raises(Conflict, match="objection_over"):
        act(
            runtime,
            case_id,
            lambda session, case: service.take_objection(session, case, "迟了", "registration:1", clock.now()),
        )
    decide(runtime, case_id, tier="five_years")
    with runtime.unit_of_work(read_only=True) as session:
        case = session.get_one(MisconductCase, case_id)
        assert case.recorded_until and case.recorded_until.year == clock.now().year + 5


def test_a_dismissed_case_and_a_warning_take_nothing_away(runtime: Runtime, made: Exam, clock: SetClock) -> None:
    dismissed, warned = told(runtime, made), told(runtime, made, "warning")
    clock.at += OBJECTION_TIME
    decide(runtime, dismissed, upheld=False)
    decide(runtime, warned, tier="warning")
    with runtime.unit_of_work(read_only=True) as session:
        assert marking.plan_marks(session, made.plan_id).standings[0].verdict is not Verdict.VOID


def test_a_record_needs_facts_a_tier_and_a_candidate_of_the_sitting(runtime: Runtime, made: Exam) -> None:
    with pytest.raises(Invalid):
        recorded(runtime, made, facts=" ")
    with pytest.raises(Invalid):
        recorded(runtime, made, tier="hanging")
    first = recorded(runtime, made)
    assert recorded(runtime, made) == first
    with runtime.unit_of_work() as session, pytest.raises(NotFound):
        stranger = organisation(session, runtime, "别的机构", "OTHR").id
        service.case_of(session, stranger, first)


def test_the_case_goes_through_its_screens(runtime: Runtime, made: Exam, client: FlaskClient) -> None:
    for login in ("first", "second"):
        proctor = account(runtime, login, ["proctor"])
        with runtime.unit_of_work() as session:
            room = session.get_one(ExamRoom, made.room_id)
            sittings.assign(session, room, proctor, "account:officer", runtime.clock.now())
    account(runtime, "issuer", ["issuer"])

    def sign_in(login: str) -> None:
        client.post("/sign-in", data={"login": login, "password": PASSWORD})

    sign_in("first")
    new = f"/conduct/new/{made.theory_id}/{made.registrations[0]}"
    lighter = {"act": "stood_in", "tier": "all_void", "facts": "替考", "token": "t"}
    assert client.post(new, data={**lighter, "facts": " "}).status_code == 422
    assert "请选择违纪违规行为" in client.post(new, data={**lighter, "act": "sneezed"}).text
    # Another tier than the act's own needs a reason.
    assert "请写明理由" in client.post(new, data=lighter).text
    here = client.post(new, data={**lighter, "tier_reason": "未进入考场即被发现"}).location
    page = client.get(here).text
    assert "代替他人" in page and "未进入考场即被发现" in page and "当次全部科目考试成绩无效" in page
    assert "须由另一名监考员签字" in client.post(f"{here}/sign", follow_redirects=True).text
    sign_in("second")
    assert "已签字" in client.post(f"{here}/sign", follow_redirects=True).text
    sign_in("issuer")
    assert "已告知考生" in client.post(f"{here}/notify", follow_redirects=True).text
    assert "王小明" in client.get("/conduct").text
    client.post("/exam", data={"ticket": made.tickets[0], "number": made.documents[0]})
    page = client.get("/exam/cases").text
    assert "替考" in page
    case_id = here.rsplit("/", 1)[1]
    assert (
        "申辩已提交"
        in client.post("/exam/cases", data={"case": case_id, "objection": "是本人"}, follow_redirects=True).text
    )
    sign_in("issuer")
    decided = client.post(
        f"{here}/decide", data={"upheld": "yes", "tier": "all_void", "decision": "经核查属实"}, follow_redirects=True
    )
    assert "已作出决定" in decided.text and "是本人" in decided.text


def test_the_register_lists_five_years_until_they_end_and_for_good_always(
    client: FlaskClient, runtime: Runtime, clock: SetClock, made: Exam
) -> None:
    for tier in ("five_years", "warning", "for_good"):
        case_id = told(runtime, made, tier)
        clock.advance(days=6)
        decide(runtime, case_id, tier=tier)

    def listed() -> list[str]:
        with runtime.unit_of_work(read_only=True) as session:
            owner = session.scalars(select(MisconductCase.organisation_id).distinct()).one()
            return [each.tier for each in session.scalars(service.register_query(clock.now(), owner))]

    assert listed() == ["for_good", "five_years"]
    account(runtime, "issuer", ["issuer"])
    client.post("/sign-in", data={"login": "issuer", "password": PASSWORD})
    page = client.get("/conduct/register").text
    assert "长期" in page and made.documents[0] not in page
    clock.advance(days=5 * 366)
    assert listed() == ["for_good"]


def test_a_department_reads_the_register_of_its_region_alone(
    client: FlaskClient, runtime: Runtime, clock: SetClock, made: Exam
) -> None:
    case_id = told(runtime, made, "for_good")
    clock.advance(days=6)
    decide(runtime, case_id, tier="for_good")
    city = ("370100", "370200")
    with runtime.unit_of_work() as session:
        session.scalars(select(Organisation)).first().region = city[0]  # type: ignore[union-attr]
    for number, region in enumerate(city):
        account(runtime, f"city{number}", ["supervisor"], institution=f"{region}市人社局", code=f"C{number}")
        with runtime.unit_of_work() as session:
            office = session.scalars(select(Organisation).where(Organisation.code == f"C{number}")).one()
            office.kind, office.region = OrganisationKind.DEPARTMENT, region
        client.post("/sign-in", data={"login": f"city{number}", "password": PASSWORD})
        assert ("长期" in client.get("/conduct/register").text.partition("<tbody>")[2]) == (number == 0)
