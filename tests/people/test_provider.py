"""Sign-in by an OpenID Connect provider: a real one, small, in a thread."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from flask.testing import FlaskClient
from oidc_provider_mock import User, run_server_in_thread

from certengine.app import create_app
from certengine.foundation.runtime import Runtime, use
from certengine.foundation.settings import SignInProvider, read_settings
from tests.factories import PASSWORD, account

USERS = [
    User(sub="u-boss", claims={"preferred_username": "boss", "email": "boss@example.org", "email_verified": False}),
    User(sub="u-thief", claims={"preferred_username": "boss"}),
    User(sub="u-strong", claims={"preferred_username": "strong", "amr": ["pwd", "mfa"]}),
]


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with run_server_in_thread(user_claims=USERS) as server:
        yield f"http://localhost:{server.server_port}"


def client_with(runtime: Runtime, issuer: str, claim: str = "", **settings: Any) -> FlaskClient:
    provider = SignInProvider(issuer, "certengine", "secret", "省统一身份认证", claim)
    runtime.settings = replace(runtime.settings, provider=provider, **settings)
    app = create_app(use(runtime), TESTING=True, WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
    return app.test_client()


def through(client: FlaskClient, away: Any, who: str) -> Any:
    """At the provider as somebody, and back."""
    assert away.status_code == 302, away.text
    back = requests.post(away.location, data={"sub": who}, allow_redirects=False, timeout=10)
    parts = urlsplit(back.headers["Location"])
    return client.get(f"{parts.path}?{parts.query}")


def sign_in(client: FlaskClient, who: str, next: str = "/accounts") -> Any:
    return through(client, client.get(f"/sign-in/provider?next={next}"), who)


def test_an_account_is_linked_by_its_holder_and_then_signs_in_by_the_provider(runtime: Runtime, issuer: str) -> None:
    account(runtime, "boss", ["administrator"])
    client = client_with(runtime, issuer)
    assert "省统一身份认证" in client.get("/sign-in").text
    assert sign_in(client, "u-boss").location == "/sign-in"
    assert "尚未绑定账号" in client.get("/sign-in").text
    client.post("/sign-in", data={"login": "boss", "password": PASSWORD})
    wrong = client.post("/my-account/identity", data={"password": "nonsense"}, follow_redirects=True)
    assert "原密码不正确" in wrong.text
    through(client, client.post("/my-account/identity", data={"password": PASSWORD}), "u-boss")
    assert f"已绑定：{issuer}" in client.get("/my-account").text
    client.post("/sign-out")
    assert sign_in(client, "u-boss").location == "/accounts" and client.get("/accounts").status_code == 200
    client.post("/my-account/identity/remove", data={"password": PASSWORD})
    client.post("/sign-out")
    assert sign_in(client, "u-boss").location == "/sign-in"


def test_where_a_claim_is_the_login_an_account_is_linked_at_first_and_never_taken_over(
    runtime: Runtime, issuer: str
) -> None:
    account(runtime, "boss", ["administrator"])
    client = client_with(runtime, issuer, claim="preferred_username")
    assert sign_in(client, "u-boss").location == "/accounts"
    client.post("/sign-out")
    assert sign_in(client, "u-thief").location == "/sign-in", "a second identity with the same name"


def test_an_address_that_the_provider_has_not_proven_opens_nothing(runtime: Runtime, issuer: str) -> None:
    account(runtime, "boss@example.org", ["administrator"])
    assert sign_in(client_with(runtime, issuer, claim="email"), "u-boss").location == "/sign-in"


def test_the_second_factor_is_asked_for_unless_the_provider_has(runtime: Runtime, issuer: str) -> None:
    account(runtime, "boss", ["administrator"])
    account(runtime, "strong", ["administrator"])
    client = client_with(runtime, issuer, claim="preferred_username", second_factor_required=True)
    assert sign_in(client, "u-boss").location == "/sign-in/enrol" and client.get("/accounts").status_code == 403
    assert sign_in(client, "u-strong").location == "/accounts" and client.get("/accounts").status_code == 200


def test_a_forged_return_and_another_site_as_target_lead_nowhere(runtime: Runtime, issuer: str) -> None:
    account(runtime, "boss", ["administrator"])
    client = client_with(runtime, issuer, claim="preferred_username")
    assert client.get("/sign-in/provider/return?code=x&state=y").location == "/sign-in"
    assert "没有完成" in client.get("/sign-in").text
    away = client.get("/sign-in/provider")
    other = client_with(runtime, issuer, claim="preferred_username")
    assert through(other, away, "u-boss").location == "/sign-in", "a return belongs to the browser that left"
    assert "evil" not in sign_in(client, "u-boss", next="//evil.example").location


def test_passwords_go_on_while_the_provider_is_away(runtime: Runtime) -> None:
    account(runtime, "boss", ["administrator"])
    client = client_with(runtime, "http://localhost:9")
    page = client.get("/sign-in/provider", follow_redirects=True).text
    assert "暂时无法访问" in page and client.get("/accounts").status_code == 403
    client.post("/sign-in", data={"login": "boss", "password": PASSWORD})
    assert client.get("/accounts").status_code == 200


def test_without_a_provider_there_is_no_way_to_it(client: FlaskClient) -> None:
    assert client.get("/sign-in/provider").status_code == 404
    assert client.get("/sign-in/provider/return").status_code == 404


def test_its_settings_come_from_the_environment(tmp_path: Any) -> None:
    environment = {"CERTENGINE_DATA": str(tmp_path), "CERTENGINE_OIDC_ISSUER": "https://id.example.org/"}
    provider = read_settings({**environment, "CERTENGINE_OIDC_CLIENT_ID": "a", "CERTENGINE_OIDC_CLAIM": "uid"}).provider
    assert provider == SignInProvider("https://id.example.org", "a", "", "", "uid")
