"""One Diana for all tests, with every process of the Procfile, and a fresh browser window for each test."""

import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from demo.__main__ import own_environment, throw_away
from diana.local import ports
from diana.local.instance import DEFAULT_PORTS, Instance
from diana.local.supervise import Stack
from tests.browser.window import Window

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
OPTIONS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync --disable-dev-shm-usage"
)
WIDE, NARROW = (1440, 900), (390, 800)
# What a test waits for at most before it says what is missing; the machine may be busy.
PATIENCE_MS = 20_000


@dataclass(frozen=True)
class Diana:
    """The running stack: where its page is, and the token that opens it."""

    stack: Stack
    url: str
    token: str

    def client(self) -> httpx.Client:
        """Return a client that may do what the page does."""
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {self.token}"}, trust_env=False)


@pytest.fixture(scope="session")
def diana() -> Iterator[Diana]:
    """Start everything with an empty database, as `make run` does."""
    token = secrets.token_urlsafe(24)
    # Ports of its own, also where another Diana starts at the same moment.
    free = {name: str(ports.free_port()) for name in DEFAULT_PORTS}
    instance = Instance("browser", given=own_environment() | free | {"SANDBOX_PAGE_TOKEN": token})
    throw_away(instance)
    with Stack(instance) as stack:
        stack.run("python manage.py set_commands", log="set_commands")
        yield Diana(stack, instance.variables()["TELEGRAM_API_URL"], token)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start a browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS.split())
        yield browser
        browser.close()


class Complaints:
    """What the browser complained of: errors on the console, exceptions, requests that found nobody."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def listen(self, page: Page) -> None:
        """Take down what this page complains of."""
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.found.append(f"exception: {error}"))
        page.on("request", self._note_foreign)

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.found.append(f"{message.type}: {message.text} ({message.location.get('url')})")

    def _note_foreign(self, request: object) -> None:
        url: str = request.url  # type: ignore[attr-defined]
        if not url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            self.found.append(f"a request to {url}")


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    """Collect complaints; any that the test has not taken away fails it."""
    complaints = Complaints()
    yield complaints
    assert complaints.found == []


OpenWindow = Callable[..., Window]


@pytest.fixture
def open_window(diana: Diana, browser: Browser, complaints: Complaints) -> Iterator[OpenWindow]:
    """Open the page in a window of its own: `open_window(size=NARROW, dark=True)`."""
    contexts: list[BrowserContext] = []

    def open_one(size: tuple[int, int] = WIDE, *, dark: bool = False) -> Window:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            has_touch=size == NARROW,
            timezone_id="Europe/London",
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        complaints.listen(page)
        page.goto(f"{diana.url}/#{diana.token}")
        return Window(page)

    yield open_one
    for context in contexts:
        context.close()


@pytest.fixture
def window(open_window: OpenWindow) -> Window:
    """A window of desktop width."""
    return open_window()
