"""A group that becomes a supergroup has a new id at Telegram and is the same group: its joins, its state, its answers."""

import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import transaction

from apps.bot import groups, selectors, services
from apps.bot.models import Chat, Update
from apps.gamification.models import Entry
from diana import clock
from diana.events.models import Delivery, Failure
from diana.events.testing import drain
from diana.sandbox.running import Sandbox
from tests.bot.test_membership import ANONYMOUS, change
from tests.bot.test_participation import change as join
from tests.bot.updates import ADA, answer, deliver, events, message, say, texts, update, user
from tests.conftest import close_connections

pytestmark = pytest.mark.usefixtures("sandbox")
OLD = {"id": -4_000_000_011, "type": "group", "title": "Club"}
NEW = {"id": -1_004_000_000_011, "type": "supergroup", "title": "Club"}


def leave_old() -> None:
    """Deliver the last message of the group."""
    assert deliver(update(body=message("", chat=OLD) | {"text": None, "migrate_to_chat_id": NEW["id"]})) == 200


def enter_new() -> None:
    """Deliver the first message of the supergroup, which no person wrote."""
    body = message("", chat=NEW, sender=ANONYMOUS) | {"text": None, "sender_chat": NEW}
    assert deliver(update(body=body | {"migrate_from_chat_id": OLD["id"]})) == 200


TOLD = {
    "the old one": (leave_old,),
    "the new one": (enter_new,),
    "both, and again in the other order": (leave_old, enter_new, enter_new, leave_old),
}


@pytest.fixture(params=TOLD.values(), ids=TOLD.keys())
def moved(request: Any) -> Any:
    """Return what delivers the service messages."""

    def tell() -> None:
        for one in request.param:
            one()

    return tell


def one_chat() -> Chat:
    """Return the only chat, which has the new id."""
    assert not Failure.objects.exists()
    chat = Chat.objects.get()
    assert (chat.telegram_id, chat.kind, chat.moved_from) == (NEW["id"], "supergroup", OLD["id"])
    return chat


def joins() -> int:
    drain()
    return Entry.objects.filter(rule="group_joined").count()


def test_a_join_is_paid_once(moved: Any) -> None:
    join("left", "member", chat=OLD)
    moved()
    join("left", "member", chat=NEW)
    assert joins() == 1
    one_chat()


def test_what_comes_late_from_the_old_id_is_of_the_same_chat(moved: Any) -> None:
    join("left", "member", chat=NEW)
    moved()
    join("left", "member", chat=OLD)
    say("hello there", chat=OLD)
    say("hello again", chat=NEW)
    assert joins() == 1
    assert {payload["chat"] for _, payload in events("game.message_sent")} == {one_chat().pk}


def test_it_counts_before_what_came_in_first_was_handled(moved: Any) -> None:
    """Workers take people's updates in no order; the move is noted when it comes in."""
    join("left", "member", chat=OLD, who=user(8))
    moved()
    for who in (user(8), user(9)):
        join("left", "member", chat=NEW, who=who)
    assert joins() == 2
    one_chat()


def test_answers_that_wait_go_to_the_new_id(sandbox: Sandbox, moved: Any) -> None:
    say("/points", chat=OLD)
    say("/daily", chat=OLD)
    moved()
    drain()
    assert texts(sandbox, OLD["id"]) == []
    assert len(texts(sandbox, NEW["id"])) == 2
    one_chat()


def test_a_button_below_an_old_message_is_redrawn_nowhere_else(sandbox: Sandbox, moved: Any) -> None:
    """Messages of the group stay where they were, under their own numbers: the press is acknowledged, no other is edited."""
    person = say("/help", chat=OLD).person_id
    answer()
    moved()
    body = {"id": "5", "from": user(), "chat_instance": "1", "data": f"v1|help|show|{person}"}
    assert deliver(update("callback_query", body | {"message": message("x", chat=OLD, sender=ANONYMOUS)})) == 200
    answer()
    assert all(call.chat == OLD["id"] for call in sandbox.calls(method="editMessageText"))
    assert len(sandbox.calls(method="answerCallbackQuery")) == 1


def test_what_was_known_of_the_group_stays(moved: Any) -> None:
    known = Chat.objects.create(telegram_id=OLD["id"], kind="group", told_unpaid_at=clock.now(), gone_at=clock.now())
    moved()
    chat = one_chat()
    assert (chat.pk, chat.told_unpaid_at, chat.gone_at) == (known.pk, known.told_unpaid_at, None)


def test_two_rows_become_the_older_one(moved: Any) -> None:
    told = clock.now()
    old = Chat.objects.create(telegram_id=OLD["id"], kind="group")
    Chat.objects.create(telegram_id=NEW["id"], kind="supergroup", told_unpaid_at=told)
    moved()
    chat = one_chat()
    assert (chat.pk, chat.told_unpaid_at) == (old.pk, told)


def test_that_the_bot_left_the_old_one_is_no_end_of_the_new_one(moved: Any) -> None:
    moved()
    change("left", chat=OLD, by=ANONYMOUS)
    answer()
    assert one_chat().gone_at is None
    assert not services.mark_gone(telegram_chat_id=OLD["id"], person_id=None, now=clock.now())
    assert one_chat().gone_at is None
    change("left", chat=NEW, by=ANONYMOUS)
    answer()
    assert one_chat().gone_at is not None


def test_an_approval_stays(settings: Any, moved: Any) -> None:
    """Whichever id the bot met first: the supergroup's row waits for staff when the word of the move comes."""
    settings.DIANA_KNOWN_GROUPS = "approved"
    Chat.objects.create(telegram_id=OLD["id"], kind="group", state="approved")
    join("left", "member", chat=NEW)
    assert groups.approved([OLD["id"], NEW["id"]]) == {OLD["id"]}
    moved()
    join("left", "member", chat=NEW)
    assert joins() == 1
    assert one_chat().state == "approved"
    assert groups.approved([OLD["id"], NEW["id"], -78, ADA]) == {OLD["id"], NEW["id"], ADA}


def test_the_present_id_is_told_for_both() -> None:
    assert selectors.present_chat(OLD["id"]) == OLD["id"]
    assert services.move_chat(old=OLD["id"], new=NEW["id"])
    assert not services.move_chat(old=OLD["id"], new=NEW["id"])
    assert [selectors.present_chat(chat["id"]) for chat in (OLD, NEW)] == [NEW["id"]] * 2
    assert selectors.present_chat(ADA) == ADA


@pytest.mark.parametrize(("old", "new"), [(5, -6), (-5, 6), (-5, -5), (5, 6), (0, -5)])
def test_only_a_group_moves_and_to_another_id(old: int, new: int) -> None:
    assert not services.move_chat(old=old, new=new)
    body = message("", chat={"id": old, "type": "group", "title": "x"}) | {"text": None, "migrate_to_chat_id": new}
    assert deliver(update(body=body)) == 200
    answer()
    assert not Chat.objects.filter(moved_from__isnull=False).exists()
    assert Update.objects.get().handled_at is not None


def test_many_at_once_meet_in_one_chat() -> None:
    def act(number: int) -> None:
        try:
            if number % 2:
                services.move_chat(old=OLD["id"], new=NEW["id"])
            else:
                services.chats_of({OLD["id"]: "group"} if number % 4 else {NEW["id"]: "supergroup"})
        finally:
            close_connections()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(act, itertools.chain(range(16))))
    one_chat()


def refuse_in_new(sandbox: Sandbox, **failure: Any) -> None:
    """Let the next call to the old group name the new one, and the next one to that fail like this."""
    moving = {"status": 400, "migrate_to_chat_id": NEW["id"], "method": "sendMessage"}
    sandbox.behave(OLD["id"], fail_next=[moving])
    sandbox.behave(NEW["id"], fail_next=[failure | {"method": "sendMessage"}])


@pytest.mark.parametrize("command", ["/points", "/daily"])
@pytest.mark.parametrize(
    ("status", "description", "gone"),
    [(400, "Bad Request: CHAT_WRITE_FORBIDDEN", False), (403, "Forbidden: bot was kicked from the chat", True)],
)
def test_what_the_supergroup_refuses_is_noted_of_it(
    sandbox: Sandbox, command: str, status: int, description: str, gone: bool
) -> None:
    """Nothing was told of the move before: the refused call itself does."""
    refuse_in_new(sandbox, status=status, description=description)
    say(command, chat=OLD)
    drain()
    chat = one_chat()
    assert (chat.gone_at is not None, chat.closed_at is not None) == (gone, not gone)


@pytest.mark.parametrize("command", ["/points", "/daily"])
def test_a_wait_of_the_supergroup_is_one_of_its_own(sandbox: Sandbox, command: str) -> None:
    refuse_in_new(sandbox, status=429, retry_after=30)
    say(command, chat=OLD)
    drain()
    assert Delivery.objects.get().key == f"chat:{one_chat().pk}"


def test_answers_that_wait_for_unknown_groups_do_not_wait_for_each_other(sandbox: Sandbox) -> None:
    """Who presses the first button there has written nothing in it: there is no chat of ours."""
    person = say("hello").person_id
    body = {"from": user(), "chat_instance": "1", "data": f"v1|help|show|{person}"}
    for number in (1, 2):
        chat = NEW | {"id": NEW["id"] - number}
        sandbox.behave(chat["id"], fail_next=[{"status": 429, "retry_after": 30, "method": "editMessageText"}])
        below = {"message": message("x", chat=chat, sender=ANONYMOUS), "id": str(number)}
        assert deliver(update("callback_query", body | below)) == 200
    drain()
    assert len(set(Delivery.objects.values_list("key", flat=True))) == 2


@pytest.mark.parametrize("description", [None, "Bad Request: group chat was upgraded to a supergroup chat"])
def test_a_redraw_that_tells_of_the_move_notes_it(sandbox: Sandbox, description: str | None) -> None:
    person = say("/help", chat=OLD).person_id
    drain()
    failure = {"status": 400, "migrate_to_chat_id": NEW["id"], "method": "editMessageText", "description": description}
    sandbox.behave(OLD["id"], fail_next=[{name: value for name, value in failure.items() if value}])
    body = {"id": "5", "from": user(), "chat_instance": "1", "data": f"v1|help|show|{person}"}
    assert deliver(update("callback_query", body | {"message": message("x", chat=OLD, sender=ANONYMOUS)})) == 200
    drain()
    assert len(texts(sandbox, NEW["id"])) == 1
    one_chat()


def test_a_second_word_of_another_move_breaks_nothing() -> None:
    """Telegram never says so; whatever it says, the update is kept."""
    other = NEW | {"id": NEW["id"] - 1}
    leave_old()
    for chat, told in (
        (other, {"migrate_from_chat_id": OLD["id"]}),
        (OLD, {"migrate_to_chat_id": other["id"]}),
        (NEW, {"migrate_from_chat_id": other["id"]}),
        (NEW, {"migrate_to_chat_id": OLD["id"]}),
    ):
        assert deliver(update(body=message("", chat=chat, sender=ANONYMOUS) | {"text": None} | told)) == 200
    drain()
    assert not Failure.objects.exists()


def test_two_words_of_the_move_at_the_same_moment_leave_the_chat_its_id() -> None:
    """Telegram tells in both chats at once: the second waits for the first, and finds it done."""
    known = Chat.objects.create(telegram_id=OLD["id"], kind="group")

    def second() -> bool:
        try:
            return services.move_chat(old=OLD["id"], new=NEW["id"])
        finally:
            close_connections()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            assert services.move_chat(old=OLD["id"], new=NEW["id"])
            waiting = pool.submit(second)
            time.sleep(0.5)
            assert not waiting.done()
        assert not waiting.result(10)
    assert one_chat().pk == known.pk


def test_numbers_of_messages_begin_anew(moved: Any) -> None:
    """A message of the supergroup is another one than that of the group with its number: in who wrote it, and who reacted."""
    bob = user(ADA + 1)

    def write(number: int, chat: dict[str, Any], who: dict[str, Any]) -> None:
        assert deliver(update(body=message("hello", chat=chat, sender=who) | {"message_id": number})) == 200

    def react(number: int, chat: dict[str, Any], who: dict[str, Any]) -> int:
        body = {"chat": chat, "message_id": number, "user": who, "date": 1_700_000_000, "old_reaction": []}
        assert deliver(update("message_reaction", body | {"new_reaction": [{"type": "emoji", "emoji": "👍"}]})) == 200
        drain("bot.take_messages")
        return len(events("game.community_participation"))

    write(5, OLD, bob)
    write(6, OLD, bob)
    assert [react(5, OLD, user()), react(6, OLD, user())] == [1, 2]
    moved()
    write(5, NEW, user())
    write(6, NEW, bob)
    assert [react(5, NEW, user()), react(5, NEW, bob), react(6, NEW, user())] == [2, 3, 4]
    assert [react(6, OLD, user()), react(6, OLD, user(ADA + 2))] == [4, 5]
    one_chat()
