"""What people and staff have is what they had under the old version."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from apps.content.models import AskedQuestion
from apps.gamification import board_tasks
from apps.gamification import selectors as game
from apps.gamification.models import Unlock
from apps.staff.roles import permissions_of
from apps.users import selectors as users
from apps.users.models import Onboarding, Person, Staff
from diana import clock
from diana.events.models import StoredEvent
from diana.events.testing import drain
from diana.sandbox.running import Sandbox
from tests.bot.updates import deliver, press, say, user
from tests.flows import test_a_life as life
from tests.upgrade.conftest import Move
from tests.upgrade.old import END, EXPECTED, PASSWORD, PEOPLE, person, telegram_id
from tests.upgrade.vip_ends import DAYS_LEFT


def points_of(person_id: int) -> dict[str, Any]:
    """Return what somebody has earned, as expected.json has it."""
    points, streak = game.standing(person_id), game.streak(person_id, END.date())
    unlocks = Unlock.objects.filter(account_id=person_id, revoked_at=None).order_by("id")
    return {
        "balance": points.balance,
        "lifetime": points.lifetime,
        "level": points.level,
        "streak": streak.days,
        "longest": streak.longest,
        "freezes": streak.freezes_left,
        "unlocks": [f"{key}.{tier}" for key, tier in unlocks.values_list("achievement__key", "tier")],
    }


def vip_of(person_id: int) -> tuple[str, datetime | None]:
    """Return whether somebody is VIP, and until when."""
    standing = users.vip_standings([person_id], END)[person_id]
    return standing.state, standing.until


def test_everybody_is_there_with_their_points_levels_streaks_and_achievements(reading: None) -> None:
    assert Person.objects.count() == len(PEOPLE)
    for name, old in PEOPLE.items():
        found = points_of(old["id"])
        assert found == {key: old[key] for key in found}, name
        assert Person.objects.get(pk=old["id"]).status == old["status"], name


def test_every_board_has_the_same_places(reading: None) -> None:
    found = {
        board: [[place.rank, place.person_id, place.points] for place in game.top(board, 10, END)]
        for board in game.BOARDS
    }
    assert found.items() >= EXPECTED["boards"].items()


def test_whoever_was_past_the_step_of_the_time_zone_has_chosen_one(reading: None) -> None:
    past = Onboarding.objects.exclude(step__in=("language", "timezone")).exclude(person__status="erased")
    ids = set(past.values_list("person_id", flat=True))
    assert ids
    assert {p.pk for p in Person.objects.all() if p.has_chosen_timezone} >= ids
    assert all(p.former_timezones == [] for p in Person.objects.all())


def test_everybody_lives_by_the_time_zone_that_they_chose(reading: None) -> None:
    chose = Person.objects.filter(timezone="Europe/Madrid").values_list("pk", flat=True)
    assert set(chose) == {person(number) for number in (*range(1, 7), 19, 27, 31)}
    assert not Person.objects.exclude(pk__in=chose).exclude(timezone="UTC").exists()


def test_a_streak_goes_on(sandbox: Sandbox, move: Move) -> None:
    drain()
    move(days=1)
    say("/daily", sender=user(telegram_id(1)))
    drain()
    assert game.streak(person(1), clock.now().date()).days == PEOPLE["Person 1"]["streak"] + 1


def test_closed_periods_stay_closed(committed_db: str, move: Move) -> None:
    assert board_tasks.close_boards() == 0
    move(days=1)
    assert board_tasks.close_boards() == 1


def test_a_story_goes_on_where_it_was_left(sandbox: Sandbox) -> None:
    drain()
    assert not told_of("narrative.story_completed", person(4))
    life.read_a_story(sandbox, user(telegram_id(4)))
    assert len(told_of("narrative.story_completed", person(4))) == 1


def test_a_question_is_answered_that_was_asked_before(sandbox: Sandbox) -> None:
    [asked] = AskedQuestion.objects.filter(person_id=person(5), answered_at=None)
    deliver(press(f"v1|trivia|answer|{person(5)}.{asked.pk}.0", sender=user(telegram_id(5))))
    drain()
    assert len(told_of("game.trivia_completed", person(5))) == 1


def told_of(event_type: str, person_id: int) -> list[StoredEvent]:
    """Return the events of a type about somebody."""
    return list(StoredEvent.objects.filter(type=event_type, user_id=person_id))


def test_vip_ends_when_it_ended_for_everybody_else(reading: None) -> None:
    for name, old in PEOPLE.items():
        if name not in DAYS_LEFT:
            until = datetime.fromisoformat(old["vip_until"]) if old["vip_until"] else None
            assert vip_of(old["id"]) == (old["vip"], until), name


@pytest.mark.parametrize("name", DAYS_LEFT)
def test_vip_ends_as_it_should_for(name: str, reading: None) -> None:
    old, days = PEOPLE[name], DAYS_LEFT[name]
    assert days_until(old["vip_until"] and datetime.fromisoformat(old["vip_until"])) == days.old
    assert days_until(vip_of(old["id"])[1]) == days.right, days.history


def days_until(moment: datetime | None) -> int:
    """Return how many days are left at the end of the old version's story."""
    return round((moment - END) / timedelta(days=1)) if moment else 0


@pytest.mark.parametrize("role", EXPECTED["permissions"])
def test_staff_may_what_they_might(role: str, reading: None) -> None:
    held = Staff.objects.get(username=role).get_all_permissions()
    assert set(EXPECTED["permissions"][role]) - held == set()
    assert held == permissions_of(role), "and no more than the table of roles says"


def test_staff_log_in_with_their_passwords(committed_db: str) -> None:
    client = Client()
    assert client.post("/admin/login/", {"username": "viewer", "password": PASSWORD}).status_code == 302
    assert client.get("/admin/").status_code == 200


def test_staff_have_seven_days_to_get_a_second_factor(committed_db: str, settings: Any) -> None:
    settings.STAFF_SECOND_FACTOR = "required"
    client, due = Client(), Staff.objects.get(username="viewer").second_factor_due_at
    assert timedelta(days=6, hours=23) < due - clock.real_now() < timedelta(days=7)
    assert not Staff.objects.filter(second_factor_due_at=None).exists()
    assert client.post("/admin/login/", {"username": "viewer", "password": PASSWORD}).status_code == 302
    assert 'href="/admin/second-factor/enrol/"' in client.get("/admin/").content.decode()
