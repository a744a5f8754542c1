"""What cannot be delivered is no incident: the act counts, no dead letter, and the chat is noted. Real API, real commits."""

from datetime import timedelta
from typing import Any

import pytest
from telegram.error import BadRequest, Forbidden, TelegramError

from apps.bot.api_errors import Meaning
from apps.bot.models import Chat, Update
from apps.bot.telegram_errors import classify
from diana import clock
from diana.audit import Actor
from diana.events.models import Delivery, Failure
from diana.events.retries import redrive
from diana.events.testing import drain
from diana.sandbox.running import Sandbox
from tests.bot.conftest import relent
from tests.bot.updates import ADA, GROUP, deliver, events, press, say, texts, update

pytestmark = pytest.mark.usefixtures("committed_db")

TAKES_NO_MESSAGES = [
    "Bad Request: not enough rights to send text messages to the chat",
    "Bad Request: not enough rights to send documents to the chat",
    "Bad Request: have no rights to send a message",
    "Bad Request: need administrator rights in the channel chat",
    "Bad Request: have no write access to the chat",
    "Bad Request: CHAT_WRITE_FORBIDDEN",
    "Bad Request: CHAT_RESTRICTED",
    "Bad Request: CHAT_SEND_PLAIN_FORBIDDEN",
    "Bad Request: CHAT_GUEST_SEND_FORBIDDEN",
    "Bad Request: CHAT_ADMIN_REQUIRED",
    "Bad Request: USER_BANNED_IN_CHANNEL",
]
TOPICS = {
    Meaning.TOPIC_CLOSED: ["Bad Request: TOPIC_CLOSED", "Bad Request: topic is closed"],
    Meaning.TOPIC_GONE: ["Bad Request: TOPIC_DELETED", "Bad Request: message thread not found"],
}
NOBODY_THERE = [
    (403, "Forbidden: bot can't initiate conversation with a user"),
    (403, "Forbidden: user is deactivated"),
    (403, "Forbidden: bot can't send messages to bots"),
    (403, "Forbidden: something that nobody has seen yet"),
    (400, "Bad Request: CHANNEL_PRIVATE"),
    (400, "Bad Request: PEER_ID_INVALID"),
    (400, "Bad Request: INPUT_USER_DEACTIVATED"),
    (400, "Bad Request: chat not found"),
    (400, "Bad Request: private chat not found"),
    (400, "Bad Request: user not found"),
]
BLOCKED = [(400, "Bad Request: USER_IS_BLOCKED"), (403, "Forbidden: bot was blocked by the user")]
THROWN_OUT = [
    (403, "Forbidden: bot was kicked from the supergroup chat"),
    (403, "Forbidden: bot is not a member of the supergroup chat"),
    (403, "Forbidden: the group chat was deleted"),
    (400, "Bad Request: group chat was deactivated"),
    (400, "Bad Request: CHANNEL_PRIVATE"),
]


def test_all_of_these_texts_mean_what_some_of_them_are_tried_for_below() -> None:
    def meant(cases: list[tuple[int, str]]) -> set[Meaning]:
        return {classify(_error(status, text), "sendMessage") for status, text in cases}

    assert meant([(400, text) for text in TAKES_NO_MESSAGES]) == {Meaning.CLOSED}
    for meaning, said in TOPICS.items():
        assert meant([(400, text) for text in said]) == {meaning}
    assert meant(NOBODY_THERE + THROWN_OUT) == {Meaning.GONE}
    assert meant(BLOCKED) == {Meaning.BLOCKED}


def _error(status: int, text: str) -> TelegramError:
    """Return what the library makes of Telegram's words: it cuts their beginning off."""
    _, _, words = text.partition(": ")
    return BadRequest(words) if status == 400 else Forbidden(text)


def nothing_is_left() -> None:
    assert not Failure.objects.exists()
    assert not Delivery.objects.exists()
    assert not Update.objects.filter(handled_at=None).exists()


def say_and_fail(sandbox: Sandbox, text: str, status: int, description: str, **fields: Any) -> None:
    sandbox.behave(fail_next=[{"status": status, "description": description, "method": "sendMessage"}])
    say(text, **fields)
    drain()
    sandbox.behave_well()


def close(sandbox: Sandbox, description: str = "Bad Request: CHAT_WRITE_FORBIDDEN") -> None:
    """Have the group refuse twice in a row: one refusal may be about what was sent."""
    for command in ("/points", "/daily"):
        say_and_fail(sandbox, command, 400, description, chat=GROUP)


@pytest.mark.parametrize("description", TAKES_NO_MESSAGES[::6])
def test_a_group_that_takes_no_messages_is_noted_and_the_acts_count(sandbox: Sandbox, description: str) -> None:
    close(sandbox, description)
    for _ in range(3):
        say("/points", chat=GROUP)
    drain()
    nothing_is_left()
    assert len(events("game.daily_login")) == 1
    assert len(sandbox.calls(method="sendMessage")) == 2  # noted: no further call
    assert Chat.objects.get(telegram_id=GROUP["id"]).gone_at is None


def test_a_group_that_takes_no_messages_is_tried_again_later(sandbox: Sandbox) -> None:
    close(sandbox)
    Chat.objects.update(closed_at=clock.now() - timedelta(minutes=1), closed_until=clock.now())
    say("/points", chat=GROUP)
    drain()
    assert [call.status for call in sandbox.calls(method="sendMessage")] == [400, 400, 200]
    assert Chat.objects.get().closed_until is None
    nothing_is_left()


def test_each_vain_try_doubles_the_wait(sandbox: Sandbox) -> None:
    waits = []
    for _ in range(4):
        say_and_fail(sandbox, "/points", 400, "Bad Request: CHAT_WRITE_FORBIDDEN", chat=GROUP)
        chat = Chat.objects.get()
        assert chat.closed_at is not None
        assert chat.closed_until is not None
        wait = chat.closed_until - clock.now()
        waits.append(round(max(wait, timedelta()) / timedelta(minutes=1)))
        # Let the wait be over.
        Chat.objects.update(closed_at=chat.closed_at - max(wait, timedelta()), closed_until=clock.now())
    assert waits == [0, 1, 1, 2]


def test_the_bot_being_let_write_again_ends_the_wait(sandbox: Sandbox) -> None:
    close(sandbox)
    me = {"id": 1, "is_bot": True, "first_name": "Diana"}
    change = {
        "chat": GROUP,
        "from": {"id": ADA, "is_bot": False, "first_name": "Ada"},
        "date": 1,
        "old_chat_member": {"user": me, "status": "left"},
        "new_chat_member": {"user": me, "status": "member"},
    }
    deliver(update("my_chat_member", change))
    say("/points", chat=GROUP)
    drain()
    assert [call.status for call in sandbox.calls(method="sendMessage")] == [400, 400, 200]


@pytest.mark.parametrize("description", TAKES_NO_MESSAGES[::6])
def test_a_press_where_nothing_may_be_written_is_harmless(sandbox: Sandbox, description: str) -> None:
    person_id = say("hello").person_id
    sandbox.behave(fail_next=[{"status": 400, "description": description, "method": "editMessageText"}])
    body = press(f"v1|help|show|{person_id}")
    body["callback_query"]["message"]["chat"] = GROUP
    deliver(body)
    drain()
    nothing_is_left()


@pytest.mark.parametrize("command", ["/points", "/daily"])
@pytest.mark.parametrize(("status", "description"), NOBODY_THERE[::5])
def test_who_cannot_be_reached_is_gone_without_having_blocked(
    sandbox: Sandbox, status: int, description: str, command: str
) -> None:
    say_and_fail(sandbox, command, status, description)
    nothing_is_left()
    assert Chat.objects.get(telegram_id=ADA).gone_at is not None
    assert events("user.blocked_bot") == []


@pytest.mark.parametrize("command", ["/points", "/daily"])
@pytest.mark.parametrize(("status", "description"), BLOCKED)
def test_who_has_blocked_the_bot_is_gone_and_told_of(
    sandbox: Sandbox, status: int, description: str, command: str
) -> None:
    say_and_fail(sandbox, command, status, description)
    nothing_is_left()
    assert Chat.objects.get(telegram_id=ADA).gone_at is not None
    assert len(events("user.blocked_bot")) == 1


@pytest.mark.parametrize(("status", "description"), THROWN_OUT[::3])
def test_a_group_without_the_bot_is_gone(sandbox: Sandbox, status: int, description: str) -> None:
    say_and_fail(sandbox, "/points", status, description, chat=GROUP)
    nothing_is_left()
    assert Chat.objects.get(telegram_id=GROUP["id"]).gone_at is not None
    assert events("user.blocked_bot") == []


@pytest.mark.parametrize(("status", "command"), [(400, "/points"), (400, "/daily"), (413, "/points")])
def test_an_unknown_refusal_drops_the_call_with_a_warning(
    sandbox: Sandbox, status: int, command: str, caplog: pytest.LogCaptureFixture
) -> None:
    say_and_fail(sandbox, command, status, "Bad Request: NEVER_HEARD_OF")
    nothing_is_left()
    assert "refuses sendMessage: Never_heard_of" in caplog.text
    assert Chat.objects.get(telegram_id=ADA).gone_at is None


@pytest.mark.parametrize("command", ["/points", "/daily"])
def test_the_answer_goes_to_the_supergroup_that_the_group_has_become(sandbox: Sandbox, command: str) -> None:
    old, new = {"id": -4711, "type": "group", "title": "Old"}, -1_004_711
    sandbox.behave(old["id"], fail_next=[{"status": 400, "migrate_to_chat_id": new, "method": "sendMessage"}])
    say(command, chat=old)
    drain()
    nothing_is_left()
    assert [call.status for call in sandbox.calls(method="sendMessage")] == [400, 200]
    (call,) = sandbox.calls(method="sendMessage", chat=new)
    assert "reply_parameters" not in call.parameters  # numbers of messages begin anew there


def test_a_page_of_a_proxy_says_nothing_of_the_chat(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 403 that is no JSON is not Telegram's: it is tried again."""
    from apps.bot.connections import Connections

    real = Connections.do_request
    pages = iter([(403, b"<html>Forbidden</html>"), (404, b"<html>Not here</html>")])

    async def once(self: Connections, url: str, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        if url.endswith("sendMessage") and (page := next(pages, None)):
            return page
        return await real(self, url, *args, **kwargs)

    monkeypatch.setattr(Connections, "do_request", once)
    say("/points")
    for _ in range(3):
        relent(monkeypatch)
        Delivery.objects.update(next_attempt_at=clock.real_now())
        drain()
    assert len(texts(sandbox)) == 1
    nothing_is_left()


def test_an_answer_that_was_our_mistake_is_given_when_it_is_redriven(sandbox: Sandbox) -> None:
    say_and_fail(sandbox, "/points", 400, "Bad Request: can't parse entities: unsupported start tag")
    assert Failure.objects.get().status == "dead"
    assert redrive(Failure.objects.all(), reason="The screen was mended.", actor=Actor(None, "ana", "admin")) == 1
    for _ in range(2):
        drain()
    assert [call.status for call in sandbox.calls(method="sendMessage")] == [400, 200]
    assert not Failure.objects.filter(status="dead").exists()
    assert len(events("bot.update_failed")) == 1
    assert len(events("bot.message_sent")) == 1


def test_who_wants_to_buy_hears_that_telegram_takes_no_bill(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    ada = say("/start").person_id
    drain()
    refusals = [
        ("vip_monthly", "createInvoiceLink", 400, "Bad Request: SUBSCRIPTION_PERIOD_INVALID"),
        ("vip_monthly", "createInvoiceLink", 403, "Forbidden: something that nobody has seen yet"),
        ("vip_monthly", "sendMessage", 400, "Bad Request: BUTTON_URL_INVALID"),
        ("vip_30", "sendInvoice", 400, "Bad Request: STARS_INVOICE_INVALID"),
        ("vip_30", "sendInvoice", 400, "Bad Request: can't parse reply keyboard markup JSON object"),
    ]
    for number, (product, method, status, words) in enumerate(refusals, 1):
        sandbox.behave(fail_next=[{"status": status, "description": words, "method": method}])
        deliver(press(f"v1|vip|buy|{ada}.{product}"))
        drain()
        heard = [text for text in texts(sandbox) if "You have paid nothing" in text]
        assert len(heard) == number, words
        assert len([entry for entry in caplog.records if "does not take a bill" in entry.getMessage()]) == number
        nothing_is_left()
    assert Chat.objects.get().gone_at is None
    sandbox.behave(fail_next=[{"status": 403, "description": BLOCKED[1][1], "method": "sendInvoice"}])
    deliver(press(f"v1|vip|buy|{ada}.vip_30"))
    drain()
    assert Chat.objects.get().gone_at is not None
    assert len([text for text in texts(sandbox) if "You have paid nothing" in text]) == len(refusals)
