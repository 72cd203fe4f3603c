"""A real browser on a real server; the clock is the test's own, so that nobody waits for an exam to begin."""

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from werkzeug.exceptions import HTTPException
from werkzeug.serving import make_server

from certengine import demo
from certengine.app import create_app
from certengine.foundation.clock import SetClock
from certengine.foundation.runtime import Runtime, use
from certengine.foundation.settings import Settings
from tests.conftest import demonstration_facts, demonstration_runtime

# A page may take its time on a busy machine; what is waited for is a fact and not a speed.
PATIENCE = 30_000
expect.set_options(timeout=PATIENCE)
ARTEFACTS = Path(__file__).parent.parent.parent / "test-artefacts"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    assert chromium, "the tests need Debian's chromium: make set-up-tests"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


class Stage:
    """The served application, and browsers for the people in the test."""

    def __init__(self, runtime: Runtime, clock: SetClock, browser: Browser, folder: Path) -> None:
        self.runtime, self.clock, self.folder = runtime, clock, folder
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self._shots = 0

    def page(self, width: int = 1280, height: int = 800) -> Page:
        """A browser of its own for one person."""
        context = self._browser.new_context(
            base_url=self.runtime.settings.base_url, viewport={"width": width, "height": height}, accept_downloads=True
        )
        context.set_default_timeout(PATIENCE)
        self._contexts.append(context)
        page = context.new_page()
        page.on("dialog", lambda dialog: dialog.accept())
        return page

    def sign_in(self, login: str, password: str) -> Page:
        page = self.page()
        page.goto("/sign-in")
        page.fill("#login", login)
        page.fill("#password", password)
        page.click("main button")
        page.wait_for_url(lambda url: "/sign-in" not in url)
        return page

    def shoot(self, page: Page, name: str) -> None:
        """Keeps a picture of what the person sees."""
        ARTEFACTS.mkdir(exist_ok=True)
        self._shots += 1
        page.screenshot(path=str(ARTEFACTS / f"{self._shots:02}-{name}.png"), full_page=True)

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@pytest.fixture
def stage(database_url: str, tmp_path: Path, clock: SetClock, browser: Browser) -> Iterator[Stage]:
    settings = Settings(database_url, "a secret of the journey", tmp_path, "http://localhost:0", demonstration=True)
    probe = use(Runtime(settings, clock))
    app = create_app(probe, RATELIMIT_ENABLED=False)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    # The address is known only now, and everything that is issued carries it.
    runtime = use(
        Runtime(
            Settings(
                database_url, settings.secret_key, tmp_path, f"http://localhost:{server.port}", demonstration=True
            ),
            clock,
        )
    )
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    stage = Stage(runtime, clock, browser, tmp_path)
    yield stage
    stage.close()
    server.shutdown()
    thread.join()
    probe.engine.dispose()
    runtime.engine.dispose()


class Served:
    """The demonstration, served to browsers."""

    def __init__(self, app: Flask, address: str, facts: dict[str, Any], browser: Browser) -> None:
        self.app, self.address, self.facts, self.browser = app, address, facts, browser
        # Endpoints that were looked at, whoever saw them first.
        self.seen: set[str] = set()

    def page(self, login: str = "") -> Page:
        page = self.browser.new_context(base_url=self.address, reduced_motion="reduce").new_page()
        page.set_default_timeout(30_000)
        if login:
            page.goto("/sign-in")
            page.fill("#login", login)
            page.fill("#password", demo.PASSWORD)
            page.click("main form >> nth=0 >> button")
            page.wait_for_url(lambda url: "/sign-in" not in url)
        return page

    def endpoint(self, path: str) -> str | None:
        try:
            return str(self.app.url_map.bind("localhost").match(path)[0])
        except HTTPException:
            return None


@pytest.fixture(scope="module")
def served(demonstration_folder: Path, tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served") / "copy"
    shutil.copytree(demonstration_folder, folder)
    runtime = use(demonstration_runtime(folder, "http://localhost:8000"))
    app = create_app(runtime, RATELIMIT_ENABLED=False)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Served(app, f"http://127.0.0.1:{server.port}", demonstration_facts(demonstration_folder), browser)
    server.shutdown()
    thread.join()
    runtime.engine.dispose()
