from concurrent.futures import ThreadPoolExecutor

import pytest
from flask.testing import FlaskClient

from certengine.app import create_app
from certengine.foundation.runtime import Runtime
from certengine.people import service as people
from certengine.people.models import Account
from tests.factories import PASSWORD, account

FORM = {"login": "proctor", "password": PASSWORD}


def test_an_account_signs_in_and_lands_where_its_work_is(runtime: Runtime, client: FlaskClient) -> None:
    account(runtime, "admin@example.org", roles=["administrator"])
    answer = client.post("/sign-in", data={"login": "admin@example.org", "password": "correct horse battery"})
    assert answer.status_code == 302
    assert client.get("/accounts").status_code == 200


def test_a_wrong_password_is_told_without_saying_which_part_was_wrong(runtime: Runtime, client: FlaskClient) -> None:
    account(runtime, "admin@example.org", roles=["administrator"])
    for login, password in (("admin@example.org", "wrong password"), ("nobody", "correct horse battery")):
        answer = client.post("/sign-in", data={"login": login, "password": password})
        assert answer.status_code == 422
        assert "账号或密码不正确" in answer.text


def test_who_lacks_the_permission_is_refused_and_who_is_not_signed_in_is_led_to_sign_in(
    runtime: Runtime, client: FlaskClient
) -> None:
    answer = client.get("/accounts", headers={"Accept": "text/html"})
    assert answer.location.startswith("/sign-in?next=")
    account(runtime, "proctor@example.org", roles=["proctor"])
    client.post("/sign-in", data={"login": "proctor@example.org", "password": "correct horse battery"})
    assert client.get("/accounts").status_code == 403


def test_signing_in_never_leads_to_another_site(runtime: Runtime, client: FlaskClient) -> None:
    account(runtime, "admin@example.org", roles=["administrator"])
    form = {"login": "admin@example.org", "password": "correct horse battery", "next": "//evil.example"}
    assert "evil" not in client.post("/sign-in", data=form).location


def test_three_hundred_people_behind_one_address_sign_in_within_a_minute(runtime: Runtime) -> None:
    app = create_app(runtime, TESTING=True, WTF_CSRF_ENABLED=False)
    account(runtime, "proctor", roles=["proctor"])
    with ThreadPoolExecutor(16) as pool:
        answers = pool.map(lambda _n: app.test_client().post("/sign-in", data=FORM), range(300))
        assert [answer.status_code for answer in answers] == [302] * 300


def test_nobody_waits_with_writing_while_a_password_is_looked_at(
    runtime: Runtime, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    account(runtime, "proctor", roles=["proctor"])
    check, seen = people.check_password, []

    def looked_at(known: Account | None, password: str) -> bool:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(account, runtime, f"other{len(seen)}", roles=["proctor"]).result(timeout=20)
        seen.append(password)
        return check(known, password)

    monkeypatch.setattr(people, "check_password", looked_at)
    assert client.post("/sign-in", data=FORM).status_code == 302
    # The page that asks for the password of who is signed in already.
    form = {"old": PASSWORD, "password": "another long password", "again": "another long password"}
    assert client.post("/my-account", data=form).status_code == 302
    assert seen == [PASSWORD, PASSWORD]


def test_a_password_that_was_changed_while_it_was_looked_at_opens_nothing(
    runtime: Runtime, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, check = account(runtime, "proctor", roles=["proctor"]), people.check_password

    def looked_at(known: Account | None, password: str) -> bool:
        with runtime.unit_of_work() as session:
            mine = session.get_one(Account, made.id)
            people.set_password(session, mine, "another long password", "account:admin", runtime.clock.now())
        return check(known, password)

    monkeypatch.setattr(people, "check_password", looked_at)
    assert client.post("/sign-in", data=FORM).status_code == 422
