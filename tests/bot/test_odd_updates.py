"""Updates that came in although they are odd: each is handled or given up for good, none is tried for ever."""

import json
from typing import Any

import pytest

from apps.bot import incoming, reading, services
from apps.bot.models import Update
from diana import clock
from diana.events.models import Delivery, Failure, StoredEvent
from diana.events.testing import drain, open_failures
from tests.bot.test_incoming import PAID
from tests.bot.updates import ADA, GROUP, message, update, user
from tests.faults.bodies import cases


@pytest.mark.usefixtures("sandbox")
def test_f51_odd_updates_end_handled_or_dead_and_never_loop(settings: Any) -> None:
    # Many are commands of one group.
    settings.TELEGRAM_RATE_PER_GROUP_MINUTE = 1_000
    kept = [case for case in cases(51, 1_000) if case.kept is not None]
    for case in kept:
        assert services.receive_update(incoming=incoming.decode(case.body), body=case.body, now=clock.now())
    drain()
    # Outcomes that were not decided in time are asked for again.
    Delivery.objects.update(next_attempt_at=clock.real_now())
    drain()
    assert open_failures() == 0
    assert not Delivery.objects.exists()
    assert not Update.objects.filter(handled_at=None).exists()
    assert list(Failure.objects.values_list("error", flat=True)) == []
    assert not StoredEvent.objects.filter(type="bot.update_failed").exists()
    assert Update.objects.count() == len({case.kept for case in kept}) > 150


def document(sent: dict[str, Any]) -> reading.Update:
    return reading.read(incoming.decode(json.dumps(sent).encode()).document)


# What is read of a part that is not as documented.
DROPPED = {
    "text": (5, None),
    "date": (-1, 0),
    "message_id": ([], 0),
    "entities": ([{"type": "bot_command"}], None),
    "caption": ({"a": 1}, None),
    "from": ({"id": 0}, None),
}


@pytest.mark.parametrize(("part", "values"), DROPPED.items(), ids=DROPPED)
def test_a_part_that_is_not_as_documented_is_left_out(part: str, values: tuple[object, object]) -> None:
    given, left = values
    read = document(update(body=message("/start") | {part: given})).message
    assert read is not None
    assert getattr(read, {"from": "from_"}.get(part, part)) == left
    assert read.chat.type == "private"


@pytest.mark.parametrize("broken", [{"is_bot": "yes"}, {"id": "5"}, {"id": 2**70}, {"is_bot": None}], ids=str)
def test_nobody_is_made_of_a_user_who_may_be_a_bot(broken: dict[str, object]) -> None:
    sent = update(body=message("hello") | {"from": user() | broken})
    assert incoming.decode(json.dumps(sent).encode()).sender is None


def test_the_kept_part_of_a_command_is_short_and_without_others() -> None:
    sent = message("/start x", chat=GROUP) | {
        "reply_to_message": message("a text of Grace", sender=user(9, first_name="Grace")),
        "entities": [{"type": "bot_command", "offset": 0, "length": 6}, {"type": "bold", "offset": 0, "length": 1}],
        "external_reply": {"origin": {"type": "hidden_user", "sender_user_name": "Grace"}},
        "successful_payment": PAID,
    }
    kept = json.loads(incoming.decode(json.dumps(update(body=sent)).encode()).document)
    del sent["reply_to_message"], sent["external_reply"], sent["successful_payment"]
    sent["entities"] = sent["entities"][:1]
    assert kept == {
        "message": sent | {"chat": {"id": GROUP["id"], "type": "supergroup"}, "from": kept["message"]["from"]}
    }
    assert kept["message"]["from"] == {"id": ADA, "first_name": "Ada", "language_code": "en"}


def test_the_reason_never_quotes_the_update() -> None:
    sent = update(body=message("hello") | {"chat": {"id": "a secret word"}})
    with pytest.raises(reading.Unreadable) as raised:
        document(sent)
    assert "secret" not in str(raised.value)
