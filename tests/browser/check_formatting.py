"""What the bot may write, as people see it: by the Bot API, in any case that Diana itself has no use for yet."""

from typing import Any

import httpx
from playwright.sync_api import expect

from tests.browser.check_chats import id_of
from tests.browser.conftest import Diana
from tests.browser.window import Window


def call(diana: Diana, method: str, **parameters: Any) -> Any:
    """Call the Bot API as the bot does; return the result."""
    token = diana.stack.instance.variables()["TELEGRAM_BOT_TOKEN"]
    answer = httpx.post(f"{diana.url}/bot{token}/{method}", json=parameters, trust_env=False).json()
    assert answer["ok"], answer
    return answer["result"]


def test_entities_are_drawn_where_utf_16_says(diana: Diana, window: Window) -> None:
    me = id_of(diana, window.add_person("Emma"))
    window.ask("/start", "Welcome")
    html = (
        "👍👍 <b>bold <i>both</i></b> <u>under</u> <s>struck</s> <code>x &lt; y</code>"
        " <tg-spoiler>the butler</tg-spoiler> <a href='https://example.org/'>there</a>"
        "\n<pre>one\ntwo</pre>\n<blockquote>said</blockquote>\n<blockquote expandable>1\n2\n3\n4\n5\n6</blockquote>"
    )
    call(diana, "sendMessage", chat_id=me, text=html, parse_mode="HTML")
    drawn = window.message("👍👍")
    expect(drawn.locator("strong")).to_have_text("bold both")
    expect(drawn.locator("strong em")).to_have_text("both")
    expect(drawn.locator("u")).to_have_text("under")
    expect(drawn.locator("s")).to_have_text("struck")
    expect(drawn.locator(".text > code")).to_have_text("x < y")
    expect(drawn.locator("pre")).to_have_text("one\ntwo")
    expect(drawn.get_by_role("link", name="there")).to_have_attribute("href", "https://example.org/")
    expect(drawn.locator("blockquote").first).to_have_text("said")

    drawn.get_by_role("button", name="Spoiler").click()
    expect(drawn.locator(".spoiler-shown")).to_have_text("the butler")
    folded = drawn.locator("blockquote.folded")
    height = folded.bounding_box()["height"]  # type: ignore[index]
    drawn.get_by_role("button", name="Show more").click()
    expect(drawn.get_by_role("button", name="Show less")).to_have_attribute("aria-expanded", "true")
    assert drawn.locator("blockquote").last.bounding_box()["height"] > height  # type: ignore[index]


def test_typing_is_shown_until_something_is_said(diana: Diana, window: Window) -> None:
    me = id_of(diana, window.add_person("Tilda"))
    window.ask("/start", "Welcome")
    call(diana, "sendChatAction", chat_id=me, action="typing")
    expect(window.page.get_by_text("is typing…")).to_be_visible()
    call(diana, "sendMessage", chat_id=me, text="There you are")
    expect(window.message("There you are")).to_be_visible()
    expect(window.page.get_by_text("is typing…")).to_be_hidden()
