import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from certengine.foundation.runtime import Runtime
from certengine.people import passkeys
from certengine.people.models import AccountPasskey
from tests.factories import PASSWORD, account


@pytest.mark.parametrize(
    ("address", "id", "origin"),
    [
        ("https://exam.example.org", "exam.example.org", "https://exam.example.org"),
        ("http://localhost:8000", "localhost", "http://localhost:8000"),
    ],
)
def test_passkeys_belong_to_the_public_address(address: str, id: str, origin: str) -> None:
    assert passkeys.site(address) == passkeys.Site(id, origin)


@pytest.mark.parametrize("address", ["http://127.0.0.1:8000", "https://[::1]", "http://exam.example.org", ""])
def test_where_browsers_take_no_passkeys_none_are_offered(address: str) -> None:
    assert passkeys.site(address) is None


@pytest.mark.parametrize(
    "answer", ["", "{}", "null", "[]", '{"id":"AA","rawId":"AA","type":"public-key"}', "\x00" * 90]
)
def test_an_answer_that_is_none_is_refused_in_words(runtime: Runtime, client: FlaskClient, answer: str) -> None:
    client.get("/sign-in")
    refused = client.post("/sign-in/passkey", data={"credential": answer, "next": "//evil.example"})
    assert refused.status_code == 422 and "通行密钥未能通过验证" in refused.text


def test_adding_one_needs_the_password_and_removing_anothers_finds_none(runtime: Runtime, client: FlaskClient) -> None:
    made, other = account(runtime, "boss", ["administrator"]), account(runtime, "other", ["issuer"])
    with runtime.unit_of_work() as session:
        now = runtime.clock.now()
        foreign = AccountPasskey(
            account_id=other.id, name="x", credential=b"c", public_key=b"k", uses=0, transports=[], created_at=now
        )
        session.add(foreign)
    client.post("/sign-in", data={"login": "boss", "password": PASSWORD})
    client.get("/my-account/passkeys/new")
    page = client.post("/my-account/passkeys", data={"credential": "{}", "password": "wrong"}, follow_redirects=True)
    assert "原密码不正确" in page.text
    assert client.post(f"/my-account/passkeys/{foreign.id}/remove", data={"password": PASSWORD}).status_code == 404
    with runtime.unit_of_work(read_only=True) as session:
        assert [each.account_id for each in session.scalars(select(AccountPasskey))] == [other.id] != [made.id]


def test_the_password_alone_does_not_open_an_account_with_a_passkey(runtime: Runtime, client: FlaskClient) -> None:
    made = account(runtime, "boss", ["administrator"])
    with runtime.unit_of_work() as session:
        now = runtime.clock.now()
        session.add(
            AccountPasskey(
                account_id=made.id, name="x", credential=b"c", public_key=b"k", uses=0, transports=[], created_at=now
            )
        )
    answer = client.post("/sign-in", data={"login": "boss", "password": PASSWORD})
    assert answer.location == "/sign-in/second" and client.get("/accounts").status_code == 403
    assert client.get("/sign-in/enrol").location == "/sign-in", "nor is another factor enrolled by it"
