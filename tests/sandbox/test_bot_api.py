"""The methods, called by python-telegram-bot as the application does."""

from datetime import timedelta

import pytest
from telegram import BotCommand, BotCommandScopeAllGroupChats, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import BadRequest, Forbidden, InvalidToken, NetworkError, RetryAfter, TimedOut

KEYBOARD = InlineKeyboardMarkup([[InlineKeyboardButton("Top", callback_data="v1|top|show|")]])


def test_it_introduces_the_bot_of_the_token(ptb):
    me = ptb(lambda bot: bot.get_me())
    assert (me.id, me.is_bot, me.username, me.can_join_groups) == (42, True, "diana_sandbox_bot", True)


def test_it_sends_messages_numbered_per_chat(ptb):
    async def scenario(bot):
        return [await bot.send_message(chat, "hello") for chat in (7, 7, -5, -1001234567890)]

    messages = ptb(scenario)
    assert [message.message_id for message in messages] == [1, 2, 1, 1]
    assert [message.chat.type for message in messages] == ["private", "private", "group", "supergroup"]
    assert messages[0].chat.first_name == "Person 7"
    assert messages[2].chat.title == "Group 5"
    assert messages[0].text == "hello"
    assert messages[0].from_user.id == 42


def test_it_shows_the_message_as_telegram_would(ptb):
    message = ptb(
        lambda bot: bot.send_message(7, " 😀 <b>bold &amp; <i>both</i></b> ", parse_mode="HTML", reply_markup=KEYBOARD)
    )
    assert message.text == "😀 bold & both"
    assert message.text_html == "😀 <b>bold &amp; <i>both</i></b>"
    assert message.reply_markup == KEYBOARD


def test_it_counts_members_and_leaves(ptb):
    async def scenario(bot):
        return await bot.get_chat_member_count(-5), await bot.leave_chat(-5)

    assert ptb(scenario) == (2, True)
    for call in (lambda bot: bot.leave_chat(7), lambda bot: bot.get_chat_member_count("")):
        with pytest.raises(BadRequest):
            ptb(call)


def test_it_edits_a_message(ptb):
    async def scenario(bot):
        sent = await bot.send_message(7, "old", reply_markup=KEYBOARD)
        return sent, await bot.edit_message_text("new", chat_id=7, message_id=sent.message_id)

    sent, edited = ptb(scenario)
    assert (edited.message_id, edited.text, edited.date) == (sent.message_id, "new", sent.date)
    assert edited.edit_date is not None
    assert edited.reply_markup is None


@pytest.mark.parametrize(
    ("text", "mode", "keyboard"), [("<b>same</b>", "HTML", None), ("same", None, None), ("same", None, KEYBOARD)]
)
def test_it_refuses_an_edit_that_changes_nothing(ptb, text, mode, keyboard):
    async def scenario(bot):
        sent = await bot.send_message(7, text, parse_mode=mode, reply_markup=keyboard)
        await bot.edit_message_text(text, 7, sent.message_id, parse_mode=mode, reply_markup=keyboard)

    with pytest.raises(BadRequest, match=r"^Message is not modified: specified new message content"):
        ptb(scenario)


def test_it_takes_an_edit_of_the_format_alone(ptb):
    async def scenario(bot):
        sent = await bot.send_message(7, "same")
        return await bot.edit_message_text("<b>same</b>", 7, sent.message_id, parse_mode="HTML")

    assert ptb(scenario).text_html == "<b>same</b>"


def test_it_refuses_to_edit_what_is_not_there(ptb):
    with pytest.raises(BadRequest, match=r"^Message to edit not found$"):
        ptb(lambda bot: bot.edit_message_text("text", 7, 99))


def test_it_answers_callback_queries_and_chat_actions(ptb):
    assert ptb(lambda bot: bot.answer_callback_query("123", "done", show_alert=True)) is True
    assert ptb(lambda bot: bot.send_chat_action(7, "typing")) is True


@pytest.mark.parametrize("query", ["77", "not-a-number"])
def test_it_refuses_old_and_impossible_callback_queries(ptb, sandbox, query):
    sandbox.open_callback_query("77", age_seconds=151)
    with pytest.raises(BadRequest, match=r"^Query is too old and response timeout expired or query id is invalid$"):
        ptb(lambda bot: bot.answer_callback_query(query))


def test_it_answers_a_callback_query_within_150_seconds(ptb, sandbox):
    sandbox.open_callback_query("77", age_seconds=140)
    assert ptb(lambda bot: bot.answer_callback_query("77")) is True


def test_it_keeps_the_webhook(ptb):
    async def scenario(bot):
        await bot.set_webhook("https://example.org/hook", secret_token="s-_1", allowed_updates=["message", "poll"])
        info = await bot.get_webhook_info()
        await bot.delete_webhook(drop_pending_updates=True)
        return info, await bot.get_webhook_info()

    info, later = ptb(scenario)
    assert (info.url, info.allowed_updates) == ("https://example.org/hook", ("message", "poll"))
    assert (info.pending_update_count, info.max_connections) == (0, 40)
    assert later.url == ""


@pytest.mark.parametrize(
    ("url", "secret", "error"),
    [
        ("https://example.org/", "with space", "Secret token contains unallowed characters"),
        ("https://example.org/", "s" * 257, "Secret token is too long"),
        ("nonsense", "", "Invalid webhook url specified"),
    ],
)
def test_it_refuses_bad_webhooks(ptb, url, secret, error):
    with pytest.raises(BadRequest, match=f"^{error}$"):
        ptb(lambda bot: bot.set_webhook(url, secret_token=secret))


def test_it_keeps_commands_per_scope_and_language(ptb):
    async def scenario(bot):
        await bot.set_my_commands([("start", "Begin"), BotCommand("top", "Leaders")])
        await bot.set_my_commands([("start", "Empezar")], language_code="es", scope=BotCommandScopeAllGroupChats())
        return [
            await bot.get_my_commands(),
            await bot.get_my_commands(language_code="es", scope=BotCommandScopeAllGroupChats()),
            await bot.get_my_commands(language_code="es"),
        ]

    general, spanish, none = ptb(scenario)
    assert [one.command for one in general] == ["start", "top"]
    assert [one.description for one in spanish] == ["Empezar"]
    assert none == ()


@pytest.mark.parametrize(
    ("commands", "language", "error"),
    [
        ([("Start", "x")], "", "Bot_command_invalid"),
        ([("start", " ")], "", "Command description must be non-empty"),
        ([("start", "x")], "english", "Invalid language code specified"),
        ([(f"c{number}", "x") for number in range(101)], "", "Bot_commands_too_much"),
    ],
)
def test_it_refuses_bad_commands(ptb, commands, language, error):
    with pytest.raises(BadRequest, match=f"^{error}$"):
        ptb(lambda bot: bot.set_my_commands(commands, language_code=language))


@pytest.mark.parametrize("chat", ["@somebody", "nobody", 0])
def test_it_does_not_find_chats_that_are_not_numbers(ptb, chat):
    with pytest.raises(BadRequest, match=r"^Chat not found$"):
        ptb(lambda bot: bot.send_message(chat, "hello"))


def test_it_does_not_find_chats_made_unknown(ptb, sandbox):
    sandbox.behave(7, unknown=True)
    with pytest.raises(BadRequest, match=r"^Chat not found$"):
        ptb(lambda bot: bot.send_message(7, "hello"))
    assert ptb(lambda bot: bot.send_message(8, "hello")).message_id == 1


def test_it_is_forbidden_where_the_bot_was_blocked(ptb, sandbox):
    sandbox.behave(7, block=True)
    with pytest.raises(Forbidden, match=r"^Forbidden: bot was blocked by the user$"):
        ptb(lambda bot: bot.send_message(7, "hello"))
    sandbox.behave(7, block=False)
    assert ptb(lambda bot: bot.send_message(7, "hello")).message_id == 1


def test_it_fails_the_next_calls_as_ordered(ptb, sandbox, monkeypatch):
    monkeypatch.setenv("PTB_TIMEDELTA", "true")
    sandbox.behave(7, fail_next=[{"status": 429, "retry_after": 3}, {"status": 502}])
    with pytest.raises(RetryAfter) as refused:
        ptb(lambda bot: bot.send_message(7, "first"))
    assert refused.value.retry_after == timedelta(seconds=3)
    call = sandbox.calls(method="sendMessage")[-1]
    assert call.answer["description"] == "Too Many Requests: retry after 3"
    assert call.status == 429
    with pytest.raises(NetworkError, match="Bad Gateway"):
        ptb(lambda bot: bot.send_message(7, "second"))
    assert ptb(lambda bot: bot.send_message(7, "third")).message_id == 1


def test_it_never_answers_a_call_left_hanging(ptb, sandbox):
    sandbox.behave(7, hang=True)

    with pytest.raises(TimedOut):
        ptb(lambda bot: bot.send_message(7, "hello"), read_timeout=0.3)
    call = sandbox.wait_for(lambda call: call.chat == 7)
    assert (call.status, call.answer) == (None, None)


def test_it_holds_an_answer_back(ptb, sandbox):
    sandbox.behave(7, delay_seconds=0.5)
    with pytest.raises(TimedOut):
        ptb(lambda bot: bot.send_message(7, "hello"), read_timeout=0.2)
    sandbox.behave_well(7)
    assert ptb(lambda bot: bot.send_message(7, "hello"), read_timeout=0.4).message_id == 2


def test_it_speaks_no_other_method(ptb):
    with pytest.raises(InvalidToken, match="Not Found"):
        ptb(lambda bot: bot.get_chat(7))
