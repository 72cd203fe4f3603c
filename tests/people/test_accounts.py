import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy import select

from certengine.foundation.errors import Conflict, Invalid
from certengine.foundation.runtime import Runtime
from certengine.people import service
from certengine.people.cli import command
from certengine.people.models import Account, Organisation, OrganisationKind
from certengine.people.permissions import Role
from tests.factories import PASSWORD, account, organisation


def sign_in(client: FlaskClient, login: str, password: str = PASSWORD) -> int:
    return client.post("/sign-in", data={"login": login, "password": password}).status_code


@pytest.fixture
def department(runtime: Runtime) -> Organisation:
    with runtime.unit_of_work() as session:
        return service.create_organisation(session, OrganisationKind.DEPARTMENT, "省厅", "RST", runtime.clock.now())


def test_the_first_account_comes_from_the_command_line(runtime: Runtime, client: FlaskClient) -> None:
    arguments = ["create", "--login", "admin", "--name", "管理员", "--organisation", "省厅", "--code", "RST"]
    made = CliRunner().invoke(command, [*arguments, "--kind", "department", "--password", "long enough one"])
    assert made.exit_code == 0, made.output
    assert sign_in(client, "admin", "long enough one") == 302
    assert (
        CliRunner().invoke(command, ["password", "--login", "admin", "--password", "another long one"]).exit_code == 0
    )
    assert sign_in(client, "admin", "another long one") == 302
    again = CliRunner().invoke(command, [*arguments, "--password", "long enough one"])
    assert isinstance(again.exception, Invalid)


def test_an_institutions_administrator_keeps_its_own_accounts_alone(
    runtime: Runtime, client: FlaskClient, department: Organisation
) -> None:
    account(runtime, "own", ["administrator"])
    stranger = account(runtime, "stranger", ["proctor"], institution="别的机构", code="OTHR")
    sign_in(client, "own")
    assert "stranger" not in client.get("/accounts").text
    assert client.get(f"/accounts/{stranger.id}").status_code == 404
    assert client.post("/organisations", data={"name": "新", "code": "XX", "kind": "employer"}).status_code == 403
    form = {"login": "new.one", "name": "新人", "roles": ["proctor"], "password": PASSWORD}
    with runtime.unit_of_work(read_only=True) as session:
        foreign = session.scalars(select(Organisation).where(Organisation.code == "OTHR")).one().id
    refused = client.post("/accounts/new", data={**form, "organisation": str(foreign)})
    assert refused.status_code == 200
    with runtime.unit_of_work(read_only=True) as session:
        own = organisation(session, runtime).id
        assert service.account_by_login(session, "new.one") is None
    assert client.post("/accounts/new", data={**form, "organisation": str(own)}).status_code == 302
    assert sign_in(client, "new.one") == 302


def test_a_departments_administrator_makes_organisations(
    runtime: Runtime, client: FlaskClient, department: Organisation
) -> None:
    account(runtime, "head", ["administrator"], institution="省厅", code="RST")
    sign_in(client, "head")
    good = {"name": "青岛评价中心", "code": "qdpj", "kind": "evaluation_institution"}
    assert client.post("/organisations", data=good).status_code == 302
    page = client.post("/organisations", data=good).text
    assert "已有名为“青岛评价中心”的机构" in page and "机构代码 QDPJ 已被使用" in page
    assert "应为2至8个" in client.post("/organisations", data={**good, "name": "x", "code": "a-b"}).text


def test_what_is_changed_takes_effect_at_once_and_nobody_shuts_themselves_out(
    runtime: Runtime, client: FlaskClient
) -> None:
    boss, other = account(runtime, "boss", ["administrator"]), account(runtime, "other", ["proctor"])
    sign_in(client, "boss")
    form = {"name": "王工", "roles": ["examiner"], "active": "y"}
    client.post(f"/accounts/{other.id}", data=form)
    with runtime.unit_of_work(read_only=True) as session:
        assert {each.role for each in session.get_one(Account, other.id).roles} == {Role.EXAMINER}
    client.post(f"/accounts/{other.id}", data={**form, "active": ""})
    assert "不能停用自己" in client.post(f"/accounts/{boss.id}", data=form, follow_redirects=True).text
    assert "请至少选择一个角色" in client.post(f"/accounts/{other.id}", data={"name": "x"}, follow_redirects=True).text
    assert sign_in(client, "other") == 422
    with runtime.unit_of_work() as session, pytest.raises(Conflict):
        mine = session.get_one(Account, boss.id)
        service.change_account(
            session,
            mine,
            name="x",
            roles=frozenset({Role.PROCTOR}),
            active=True,
            actor=f"account:{boss.id}",
            now=runtime.clock.now(),
        )


def test_everybody_changes_their_own_password_knowing_the_old_one(runtime: Runtime, client: FlaskClient) -> None:
    account(runtime, "proctor", ["proctor"])
    sign_in(client, "proctor")
    wrong = client.post("/my-account", data={"old": "nonsense here", "password": "a new long one"})
    assert "原密码不正确" in wrong.text
    assert "至少需要10个字符" in client.post("/my-account", data={"old": PASSWORD, "password": "short"}).text
    assert client.post("/my-account", data={"old": PASSWORD, "password": "a new long one"}).status_code == 302
    assert sign_in(client, "proctor", "a new long one") == 302
