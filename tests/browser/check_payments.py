"""VIP for Telegram Stars: cancelled, paid, given back; and granted by the button."""

from playwright.sync_api import expect

from tests.browser.window import Window


def test_vip_is_bought_and_given_back(window: Window) -> None:
    name = window.add_person("Vera")
    window.ask("/start", f"Welcome, {name}!")
    window.ask("/vip", "What VIP gives you")
    window.press("VIP for 30 days · 250", "+50% on your points")
    bill = window.log.locator(".message", has=window.page.locator(".invoice")).last
    pay = bill.get_by_role("button", name="Pay")
    dialog = window.page.get_by_role("dialog")

    pay.click()
    dialog.get_by_role("button", name="Cancel").click()
    expect(window.notes).to_contain_text("Not paid.")
    expect(bill.locator(".paid")).to_be_hidden()

    pay.click()
    dialog.get_by_role("button", name="Pay").click()
    expect(window.message(f"{name} paid ⭐ 250")).to_be_visible()
    expect(bill.locator(".paid")).to_be_visible()
    expect(pay).to_be_hidden()
    window.ask("/vip", "You are VIP until")

    window.log.get_by_role("button", name="Refund").click()
    expect(window.message("⭐ 250 were given back")).to_be_visible()
    # The notice comes by a way of its own.
    expect(window.message("was given back:")).to_be_visible(timeout=20_000)
    window.ask("/vip", "What VIP gives you")


def test_the_vip_button_grants_vip(window: Window) -> None:
    name = window.add_person("Vito")
    window.ask("/start", f"Welcome, {name}!")
    window.page.get_by_role("button", name="Make VIP").click()
    expect(window.notes).to_contain_text(f"VIP was granted to {name}")
    window.ask("/vip", "You are VIP until")
