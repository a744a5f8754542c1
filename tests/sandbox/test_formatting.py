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
    ],
)
def test_it_refuses_html_that_telegram_would_refuse(api, text, reason):
    assert refusal(api, text=text, parse_mode="HTML") == (400, f"Bad Request: can't parse entities: {reason}")


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
    ],
)
def test_it_reads_html(api, html, text, entities):
    message = api.post("sendMessage", json={"chat_id": 7, "text": html, "parse_mode": "html"}).json()["result"]
    assert message["text"] == text
    found = message.get("entities", [])
    assert [{name: one[name] for name in ("type", "offset", "length")} for one in found] == entities


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
        ("{broken", "can't parse reply keyboard markup JSON object"),
        ([], "object expected as reply markup"),
    ],
)
def test_it_refuses_bad_keyboards(api, markup, reason):
    assert refusal(api, text="x", reply_markup=markup) == (400, f"Bad Request: {reason}")


def test_it_takes_callback_data_of_64_bytes(api):
    markup = {"inline_keyboard": [[BUTTON | {"callback_data": "x" * 64}]]}
    assert api.post("sendMessage", json={"chat_id": 7, "text": "x", "reply_markup": markup}).json()["ok"]


def test_it_refuses_calls_that_name_nothing(api):
    assert api.post("sendMessage", data={"text": "x"}).json()["description"] == "Bad Request: chat_id is empty"
    assert refusal(api, "editMessageText", text="x")[1] == "Bad Request: message identifier is not specified"
    assert refusal(api, "sendChatAction", action="dancing")[1] == "Bad Request: wrong parameter action in request"
