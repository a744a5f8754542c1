"""A press that comes too late is harmless: the screen is sent anew where it cannot be redrawn."""

import pytest

from apps.bot.models import Chat
from apps.users.services import erase_person
from diana import clock
from diana.audit import Actor
from diana.events.models import Delivery, Failure
from diana.sandbox.running import Sandbox
from tests.bot.updates import ADA, GROUP, answer, deliver, press, say, texts

pytestmark = pytest.mark.usefixtures("committed_db")

CANNOT_BE_REDRAWN = [
    "message can't be edited",
    "MESSAGE_ID_INVALID",
    "message to edit not found",
    "message not found",
    "MESSAGE_AUTHOR_REQUIRED",
    "MESSAGE_EDIT_TIME_EXPIRED",
    "there is no text in the message to edit",
    "message identifier is not specified",
    "NEVER_HEARD_OF",
]
TOO_LATE_TO_ANSWER = [
    (400, "Bad Request: QUERY_ID_INVALID"),
    (400, "Bad Request: query is too old and response timeout expired or query ID is invalid"),
    (400, "Bad Request: NEVER_HEARD_OF"),
    (403, "Forbidden: bot was blocked by the user"),
    (429, None),
    (500, None),
]


def press_help(sandbox: Sandbox, **message: object) -> None:
    person_id = say("/help").person_id
    answer()
    body = press(f"v1|profile|show|{person_id}")
    body["callback_query"]["message"] |= message
    deliver(body)
    answer()
    assert not Failure.objects.exists()
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("description", CANNOT_BE_REDRAWN)
def test_a_screen_that_cannot_be_redrawn_is_sent_anew(sandbox: Sandbox, description: str) -> None:
    refused = {"status": 400, "description": f"Bad Request: {description}", "method": "editMessageText"}
    sandbox.behave(fail_next=[refused])
    press_help(sandbox)
    assert len(texts(sandbox)) == 2


def test_a_screen_that_is_the_same_is_not_sent_anew(sandbox: Sandbox) -> None:
    same = {"status": 400, "description": "Bad Request: message is not modified", "method": "editMessageText"}
    sandbox.behave(fail_next=[same])
    press_help(sandbox)
    assert len(texts(sandbox)) == 1


@pytest.mark.parametrize(("status", "description"), TOO_LATE_TO_ANSWER)
def test_an_answer_that_fails_does_not_stop_the_screen(sandbox: Sandbox, status: int, description: str | None) -> None:
    failure = {"status": status, "description": description, "method": "answerCallbackQuery"}
    if status == 429:
        failure["retry_after"] = 30
    sandbox.behave(fail_next=[failure])
    press_help(sandbox)
    assert [call.status for call in sandbox.calls(method="editMessageText")] == [200]


@pytest.mark.parametrize("chat", [None, GROUP], ids=["private", "group"])
def test_below_a_message_that_is_out_of_reach_the_screen_is_sent(sandbox: Sandbox, chat: dict | None) -> None:
    place = {"id": ADA, "type": "private", "first_name": "Ada"} if chat is None else chat
    press_help(sandbox, date=0, chat=place)
    assert sandbox.calls(method="editMessageText") == []
    assert len(texts(sandbox, place["id"])) == (2 if chat is None else 1)


def test_a_screen_below_a_message_of_a_moved_group_goes_to_the_supergroup(sandbox: Sandbox) -> None:
    old, new = {"id": -4711, "type": "group", "title": "Old"}, -1_004_711
    sandbox.behave(old["id"], fail_next=[{"status": 400, "migrate_to_chat_id": new}])
    press_help(sandbox, chat=old)
    assert len(texts(sandbox, new)) == 1


def test_who_presses_a_button_can_be_reached_again(sandbox: Sandbox) -> None:
    """A chat that Telegram did not know for a moment would get no notice until somebody writes there."""
    person_id = say("hello").person_id
    answer()
    assert Chat.objects.update(gone_at=clock.now())
    deliver(press(f"v1|profile|show|{person_id}"))
    answer()
    assert Chat.objects.get().gone_at is None


def test_a_press_brings_no_chat_of_the_erased_back(sandbox: Sandbox) -> None:
    person_id = say("hello").person_id
    answer()
    deliver(press(f"v1|profile|show|{person_id}"))
    erase_person(person_id=person_id, reason="asked", actor=Actor(7, "ana", "admin"), now=clock.now())
    answer()
    assert not Chat.objects.exists()
