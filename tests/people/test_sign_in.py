from flask.testing import FlaskClient

from certengine.foundation.runtime import Runtime
from tests.factories import account


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
