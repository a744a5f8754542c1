"""The pages work under their content security policies: a browser reports no violation, and nothing else either."""

import json
import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import PATIENCE_MS, WIDE, Complaints, Diana, OpenWindow

# What violates a policy is an event of the document, whether or not the browser writes it to its console.
LISTEN = """document.addEventListener('securitypolicyviolation', (event) => console.error(
    `violation of ${event.effectiveDirective}: ${event.blockedURI} at ${event.sourceFile}:${event.lineNumber}`));"""
LISTS = ["users/person", "users/staff", "gamification/entry", "gamification/rule", "bot/group", "audit/auditrecord"]
OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def password(diana: Diana) -> str:
    """The password of the superuser `staff`."""
    made: dict[str, str] = json.loads(
        diana.stack.run("python manage.py ensure_staff --json", log="ensure_staff", keep_output=False)
    )
    return made["password"]


@pytest.fixture
def open_page(browser: Browser, complaints: Complaints) -> Iterator[OpenPage]:
    """Open an empty page that notes violations: `open_page(color_scheme="dark")`."""
    contexts: list[BrowserContext] = []

    def open_one(**options: object) -> Page:
        context = browser.new_context(viewport={"width": WIDE[0], "height": WIDE[1]}, **options)  # type: ignore[arg-type]
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(LISTEN)
        context.on("page", complaints.listen)
        return context.new_page()

    yield open_one
    for context in contexts:
        context.close()


def log_in(page: Page, diana: Diana, password: str) -> str:
    """Log in to the admin and return its address."""
    address = f"http://127.0.0.1:{diana.stack.instance.variables()['PORT']}/admin/"
    page.goto(address)
    page.get_by_label("Username").fill("staff")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(address)
    return address


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_admin(diana: Diana, open_page: OpenPage, password: str, scheme: str) -> None:
    page = open_page(color_scheme=scheme)
    address = log_in(page, diana, password)
    # The theme's script has run, and the colours are there.
    expect(page.locator("html")).to_have_class("dark" if scheme == "dark" else "")
    colour = "getComputedStyle(document.documentElement).getPropertyValue('--color-primary-600')"
    assert page.evaluate(colour).startswith("oklch(")

    for name in LISTS:
        page.goto(f"{address}{name}/")
        expect(page.locator("#changelist")).to_be_visible()

    # An action of a list, and the page that asks before it is carried out.
    page.goto(f"{address}auth/group/")
    page.locator("input.action-select").first.check()
    page.locator("select[name=action]").select_option(index=1)
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_text("Are you sure").first).to_be_visible()

    # A change page, and a choice that asks the server.
    page.goto(f"{address}users/staff/")
    page.get_by_role("link", name="staff", exact=True).first.click()
    expect(page.locator("form#staff_form")).to_be_visible()
    page.goto(f"{address}users/grant/add/")
    page.locator(".select2-selection").first.click()
    page.locator("input.select2-search__field").fill("nobody")
    expect(page.locator(".select2-results__message")).to_be_visible()


def test_an_act_of_staff(diana: Diana, open_page: OpenPage, open_window: OpenWindow, password: str) -> None:
    window = open_window()
    name = window.add_person("Ada")
    window.ask("/start", f"Welcome, {name}!")
    page = open_page()
    address = log_in(page, diana, password)
    page.goto(f"{address}users/person/")
    page.locator("#result_list tbody a").first.click()
    expect(page).to_have_url(re.compile("/change/"))
    page.goto(page.url.partition("/change/")[0] + "/suspend")
    page.get_by_label("Reason").fill("A trial.")
    page.get_by_role("button", name="Show what would change").click()
    expect(page.get_by_role("button", name="Confirm")).to_be_visible()


def test_the_chat_page(diana: Diana, open_page: OpenPage) -> None:
    page = open_page()
    page.goto(f"{diana.url}/#{diana.token}")
    expect(page.get_by_role("navigation", name="People and groups")).to_be_visible()
    page.get_by_role("button", name="Add a person").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def test_flower(diana: Diana, open_page: OpenPage) -> None:
    variables = diana.stack.instance.variables()
    user, _, secret = variables["FLOWER_BASIC_AUTH"].partition(":")
    page = open_page(http_credentials={"username": user, "password": secret})
    address = f"http://127.0.0.1:{variables['FLOWER_PORT']}"
    for path in ("/workers", "/tasks", "/broker"):
        page.goto(address + path)
        expect(page.get_by_role("main")).to_be_visible()
    page.goto(f"{address}/workers")
    page.get_by_role("link", name="worker@").first.click()
    expect(page.locator("#workername")).to_contain_text("worker@")
    page.get_by_role("tab", name="Config").click()
    expect(page.locator("#tab-config")).to_contain_text("task_default_queue")
