"""A province with its people, each in one line."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from io import BytesIO

from flask.testing import FlaskClient
from openpyxl import Workbook
from sqlalchemy import select

from certengine.foundation.runtime import Runtime
from certengine.people import service as people
from certengine.people.models import Account, Organisation, OrganisationKind
from certengine.people.permissions import Role
from tests.factories import PASSWORD

K = OrganisationKind
# login → (role, organisation, code, kind, region)
CAST = {
    "province": ("supervisor", "山东省人社厅", "SDRS", K.DEPARTMENT, "370000"),
    "jinan": ("supervisor", "济南市人社局", "JNRS", K.DEPARTMENT, "370100"),
    "qingdao": ("supervisor", "青岛市人社局", "QDRS", K.DEPARTMENT, "370200"),
    "authority": ("industry_officer", "山东省工信厅", "SDGX", K.INDUSTRY_AUTHORITY, "370000"),
    "college": ("training_officer", "济南数字学院", "JNSX", K.TRAINING_INSTITUTION, "370100"),
    "harbour": ("training_officer", "青岛港学院", "QDXY", K.TRAINING_INSTITUTION, "370200"),
    "qilu": ("training_officer", "齐鲁继续教育基地", "QLJD", K.BASE, "370100"),
    "employer": ("employer", "泰山装备", "TSZB", K.EMPLOYER, "370100"),
    "officer": ("exam_officer", "济南评价中心", "JNPJ", K.EVALUATION_INSTITUTION, "370100"),
    "expert1": ("expert", "数字经济研究院", "SZYJ", K.EMPLOYER, "370000"),
    "expert2": ("expert", "数字经济研究院", "SZYJ", K.EMPLOYER, "370000"),
    "expert3": ("expert", "数字经济研究院", "SZYJ", K.EMPLOYER, "370000"),
    "inside": ("expert", "济南数字学院", "JNSX", K.TRAINING_INSTITUTION, "370100"),
    "privacy": ("data_officer", "山东省人社厅", "SDRS", K.DEPARTMENT, "370000"),
}
EXPERTS = ("expert1", "expert2", "expert3")


def cast(runtime: Runtime, *logins: str) -> None:
    """Makes accounts of CAST, with their organisations, where they are not there yet."""
    with runtime.unit_of_work() as session:
        for login in logins:
            role, name, code, kind, region = CAST[login]
            if session.scalar(select(Account.id).where(Account.login == login)):
                continue
            owner = session.scalar(select(Organisation).where(Organisation.name == name))
            owner = owner or people.create_organisation(session, kind, name, code, runtime.clock.now(), region=region)
            people.create_account(
                session,
                login=login,
                password=PASSWORD,
                name=login,
                organisation=owner,
                roles=frozenset({Role(role)}),
                now=runtime.clock.now(),
            )


def enter(runtime: Runtime, client: FlaskClient, login: str) -> FlaskClient:
    """Signs one of the cast in, made at first use, on the one browser of the test."""
    cast(runtime, login)
    client.post("/sign-out")
    assert client.post("/sign-in", data={"login": login, "password": PASSWORD}).status_code == 302
    return client


def account_id(runtime: Runtime, login: str) -> str:
    with runtime.unit_of_work(read_only=True) as session:
        return str(session.scalars(select(Account.id).where(Account.login == login)).one())


def organisation_id(runtime: Runtime, login: str) -> str:
    with runtime.unit_of_work(read_only=True) as session:
        return str(session.scalars(select(Account.organisation_id).where(Account.login == login)).one())


def score_all(runtime: Runtime, client: FlaskClient, page: str, scores: Sequence[dict[str, str]]) -> None:
    """The province assigns experts to what stands at a page; each gives their scores."""
    cast(runtime, *EXPERTS)
    ids = [account_id(runtime, login) for login in EXPERTS[: len(scores)]]
    enter(runtime, client, "province")
    assert client.post(f"{page}/experts", data={"expert": ids}).status_code == 302
    for login, given in zip(EXPERTS, scores, strict=False):
        enter(runtime, client, login)
        answer = client.post(first_review(client), data={"opinion": "同意", **given})
        assert answer.status_code == 302, answer.text


def first_review(client: FlaskClient) -> str:
    """The address of what waits for the expert who is signed in."""
    return (
        client.get("/programme/reviews")
        .text.partition('href="/programme/reviews/')[2]
        .partition('"')[0]
        .join(["/programme/reviews/", ""])
    )


def roster_file(rows: Iterable[Sequence[object]], header: Sequence[str]) -> BytesIO:
    workbook = Workbook()
    workbook.active.append(list(header))
    for row in rows:
        workbook.active.append(list(row))
    out = BytesIO()
    workbook.save(out)
    out.seek(0)
    return out


def days_on(runtime: Runtime, days: int) -> date:
    return runtime.clock.now().date() + timedelta(days=days)


def field_time(moment: datetime) -> str:
    return (moment + timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M")
