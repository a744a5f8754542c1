"""The names that somebody has at Telegram now, after the next update of theirs from where the bot counts."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.bot.models import Update
from apps.users import selectors
from apps.users.models import Person
from diana import clock
from diana.events.models import Failure
from diana.events.testing import drain
from diana.sandbox.running import Sandbox
from tests.bot.updates import GROUP, answer, deliver, message, press, update, user

THUMB = {"type": "emoji", "emoji": "👍"}
Sender = dict[str, Any]


def old(number: int) -> Sender:
    return user(number, first_name="Old", last_name="Insult", username=f"taken_{number}")


def new(number: int) -> Sender:
    return user(number, first_name="New", username=f"other_{number}")


def own_press(sender: Sender) -> dict[str, Any]:
    return press(f"v1|help|show|{Person.objects.get(telegram_id=sender['id']).pk}", sender=sender)


def reaction(sender: Sender) -> dict[str, Any]:
    fields = {
        "chat": GROUP,
        "message_id": 5,
        "user": sender,
        "date": int(clock.now().timestamp()),
        "old_reaction": [],
        "new_reaction": [THUMB],
    }
    return update("message_reaction", fields)


def join(sender: Sender) -> dict[str, Any]:
    standings = {
        f"{which}_chat_member": {"user": sender, "status": s} for which, s in (("old", "left"), ("new", "member"))
    }
    return update("chat_member", {"chat": GROUP, "from": user(8), "date": int(clock.now().timestamp())} | standings)


def sticker(sender: Sender) -> dict[str, Any]:
    return update(body=message("", sender=sender) | {"text": None, "sticker": {}})


def forward(sender: Sender) -> dict[str, Any]:
    return update(body=message("/daily", sender=sender, chat=GROUP) | {"forward_date": 1})


WAYS: dict[str, Callable[[Sender], dict[str, Any]]] = {
    "a message": lambda sender: update(body=message("hello", sender=sender)),
    "a message in a group": lambda sender: update(body=message("hello", sender=sender, chat=GROUP)),
    "/start": lambda sender: update(body=message("/start", sender=sender)),
    "/daily": lambda sender: update(body=message("/daily", sender=sender, chat=GROUP)),
    "a page": lambda sender: update(body=message("/top", sender=sender, chat=GROUP)),
    "a text like a command": lambda sender: update(body=message("/ is a letter", sender=sender) | {"entities": []}),
    "a press": own_press,
    "a reaction": reaction,
    "joining": join,
    "a sticker": sticker,
    "a forwarded message": forward,
}


def handle(updates: list[dict[str, Any]]) -> None:
    for sent in updates:
        assert deliver(sent) == 200
    answer()
    assert not Update.objects.filter(handled_at=None).exists()
    assert not Failure.objects.exists()


def names() -> dict[int, tuple[str, str, str]]:
    people = Person.objects.values_list("telegram_id", "first_name", "last_name", "username")
    return {number: tuple(rest) for number, *rest in people}


def test_the_next_update_tells_the_present_names(sandbox: Sandbox) -> None:
    numbers = dict(enumerate(WAYS, start=5_001))
    handle([update(body=message("/start", sender=old(number))) for number in numbers])
    assert names() == {number: ("Old", "Insult", f"taken_{number}") for number in numbers}
    handle([WAYS[way](new(number)) for number, way in numbers.items()])
    found = {numbers[number]: names for number, names in names().items()}
    assert found == {way: ("New", "", f"other_{number}") for number, way in numbers.items()}


def test_who_is_met_in_a_group_only_has_a_name(committed_db: str) -> None:
    deliver(
        update(body=message("words in a group", sender=user(7, first_name="Member", username="member_1"), chat=GROUP))
    )
    drain("bot.take_messages")
    person = Person.objects.get()
    assert (str(person), selectors.profile(person.pk).username, person.folded_names) == (
        "Member",
        "member_1",
        "member member 1",
    )


@pytest.mark.parametrize("known", [False, True])
def test_where_nothing_counts_no_names_are_kept(committed_db: str, settings: Any, known: bool) -> None:
    settings.DIANA_KNOWN_GROUPS = "approved"
    if known:
        deliver(WAYS["a message"](old(7)))
    for make in (reaction, join, forward, WAYS["a message in a group"]):
        deliver(make(new(7)))
    drain("bot.take_messages")
    assert names() == ({7: ("Old", "Insult", "taken_7")} if known else {})
    assert not Update.objects.filter(handled_at=None).exists()


@pytest.mark.parametrize("older", ["a message", "/start"])
def test_the_older_of_two_updates_does_not_bring_old_names_back(sandbox: Sandbox, older: str) -> None:
    handle([WAYS["a message"](new(5_001))])
    sent = WAYS[older](old(5_001))
    sent["message"]["date"] -= 60
    handle([sent])
    assert names() == {5_001: ("New", "", "other_5001")}
