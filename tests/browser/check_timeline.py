"""What a message set off: all of it, nothing else, until it is at rest."""

import psycopg
from playwright.sync_api import Route, expect

from tests.browser.check_chats import id_of, say_elsewhere
from tests.browser.check_formatting import call
from tests.browser.conftest import Diana
from tests.browser.window import Window


def events_of_last_update(diana: Diana, telegram_id: int) -> list[str]:
    """Return the types of the events that the person's last update has caused, as SQL knows them."""
    url = diana.stack.instance.variables()["DATABASE_OWNER_URL"]
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT type FROM event_log WHERE correlation_id = (SELECT l.correlation_id FROM event_log l"
            " JOIN users_person p ON p.id = l.user_id WHERE p.telegram_id = %s AND l.type LIKE 'bot.%%_received'"
            " ORDER BY l.id DESC LIMIT 1) ORDER BY type",
            [telegram_id],
        ).fetchall()
    return [str(row[0]) for row in rows]


def shown_events(window: Window) -> list[str]:
    """Return the titles of the events in the timeline."""
    return sorted(window.timeline.locator(".item.event .title").all_inner_texts())


def test_the_timeline_shows_all_that_a_message_set_off_and_nothing_of_another_s(diana: Diana, window: Window) -> None:
    ada = window.add_person("Ada")
    window.ask("/start", f"Welcome, {ada}!")
    bea = window.add_person("Bea")
    window.ask("/start", f"Welcome, {bea}!")
    say_elsewhere(diana, ada, "/daily")
    window.ask("/daily", "Daily reward")
    say_elsewhere(diana, ada, "/top")
    window.wait_for_rest()
    expect(window.timeline).to_contain_text(f"{bea}: /daily")
    assert {"update", "event", "visit", "ledger entry", "call"} <= set(window.kinds())
    me = id_of(diana, bea)
    assert shown_events(window) == events_of_last_update(diana, me) != []
    calls = window.timeline.locator(".item.call").all()
    assert all(f"chat{me}" in (call.text_content() or "") for call in calls)


def test_a_page_that_is_loaded_again_shows_what_the_newest_message_set_off(window: Window) -> None:
    ada = window.add_person("Ada")
    window.ask("/start", "Welcome")
    window.ask("/daily", "Daily reward")
    window.wait_for_rest()
    before = window.timeline.locator(".item").all_inner_texts()
    window.page.reload()
    window.wait_for_rest()
    expect(window.timeline).to_contain_text(f"{ada}: /daily")
    assert window.timeline.locator(".item").all_inner_texts() == before != []


def test_the_words_of_the_timeline_are_explained(window: Window) -> None:
    window.add_person("Ada")
    window.ask("/start", "Welcome")
    window.wait_for_rest()
    legend = window.timeline.locator(".legend")
    expect(legend.locator("dl")).not_to_be_visible()
    legend.get_by_text("What these words mean").click()
    explained = set(legend.locator("dt").all_inner_texts())
    assert set(window.kinds()) <= explained


def test_an_answer_about_an_earlier_message_that_comes_late_is_not_shown(window: Window) -> None:
    window.add_person("Ada")
    window.ask("/start", "Welcome")
    held: list[Route] = []

    def hold_first(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    window.page.route("**/chat/timeline*", hold_first)
    window.ask("/daily", "Daily reward")
    window.page.wait_for_timeout(500)
    assert held
    window.ask("/help", "What I can do")
    window.wait_for_rest()
    before = window.timeline.inner_text()
    held[0].continue_()
    window.page.wait_for_timeout(1500)
    assert window.timeline.inner_text() == before
    assert "ledger entry" not in window.kinds()


def test_nobody_waits_in_vain_while_the_workers_are_stopped(diana: Diana, window: Window) -> None:
    window.add_person("Will")
    window.ask("/start", "Welcome")
    supervisor = diana.stack.supervisor
    # The relay would do their work.
    for name in ("relay", "worker", "telegram"):
        supervisor.stop_program(name)
    try:
        window.say("/help")
        expect(window.timeline.get_by_role("status")).to_contain_text("the worker is not running", timeout=30_000)
        alert_is_confirmed(diana, window)
    finally:
        for name in ("worker", "telegram", "relay"):
            supervisor.start_program(name)
    expect(window.message("What I can do")).to_be_visible(timeout=60_000)


def alert_is_confirmed(diana: Diana, window: Window) -> None:
    """Answer a press in the bot's place with an alert, which it has no use for yet, and confirm that."""
    key = window.key("English")
    with window.page.expect_response("**/chat/press") as pressed:
        key.click()
    expect(key).to_have_attribute("aria-busy", "true")
    query = pressed.value.json()["query_id"]
    call(diana, "answerCallbackQuery", callback_query_id=query, text="Read this.", show_alert=True)
    alert = window.page.get_by_role("alertdialog")
    expect(alert).to_contain_text("Read this.")
    alert.get_by_role("button", name="OK").click()
    expect(alert).to_be_hidden()
    expect(key).to_be_focused()
    expect(key).not_to_have_attribute("aria-busy", "true")
