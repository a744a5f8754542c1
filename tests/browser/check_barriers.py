"""Nobody is shut out: axe finds nothing serious in light and dark, wide and narrow, and a keyboard is enough."""

import pytest
from playwright.sync_api import expect

from tests.browser.barriers import find_barriers
from tests.browser.conftest import NARROW, WIDE, OpenWindow
from tests.browser.window import Window


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_axe_finds_nothing_serious(open_window: OpenWindow, size: tuple[int, int], dark: bool) -> None:
    window = open_window(size, dark=dark)
    expect(window.people.locator(".chat-row").first).to_be_visible()
    assert find_barriers(window.page) == []

    window.add_person("Axel")
    assert find_barriers(window.page) == []
    window.ask("/start", "Welcome")
    window.ask("/achievements", "Within reach")
    window.press("Company", "Overview")
    window.ask("/vip", "What VIP gives you")
    window.press("VIP for 30 days · 250", "+50% on your points")
    window.message("Welcome").hover()
    assert find_barriers(window.page) == []

    window.box.fill("/")
    expect(window.page.get_by_role("listbox")).to_be_visible()
    assert find_barriers(window.page) == []
    window.box.fill("")

    window.key("Pay").click()
    expect(window.page.get_by_role("dialog")).to_be_visible()
    assert find_barriers(window.page) == []
    window.page.keyboard.press("Escape")
    expect(window.notes).to_contain_text("Not paid.")
    assert find_barriers(window.page) == []

    if size == NARROW:
        window.page.get_by_role("button", name="what it set off").click()
    window.timeline.locator("summary").first.click()
    assert find_barriers(window.page) == []
    if size == NARROW:
        window.page.get_by_role("button", name="To the chat").click()
        window.page.get_by_role("button", name="To people and groups").click()
    window.page.get_by_role("button", name="Add a person").click()
    assert find_barriers(window.page) == []


def focused(window: Window) -> str:
    """Return the name of what has the focus; nothing where the whole page has it."""
    script = "(one => one === document.body ? '' : one.ariaLabel ?? one.textContent)(document.activeElement)"
    name: str = window.measure(script)
    return name


def tab_to(window: Window, name: str) -> None:
    """Press Tab until this has the focus."""
    for _ in range(80):
        window.page.keyboard.press("Tab")
        if name in focused(window):
            return
    raise AssertionError(f"Tab never comes to {name!r}.")


def test_a_keyboard_is_enough(window: Window) -> None:
    page = window.page
    expect(window.people.locator(".chat-row").first).to_be_visible()
    # Until somebody is chosen there is no box to write in.
    expect(window.box).to_be_visible()
    # A jump within the page is no new address.
    tab_to(window, "Skip to the message box")
    page.keyboard.press("Enter")
    expect(window.box).to_be_focused()
    tab_to(window, "Add a person")
    page.keyboard.press("Enter")
    page.keyboard.type("Keyla")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Keyla")).to_be_visible()
    # The box has the focus in a chat that was opened.
    expect(window.box).to_be_focused()
    page.keyboard.type("/sta")
    # Enter takes what is offered, once it is.
    expect(page.get_by_role("option", name="/start")).to_be_visible()
    page.keyboard.press("Enter")
    expect(window.message("Welcome, Keyla")).to_be_visible()

    tab_to(window, "Español")
    page.keyboard.press("Enter")
    expect(window.message("¿Qué hora es donde vives?")).to_be_visible()
    assert window.measure("document.activeElement.className") == "key"

    tab_to(window, "What to do with the message")
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="React with 👍")).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.press("Escape")
    expect(page.get_by_role("menu")).to_be_hidden()
    assert "What to do with the message" in focused(window)
