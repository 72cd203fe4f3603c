from flask import Flask
from flask.testing import FlaskClient

from certengine.foundation.clock import SetClock
from certengine.foundation.runtime import Runtime
from certengine.people.sessions import LIFETIME
from tests.factories import PASSWORD, account


def sign_in(client: FlaskClient, login: str = "proctor", password: str = PASSWORD, network: str = "192.0.2.1") -> int:
    form = {"login": login, "password": password}
    headers = {"X-Forwarded-For": network, "User-Agent": f"Browser of {network}"}
    return client.post("/sign-in", data=form, headers=headers).status_code


def is_in(client: FlaskClient) -> bool:
    return client.get("/my-account").status_code == 200


def test_sessions_are_listed_with_their_browsers_and_ended_one_by_one(runtime: Runtime, app: Flask) -> None:
    here, there, third = app.test_client(), app.test_client(), app.test_client()
    account(runtime, "proctor", ["proctor"])
    for client, network in ((here, "192.0.2.1"), (there, "198.51.100.2"), (third, "203.0.113.3")):
        sign_in(client, network=network)
    page = here.get("/my-account").text
    assert "Browser of 198.51.100.2" in page and "203.0.113.3" in page and page.count("本浏览器") == 1
    target = page.split("/my-account/sessions/")[1].split("/end")[0]
    here.post(f"/my-account/sessions/{target}/end")
    assert is_in(here) and [is_in(there), is_in(third)].count(True) == 1
    here.post("/my-account/sessions/end-others")
    assert is_in(here) and not is_in(there) and not is_in(third)


def test_nobody_ends_anothers_session(runtime: Runtime, app: Flask) -> None:
    mine, theirs = app.test_client(), app.test_client()
    account(runtime, "proctor", ["proctor"])
    account(runtime, "second", ["proctor"])
    sign_in(mine)
    sign_in(app.test_client())
    sign_in(theirs, "second")
    target = mine.get("/my-account").text.split("/my-account/sessions/")[1].split("/end")[0]
    assert theirs.post(f"/my-account/sessions/{target}/end").status_code == 404


def test_a_change_of_the_password_ends_all_other_sessions_and_an_administrators_reset_all(
    runtime: Runtime, app: Flask
) -> None:
    here, there, boss = app.test_client(), app.test_client(), app.test_client()
    mine = account(runtime, "proctor", ["proctor"])
    account(runtime, "boss", ["administrator"])
    sign_in(here)
    sign_in(there)
    here.post("/my-account", data={"old": PASSWORD, "password": "a new long one"})
    assert is_in(here) and not is_in(there)
    sign_in(boss, "boss")
    boss.post(f"/accounts/{mine.id}/password", data={"password": "another long one"})
    assert not is_in(here) and is_in(boss)


def test_signing_out_ends_the_session_also_for_a_kept_copy_of_the_cookie(runtime: Runtime, app: Flask) -> None:
    client, thief = app.test_client(), app.test_client()
    account(runtime, "proctor", ["proctor"])
    sign_in(client)
    cookie = client.get_cookie("certengine")
    assert cookie is not None
    thief.set_cookie("certengine", cookie.value)
    assert is_in(thief)
    client.post("/sign-out")
    assert not is_in(thief)


def test_a_session_ends_after_a_long_day(runtime: Runtime, client: FlaskClient, clock: SetClock) -> None:
    account(runtime, "proctor", ["proctor"])
    sign_in(client)
    clock.at += LIFETIME
    assert not is_in(client)


def test_an_account_that_was_shut_does_not_come_back_with_its_old_sessions(runtime: Runtime, app: Flask) -> None:
    client, boss = app.test_client(), app.test_client()
    mine = account(runtime, "proctor", ["proctor"])
    account(runtime, "boss", ["administrator"])
    sign_in(client)
    sign_in(boss, "boss")
    form = {"name": "王工", "roles": ["proctor"]}
    boss.post(f"/accounts/{mine.id}", data=form)
    boss.post(f"/accounts/{mine.id}", data={**form, "active": "y"})
    assert not is_in(client)


def test_strangers_who_fail_lock_out_neither_the_known_browser_nor_other_networks(
    runtime: Runtime, app: Flask, clock: SetClock
) -> None:
    holder, stranger = app.test_client(), app.test_client()
    account(runtime, "proctor", ["proctor"])
    sign_in(holder, network="192.0.2.1")
    holder.post("/sign-out")
    answers = [sign_in(stranger, password="wrong password", network="192.0.2.1") for _ in range(8)]
    assert answers[:6] == [422] * 6 and answers[6:] == [429] * 2
    assert sign_in(stranger, network="192.0.2.1") == 429, "waiting out is no way to guess"
    assert sign_in(holder, network="192.0.2.1") == 302, "the known browser passes, from the same address even"
    for number in range(30):
        sign_in(app.test_client(), password="wrong password", network=f"198.51.100.{number}")
    assert sign_in(app.test_client(), network="203.0.113.3") == 302, "a new place passes with the right password"
    clock.advance(minutes=16)
    assert sign_in(stranger, network="192.0.2.1") == 302


def test_a_wait_is_told_in_seconds_to_people_and_programs(runtime: Runtime, client: FlaskClient) -> None:
    for _ in range(6):
        sign_in(client, "nobody", "wrong password")
    answer = client.post(
        "/sign-in", data={"login": "Nobody", "password": "x"}, headers={"X-Forwarded-For": "192.0.2.1"}
    )
    assert answer.status_code == 429 and answer.headers["Retry-After"] == "2" and "请在2秒后再试" in answer.text


def test_a_device_known_under_an_old_password_is_known_no_longer(runtime: Runtime, app: Flask) -> None:
    old, boss = app.test_client(), app.test_client()
    mine = account(runtime, "proctor", ["proctor"])
    account(runtime, "boss", ["administrator"])
    sign_in(old)
    sign_in(boss, "boss")
    boss.post(f"/accounts/{mine.id}/password", data={"password": "another long one"})
    for _ in range(6):
        sign_in(app.test_client(), password="wrong password")
    assert sign_in(old, password="another long one") == 429
