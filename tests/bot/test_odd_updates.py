"""Updates that came in although they are odd: each is handled or given up for good, none is tried for ever."""

import json
from collections import Counter

import pytest

from apps.bot import incoming, reading, services
from apps.bot.models import Update
from diana import clock
from diana.events.models import Delivery, Failure, StoredEvent
from diana.events.testing import drain, open_failures
from tests.bot.updates import message, update
from tests.faults.bodies import cases


@pytest.mark.usefixtures("sandbox")
def test_f51_odd_updates_end_handled_or_dead_and_never_loop() -> None:
    kept = [case for case in cases(51, 1_000) if case.kept is not None]
    for case in kept:
        services.receive_update(incoming=incoming.decode(case.body), body=case.body, now=clock.now())
    drain()
    assert open_failures() == 0
    assert not Delivery.objects.exists()
    assert not Update.objects.filter(handled_at=None).exists()
    given_up = Failure.objects.filter(status="dead").values_list("error", flat=True)
    failed = StoredEvent.objects.filter(type="bot.update_failed").count()
    # Messages that nobody answers fail within their batch: told, and no dead letter.
    assert 20 < len(given_up) < failed
    assert Counter(error.partition(":")[0] for error in given_up) == {"Permanent": len(given_up)}
    assert Update.objects.count() == len({case.kept for case in kept}) > 150


@pytest.mark.parametrize(
    ("part", "value"),
    [("text", 5), ("date", -1), ("chat", {"id": 1, "type": "nobody"}), ("entities", [{"type": "bot_command"}])],
)
def test_what_is_not_as_documented_is_unreadable(part: str, value: object) -> None:
    sent = update(body=message("/start") | {part: value})
    with pytest.raises(reading.Unreadable, match=rf"`\$\.message\.{part}"):
        reading.read(json.dumps(sent).encode())


def test_the_reason_never_quotes_the_update() -> None:
    sent = update(body=message("hello") | {"chat": {"id": 1, "type": "a secret word"}})
    with pytest.raises(reading.Unreadable) as raised:
        reading.read(json.dumps(sent).encode())
    assert "secret" not in str(raised.value)
