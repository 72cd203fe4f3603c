"""Passkeys with the browser's own authenticator: added, used alone and after the password, removed."""

import re
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page, expect

from certengine.foundation.runtime import use
from tests.factories import PASSWORD, account
from tests.journeys.conftest import Stage


def authenticator(page: Page) -> tuple[CDPSession, str]:
    """A device with a fingerprint reader that always recognises its holder."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return devtools, made["authenticatorId"]


def sign_out(page: Page) -> None:
    page.click("header form button")
    expect(page.locator("header")).to_contain_text("登录")
    page.goto("/sign-in")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_passkey_is_added_signs_in_and_is_removed(stage: Stage) -> None:
    account(stage.runtime, "boss", ["administrator"])
    page = stage.sign_in("boss", PASSWORD)
    devtools, device = authenticator(page)
    page.goto("/my-account/passkeys/new")
    page.fill("#name", "办公室电脑")
    page.fill("#password", PASSWORD)
    page.click("main form[data-passkey] button")
    expect(page.locator("main h1")).to_have_text("恢复码")
    stage.clock.advance(minutes=1)
    sign_out(page)
    page.click("form[data-passkey] button")
    expect(page).to_have_url(re.compile("/accounts"))
    page.goto("/my-account")
    expect(page.locator("main")).to_contain_text("办公室电脑")
    _an_answer_is_good_once(page, devtools)
    sign_out(page)
    page.fill("#login", "boss")
    page.fill("#password", PASSWORD)
    page.click("main form >> nth=0 >> button")
    expect(page).to_have_url(re.compile("/sign-in/second"))
    page.click("form[data-passkey] button")
    expect(page).to_have_url(re.compile("/accounts"))
    page.goto("/my-account")
    page.get_by_text("办公室电脑").click()
    page.fill("#passkey-1-password", PASSWORD)
    page.get_by_role("button", name="删除通行密钥").click()
    expect(page.locator("main")).to_contain_text("通行密钥已删除")
    sign_out(page)
    page.click("form[data-passkey] button")
    expect(page.get_by_role("alert").first).to_contain_text("通行密钥未能通过验证")
    devtools.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": device})


def _an_answer_is_good_once(page: Page, devtools: CDPSession) -> None:
    """Whoever copies an answer and the cookie that it belongs to gets nowhere with them."""
    sent: list[Any] = []
    sign_out(page)
    before = page.context.cookies()
    page.on("request", lambda request: sent.append(request) if request.url.endswith("/sign-in/passkey") else None)
    page.click("form[data-passkey] button")
    expect(page).to_have_url(re.compile("/accounts"))
    thief = page.context.browser.new_context()  # type: ignore[union-attr]
    thief.add_cookies(before)  # type: ignore[arg-type]
    body = sent[-1].post_data
    answer = thief.request.post(
        sent[-1].url, data=body, headers={"Content-Type": "application/x-www-form-urlencoded"}, max_redirects=0
    )
    assert answer.status == 422 and "通行密钥未能通过验证" in answer.text()
    thief.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_passkey_is_a_first_second_factor_where_one_is_required(stage: Stage) -> None:
    account(stage.runtime, "boss", ["administrator"])
    stage.runtime.settings = replace(stage.runtime.settings, second_factor_required=True)
    use(stage.runtime)
    page = stage.page()
    authenticator(page)
    page.goto("/sign-in")
    page.fill("#login", "boss")
    page.fill("#password", PASSWORD)
    page.click("main form >> nth=0 >> button")
    expect(page).to_have_url(re.compile("/sign-in/enrol"))
    page.click("form[data-passkey] button")
    expect(page.locator("main h1")).to_have_text("恢复码")
    page.goto("/my-account")
    page.locator("section details summary").first.click()
    page.fill("#passkey-1-password", PASSWORD)
    page.get_by_role("button", name="删除通行密钥").click()
    expect(page.locator("main")).to_contain_text("不能停用")
