"""Messages that the bot edits are redrawn in place: with the new keyboard, the focus and the place that was read."""

from playwright.sync_api import expect

from tests.browser.window import Window


def test_an_edited_message_is_redrawn_with_its_keyboard_and_keeps_the_focus(window: Window) -> None:
    window.add_person("Edith")
    window.ask("/start", "Welcome")
    screen = window.ask("/achievements", "Within reach")
    place = screen.get_attribute("data-id")
    key = screen.get_by_role("button", name="Company", exact=True)
    key.focus()
    key.press("Enter")

    expect(screen.get_by_role("button", name="Overview")).to_be_visible()
    expect(screen.get_by_role("button", name="Company", exact=True)).to_have_count(0)
    expect(screen).to_contain_text("edited")
    assert screen.get_attribute("data-id") == place
    assert window.answers().count() == 2
    focused = "document.activeElement.closest('.message')?.dataset.id + ' ' + document.activeElement.dataset.place"
    assert window.measure(focused) == f"{place} 0 1"


def test_an_edit_far_above_does_not_move_what_is_being_read(window: Window) -> None:
    window.add_person("Edgar")
    window.ask("/start", "Welcome")
    window.ask("/achievements", "Within reach")
    for _ in range(3):
        window.ask("/help", "What I can do")
    window.log.evaluate("log => { log.scrollTop = log.scrollHeight / 2; }")
    window.page.wait_for_timeout(200)
    reading = "[...document.querySelectorAll('.message')].find(one => one.getBoundingClientRect().top > 100)"
    before = window.measure(f"[{reading}.dataset.id, Math.round({reading}.getBoundingClientRect().top)]")
    # A click by a script does not bring the button into view.
    window.key("Company").evaluate("key => key.click()")
    expect(window.key("Overview")).to_be_attached()
    top = window.measure(f"Math.round(document.querySelector('[data-id=\"{before[0]}\"]').getBoundingClientRect().top)")
    assert abs(top - before[1]) <= 2


def test_a_new_message_is_scrolled_to_only_from_the_end(window: Window) -> None:
    window.add_person("Ella")
    window.ask("/start", "Welcome")
    for _ in range(3):
        window.ask("/help", "What I can do")
    at_end = "(log => log.scrollHeight - log.scrollTop - log.clientHeight < 5)(document.querySelector('.log'))"
    assert window.measure(at_end)
    window.log.evaluate("log => { log.scrollTop = 0; }")
    expect(window.page.get_by_role("button", name="To the newest message")).to_be_visible()
    window.page.get_by_role("button", name="To the newest message").click()
    assert window.measure(at_end)


def test_one_s_own_message_can_be_edited_and_answered(window: Window) -> None:
    window.add_person("Emil")
    window.ask("/start", "Welcome")
    window.say("Helo")
    expect(window.message("Helo")).to_be_visible()
    window.box.press("ArrowUp")
    expect(window.box).to_have_value("Helo")
    window.box.fill("Hello")
    window.box.press("Enter")
    expect(window.message("Hello")).to_contain_text("edited")

    welcome = window.message("Welcome")
    welcome.hover()
    welcome.get_by_role("button", name="What to do with the message").click()
    window.page.get_by_role("menuitem", name="Reply").click()
    window.say("Thank you")
    expect(window.message("Thank you").locator(".replied")).to_contain_text("Welcome")
