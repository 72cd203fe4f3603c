import re
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from certengine.app import create_app
from certengine.foundation.clock import SetClock
from certengine.foundation.errors import Invalid
from certengine.foundation.runtime import Runtime, use
from certengine.ledger.models import LedgerEntry
from certengine.people import second_factor, totp
from certengine.people.cli import command
from certengine.people.models import Account, AccountFactor, RecoveryCode
from tests.factories import PASSWORD, account

RFC_SECRET = b"12345678901234567890"
# RFC 6238, appendix B: seconds since 1970 and the code of eight digits (SHA-1).
VECTORS = [
    (59, "94287082"),
    (1111111109, "07081804"),
    (1111111111, "14050471"),
    (1234567890, "89005924"),
    (2000000000, "69279037"),
    (20000000000, "65353130"),
]


@pytest.mark.parametrize(("seconds", "code"), VECTORS)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    step = totp.step_at(datetime.fromtimestamp(seconds, UTC))
    assert totp.code_at(RFC_SECRET, step, digits=8) == code


@given(st.binary(min_size=20, max_size=20), st.integers(0, 4_000_000_000))
def test_a_code_is_taken_half_a_minute_early_or_late_and_only_once(secret: bytes, seconds: int) -> None:
    now = datetime.fromtimestamp(seconds + 60, UTC)
    code = totp.code_at(secret, totp.step_at(now))
    step = totp.matching_step(secret, f" {code[:3]} {code[3:]} ", now)
    assert step is not None
    assert totp.matching_step(secret, code, now + timedelta(seconds=totp.STEP_SECONDS)) is not None
    assert totp.matching_step(secret, code, now, after=totp.step_at(now) + totp.WINDOW) is None


def test_the_address_in_the_qr_code_is_as_apps_read_it() -> None:
    address = totp.address(RFC_SECRET, "certengine", "王 工@x")
    assert address.startswith(
        "otpauth://totp/certengine:%E7%8E%8B%20%E5%B7%A5%40x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&"
    )


@pytest.fixture
def strict(runtime: Runtime) -> Flask:
    """The application of an installation that asks for a second factor."""
    from dataclasses import replace

    runtime.settings = replace(runtime.settings, second_factor_required=True)
    return create_app(use(runtime), TESTING=True, WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)


def sign_in(client: FlaskClient, login: str, password: str = PASSWORD) -> str:
    """Where signing in leads."""
    answer = client.post("/sign-in", data={"login": login, "password": password, "next": "/accounts"})
    return answer.location or str(answer.status_code)


def offered_secret(page: str) -> bytes:
    import base64

    typed = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
    assert typed is not None
    return base64.b32decode(typed.group(1).replace(" ", ""))


def code(secret: bytes, runtime: Runtime, later: int = 0) -> str:
    return totp.code_at(secret, totp.step_at(runtime.clock.now()) + later)


def enrolled(runtime: Runtime, client: FlaskClient, login: str = "boss") -> tuple[bytes, list[str]]:
    """Enrols who is half signed in; the secret and the recovery codes."""
    secret = offered_secret(client.get("/sign-in/enrol").text)
    page = client.post("/sign-in/enrol", data={"code": code(secret, runtime)}).text
    return secret, re.findall(r"<code>([0-9A-Z]{5}-[0-9A-Z]{5})</code>", page)


def kinds(runtime: Runtime) -> list[str]:
    with runtime.unit_of_work(read_only=True) as session:
        query = select(LedgerEntry.kind).where(LedgerEntry.kind.startswith("account.")).order_by(LedgerEntry.id)
        return list(session.scalars(query))


def test_who_administers_enrols_before_the_first_page_where_it_is_required(
    runtime: Runtime, strict: Flask, clock: SetClock
) -> None:
    client = strict.test_client()
    account(runtime, "boss", ["administrator"])
    assert sign_in(client, "boss") == "/sign-in/enrol"
    assert client.get("/accounts").status_code == 403, "the password alone opens nothing"
    assert client.post("/sign-in/enrol", data={"code": "000000"}).status_code == 422
    secret, codes = enrolled(runtime, client)
    assert len(codes) == 10 and client.get("/accounts").status_code == 200
    client.post("/sign-out")
    clock.advance(minutes=1)
    assert sign_in(client, "boss") == "/sign-in/second"
    assert client.get("/accounts").status_code == 403
    answer = client.post("/sign-in/second", data={"code": code(secret, runtime)})
    assert answer.location == "/accounts" and client.get("/accounts").status_code == 200
    assert "account.second_factor_enrolled" in kinds(runtime)


def test_who_neither_issues_releases_draws_nor_administers_is_not_asked(runtime: Runtime, strict: Flask) -> None:
    account(runtime, "proctor", ["proctor"])
    assert sign_in(strict.test_client(), "proctor") == "/accounts"


def test_a_session_of_before_does_not_outlive_the_requirement(runtime: Runtime, client: FlaskClient) -> None:
    from dataclasses import replace

    account(runtime, "boss", ["administrator"])
    sign_in(client, "boss")
    assert client.get("/accounts").status_code == 200
    runtime.settings = replace(runtime.settings, second_factor_required=True)
    assert client.get("/accounts").status_code == 403


def test_a_code_and_a_recovery_code_are_each_good_once(runtime: Runtime, strict: Flask, clock: SetClock) -> None:
    client = strict.test_client()
    account(runtime, "boss", ["administrator"])
    sign_in(client, "boss")
    secret, codes = enrolled(runtime, client)
    client.post("/sign-out")

    def second(typed: str) -> int:
        sign_in(client, "boss")
        return client.post("/sign-in/second", data={"code": typed}).status_code

    assert second(code(secret, runtime)) == 422, "it was used for enrolling"
    assert second(codes[3].lower().replace("-", " ")) == 302
    assert second(codes[3]) == 422
    assert second(code(secret, runtime, later=1)) == 302
    assert kinds(runtime).count("account.recovery_code_used") == 1
    with runtime.unit_of_work(read_only=True) as session:
        hashes = session.scalars(select(RecoveryCode.code_hash)).all()
    assert not {each.replace("-", "") for each in codes} & set(hashes)


def test_guessing_codes_is_slowed_down(runtime: Runtime, strict: Flask, clock: SetClock) -> None:
    client = strict.test_client()
    account(runtime, "boss", ["administrator"])
    sign_in(client, "boss")
    secret, _codes = enrolled(runtime, client)
    thief = strict.test_client()
    sign_in(thief, "boss")
    clock.advance(minutes=1)
    answers = [thief.post("/sign-in/second", data={"code": "000000"}).status_code for _ in range(8)]
    assert answers[:6] == [422] * 6 and answers[6:] == [429] * 2
    assert thief.post("/sign-in/second", data={"code": code(secret, runtime)}).status_code == 429
    client.post("/sign-out")
    sign_in(client, "boss")
    answer = client.post("/sign-in/second", data={"code": code(secret, runtime)})
    assert answer.status_code == 302, "the browser of its holder is not held up by the thief"


def test_half_a_sign_in_ends_by_itself_and_with_the_password(runtime: Runtime, strict: Flask, clock: SetClock) -> None:
    client = strict.test_client()
    assert client.get("/sign-in/second").location == "/sign-in"
    account(runtime, "boss", ["administrator"])
    sign_in(client, "boss")
    clock.advance(minutes=11)
    assert client.get("/sign-in/enrol").location == "/sign-in"


def test_anyone_may_enrol_renew_codes_and_give_it_up_again_with_their_password(
    runtime: Runtime, client: FlaskClient
) -> None:
    account(runtime, "proctor", ["proctor"])
    sign_in(client, "proctor")
    secret = offered_secret(client.get("/my-account/second-factor").text)
    page = client.post("/my-account/second-factor", data={"code": code(secret, runtime)}).text
    first = re.findall(r"<code>([0-9A-Z-]{11})</code>", page)
    assert client.get("/my-account/second-factor").status_code == 409
    wrong = client.post("/my-account/second-factor/codes", data={"password": "nonsense"}, follow_redirects=True)
    assert "原密码不正确" in wrong.text
    page = client.post("/my-account/second-factor/codes", data={"password": PASSWORD}).text
    second = re.findall(r"<code>([0-9A-Z-]{11})</code>", page)
    assert len(second) == 10 and not set(first) & set(second)
    assert "10个恢复码" in client.get("/my-account").text
    page = client.post("/my-account/second-factor/remove", data={"password": PASSWORD}, follow_redirects=True).text
    assert "验证码已停用" in page and "验证码：未启用" in page


def test_where_it_is_required_nobody_gives_it_up(runtime: Runtime, strict: Flask) -> None:
    client = strict.test_client()
    account(runtime, "boss", ["administrator"])
    sign_in(client, "boss")
    enrolled(runtime, client)
    page = client.post("/my-account/second-factor/remove", data={"password": PASSWORD}, follow_redirects=True)
    assert "不能停用" in page.text


def test_a_lost_device_is_reset_by_another_administrator_and_the_ledger_says_so(
    runtime: Runtime, strict: Flask
) -> None:
    client, other = strict.test_client(), strict.test_client()
    lost = account(runtime, "boss", ["administrator"])
    helper = account(runtime, "helper", ["administrator"])
    sign_in(client, "boss")
    enrolled(runtime, client)
    sign_in(other, "helper")
    enrolled(runtime, other)
    assert other.post(f"/accounts/{helper.id}/second-factor/reset").status_code == 409, "not one's own"
    assert "重置双重验证" in other.get(f"/accounts/{lost.id}").text
    assert other.post(f"/accounts/{lost.id}/second-factor/reset").status_code == 302
    assert client.get("/accounts").status_code == 403, "sessions ended with it"
    assert sign_in(client, "boss") == "/sign-in/enrol"
    assert "account.second_factor_reset" in kinds(runtime)
    assert "重置双重验证" in other.get(f"/accounts/{lost.id}").text


def test_another_institutions_administrator_resets_nothing(runtime: Runtime, client: FlaskClient) -> None:
    foreign = account(runtime, "foreign", ["issuer"], institution="别的机构", code="OTHR")
    account(runtime, "boss", ["administrator"])
    sign_in(client, "boss")
    assert client.post(f"/accounts/{foreign.id}/second-factor/reset").status_code == 404


def test_the_command_line_resets_it_where_no_other_administrator_is_left(runtime: Runtime, strict: Flask) -> None:
    client = strict.test_client()
    account(runtime, "boss", ["administrator"])
    sign_in(client, "boss")
    enrolled(runtime, client)
    done = CliRunner().invoke(command, ["second-factor-reset", "--login", "boss"])
    assert done.exit_code == 0, done.output
    assert client.get("/accounts").status_code == 403
    assert kinds(runtime)[-1] == "account.second_factor_reset"
    unknown = CliRunner().invoke(command, ["second-factor-reset", "--login", "nobody"])
    assert isinstance(unknown.exception, Invalid)


def test_the_secret_lies_encrypted(runtime: Runtime) -> None:
    made = account(runtime, "boss", ["administrator"])
    secret = second_factor.new_secret()
    with runtime.unit_of_work() as session:
        found = session.get_one(Account, made.id)
        now = runtime.clock.now()
        second_factor.enrol(session, runtime.cipher, found, secret, code(secret, runtime), "x", now)
    with runtime.unit_of_work(read_only=True) as session:
        sealed = session.scalars(select(AccountFactor.secret_sealed)).one()
    assert secret not in sealed and secret.hex().encode() not in sealed
