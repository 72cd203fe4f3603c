"""The page that checks the larger code without us, opened as a file by a browser that has no network."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from certengine.certificates import authority, signed_code
from certengine.certificates.models import Certificate
from certengine.certificates.verifier_page import verifier_page
from certengine.foundation.runtime import Runtime
from tests.certificates.factories import RARE, issued


@pytest.fixture
def row(runtime: Runtime) -> Certificate:
    return issued(runtime)


@pytest.fixture
def print_of(runtime: Runtime, row: Certificate, tmp_path: Path) -> Path:
    """The certificate as a picture, 200 dots to an inch."""
    (tmp_path / "c.pdf").write_bytes(runtime.files.get(row.pdf))
    subprocess.run(["pdftoppm", "-r", "200", "-png", "-singlefile", "c.pdf", "c"], cwd=tmp_path, check=True)
    return tmp_path / "c.png"


@pytest.fixture
def text(print_of: Path) -> str:
    scanned = subprocess.run(["zbarimg", "-q", "--raw", print_of], capture_output=True, text=True).stdout.splitlines()
    return next(line for line in scanned if line.startswith(signed_code.PREFIX))


def write_page(runtime: Runtime, path: Path) -> Path:
    with runtime.unit_of_work(read_only=True) as session:
        keys = authority.published_keys(session)
    path.write_text(verifier_page(keys, runtime.clock.now().date()))
    return path


@pytest.fixture
def page(runtime: Runtime, row: Certificate, browser: Browser, tmp_path: Path) -> Iterator[Page]:
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.set_default_timeout(30_000)
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(write_page(runtime, tmp_path / "verifier.html").as_uri())
    yield page
    context.close()
    assert wrong == []


def outcome(page: Page, text: str) -> str:
    page.evaluate("document.getElementById('result').removeAttribute('data-outcome')")
    page.fill("#text", text)
    page.click("#form button")
    page.wait_for_selector("#result[data-outcome]")
    return page.get_attribute("#result", "data-outcome") or ""


def test_a_pasted_code_is_valid_and_every_printed_field_is_shown(page: Page, row: Certificate, text: str) -> None:
    assert outcome(page, f"\n{text}\n") == "valid"
    shown = page.inner_text("#result")
    facts = row.content
    for name in signed_code.FIELDS:
        if facts.get(name) and name not in ("kind", "level"):
            assert facts[name] in shown, name
    assert "专业技术等级证书" in shown and "初级" in shown and RARE in shown
    assert page.get_attribute("#result a", "href") == f"https://exam.example.org/v/{row.code}"
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_one_changed_byte_is_named_and_nothing_of_it_is_shown_as_a_certificate(page: Page, text: str) -> None:
    content = bytearray(signed_code.from_base45(text.removeprefix(signed_code.PREFIX)))
    place = bytes(content).index(b"75.50")
    content[place] = ord("9")
    forged = signed_code.PREFIX + signed_code.base45(bytes(content))
    assert outcome(page, forged) == "changed"
    assert "95.50" not in page.inner_text("#result") and page.locator("#result dd").count() == 0
    for broken in (text[:-1], text[:-30], "CE1:", "https://exam.example.org/v/0", "CE1:" + "A" * 3999):
        assert outcome(page, broken) in ("unreadable", "changed"), broken


def test_a_code_under_another_key_is_unknown(runtime: Runtime, page: Page, text: str, tmp_path: Path) -> None:
    (tmp_path / "none.html").write_text(verifier_page({}, runtime.clock.now().date()))
    page.goto((tmp_path / "none.html").as_uri())
    assert outcome(page, text) == "unknown_key"
    # The right name of a key with another key behind it.
    with runtime.unit_of_work(read_only=True) as session:
        keys = authority.published_keys(session)
        root = authority.published(authority.roots(session)[0])[1]
    (tmp_path / "wrong.html").write_text(verifier_page(dict.fromkeys(keys, root), runtime.clock.now().date()))
    page.goto((tmp_path / "wrong.html").as_uri())
    assert outcome(page, text) == "changed"


def test_a_picture_of_the_sheet_is_read_without_a_reader_in_the_browser(
    page: Page, print_of: Path, tmp_path: Path
) -> None:
    assert not page.evaluate("'BarcodeDetector' in globalThis"), "this browser would not use the page's own reader"
    page.set_input_files("#picture", print_of)
    page.wait_for_selector("#result[data-outcome=valid]")
    (tmp_path / "not.png").write_bytes(b"no picture")
    page.set_input_files("#picture", tmp_path / "not.png")
    page.wait_for_selector("#result[data-outcome=no_picture]")


def test_the_page_speaks_to_nobody(page: Page, text: str) -> None:
    assert outcome(page, text) == "valid"
    policy = page.get_attribute("meta[http-equiv]", "content") or ""
    assert policy.startswith("default-src 'none'") and "unsafe" not in policy and "connect-src" not in policy
    assert page.evaluate("performance.getEntriesByType('resource').length") == 0


def test_the_command_writes_the_page_with_the_keys_of_the_installation(
    runtime: Runtime, row: Certificate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CERTENGINE_DATABASE_URL", runtime.settings.database_url)
    monkeypatch.setenv("CERTENGINE_SECRET_KEY", runtime.settings.secret_key)
    monkeypatch.setenv("CERTENGINE_DATA", str(runtime.settings.data))
    monkeypatch.setenv("CERTENGINE_BASE_URL", runtime.settings.base_url)
    command = [sys.executable, "-m", "certengine.cli", "certificate", "verifier", str(tmp_path / "out.html")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0 and "1 keys" in done.stdout, done.stderr
    assert "山东数字技术评价中心" in (tmp_path / "out.html").read_text()
