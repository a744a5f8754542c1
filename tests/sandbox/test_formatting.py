"""What Telegram refuses in texts and keyboards, in its words."""

import pytest

BUTTON = {"text": "Go", "callback_data": "x"}


def refusal(api, method="sendMessage", **parameters):
    answer = api.post(method, json={"chat_id": 7, **parameters})
    body = answer.json()
    assert not body["ok"], body
    assert answer.status_code == body["error_code"]
    return body["error_code"], body["description"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "message text is empty"),
        (" \n ", "text must be non-empty"),
        ("a" * 4097, "message is too long"),
        ("😀" * 2049, "message is too long"),
        ("a" * 32769, "text is too long"),
    ],
)
def test_it_refuses_texts_of_a_wrong_length(api, text, reason):
    assert refusal(api, text=text) == (400, f"Bad Request: {reason}")


def test_it_counts_the_length_without_the_markup(api):
    text = f"<b>{'a' * 4096}</b>"
    assert api.post("sendMessage", json={"chat_id": 7, "text": text, "parse_mode": "HTML"}).json()["ok"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<b>bold", 'Can\'t find end tag corresponding to start tag "b"'),
        ("<h1>x</h1>", 'Unsupported start tag "h1" at byte offset 0'),
        ("é<br/>", 'Unsupported start tag "br/" at byte offset 2'),
        ("1 < 2", 'Unsupported start tag "" at byte offset 2'),
        ("<b", "Unclosed start tag at byte offset 0"),
        ("</b>", "Unexpected end tag at byte offset 0"),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<a href=https://e.org>x</a>", "Unexpected end of name token at byte offset 8"),
        ('<a href="https://e.org>x</a>', 'Unclosed start tag "a" at byte offset 0'),
        ('<a href="https://e.org"', 'Unclosed start tag "a" at byte offset 0'),
        ("<a href=", 'Unclosed start tag "a" at byte offset 0'),
        ("<a href", 'Unclosed start tag "a" at byte offset 0'),
        ('<b ="x">x</b>', 'Empty attribute name in the tag "b" at byte offset 0'),
        ("<b /x>y</b>", 'Empty attribute name in the tag "b" at byte offset 0'),
        ("<tg-emoji>x</tg-emoji>", "Invalid custom emoji identifier specified"),
        ("<p>x</p>", 'Unsupported start tag "p" at byte offset 0'),
        ("<script>x</script>", 'Unsupported start tag "script" at byte offset 0'),
        ("a <3 b", 'Unsupported start tag "3" at byte offset 2'),
        ("<b><i>x</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'),
        ("<!-- x -->", 'Unsupported start tag "!--" at byte offset 0'),
    ],
)
def test_it_refuses_html_that_telegram_would_refuse(api, text, reason):
    assert refusal(api, text=text, parse_mode="HTML") == (400, f"Bad Request: can't parse entities: {reason}")


FOUND = [
    {"type": "bot_command", "offset": 4, "length": 6},
    {"type": "mention", "offset": 15, "length": 6},
    {"type": "url", "offset": 23, "length": 15},
]


@pytest.mark.parametrize(
    ("html", "text", "entities"),
    [
        ("a &lt;b&gt; &quot;&amp;&quot; &#33;&#x21; &nbsp;", 'a <b> "&" !! &nbsp;', []),
        ("<B>x</B>", "x", [{"type": "bold", "offset": 0, "length": 1}]),
        ('<a href="https://e.org/?a=1&amp;b=>">😀</a>', "😀", [{"type": "text_link", "offset": 0, "length": 2}]),
        ('<span class="tg-spoiler">x</span>', "x", [{"type": "spoiler", "offset": 0, "length": 1}]),
        ("<blockquote expandable>x</blockquote>", "x", [{"type": "expandable_blockquote", "offset": 0, "length": 1}]),
        ("  <i>x</i>", "x", [{"type": "italic", "offset": 0, "length": 1}]),
        ("<b></b>x", "x", []),
        ("<b>x </b>  ", "x", [{"type": "bold", "offset": 0, "length": 1}]),
        ("<tg-spoiler>x</tg-spoiler>", "x", [{"type": "spoiler", "offset": 0, "length": 1}]),
        ("<b title='a'>x</>", "x", [{"type": "bold", "offset": 0, "length": 1}]),
        ("see /daily and @ada_l, https://e.org/x.", "see /daily and @ada_l, https://e.org/x.", FOUND),
        ("<code>/daily</code>", "/daily", [{"type": "code", "offset": 0, "length": 6}]),
        ("<a>e.org</a>", "e.org", [{"type": "text_link", "offset": 0, "length": 5}]),
        ("<a href='nowhere'>x</a>", "x", []),
        ("<a href='javascript://e.org'>x</a>", "x", []),
    ],
)
def test_it_reads_html(api, html, text, entities):
    message = api.post("sendMessage", json={"chat_id": 7, "text": html, "parse_mode": "html"}).json()["result"]
    assert message["text"] == text
    found = message.get("entities", [])
    assert [{name: one[name] for name in ("type", "offset", "length")} for one in found] == entities


LINK = "<a href='https://e.org'>"


@pytest.mark.parametrize(
    ("html", "kept"),
    [
        # Styles go into one another, quotations and links.
        ("<b>a<i>b</i></b>", [("bold", 0, 2), ("italic", 1, 1)]),
        (f"{LINK}a<b>b</b></a>", [("text_link", 0, 2), ("bold", 1, 1)]),
        ("<blockquote>a<b>b</b></blockquote>", [("blockquote", 0, 2), ("bold", 1, 1)]),
        ("<b>a<b>b</b>c</b><b>d</b>", [("bold", 0, 4)]),
        # Verbatim text has nothing in it and no style around it.
        ("<pre>a<b>b</b></pre>", [("pre", 0, 2)]),
        ("<code>a<i>b</i></code>", [("code", 0, 2)]),
        ("<b>a<code>b</code>c</b>", [("bold", 0, 1), ("code", 1, 1), ("bold", 2, 1)]),
        (f"<code>{LINK}a</a>b</code>", [("code", 0, 2)]),
        (f"{LINK}a<code>b</code></a>", [("text_link", 0, 2)]),
        # A quotation holds verbatim text and links, but no other quotation, and is held by none of them.
        ("<blockquote>a<pre>b</pre></blockquote>", [("blockquote", 0, 2), ("pre", 1, 1)]),
        ("<blockquote>a<blockquote>b</blockquote></blockquote>", [("blockquote", 0, 2)]),
        ("<blockquote>a<blockquote expandable>b</blockquote></blockquote>", [("blockquote", 0, 2)]),
        (f"{LINK}a<blockquote>b</blockquote></a>", [("blockquote", 1, 1)]),
        # A link in a link is one link.
        (f"{LINK}a{LINK}b</a></a>", [("text_link", 0, 2)]),
    ],
)
def test_it_drops_and_cuts_what_cannot_be_nested(api, html, kept):
    message = api.post("sendMessage", json={"chat_id": 7, "text": html, "parse_mode": "HTML"}).json()["result"]
    assert [(one["type"], one["offset"], one["length"]) for one in message["entities"]] == kept


def test_it_joins_the_code_that_fills_a_pre(api):
    text = '<pre><code class="language-python">x</code></pre>'
    message = api.post("sendMessage", json={"chat_id": 7, "text": text, "parse_mode": "HTML"}).json()["result"]
    assert message["entities"] == [{"type": "pre", "offset": 0, "length": 1, "language": "python"}]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"offset": -1, "length": 1}, "can't parse entities: Receive an entity with incorrect offset -1"),
        ({"offset": 0, "length": -1}, "can't parse entities: Receive an entity with incorrect length -1"),
        (
            {"offset": 1, "length": 2},
            "entity beginning at UTF-16 offset 1 ends after the end of the text at UTF-16 offset 2",
        ),
    ],
)
def test_it_refuses_entities_outside_the_text(api, given, reason):
    assert refusal(api, text="ab", entities=[{"type": "bold"} | given]) == (400, f"Bad Request: {reason}")


def test_it_takes_entities_that_cut_each_other(api):
    given = [{"type": "bold", "offset": 0, "length": 2}, {"type": "italic", "offset": 1, "length": 2}]
    message = api.post("sendMessage", json={"chat_id": 7, "text": "abc", "entities": given}).json()["result"]
    assert message["entities"] == given


def test_it_reads_the_address_of_a_link(api):
    text = "<a href='https://e.org/?a=1&amp;b=>'>x</a>"
    message = api.post("sendMessage", json={"chat_id": 7, "text": text, "parse_mode": "HTML"}).json()["result"]
    assert message["entities"][0]["url"] == "https://e.org/?a=1&b=>"


def test_it_refuses_an_unknown_parse_mode(api):
    assert refusal(api, text="x", parse_mode="bbcode") == (400, "Bad Request: unsupported parse_mode")


@pytest.mark.parametrize(
    ("markup", "reason"),
    [
        ({"inline_keyboard": [[BUTTON | {"callback_data": "x" * 65}]]}, "BUTTON_DATA_INVALID"),
        ({"inline_keyboard": [[BUTTON | {"callback_data": "é" * 33}]]}, "BUTTON_DATA_INVALID"),
        (
            {"inline_keyboard": [[{"text": "Go"}]]},
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        (
            {"inline_keyboard": [BUTTON]},
            'field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays',
        ),
        ({"inline_keyboard": [[BUTTON] * 8] * 13}, "reply markup is too long"),
        (
            {"inline_keyboard": [[{"text": "x" * 200, "callback_data": "x" * 64}]] * 40},
            "reply markup is too long",
        ),
        (
            {"inline_keyboard": [[{"text": "Go", "callback_data": ""}]]},
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        (
            {"inline_keyboard": [[{"callback_data": "x"}]]},
            "can't parse inline keyboard button: Can't find field \"text\"",
        ),
        ({"inline_keyboard": [["x"]]}, "can't parse inline keyboard button: InlineKeyboardButton must be an Object"),
        (
            {"inline_keyboard": [[{"text": "Go", "url": "http://localhost:8000"}]]},
            "inline keyboard button URL 'http://localhost:8000' is invalid: Wrong HTTP URL",
        ),
        (
            {"inline_keyboard": [[{"text": "Go", "url": "ftp://e.org"}]]},
            "inline keyboard button URL 'ftp://e.org' is invalid: Unsupported URL protocol",
        ),
        ({"inline_keyboard": [[{"text": "Pay", "pay": True}]]}, "BUTTON_TYPE_INVALID"),
        ("{broken", "can't parse reply keyboard markup JSON object"),
        ([], "object expected as reply markup"),
    ],
)
def test_it_refuses_bad_keyboards(api, markup, reason):
    assert refusal(api, text="x", reply_markup=markup) == (400, f"Bad Request: {reason}")


@pytest.mark.parametrize(
    "rows",
    [[], [[]], [[], []], [[{"text": " ", "callback_data": "x"}]]],
)
def test_an_empty_keyboard_is_none(api, rows):
    given = {"chat_id": 7, "text": "x", "reply_markup": {"inline_keyboard": rows}}
    assert "reply_markup" not in api.post("sendMessage", json=given).json()["result"]


def test_it_takes_a_hundred_buttons(api):
    given = {"chat_id": 7, "text": "x", "reply_markup": {"inline_keyboard": [[BUTTON] * 5] * 20}}
    assert api.post("sendMessage", json=given).json()["ok"]


def test_it_takes_callback_data_of_64_bytes(api):
    markup = {"inline_keyboard": [[BUTTON | {"callback_data": "x" * 64}]]}
    assert api.post("sendMessage", json={"chat_id": 7, "text": "x", "reply_markup": markup}).json()["ok"]


def test_it_refuses_calls_that_name_nothing(api):
    assert api.post("sendMessage", data={"text": "x"}).json()["description"] == "Bad Request: chat_id is empty"
    assert refusal(api, "editMessageText", text="x")[1] == "Bad Request: message identifier is not specified"
    assert refusal(api, "sendChatAction", action="dancing")[1] == "Bad Request: wrong parameter action in request"
