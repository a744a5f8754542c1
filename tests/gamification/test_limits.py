"""What one member of staff gives adds up over 24 hours: above the limits a second person is asked."""

from datetime import timedelta
from typing import Any

import pytest

from apps.gamification import selectors, services
from apps.gamification.models import Entry, StaffRequest
from apps.users.models import Staff
from diana.acts import StateChanged
from diana.audit import Actor
from tests.gamification.acts import NOON, person

pytestmark = pytest.mark.django_db

VERA = Actor(999_999, "vera", "admin")
DAY = timedelta(hours=24)


def act(name: str, key: str, actor: Actor = VERA, now: Any = NOON, **parameters: Any) -> object:
    """Do the act, or ask for it, as the admin does."""
    how = {"reason": "r", "actor": actor, "key": key, "now": now}
    return services.act_or_ask(act=name, parameters=parameters, **how)


def give(somebody: int, amount: int, key: str, **how: Any) -> object:
    """Give points, or take them."""
    return act("award_points", key, person_id=somebody, amount=amount, **how)


def test_s26_points_to_one_person_add_up() -> None:
    somebody, other = person(), person()
    assert isinstance(give(somebody, 9_999, "a"), Entry)
    assert isinstance(give(somebody, 9_999, "b"), StaffRequest)
    assert isinstance(give(somebody, 1, "c"), Entry), "10,000 is the limit, not above it"
    assert isinstance(give(somebody, 1, "d"), StaffRequest)
    assert isinstance(give(other, 9_999, "e"), Entry), "somebody else"
    assert isinstance(give(somebody, 9_999, "f", actor=Actor(5, "olga", "admin")), Entry), "another actor"
    assert isinstance(give(somebody, 1, "g", now=NOON + DAY - timedelta(seconds=1)), StaffRequest)
    assert isinstance(give(somebody, 9_999, "h", now=NOON + DAY), Entry)
    assert isinstance(give(somebody, 9_999, "a"), Entry), "a second call with the key changes nothing"


def test_points_to_all_people_add_up(settings: Any) -> None:
    settings.STAFF_POINTS_IN_ALL = 100
    assert [type(give(person(), 40, key)) for key in "abc"] == [Entry, Entry, StaffRequest]


def test_what_is_taken_gives_no_room_back_and_adds_up_by_itself() -> None:
    somebody = person()
    assert isinstance(give(somebody, 6_000, "a"), Entry)
    assert isinstance(give(somebody, -6_000, "b"), Entry)
    assert isinstance(give(somebody, 6_000, "c"), StaffRequest)
    assert isinstance(give(somebody, -6_000, "d"), StaffRequest)
    assert selectors.balance(somebody) == 0


def test_reversals_add_up_by_what_they_do_to_the_person() -> None:
    somebody = person()
    give(somebody, 6_000, "z", actor=Actor(5, "olga", "admin"))
    taken, given = give(somebody, -6_000, "a"), give(somebody, 3_000, "b")
    assert isinstance(taken, Entry)
    assert isinstance(given, Entry)
    assert isinstance(act("reverse_entry", "c", entry_id=taken.pk), Entry)
    assert isinstance(give(somebody, 1_001, "d"), StaffRequest), "3,000 and 6,000 were given"
    assert isinstance(act("reverse_entry", "e", entry_id=given.pk), Entry)
    assert isinstance(give(somebody, -1_001, "f"), StaffRequest), "6,000 and 3,000 were taken"
    assert isinstance(give(somebody, -1_000, "g"), Entry)


def test_achievements_count_before_their_reward_is_there(settings: Any) -> None:
    settings.STAFF_POINTS_PER_PERSON = 60
    somebody, staff_pick = person(), {"achievement": "staff_pick", "tier": "single"}
    assert not isinstance(act("grant_achievement", "a", person_id=somebody, **staff_pick), StaffRequest)
    assert not Entry.objects.exists()
    assert isinstance(give(somebody, 21, "b"), StaffRequest)
    assert isinstance(give(somebody, 20, "c"), Entry)


def test_what_a_second_person_approved_is_not_counted_again() -> None:
    somebody, staff = person(), Staff.objects.create_superuser("olga")
    asked = give(somebody, 20_000, "a")
    assert isinstance(asked, StaffRequest)
    assert isinstance(give(somebody, 5_000, "b"), Entry), "what waits does not count"
    services.approve(request_id=asked.pk, reason="Yes", actor=Actor(staff.pk, "olga", "admin"), now=NOON)
    assert isinstance(give(somebody, 5_000, "c"), Entry)
    assert isinstance(give(somebody, 1, "d"), StaffRequest)
    assert selectors.balance(somebody) == 30_000
    with pytest.raises(services.PointsError):
        give(somebody, 1, f"request-{asked.pk + 1}")


def test_what_was_asked_for_is_not_done_beside_the_request_when_there_is_room_again() -> None:
    somebody = person()
    give(somebody, 9_999, "a")
    asked = give(somebody, 9_999, "b")
    assert isinstance(asked, StaffRequest)
    assert give(somebody, 9_999, "b", now=NOON + DAY) == asked
    assert selectors.balance(somebody) == 9_999


def test_an_emergency_passes_the_limit_and_counts() -> None:
    somebody = person()
    assert isinstance(give(somebody, 9_999, "a"), Entry)
    how = {"reason": "r", "actor": VERA, "now": NOON, "parameters": {"person_id": somebody, "amount": 9_999}}
    assert isinstance(services.act_or_ask(act="award_points", key="b", emergency=True, **how), Entry)
    assert selectors.balance(somebody) == 19_998
    assert isinstance(give(somebody, 1, "c"), StaffRequest)


def test_the_preview_says_what_was_given_and_what_is_left(settings: Any) -> None:
    somebody = person()
    give(somebody, 9_000, "a")
    how = {"act": "award_points", "reason": "r", "actor": VERA, "now": NOON}
    shown = services.preview_act(parameters={"person_id": somebody, "amount": 1_000}, **how)
    assert shown.notes == (
        "Points that you gave this person in the last 24 hours: 9000 of 10000; left: 1000.",
        "Points that you gave in the last 24 hours in all: 9000 of 50000; left: 41000.",
    )
    over = services.preview_act(parameters={"person_id": somebody, "amount": 1_001}, **how)
    assert over.notes[2:] == ("This is more than is left: another member of staff must approve it.",)
    # Somebody agreed to do it at once; meanwhile it needs a second person, which has to be shown first.
    give(somebody, 1, "b")
    parameters = {"person_id": somebody, "amount": 1_000}
    with pytest.raises(StateChanged):
        services.act_or_ask(parameters=parameters, key="c", shown=shown.effect, **how)
    again = services.preview_act(parameters=parameters, **how)
    assert isinstance(services.act_or_ask(parameters=parameters, key="c", shown=again.effect, **how), StaffRequest)
