"""Topics of forums, of private chats and of a channel's direct messages, and ephemeral messages: refused as Telegram refuses."""

from typing import Any

import httpx
import pytest

from diana.sandbox.running import Sandbox
from tests.sandbox.chat.conftest import ADA, Page

FORUM, DIRECT, LOST, PERSON = -1_001_000_000_077, -1_001_000_000_078, -1_001_000_000_079, 700
NO_THREAD = "Bad Request: message thread not found"
NO_REPLY = "Bad Request: message to be replied not found"


@pytest.fixture
def told(sandbox: Sandbox) -> Sandbox:
    """A sandbox that was told of a forum, a channel's direct messages, a person with topics and a group without."""
    sandbox.have_topics(FORUM, topics=[77, 78], closed=[78])
    sandbox.have_topics(PERSON, topics=[5])
    sandbox.have_topics(DIRECT, direct_messages=[700])
    sandbox.have_topics(LOST)
    return sandbox


def send(api: httpx.Client, chat: int, **parameters: Any) -> Any:
    """Send a text and return the message, or why not."""
    answer = api.post("sendMessage", json={"chat_id": chat, "text": "hello"} | parameters).json()
    return answer.get("result") or answer["description"]


def test_a_message_is_in_the_topic_it_was_sent_to(told: Sandbox, api: httpx.Client) -> None:
    sent = send(api, FORUM, message_thread_id=77)
    assert (sent["message_thread_id"], sent["is_topic_message"], sent["chat"]["is_forum"]) == (77, True, True)
    assert send(api, PERSON, message_thread_id=5)["message_thread_id"] == 5
    assert "is_topic_message" not in send(api, FORUM)
    sent = send(api, DIRECT, direct_messages_topic_id=700)
    assert (sent["direct_messages_topic"], sent["chat"]["is_direct_messages"]) == ({"topic_id": 700}, True)
    # What is edited, or answers a message without naming a topic, is in the topic of the other message.
    sent = send(api, FORUM, message_thread_id=77)
    edit = {"chat_id": FORUM, "message_id": sent["message_id"], "text": "bye"}
    assert api.post("editMessageText", json=edit).json()["result"]["message_thread_id"] == 77
    assert send(api, FORUM, reply_parameters={"message_id": sent["message_id"]})["message_thread_id"] == 77
    recorded = told.calls(chat=DIRECT)[0].parameters
    assert recorded["direct_messages_topic_id"] == 700


@pytest.mark.parametrize(
    ("chat", "parameters", "error"),
    [
        (FORUM, {"message_thread_id": 76}, NO_THREAD),
        (FORUM, {"message_thread_id": 1}, NO_THREAD),
        (FORUM, {"message_thread_id": 78}, "Bad Request: TOPIC_CLOSED"),
        (LOST, {"message_thread_id": 77}, NO_THREAD),
        (PERSON, {"message_thread_id": 6}, NO_THREAD),
        (ADA, {"message_thread_id": 5}, NO_THREAD),
        (DIRECT, {}, "Bad Request: direct messages topic not found"),
        (DIRECT, {"direct_messages_topic_id": 701}, "Bad Request: direct messages topic not found"),
        (-5, {"reply_parameters": {"message_id": 0}}, NO_REPLY),
        (-5, {"reply_parameters": {"ephemeral_message_id": 5}}, NO_REPLY),
        (PERSON, {"ephemeral_message_parameters": {"receiver_user_id": PERSON}}, "Bad Request: BOT_NOT_ADMIN"),
    ],
)
def test_another_topic_is_refused(
    told: Sandbox, api: httpx.Client, chat: int, parameters: dict[str, Any], error: str
) -> None:
    assert send(api, chat, **parameters) == error


def test_of_other_chats_it_takes_any_topic(api: httpx.Client) -> None:
    assert send(api, -100_500, message_thread_id=77)["message_thread_id"] == 77
    given = {"message_id": 0, "allow_sending_without_reply": True}
    assert "reply_to_message" not in send(api, -100_500, reply_parameters=given)


def test_an_ephemeral_message_is_for_one_person(sandbox: Sandbox, api: httpx.Client) -> None:
    named = {"ephemeral_message_parameters": {"receiver_user_id": 9}, "reply_parameters": {"ephemeral_message_id": 5}}
    sent = send(api, FORUM, **named)
    assert (sent["message_id"], sent["receiver_user"]["id"], sent["ephemeral_message_id"]) == (0, 9, 1)
    assert send(api, FORUM)["message_id"] == 1


def test_people_write_in_topics(page: Page, sandbox: Sandbox, api: httpx.Client) -> None:
    group = page.get("state")["groups"][0]["id"]
    sandbox.have_topics(group, topics=[77])
    said = page.say("hello", chat=group, topic=77)["message"]
    assert said["message_thread_id"] == 77
    assert page.refusal("say", person=ADA, chat=group, text="hello", topic=78)[0] == 404
    answer = send(api, group, reply_parameters={"message_id": said["message_id"]})
    assert answer["message_thread_id"] == 77


def test_several_calls_fail_alike(sandbox: Sandbox, api: httpx.Client) -> None:
    sandbox.behave(fail_next=[{"status": 500, "method": "sendMessage", "times": 2}])
    assert [api.post("sendMessage", json={"chat_id": 7, "text": "x"}).status_code for _ in range(3)] == [500, 500, 200]
