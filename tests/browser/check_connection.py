"""A connection that breaks is shown, and taken up again without a loss; a reset begins anew in every window."""

from playwright.sync_api import expect

from tests.browser.conftest import Complaints, Diana, OpenWindow
from tests.browser.window import Window


def test_a_lost_connection_is_shown_and_taken_up_again(diana: Diana, window: Window, complaints: Complaints) -> None:
    name = window.add_person("Connie")
    window.ask("/start", "Welcome")
    line = window.page.locator("#connection")
    expect(line).to_be_hidden()
    diana.stack.supervisor.stop_program("sandbox")
    try:
        expect(line).to_contain_text("The connection to the sandbox is lost")
        window.box.fill("/help")
        window.box.press("Escape")
        window.box.press("Enter")
        expect(window.notes).to_contain_text("The sandbox does not answer")
        # What could not be sent is not lost.
        expect(window.box).to_have_value("/help")
    finally:
        diana.stack.supervisor.start_program("sandbox")
    expect(line).to_be_hidden()
    # A sandbox that starts anew has forgotten what was made.
    expect(window.row(name)).to_be_hidden()
    complaints.found.clear()
    diana.stack.run("python manage.py set_commands", log="set_commands")
    window.add_person("Conrad")
    window.ask("/start", "Welcome")


def test_a_reset_begins_anew_in_every_window(open_window: OpenWindow) -> None:
    first, second = open_window(), open_window()
    name = first.add_person("Gone")
    first.ask("/start", "Welcome")
    expect(second.row(name)).to_be_visible()
    first.page.get_by_role("button", name="Reset everything").click()
    first.page.get_by_role("dialog").get_by_role("button", name="Reset everything").click()
    for window in (first, second):
        expect(window.row(name)).to_be_hidden()
        expect(window.people.locator(".chat-row").first).to_be_visible()
