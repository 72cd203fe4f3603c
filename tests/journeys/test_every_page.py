"""The demonstration, every page of it that a role can reach by links, in both languages."""

import json
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from certengine import demo
from certengine.app import create_app
from certengine.foundation.runtime import Runtime, use
from certengine.people import service as people
from certengine.people.models import DocumentType
from certengine.people.permissions import Role
from tests.factories import PASSWORD, account, resident_id

LINK = re.compile(r'(?:href|src|data-address)="(/[^"#]*)"')
# What leaves the role, or is no page of ours.
LEFT_OUT = re.compile(r"^/(static/|language/|ledger/entry/|ledger/tile)")
UNTRANSLATED = re.compile(r"%\([a-z_]+\)s")
MOST = 150
ACTION = re.compile(r'action="(/[^"#]*)"')
WITH_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f-]{17}")
REFUSED = (403, 404)
_crawled: dict[tuple[str, str], dict[str, str]] = {}


@pytest.fixture
def filled(demonstration: tuple[Runtime, dict[str, Any]]) -> tuple[Runtime, dict[str, Any]]:
    return demonstration


def client_of(runtime: Runtime) -> FlaskClient:
    return create_app(use(runtime), TESTING=True, WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False).test_client()


def crawl(client: FlaskClient, start: str, known: Collection[str] = ()) -> dict[str, str]:
    """address → page, of all unknown that links lead to; one address of each shape of a long list is enough."""
    pages: dict[str, str] = {}
    shapes: dict[str, int] = {}
    waiting = [start]
    while waiting and len(pages) < MOST:
        address = waiting.pop()
        shape = re.sub(
            r"(?<=/)\d{4}(?=$|/)|[0-9a-f]{8}-[0-9a-f-]{27}|ai-j-[0-9a-z-]+|[0-9A-Z]{16}", "*", address.partition("?")[0]
        )
        if address in pages or address in known or LEFT_OUT.match(address) or shapes.get(shape, 0) >= 2:
            continue
        shapes[shape] = shapes.get(shape, 0) + 1
        answer = client.get(address, headers={"Accept": "text/html"}, follow_redirects=True)
        assert answer.status_code < 400, f"{address}: {answer.status_code}"
        pages[address] = answer.text if answer.mimetype == "text/html" else ""
        waiting.extend(link.replace("&amp;", "&") for link in LINK.findall(pages[address]))
    return pages


def pages_of(runtime: Runtime, facts: dict[str, Any], role: str, language: str) -> dict[str, str]:
    """What a role reaches, looked up once for all tests of this file."""
    if (role, language) not in _crawled:
        login = next(each["login"] for each in facts["accounts"] if each["role"] == role)
        client = client_of(runtime)
        client.get(f"/language/{language}?next=/")
        client.post("/sign-in", data={"login": login, "password": demo.PASSWORD})
        _crawled[role, language] = crawl(client, "/")
    return _crawled[role, language]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("role", [role.value for role in Role])
def test_every_page_that_a_role_can_reach(filled: tuple[Runtime, dict[str, Any]], role: str, language: str) -> None:
    runtime, facts = filled
    pages = pages_of(runtime, facts, role, language)
    assert len(pages) >= 4
    for address, page in pages.items():
        assert not UNTRANSLATED.search(page), address
        if "<html" in page:
            assert f'lang="{"en" if language == "en" else "zh-CN"}"' in page


def test_the_demonstration_has_what_its_file_promises(filled: tuple[Runtime, dict[str, Any]]) -> None:
    runtime, facts = filled
    client = client_of(runtime)
    assert {each["role"] for each in facts["accounts"]} == {role.value for role in Role}
    for name in ("grade_certificate", "training_certificate"):
        assert client.get(f"/api/v1/certificates/{facts[name]['code']}").get_json()["outcome"] == "valid"
        assert Path(facts[name]["pdf"]).read_bytes()[:5] == b"%PDF-"
    for name, outcome in (("revoked_code", "revoked"), ("superseded_code", "superseded")):
        assert client.get(f"/api/v1/certificates/{facts[name]}").get_json()["outcome"] == outcome
    assert Path(facts["ticket_pdf"]).read_bytes()[:5] == b"%PDF-"
    someone = facts["candidates"][0]
    client.post("/exam", data={"ticket": someone["ticket"], "number": someone["document"]})
    assert "以上信息是本人的" in client.get(facts["sitting_url"].partition("8000")[2]).text


def test_a_second_demonstration_changes_nothing_and_none_is_mixed_with_other_data(
    filled: tuple[Runtime, dict[str, Any]],
) -> None:
    runtime, facts = filled
    use(runtime)
    path = runtime.settings.data / "demo" / "demo.json"
    mixed = CliRunner().invoke(demo.command)
    assert mixed.exit_code == 1 and "holds other data" in mixed.output
    path.write_text(json.dumps(facts))
    again = CliRunner().invoke(demo.command)
    assert again.exit_code == 0 and facts["grade_certificate"]["code"] in again.output
    assert json.loads(path.read_text()) == facts


@pytest.fixture(scope="module")
def strangers(demonstration: tuple[Runtime, dict[str, Any]]) -> str:
    """For each role an account of an institution that has nothing to do with the demonstration's."""
    for role in Role:
        account(demonstration[0], f"stranger-{role.value}", [role.value], institution="别的评价机构", code="OTHER")
    with demonstration[0].unit_of_work() as session:
        facts = people.PersonFacts("陌生人", DocumentType.RESIDENT_ID, resident_id(977))
        person = people.register_person(session, demonstration[0].cipher, facts, demonstration[0].clock.now())
        trainee = people.account_by_login(session, f"stranger-{Role.TRAINEE.value}")
        assert trainee is not None
        trainee.person_id = person.id
    return "stranger-"


# What a candidate for any institution, any employer, or the public may see: addresses that belong to no institution.
# The signing keys are the installation's, and not an institution's.
COMMON = re.compile(
    r"^/(exam|apply|verify|v|ledger|courses|api|sign-|notices|documents|complaints|keys|programme/open-seminars"
    # Of the plans that are open to all, each sees its own applications.
    r"|announcements/[0-9a-f-]+$|group-applications/[0-9a-f-]+(/list|/list.xlsx|/files)?$)"
)
# These see across institutions by their office.
ACROSS = {Role.SUPERVISOR}


@pytest.mark.parametrize("role", [role for role in Role if role not in ACROSS], ids=lambda role: role.value)
def test_an_institution_finds_nothing_of_anothers(
    filled: tuple[Runtime, dict[str, Any]], strangers: str, role: Role
) -> None:
    runtime, facts = filled
    pages = pages_of(runtime, facts, role.value, "zh")
    stranger = client_of(runtime)
    stranger.post("/sign-in", data={"login": f"{strangers}{role.value}", "password": PASSWORD})
    looked = {each for each in pages if WITH_ID.search(each) and not COMMON.match(each)}
    acted = {each for page in pages.values() for each in ACTION.findall(page) if WITH_ID.search(each)}
    acted = {each.replace("&amp;", "&") for each in acted if not COMMON.match(each)}
    found = [("GET", each, stranger.get(each).status_code) for each in sorted(looked)]
    found += [("POST", each, stranger.post(each).status_code) for each in sorted(acted)]
    assert [each for each in found if each[2] not in REFUSED] == []
