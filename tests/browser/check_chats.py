"""What is said where: answers stay in their chat, counts go when the chat is seen, groups hear what is theirs."""

from playwright.sync_api import expect

from tests.browser.conftest import NARROW, Diana, OpenWindow
from tests.browser.window import Window


def id_of(diana: Diana, name: str) -> int:
    """Return the id of a person or group of this name."""
    with diana.client() as client:
        state = client.get("/chat/state").json()
    names = {one["first_name"]: one["id"] for one in state["people"]} | {
        one["title"]: one["id"] for one in state["groups"]
    }
    found: int = names[name]
    return found


def say_elsewhere(diana: Diana, name: str, text: str) -> None:
    """Have somebody say something in their chat with the bot, but not in this window."""
    me = id_of(diana, name)
    with diana.client() as client:
        client.post("/chat/say", json={"person": me, "chat": me, "text": text}).raise_for_status()


def test_an_answer_is_shown_in_its_own_chat_and_counted_until_that_is_seen(diana: Diana, window: Window) -> None:
    ada = window.add_person("Ada")
    window.ask("/start", f"Welcome, {ada}!")
    bea = window.add_person("Bea")
    expect(window.unread(ada)).to_be_hidden()

    say_elsewhere(diana, ada, "/help")
    expect(window.unread(ada)).to_have_text("1 unread")
    expect(window.page).to_have_title("(1) Talk to Diana (sandbox)")
    expect(window.title(bea)).to_be_visible()
    expect(window.log.locator(".message")).to_have_count(0)

    window.open(ada)
    expect(window.message("What I can do")).to_be_visible()
    expect(window.unread(ada)).to_be_hidden()
    expect(window.page).to_have_title("Talk to Diana (sandbox)")
    window.page.reload()
    expect(window.message("What I can do")).to_be_visible()
    expect(window.unread(ada)).to_be_hidden()


def test_on_a_phone_a_chat_behind_the_list_is_not_seen(diana: Diana, open_window: OpenWindow) -> None:
    window = open_window(NARROW)
    ada = window.add_person("Ada")
    window.ask("/start", f"Welcome, {ada}!")
    window.page.get_by_role("button", name="To people and groups").click()
    say_elsewhere(diana, ada, "/help")
    expect(window.unread(ada)).to_have_text("1 unread")
    window.open(ada)
    expect(window.message("What I can do")).to_be_visible()
    window.page.get_by_role("button", name="To people and groups").click()
    expect(window.unread(ada)).to_be_hidden()


def test_a_group_of_two_talks_and_the_bot_answers_there_alone(window: Window) -> None:
    ada, boris = window.add_person("Ada"), window.add_person("Boris")
    window.ask("/start", f"Welcome, {boris}!")
    group = window.add_group("Chess", ada, boris)
    window.speak_as(ada)
    window.say("Who plays tonight?")
    window.speak_as(boris)
    said = window.message("Who plays tonight?")
    expect(said.locator(".sender")).to_have_text(ada)

    said.hover()
    said.get_by_role("button", name="What to do with the message").click()
    window.page.get_by_role("menuitem", name="React with 👍").click()
    reaction = said.get_by_role("button", name=f"👍 by {boris}")
    expect(reaction).to_have_attribute("aria-pressed", "true")

    answer = window.ask("/top", "All time")
    expect(answer.locator(".replied")).to_contain_text("/top")
    window.open(boris)
    expect(window.log.locator(".message", has_text="All time")).to_have_count(0)
    expect(window.row(ada)).to_contain_text("Nothing said yet")
    window.open(group)
    expect(window.message("All time")).to_be_visible()


def test_another_person_s_button_answers_with_a_notice(window: Window) -> None:
    ada, boris = window.add_person("Ada"), window.add_person("Boris")
    window.ask("/start", f"Welcome, {boris}!")
    window.add_group("Chess", ada, boris)
    window.speak_as(boris)
    window.ask("/top", "All time")
    window.speak_as(ada)
    key = window.key("This week")
    key.click()
    expect(window.notes).to_contain_text("belong")
    # The button no longer waits.
    expect(key).not_to_have_attribute("aria-busy", "true")


def test_who_leaves_a_group_cannot_write_there_and_may_join_again(window: Window) -> None:
    ada, boris = window.add_person("Ada"), window.add_person("Boris")
    group = window.add_group("Chess", ada, boris)
    window.speak_as(boris)
    window.page.get_by_role("button", name=f"What to do with {group}").click()
    window.page.get_by_role("menuitem", name="Members").click()
    window.page.get_by_role("dialog").get_by_label(boris).uncheck()
    window.page.get_by_role("dialog").get_by_role("button", name="Done").click()
    expect(window.message(f"{boris} left the group")).to_be_visible()
    expect(window.box).to_be_hidden()
    window.page.get_by_role("button", name=f"Join as {boris}").click()
    expect(window.message(f"{boris} joined the group")).to_be_visible()
    expect(window.box).to_be_visible()


def test_who_blocks_the_bot_hears_nothing_until_it_is_unblocked(window: Window) -> None:
    name = window.add_person("Blocker")
    window.ask("/start", "Welcome")
    window.page.get_by_role("button", name=f"What to do with {name}").click()
    window.page.get_by_role("menuitem", name="Block the bot").click()
    expect(window.box).to_be_hidden()
    expect(window.row(name)).to_contain_text("blocked the bot")
    window.page.get_by_role("button", name="Unblock the bot").click()
    window.ask("/help", "What I can do")


def test_a_friend_comes_by_the_link_of_an_invitation(window: Window) -> None:
    friend, host = window.add_person("Friend"), window.add_person("Host")
    window.ask("/start", f"Welcome, {host}!")
    invitation = window.ask("/invite", "Bring a friend")
    invitation.get_by_role("button", name="https://t.me/").click()
    dialog = window.page.get_by_role("dialog")
    dialog.get_by_label(friend).check()
    dialog.get_by_role("button", name="Open").click()
    expect(window.title(friend)).to_be_visible()
    expect(window.message("/start r_")).to_be_visible()
    expect(window.message(f"Welcome, {friend}!")).to_be_visible()


def test_a_document_is_saved(window: Window) -> None:
    window.add_person("Reader")
    window.ask("/start", "Welcome")
    window.ask("/export", "everything that I know of you")
    with window.page.expect_download() as download:
        window.log.get_by_role("button", name="Save").click()
    assert b"Reader" in download.value.path().read_bytes()


def test_a_name_that_is_markup_is_only_a_name(window: Window) -> None:
    name = window.add_person("<img src=x onerror=alert(1)>")
    window.ask("/start", f"Welcome, {name}!")
    assert window.page.locator("img").count() == 0
