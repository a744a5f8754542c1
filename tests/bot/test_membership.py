"""The bot let into chats and thrown out of them, by whomever: a chat is gone, or there again, as Telegram told last."""

from datetime import timedelta
from typing import Any

import pytest

from apps.bot import services
from apps.bot.models import Chat, Notice, Update
from apps.users.models import Person
from apps.users.services import erase_person
from diana import clock
from diana.audit import Actor
from diana.events.models import Failure
from diana.sandbox.running import Sandbox
from tests.bot.updates import ADA, GROUP, answer, deliver, events, private_chat, say, update, user

pytestmark = pytest.mark.usefixtures("sandbox")
DIANA = {"id": 1, "is_bot": True, "first_name": "Diana"}
ANONYMOUS = {"id": 1_087_968_824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
CHANNEL = {"id": -100_900, "type": "channel", "title": "News"}
NOBODY: dict[str, Any] = {}


def membership(
    status: str,
    *,
    chat: dict[str, Any],
    by: dict[str, Any],
    at: int = 0,
    second: int | None = None,
    was: str | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """Return the update that says what became of the bot's membership, in that second or `at` seconds from now."""
    was = was or ("left" if status == "member" else "member")
    body = {"chat": chat, "date": second or int(clock.now().timestamp()) + at}
    body |= {"old_chat_member": {"user": DIANA, "status": was}}
    body |= {"new_chat_member": {"user": DIANA, "status": status, **fields}}
    return update("my_chat_member", body | ({"from": by} if by else {}))


def change(status: str, **said: Any) -> None:
    """Deliver what became of the bot's membership."""
    assert deliver(membership(status, **said)) == 200


def gone(chat: dict[str, Any]) -> bool:
    answer()
    assert not Failure.objects.exists()
    assert not Update.objects.filter(handled_at=None).exists()
    return Chat.objects.get(telegram_id=chat["id"]).gone_at is not None


@pytest.mark.parametrize(
    ("by", "chat"),
    [(user(), GROUP), (ANONYMOUS, GROUP | {"type": "group"}), (user(9, is_bot=True), CHANNEL), (NOBODY, GROUP)],
    ids=["a person", "an anonymous admin", "a bot", "nobody"],
)
def test_who_throws_it_out_of_a_chat_and_lets_it_in_does_not_matter(by: dict[str, Any], chat: dict[str, Any]) -> None:
    change("kicked", chat=chat, by=by)
    assert gone(chat)
    change("member", chat=chat, by=by)
    assert not gone(chat)
    assert Chat.objects.get().kind == chat["type"]
    change("left", chat=chat, by=by)
    assert gone(chat)
    assert events("user.blocked_bot") == []


@pytest.mark.parametrize(
    ("status", "fields", "expected"),
    [
        ("left", {}, True),
        ("kicked", {"until_date": 0}, True),
        ("restricted", {"is_member": False}, True),
        ("restricted", {"is_member": True}, False),
        ("administrator", {"can_be_edited": False}, False),
        ("a later one", {}, True),
    ],
)
def test_a_chat_is_gone_unless_the_bot_is_in_it(status: str, fields: dict[str, Any], expected: bool) -> None:
    change("kicked", chat=GROUP, by=user())
    assert gone(GROUP)
    change(status, chat=GROUP, by=ANONYMOUS, **fields)
    assert gone(GROUP) is expected


def test_who_blocks_and_unblocks_gets_notices_again(sandbox: Sandbox) -> None:
    person = say("/start").person_id
    answer()
    change("kicked", chat=private_chat(), by=user())
    assert gone(private_chat())
    change("member", chat=private_chat(), by=user())
    assert not gone(private_chat())
    assert len(events("user.blocked_bot")) == 1
    assert Person.objects.get().pk == person


def test_a_notice_after_the_return_is_sent(sandbox: Sandbox) -> None:
    from apps.bot.notices import queueing
    from diana.events.testing import drain

    person = say("/start").person_id
    change("kicked", chat=private_chat(), by=user())
    change("member", chat=private_chat(), by=user())
    answer()
    now = clock.now()
    Notice.objects.create(
        person_id=person, kind="refund", fields={"stars": 50}, event_id=Update.objects.first().event_id,
        created_at=now, due_at=now,
    )  # fmt: skip
    queueing.queue_due(now=now)
    before = len(sandbox.calls(method="sendMessage", chat=ADA))
    drain()
    assert Notice.objects.get().outcome == "sent"
    assert len(sandbox.calls(method="sendMessage", chat=ADA)) == before + 1


def test_what_is_told_late_does_not_undo_what_came_after() -> None:
    change("member", chat=GROUP, by=user(8))
    change("kicked", chat=GROUP, by=user(9), at=-60)
    assert not gone(GROUP)
    change("kicked", chat=GROUP, by=ANONYMOUS)
    change("member", chat=GROUP, by=user(8), at=-60)
    assert gone(GROUP)


@pytest.mark.parametrize(
    ("chat", "first", "last"), [(GROUP, "member", "kicked"), (private_chat(), "kicked", "member")], ids=["group", "own"]
)
def test_of_two_words_in_one_second_the_one_of_the_later_update_counts(
    chat: dict[str, Any], first: str, last: str
) -> None:
    say("/start")
    second = int(clock.now().timestamp()) - 100
    earlier, later = (membership(status, chat=chat, by=user(), second=second) for status in (first, last))
    for told in (later, earlier):
        assert deliver(told) == 200
        answer()
    assert gone(chat) is (last == "kicked")
    anew = membership(first, chat=chat, by=user(), second=second + 1) | {"update_id": 1}
    assert deliver(anew) == 200
    assert gone(chat) is (first == "kicked"), "seconds go on where numbers begin anew"


def test_a_private_chat_of_nobody_is_not_noted() -> None:
    """To keep the chat would keep the number of somebody who was erased, or never met."""
    change("member", chat=private_chat(), by=ANONYMOUS)
    change("kicked", chat=private_chat(), by=NOBODY)
    answer()
    assert not Chat.objects.exists()
    assert not Person.objects.exists()
    assert not Failure.objects.exists()


def test_a_known_private_chat_is_gone_and_back_whoever_tells_it() -> None:
    say("/start")
    answer()
    change("kicked", chat=private_chat(), by=ANONYMOUS)
    assert gone(private_chat())
    change("member", chat=private_chat(), by=NOBODY)
    assert not gone(private_chat())


def test_the_erased_leave_no_chat_by_blocking() -> None:
    person = say("/start").person_id
    answer()
    change("kicked", chat=private_chat(), by=user())
    erase_person(person_id=person, reason="asked", actor=Actor(7, "ana", "admin"), now=clock.now())
    answer()
    assert not Chat.objects.exists()


def test_a_call_that_failed_before_is_no_newer_word_than_the_return() -> None:
    say("/start")
    answer()
    services.mark_gone(telegram_chat_id=ADA, person_id=Person.objects.get().pk, now=clock.now() + timedelta(seconds=5))
    change("member", chat=private_chat(), by=user())
    assert not gone(private_chat())
