"""An answer goes to the topic it was asked in, in groups as a reply; what one person asked unseen is answered unseen."""

from collections.abc import Iterable
from typing import Any

import pytest

from diana import clock
from diana.audit import Actor
from diana.events.models import Delivery, Failure
from diana.events.retries import redrive
from diana.events.testing import drain
from diana.sandbox.recording import Call
from diana.sandbox.running import Sandbox
from tests.bot.conftest import relent
from tests.bot.updates import ADA, deliver, message, press, private_chat, say, update, user

pytestmark = pytest.mark.usefixtures("committed_db")

FORUM = {"id": -1_001_000_000_077, "type": "supergroup", "title": "Forum", "is_forum": True}
CLUB = {"id": -1_001_000_000_079, "type": "supergroup", "title": "Club"}
SMALL = {"id": -79, "type": "group", "title": "Friends"}
DIRECT = {"id": -1_001_000_000_078, "type": "supergroup", "title": "News", "is_direct_messages": True}
IN_PRIVATE_TOPIC = {"message_thread_id": 5, "is_topic_message": True}
IN_TOPIC = {"message_thread_id": 77, "is_topic_message": True}
NAMED = ("chat_id", "message_thread_id", "direct_messages_topic_id", "ephemeral_message_parameters", "receiver_user_id")
WRITES = ("sendMessage", "sendDocument", "sendInvoice")
# Where something is asked: the chat (the person's own for None), what the message says besides, and what the answer's call says.
ASKED: dict[str, tuple[dict[str, Any] | None, dict[str, Any], dict[str, Any]]] = {
    "in a topic": (FORUM, IN_TOPIC, {"message_thread_id": 77, "reply": True}),
    "in General": (FORUM, {}, {"reply": True}),
    "in General, named": (FORUM, {"message_thread_id": 1, "is_topic_message": True}, {"reply": True}),
    "in General, in reply": (FORUM, {"message_thread_id": 4_321}, {"reply": True}),
    "below a post": (CLUB, {"message_thread_id": 900}, {"reply": True}),
    "in a group": (SMALL, {}, {"reply": True}),
    "in private": (None, {}, {}),
    "in private, in reply": (None, {"message_thread_id": 900}, {}),
    "in a private topic": (None, IN_PRIVATE_TOPIC, {"message_thread_id": 5}),
    "in direct messages": (
        DIRECT,
        {"direct_messages_topic": {"topic_id": 700}},
        {"direct_messages_topic_id": 700, "reply": True},
    ),
    "for nobody else": (CLUB, {"message_id": 0, "ephemeral_message_id": 5}, {"ephemeral": True}),
    "for nobody else, in a topic": (
        FORUM,
        {"message_id": 0, "ephemeral_message_id": 5} | IN_TOPIC,
        {"message_thread_id": 77, "ephemeral": True},
    ),
    "without a number": (CLUB, {"message_id": 0}, {}),
}


@pytest.fixture
def sandbox(sandbox: Sandbox) -> Sandbox:
    """The chats have these topics and no others."""
    sandbox.have_topics(FORUM["id"], topics=[77])
    sandbox.have_topics(DIRECT["id"], direct_messages=[700])
    for chat in (CLUB, SMALL):
        sandbox.have_topics(chat["id"])
    for person in range(ADA, ADA + len(ASKED)):
        sandbox.have_topics(person, topics=[5])
    return sandbox


def ask(command: str, person: int, chat: dict[str, Any] | None, said: dict[str, Any]) -> dict[str, Any]:
    """Deliver a command and return its message."""
    body = message(command, sender=user(person), chat=chat) | said
    assert deliver(update(body=body)) == 200
    return body


def place(call: Call) -> dict[str, Any]:
    """Return where a message was sent to."""
    given = call.parameters
    found = {name: given[name] for name in NAMED if name in given}
    if "reply_parameters" in given:
        assert given["reply_parameters"].get("allow_sending_without_reply") is True
        found["reply"] = given["reply_parameters"]["message_id"]
    return found


def expected(body: dict[str, Any], where: dict[str, Any]) -> dict[str, Any]:
    person = body["from"]["id"]
    found = {"chat_id": body["chat"]["id"]} | {name: value for name, value in where.items() if value is not True}
    if "reply" in where:
        found["reply"] = body["message_id"]
    if "ephemeral" in where:
        found |= {"ephemeral_message_parameters": {"receiver_user_id": person}, "receiver_user_id": person}
    return found


def sent(sandbox: Sandbox, *, status: int | None = 200) -> list[Call]:
    """Return the messages that Telegram took, or with None all that were tried."""
    return [call for call in sandbox.calls() if call.method in WRITES and status in (None, call.status)]


def nothing_is_left() -> None:
    assert not Failure.objects.exclude(status="done").exists()
    assert not Delivery.objects.exists()


def by_place(calls: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(calls, key=repr)


def test_an_answer_goes_where_it_was_asked(sandbox: Sandbox) -> None:
    """Each place asked in by somebody else, so that nobody waits; screens, one with what came of its act."""
    wanted = []
    for number, (chat, said, where) in enumerate(ASKED.values()):
        for command in ("/points", "/daily"):
            wanted.append(expected(ask(command, ADA + number, chat, said), where))
    # The screens first: what came of an act is told once it is decided.
    drain("bot.handle_update")
    drain()
    assert by_place(place(call) for call in sent(sandbox)) == by_place(wanted)
    # Nothing was tried elsewhere before.
    assert len(sent(sandbox, status=None)) == len(wanted)
    nothing_is_left()


@pytest.mark.parametrize(
    ("status", "description"),
    [(429, None), (400, "Bad Request: can't parse entities: unsupported start tag")],
)
def test_it_goes_there_also_when_it_is_tried_again(
    sandbox: Sandbox, status: int, description: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a wait of the group, and as a dead letter that is redriven."""
    failure: dict[str, Any] = {"status": status, "method": "sendMessage", "times": 2}
    failure |= {"description": description} if description else {"retry_after": 5}
    sandbox.behave(fail_next=[failure])
    wanted = [ask(command, ADA + n, FORUM, IN_TOPIC) for n, command in enumerate(("/points", "/daily"))]
    drain()
    redrive(Failure.objects.filter(status="dead"), reason="mended", actor=Actor(None, "ana", "admin"))
    for _ in range(3):
        relent(monkeypatch)
        Delivery.objects.update(next_attempt_at=clock.real_now())
        drain()
    there = [expected(body, {"message_thread_id": 77, "reply": True}) for body in wanted]
    assert by_place(place(call) for call in sent(sandbox)) == by_place(there)
    assert all(place(call) in there for call in sent(sandbox, status=None))


def pressed(data: str, person: int, chat: dict[str, Any], **hanging: Any) -> dict[str, Any]:
    body = press(data, sender=user(person), message_id=40)
    body["callback_query"]["message"] |= {"chat": chat} | hanging
    assert deliver(body) == 200
    return body


def test_what_a_button_sends_anew_goes_to_the_topic_of_its_message(sandbox: Sandbox) -> None:
    """A screen that cannot be redrawn, a file, a bill and a link to a subscription; what is too old has no topic."""
    people = {n: say("/help", sender=user(ADA + n)).person_id for n in range(7)}
    drain()
    before = sandbox.count()["last"]
    refused: dict[str, Any] = {
        "status": 400,
        "description": "Bad Request: message can't be edited",
        "method": "editMessageText",
    }
    refused |= {"times": 2}
    sandbox.behave(fail_next=[refused])
    pressed(f"v1|profile|show|{people[0]}", ADA, FORUM, **IN_TOPIC)
    pressed(f"v1|profile|show|{people[1]}", ADA + 1, FORUM, date=0)
    pressed(f"v1|export|show|{people[2]}", ADA + 2, private_chat(ADA + 2), **IN_PRIVATE_TOPIC)
    pressed(f"v1|vip|buy|{people[3]}.vip_30", ADA + 3, private_chat(ADA + 3), **IN_PRIVATE_TOPIC)
    pressed(f"v1|vip|buy|{people[4]}.vip_monthly", ADA + 4, private_chat(ADA + 4), **IN_PRIVATE_TOPIC)
    pressed(f"v1|profile|show|{people[5]}", ADA + 5, CLUB, message_id=0, ephemeral_message_id=9)
    pressed(f"v1|profile|show|{people[6]}", ADA + 6, DIRECT, direct_messages_topic={"topic_id": 700})
    drain()
    calls = [call for call in sandbox.calls(after=before) if call.method in WRITES]
    assert by_place(map(place, calls)) == by_place(
        [
            {"chat_id": FORUM["id"], "message_thread_id": 77, "reply": 40},
            {"chat_id": FORUM["id"], "reply": 40},
            *({"chat_id": ADA + n, "message_thread_id": 5} for n in (2, 3, 4)),
            {
                "chat_id": CLUB["id"],
                "ephemeral_message_parameters": {"receiver_user_id": ADA + 5},
                "receiver_user_id": ADA + 5,
            },
            {"chat_id": DIRECT["id"], "direct_messages_topic_id": 700, "reply": 40},
        ]
    )
    assert {call.method for call in calls} == set(WRITES)
    nothing_is_left()


def test_where_the_topic_is_gone_the_answer_goes_to_the_chat(sandbox: Sandbox) -> None:
    bodies = [
        ask("/points", ADA, FORUM, IN_TOPIC | {"message_thread_id": 76}),
        ask("/daily", ADA + 1, FORUM, IN_TOPIC | {"message_thread_id": 76}),
    ]
    ask("/points", ADA + 2, None, IN_TOPIC | {"message_thread_id": 6})
    drain()
    there = [{"chat_id": FORUM["id"], "reply": body["message_id"]} for body in bodies]
    assert by_place(map(place, sent(sandbox))) == by_place([*there, {"chat_id": ADA + 2}])
    assert len(sent(sandbox, status=None)) == 6
    nothing_is_left()


def test_a_closed_topic_gets_no_answer_and_silences_nothing_else(sandbox: Sandbox) -> None:
    sandbox.have_topics(FORUM["id"], topics=[77, 78], closed=[78])
    for command in ("/points", "/daily", "/points"):
        ask(command, ADA, FORUM, IN_TOPIC | {"message_thread_id": 78})
        drain()
    assert [call.status for call in sent(sandbox, status=None)] == [400, 400, 400]
    ask("/points", ADA, FORUM, IN_TOPIC)
    drain()
    assert len(sent(sandbox)) == 1
    nothing_is_left()


def test_what_only_one_was_to_see_is_never_shown_to_all(sandbox: Sandbox) -> None:
    """A bot that is no administrator may only answer in time, as a reply; else the answer goes to the person's own chat."""
    say("/help")
    drain()
    before = sandbox.count()["last"]
    sandbox.behave(CLUB["id"], fail_next=[{"status": 400, "description": "Bad Request: BOT_NOT_ADMIN", "times": 4}])
    for person in (ADA, ADA + 1):  # The second one has never written to the bot.
        ask("/points", person, CLUB, {"message_id": 0, "ephemeral_message_id": 5})
        drain()
    calls = [call.parameters for call in sandbox.calls(after=before) if call.method == "sendMessage"]
    for person, (first, second) in ((ADA, calls[:2]), (ADA + 1, calls[3:])):
        assert "reply_parameters" not in first
        assert second["reply_parameters"] == {"ephemeral_message_id": 5}
        assert {one["ephemeral_message_parameters"]["receiver_user_id"] for one in (first, second)} == {person}
    assert [one["chat_id"] for one in calls] == [CLUB["id"], CLUB["id"], ADA, CLUB["id"], CLUB["id"]]
    nothing_is_left()
