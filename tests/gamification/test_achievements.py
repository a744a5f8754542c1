"""Achievements through the real bus: unlocked once, told, rewarded."""

import pytest

from apps.gamification.models import Entry, Unlock
from tests.gamification.acts import award, event, person

pytestmark = pytest.mark.django_db


def test_the_first_steps_unlock_and_pay() -> None:
    somebody = person()
    award(event("user.onboarding_completed", somebody, seconds=60))
    unlock = Unlock.objects.get()
    assert (unlock.account_id, unlock.achievement_id, unlock.tier) == (somebody, "first_steps", "single")
    assert Entry.objects.get(rule="achievement_unlocked").amount == 40
