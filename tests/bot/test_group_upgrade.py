"""What the upgrade makes of groups that are there, with and without the list of the release before."""

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from apps.bot import groups
from apps.bot.models import Chat
from diana import clock

pytestmark = pytest.mark.django_db
migration = import_module("apps.bot.migrations.0058_approve_present_groups")


def states() -> dict[int, str]:
    return dict(Chat.objects.values_list("telegram_id", "state"))


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ([], {-1: "approved", -2: "approved", -30: "approved"}),
        ([-1], {-1: "approved", -2: "pending", -30: "pending"}),
        ([-3, -1_000_000_000_005, 7], {-2: "pending", -30: "approved", -1: "approved", -1_000_000_000_005: "approved"}),
        ([-2, -6], {-1: "approved", -2: "approved", -30: "pending", -6: "approved"}),
    ],
)
def test_present_groups_are_approved_and_the_list_is_taken_over(
    settings: Any, capsys: pytest.CaptureFixture[str], named: list[int], expected: dict[int, str]
) -> None:
    settings.DIANA_KNOWN_GROUPS, settings.DIANA_GROUPS = "approved", named
    told = clock.now()
    Chat.objects.create(telegram_id=-1, kind="group")
    Chat.objects.create(telegram_id=-2, kind="group", told_unpaid_at=told)
    Chat.objects.create(telegram_id=-30, kind="supergroup", moved_from=-3, told_unpaid_at=told)
    Chat.objects.create(telegram_id=-4, kind="channel")
    Chat.objects.create(telegram_id=5, kind="private")
    for _ in range(2):
        migration.approve(apps, None)
    assert states() == expected | {-4: "pending", 5: "pending"}
    assert ("DIANA_GROUPS" in capsys.readouterr().out) == bool(named)
    kinds = dict(Chat.objects.filter(telegram_id__in=[-1_000_000_000_005, -6]).values_list("telegram_id", "kind"))
    assert kinds.items() <= {-1_000_000_000_005: "supergroup", -6: "group"}.items()


def test_a_group_that_the_release_before_adds_meanwhile_waits(settings: Any) -> None:
    settings.DIANA_KNOWN_GROUPS = "approved"
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bot_chat (telegram_id, kind) VALUES (-9, 'group')")
    assert states() == {-9: "pending"}
    assert groups.approved([-9]) == set()
    settings.DIANA_KNOWN_GROUPS = "all"
    assert groups.approved([-9]) == {-9}
