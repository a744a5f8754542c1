"""What VIP is worth: the next award and the board see, after each act and each tick of the clock, what the people's app says."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.gamification import boards
from apps.gamification.decide.facts import EPOCH, Fact, fact, microseconds
from apps.gamification.decide.folding import FOLDS, fold
from apps.gamification.decide.state import State
from apps.gamification.models import Entry, Unlock
from apps.users import selectors, services
from diana.events.testing import drain
from tests.gamification.achieving import switch_achievements_off
from tests.gamification.acts import AWARDS, NOON, STAFF, award, message, person
from tests.gamification.boards.acts import give

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def earned(somebody: int, at: datetime) -> int:
    """Let them write a message then; return what it earned: 5, or 8 with VIP."""
    award(message(somebody), at=at)
    return Entry.objects.filter(rule="message_sent").latest("sequence").amount


def agree(somebody: int, at: datetime) -> bool:
    """Compare award and board with the pure module at the moment; return whether VIP gives something."""
    drain(AWARDS)
    kept = selectors.vip_standings([somebody], at)[somebody].kept_until is not None
    assert earned(somebody, at) == (8 if kept else 5)
    on_board = [place.person_id for place in boards.top("total", 10, at, segment="vip")]
    assert on_board == [somebody] * kept
    return kept


@pytest.mark.django_db
def test_grant_grace_force_off_and_expiry_change_the_next_award_and_the_board_in_order() -> None:
    switch_achievements_off()
    somebody = person()
    give(somebody, 100)
    how: dict[str, Any] = {"person_id": somebody, "reason": "r", "actor": STAFF}
    assert not agree(somebody, NOON)
    services.grant_vip(source="gift", days=10, now=NOON, **how)
    assert agree(somebody, NOON + HOUR)
    end = NOON + 10 * DAY
    services.override_vip(mode="off", until=NOON + 3 * DAY, key="a", now=NOON + DAY, **how)
    assert not agree(somebody, NOON + DAY)
    assert not agree(somebody, NOON + 3 * DAY - HOUR)
    services.expire_vip(now=NOON + 3 * DAY)
    assert agree(somebody, NOON + 3 * DAY)
    assert agree(somebody, end - HOUR)
    assert agree(somebody, end + HOUR), "in grace, though the clock has not told it yet"
    services.expire_vip(now=end + 2 * HOUR)
    assert agree(somebody, end + 2 * HOUR)
    assert agree(somebody, end + 48 * HOUR - timedelta(microseconds=1))
    assert not agree(somebody, end + 48 * HOUR), "over, though the clock has not told it yet"
    services.expire_vip(now=end + 49 * HOUR)
    assert not agree(somebody, end + 49 * HOUR)
    services.override_vip(mode="on", until=end + 10 * DAY, key="b", now=end + 3 * DAY, **how)
    assert agree(somebody, end + 3 * DAY)
    services.clear_overrides(key="c", now=end + 4 * DAY, **how)
    assert not agree(somebody, end + 4 * DAY)
    given = services.grant_vip(source="gift", days=10, now=end + 5 * DAY, **how)
    assert agree(somebody, end + 5 * DAY)
    services.revoke_grant(grant_id=given.pk, reason="r", actor=STAFF, now=end + 6 * DAY)
    assert not agree(somebody, end + 6 * DAY)


@pytest.mark.django_db
def test_each_grant_counts_once_for_being_a_vip() -> None:
    somebody = person()
    for month in range(3):
        services.grant_vip(
            person_id=somebody, source="gift", days=30, reason="r", actor=STAFF, now=NOON + 30 * month * DAY
        )
    drain(AWARDS)
    unlocked = list(Unlock.objects.order_by("pk").values_list("achievement", "tier"))
    assert unlocked == [("vip_member", "bronze"), ("vip_member", "silver")], "three grants, not six"


@pytest.mark.django_db
def test_the_daily_cap_is_the_same_for_vips() -> None:
    switch_achievements_off()
    somebody = person()
    services.grant_vip(person_id=somebody, source="gift", days=9, reason="r", actor=STAFF, now=NOON)
    for hour in range(4):
        award(*[message(somebody) for _ in range(90)], at=NOON + hour * HOUR)
    paid = Entry.objects.filter(kind="award", rule="message_sent")
    assert sum(entry.base for entry in paid) == 800


TYPES = sorted(name for name in FOLDS if "vip" in name)


@given(st.sampled_from(TYPES), st.one_of(st.none(), st.integers(0, 10**6)), st.sampled_from(["on", "off", "none"]))
def test_the_last_word_alone_decides(kind: str, seconds: int | None, mode: str) -> None:
    until = None if seconds is None else EPOCH + timedelta(seconds=seconds + 10**9)
    fields = {"until": until and until.isoformat(), "mode": mode, "hours": 72}
    states = [State(), State(vip_until=5 * 10**18)]
    for state in states:
        fold(state, told(kind, fields))
    assert states[0].vip_until == states[1].vip_until
    if kind == "admin.vip_overridden" and mode == "off":
        assert states[0].vip_until == 0
    elif until is not None:
        grace = timedelta() if kind == "vip.grace_entered" else timedelta(hours=48)
        assert states[0].vip_until == microseconds(until + grace)


def told(kind: str, fields: dict[str, Any]) -> Fact:
    """Build a fact."""
    return fact(position=1, event_id=None, type=kind, at=0, utc_offset_minutes=0, fields=fields)  # type: ignore[arg-type]
