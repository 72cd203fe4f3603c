"""What a holder does without anybody's help: shares certificates until a day, and finds the way back in."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from certengine.certificates import shares
from certengine.certificates.models import Certificate
from certengine.foundation.clock import SetClock
from certengine.foundation.errors import Invalid, NotFound
from certengine.foundation.runtime import Runtime
from certengine.people import service as people
from certengine.people.models import Account, DocumentType
from certengine.people.permissions import Role
from tests.certificates.factories import issued
from tests.factories import PASSWORD, account, resident_id

DOCUMENT = resident_id(7)


@pytest.fixture
def holder(runtime: Runtime) -> Certificate:
    """A certificate whose holder has an account."""
    index = people.document_index(runtime.cipher, DocumentType.RESIDENT_ID, DOCUMENT)
    row = issued(runtime, name="王小明", document_index=index)
    made = account(runtime, "holder", ["trainee"])
    with runtime.unit_of_work() as session:
        facts = people.PersonFacts("王小明", DocumentType.RESIDENT_ID, DOCUMENT)
        person = people.register_person(session, runtime.cipher, facts, runtime.clock.now())
        session.get_one(Account, made.id).person_id = person.id
    return row


def sign_in(client: FlaskClient, password: str = PASSWORD) -> int:
    return client.post("/sign-in", data={"login": "holder", "password": password}).status_code


def test_a_link_shows_all_certificates_until_its_last_day_or_until_it_is_taken_back(
    runtime: Runtime, client: FlaskClient, holder: Certificate, clock: SetClock
) -> None:
    sign_in(client)
    assert "1至366天" in client.post("/certificates/mine/share", data={"days": "0"}, follow_redirects=True).text
    page = client.post("/certificates/mine/share", data={"days": "3"}, follow_redirects=True).text
    address = (
        page[page.index("https://exam.example.org/shared/") :]
        .partition('"')[0]
        .removeprefix("https://exam.example.org")
    )
    client.post("/sign-out")
    shown = client.get(address).text
    assert holder.number in shown and "有效" in shown and 'content="noindex"' in shown and DOCUMENT not in shown
    clock.at += timedelta(days=3)
    assert client.get(address).status_code == 200
    clock.at += timedelta(days=1)
    assert client.get(address).status_code == 404 == client.get("/shared/" + "0" * 26).status_code
    with runtime.unit_of_work() as session:
        row = shares.make(session, runtime, holder.document_index, 5, "account:x", clock.now())
        token = shares.token_of(runtime, row)
        with pytest.raises(NotFound):
            shares.end(session, row.id, "another's", "account:y", clock.now())
        shares.end(session, row.id, holder.document_index, "account:x", clock.now())
        with pytest.raises(NotFound):
            shares.opened(session, token, clock.now())
        with pytest.raises(Invalid):
            shares.make(session, runtime, holder.document_index, 400, "account:x", clock.now())


def test_who_lost_the_sign_in_comes_back_by_document_and_a_certificates_code(
    client: FlaskClient, holder: Certificate
) -> None:
    typed = {"document_type": "resident_id", "document": DOCUMENT, "code": holder.code, "password": "another good one"}
    for wrong in (
        {"code": "0" * 16},
        {"document": resident_id(8)},
        {"document_type": "nothing"},
        {"password": "short"},
    ):
        assert client.post("/recover", data={**typed, **wrong}).status_code == 422
    page = client.post("/recover", data=typed, follow_redirects=True).text
    assert "holder" in page
    assert sign_in(client, "another good one") == 302
    assert holder.number in client.get("/certificates/mine").text


def test_guessing_is_slowed_down_and_a_staff_account_is_not_given_out(
    runtime: Runtime, client: FlaskClient, holder: Certificate
) -> None:
    typed = {"document_type": "resident_id", "document": DOCUMENT, "code": "0" * 16, "password": "another good one"}
    for _ in range(8):
        page = client.post("/recover", data=typed).text
    assert "秒" in page
    with runtime.unit_of_work() as session:
        assert shares.holders_account(session, holder.document_index, holder.code)
        made = people.account_by_login(session, "holder")
        assert made
        people.change_account(
            session,
            made,
            name="王工",
            roles=frozenset({Role.TRAINEE, Role.ISSUER}),
            active=True,
            actor="x",
            now=runtime.clock.now(),
        )
        assert shares.holders_account(session, holder.document_index, holder.code) is None
