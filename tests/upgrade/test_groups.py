"""Groups that are there at the upgrade go on counting; nobody has to approve what counted before."""

from typing import Any

import pytest

from apps.bot.models import Chat
from diana.events.models import StoredEvent
from diana.events.testing import drain
from diana.sandbox.running import Sandbox
from tests.bot.updates import say, user
from tests.upgrade.old import person, telegram_id

GROUPS = (-1_900_000_000_001, -1_900_000_000_002)


def test_the_groups_that_were_there_are_approved(reading: None) -> None:
    groups = Chat.objects.filter(kind__in=["group", "supergroup"]).values_list("telegram_id", "state")
    assert dict(groups) == dict.fromkeys(GROUPS, "approved")


@pytest.mark.parametrize(("chat", "counts"), [(GROUPS[0], True), (-1_900_000_000_009, False)], ids=["old", "new"])
def test_they_go_on_counting_and_new_ones_wait(sandbox: Sandbox, settings: Any, chat: int, counts: bool) -> None:
    settings.DIANA_KNOWN_GROUPS = "approved"
    before = StoredEvent.objects.latest("id").pk
    say("hello", sender=user(telegram_id(1)), chat={"id": chat, "type": "supergroup", "title": "Readers"})
    drain("bot.take_messages")
    sent = StoredEvent.objects.filter(type="game.message_sent", user_id=person(1), pk__gt=before)
    assert sent.exists() == counts
