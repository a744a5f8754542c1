"""Groups that are there at the upgrade go on counting; nobody has to approve what counted before."""

from datetime import timedelta
from typing import Any

import pytest

from apps.bot.models import Chat
from apps.gamification.models import Entry, RuleVersion
from diana import clock
from diana.events.testing import drain
from diana.sandbox.running import Sandbox
from tests.bot.updates import say, user
from tests.upgrade.conftest import Move
from tests.upgrade.old import person, telegram_id

GROUPS = (-1_900_000_000_001, -1_900_000_000_002)


def test_the_groups_that_were_there_are_approved(reading: None) -> None:
    groups = Chat.objects.filter(kind__in=["group", "supergroup"]).values_list("telegram_id", "state")
    assert dict(groups) == dict.fromkeys(GROUPS, "approved")


@pytest.mark.parametrize(("chat", "counts"), [(GROUPS[0], True), (-1_900_000_000_009, False)], ids=["old", "new"])
def test_they_go_on_paying_and_new_ones_wait(
    sandbox: Sandbox, settings: Any, move: Move, chat: int, counts: bool
) -> None:
    """By the terms of before while those still hold, and by the present ones."""
    settings.DIANA_KNOWN_GROUPS = "approved"
    drain("gamification.award_points")
    before, present = Entry.objects.latest("id").pk, RuleVersion.objects.get(rule="message_sent", version=2)
    for until_then in (timedelta(), present.active_from - clock.now() + timedelta(minutes=1)):
        move(seconds=until_then.total_seconds())
        say("hello", sender=user(telegram_id(1)), chat={"id": chat, "type": "supergroup", "title": "Readers"})
        drain("bot.take_messages", "gamification.award_points")
    paid = Entry.objects.filter(pk__gt=before, account_id=person(1), rule="message_sent", amount__gt=0).order_by("id")
    assert list(paid.values_list("rule_version", flat=True)) == ([1, 2] if counts else [])
