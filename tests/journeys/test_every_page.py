"""The demonstration, every page of it that a role can reach by links, in both languages."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from certengine import demo
from certengine.app import create_app
from certengine.foundation.clock import SetClock
from certengine.foundation.runtime import Runtime, use
from certengine.foundation.settings import Settings
from certengine.people.permissions import Role
from tests.conftest import NOON

LINK = re.compile(r'(?:href|src|data-address)="(/[^"#]*)"')
# What leaves the role, or is no page of ours.
LEFT_OUT = re.compile(r"^/(static/|language/|ledger/entry/|ledger/tile)")
UNTRANSLATED = re.compile(r"%\([a-z_]+\)s")
MOST = 150


@pytest.fixture(scope="module")
def filled(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Runtime, dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("demo")
    (folder / "demo.db").write_bytes(sqlite_template.read_bytes())
    settings = Settings(f"sqlite:///{folder / 'demo.db'}", "demo", folder, "http://localhost:8000", demonstration=True)
    runtime = use(Runtime(settings, SetClock(NOON)))
    yield runtime, demo.fill(runtime)
    runtime.engine.dispose()


def client_of(runtime: Runtime) -> FlaskClient:
    return create_app(use(runtime), TESTING=True, WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False).test_client()


def crawl(client: FlaskClient, start: str) -> dict[str, str]:
    """address → page, of all that links lead to; one address of each shape of a long list is enough."""
    pages: dict[str, str] = {}
    shapes: dict[str, int] = {}
    waiting = [start]
    while waiting and len(pages) < MOST:
        address = waiting.pop()
        shape = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|ai-j-[0-9a-z-]+|[0-9A-Z]{16}", "*", address.partition("?")[0])
        if address in pages or LEFT_OUT.match(address) or shapes.get(shape, 0) >= 2:
            continue
        shapes[shape] = shapes.get(shape, 0) + 1
        answer = client.get(address, headers={"Accept": "text/html"}, follow_redirects=True)
        assert answer.status_code < 400, f"{address}: {answer.status_code}"
        pages[address] = answer.text if answer.mimetype == "text/html" else ""
        waiting.extend(link.replace("&amp;", "&") for link in LINK.findall(pages[address]))
    return pages


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("role", [role.value for role in Role])
def test_every_page_that_a_role_can_reach(filled: tuple[Runtime, dict[str, Any]], role: str, language: str) -> None:
    runtime, facts = filled
    login = next(each["login"] for each in facts["accounts"] if each["role"] == role)
    client = client_of(runtime)
    client.get(f"/language/{language}?next=/")
    client.post("/sign-in", data={"login": login, "password": demo.PASSWORD})
    pages = crawl(client, "/")
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
