"""A real browser on a real server; the clock is the test's own, so that nobody waits for an exam to begin."""

import logging
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from werkzeug.serving import make_server

from certengine.app import create_app
from certengine.foundation.clock import SetClock
from certengine.foundation.runtime import Runtime, use
from certengine.foundation.settings import Settings

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
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    stage = Stage(runtime, clock, browser, tmp_path)
    yield stage
    stage.close()
    server.shutdown()
    thread.join()
    probe.engine.dispose()
    runtime.engine.dispose()
