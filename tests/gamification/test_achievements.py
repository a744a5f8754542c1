"""Achievements through the real bus: the whole catalogue, each once, told, rewarded, in a fixed number of statements."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.gamification import awards, loading, selectors, services
from apps.gamification.achievement_checks import check_active_achievements
from apps.gamification.models import Achievement, AchievementVersion, Entry, Unlock
from apps.gamification.verify import verify
from diana.events import log, replay
from diana.events.models import Failure, StoredEvent
from diana.events.subscriptions import subscriber
from diana.events.testing import drain
from diana.metrics.meters import registry
from tests.gamification.achieving import closed, each_day, many, story, streak, trivia, vip, years
from tests.gamification.acts import AWARDS, NOON, STAFF, award, event, happen, message, people, person
from tests.gamification.folding import state

pytestmark = pytest.mark.django_db


def tiers(person_id: int, achievement: str) -> list[str]:
    """Return the tiers that the person has unlocked of it, in order."""
    rows = Unlock.objects.filter(account_id=person_id, achievement_id=achievement).order_by("pk")
    return [f"{row.tier} {row.period}".strip() for row in rows]


METALS = ["bronze", "silver", "gold"]
QUIZ = {"exploration": 1, "competition": 1, "narrative": 1, "social": 1, "archetype": "x", "confidence": 1}
STEPS = ["daily", "story", "board", "achievement"]

# achievement -> what somebody does, the tiers that come of it
WALK: dict[str, tuple[Callable[[int], object], list[str]]] = {
    "first_steps": (lambda p: award(event("user.onboarding_completed", p, seconds=9)), ["single"]),
    "know_thyself": (lambda p: award(event("user.personality_detected", p, quiz_version=1, **QUIZ)), ["single"]),
    "graduate": (lambda p: many("user.tutorial_step_completed", p, *[{"step": s} for s in STEPS]), ["single"]),
    "regular": (lambda p: streak(p, 100), METALS),
    "century_club": (lambda p: streak(p, 365), ["secret"]),
    "early_bird": (lambda p: each_day("game.login", p, 25, hours=-5), METALS[:2]),
    "night_owl": (lambda p: each_day("game.login", p, 25, hours=13), METALS[:2]),
    "page_turner": (lambda p: story(p, 8), METALS),
    "decider": (
        lambda p: many(
            "narrative.decision_made", p, *[{"story": "s", "chapter": f"{n}", "choice": "a"} for n in range(8)]
        ),
        METALS,
    ),
    "many_paths": (lambda p: story(p, 4), METALS),
    "secret_keeper": (lambda p: story(p, 4), METALS),
    "quick_mind": (lambda p: trivia(p, n=500), METALS),
    "sharpshooter": (lambda p: (trivia(p, False, 20), trivia(p, n=80)), METALS),
    "lightning_round": (lambda p: trivia(p, n=5), ["secret"]),
    "challenger": (lambda p: many("game.challenge_completed", p, *[{"challenge": "c", "score": 1}] * 100), METALS),
    "point_collector": (
        lambda p: (
            services.award(person_id=p, amount=50_000, reason="r", actor=STAFF, key=f"p{p}", now=NOON),
            drain(AWARDS),
        ),
        METALS,
    ),
    "climber": (
        lambda p: (
            services.award(person_id=p, amount=45_000, reason="r", actor=STAFF, key=f"c{p}", now=NOON),
            award(message(p)),
        ),
        METALS,
    ),
    "podium": (lambda p: (closed(p, 1, "2026-W10"), closed(p, 3, "2026-W11")), ["gold 2026-W10", "silver 2026-W11"]),
    "connector": (lambda p: many("user.referral_qualified", p, *[{"invitee": n} for n in range(20)]), METALS),
    "voice": (lambda p: award(*[message(p) for _ in range(1000)]), METALS[:2]),
    "welcome_back": (lambda p: award(event("user.returned", p, days_away=7)), ["secret"]),
    # a Saturday is three days after
    "weekend_hero": (lambda p: each_day("game.login", p, 4, hours=72, every=7), ["single"]),
    "vip_member": (vip, METALS),
    "explorer": (lambda p: story(p, 4), ["single"]),
    "anniversary": (years, METALS),
    "staff_pick": (
        lambda p: services.grant_achievement(
            person_id=p, achievement="staff_pick", tier="single", reason="r", actor=STAFF, key=f"s{p}", now=NOON
        ),
        ["single"],
    ),
}


@pytest.mark.parametrize("achievement", WALK)
def test_everything_in_the_catalogue_can_be_unlocked(achievement: str) -> None:
    somebody = person()
    act, expected = WALK[achievement]
    act(somebody)
    drain(AWARDS)
    assert tiers(somebody, achievement) == expected
    assert verify().ok
    assert not Failure.objects.exists()


def test_the_walk_knows_the_whole_catalogue() -> None:
    assert set(WALK) == set(Achievement.objects.values_list("key", flat=True))
    assert check_active_achievements(["default"]) == []


def test_an_unlock_is_a_row_an_event_and_a_reward() -> None:
    somebody = person()
    (cause,) = award(event("user.returned", somebody, days_away=9))
    unlock = Unlock.objects.get()
    told = StoredEvent.objects.get(type="game.achievement_unlocked")
    assert (told.event_id, told.causation_id, told.user_id) == (unlock.event_id, cause.event_id, somebody)
    assert (unlock.account_id, unlock.version, unlock.unlocked_at, unlock.quiet) == (somebody, 1, NOON, False)
    reward = Entry.objects.get(rule="achievement_unlocked")
    assert (reward.amount, reward.event_id) == (75, unlock.event_id), "a secret without tiers pays what secrets pay"


@pytest.mark.parametrize(("act", "points"), [(lambda p: streak(p, 30), 20 + 60), (lambda p: streak(p, 7), 20)])
def test_rewards_go_by_tier(act: Callable[[int], None], points: int) -> None:
    act(person())
    assert sum(Entry.objects.filter(rule="achievement_unlocked").values_list("amount", flat=True)) == points


def test_the_twenty_first_reward_of_an_hour_is_suppressed_and_says_so() -> None:
    somebody = person()
    award(*[event("game.achievement_unlocked", somebody, achievement=f"a{n}", tier="bronze") for n in range(21)])
    assert Entry.objects.filter(rule="achievement_unlocked", kind="award").count() == 20
    assert Entry.objects.get(kind="suppressed").note == "limit"


def test_progress_is_told_by_quarters() -> None:
    somebody = person()
    award(*[message(somebody) for _ in range(60)])
    assert StoredEvent.objects.filter(type="game.achievement_progressed").count() == 2 + 1, "voice, point_collector"


def test_a_replay_of_everything_unlocks_nothing() -> None:
    crowd = people(3)
    for somebody in crowd:
        story(somebody, 4)
        trivia(somebody, n=20)
        closed(somebody, 1, "2026-W10")
    drain(AWARDS)
    before, unlocks, events = state(), Unlock.objects.count(), StoredEvent.objects.count()
    assert unlocks > 30
    replayed = replay.replay(subscriber(AWARDS))
    assert (replayed.new_effects, len(replayed.failed)) == (0, 0)
    assert (state(), Unlock.objects.count(), StoredEvent.objects.count()) == (before, unlocks, events)


def test_a_period_that_is_closed_twice_counts_once() -> None:
    somebody = person()
    closed(somebody, 1, "2026-W10")
    closed(somebody, 1, "2026-W10")
    closed(somebody, 2, "2026-W11")
    assert tiers(somebody, "podium") == ["gold 2026-W10", "silver 2026-W11"]


def test_the_number_of_statements_does_not_grow_with_the_batch() -> None:
    counts = set()
    loading.rulebook()
    for size in (1, 10, 200):
        crowd = people(size)
        award(*[event("user.profile_updated", somebody, fields=[]) for somebody in crowd])
        award(*[message(somebody) for somebody in crowd])
        envelopes = happen(*[event("user.onboarding_completed", somebody, seconds=9) for somebody in crowd])
        ids = StoredEvent.objects.filter(event_id__in=[e.event_id for e in envelopes]).values_list("id", flat=True)
        handled = log.read_events(list(ids))
        with CaptureQueriesContext(connection) as queries:
            awards.award(handled)
        counts.add(len(queries))
        assert Unlock.objects.filter(account_id__in=crowd).count() == size
    assert counts == {7}, "one more than without unlocks"


def test_the_bonus_of_an_achievement_raises_what_comes_after() -> None:
    somebody = person()
    streak(somebody, 365)
    drain(AWARDS)
    award(event("game.challenge_completed", somebody, challenge="c", score=1))
    assert Entry.objects.get(rule="challenge_completed").multipliers.startswith("bonus=500")


def test_unlocks_are_counted_by_tier(django_capture_on_commit_callbacks: Any) -> None:
    def counted() -> float:
        return registry.get_sample_value("diana_achievements_unlocked_total", {"tier": "secret"}) or 0

    with django_capture_on_commit_callbacks(execute=True):
        award(event("user.returned", person(), days_away=9))
    before = counted()
    with django_capture_on_commit_callbacks(execute=True):
        award(event("user.returned", person(), days_away=9))
    assert counted() == before + 1


def test_a_person_sees_what_they_have_and_how_far_they_are() -> None:
    somebody = person()
    loading.rulebook()
    with CaptureQueriesContext(connection) as queries:
        empty = {a.key: a for a in selectors.achievements(somebody)}
    assert len(queries) == 4
    assert "century_club" not in empty, "secrets are hidden"
    assert (empty["voice"].value, empty["voice"].target, empty["voice"].next_tier) == (0, 100, "bronze")
    award(*[message(somebody) for _ in range(120)], event("user.returned", somebody, days_away=9))
    with CaptureQueriesContext(connection) as queries:
        seen = {a.key: a for a in selectors.achievements(somebody)}
    assert len(queries) == 4
    assert (seen["voice"].tiers, seen["voice"].value, seen["voice"].target) == (("bronze",), 120, 1000)
    assert (seen["welcome_back"].tiers, seen["welcome_back"].next_tier) == (("secret",), "")
    assert seen["point_collector"].value == 500 + 20 + 75
    assert selectors.achievements(somebody)[0].category == "progress"
    closed(somebody, 1, "2026-W10")
    closed(somebody, 1, "2026-W11")
    podium = next(a for a in selectors.achievements(somebody) if a.key == "podium")
    assert (podium.tiers, podium.times, podium.next_tier) == (("gold",), 2, "")


BROKEN: list[tuple[str, dict[str, Any], str]] = [
    ("voice", {"strategy": "luck"}, "no strategy"),
    ("voice", {"config": {"on": [{"type": "game.nothing"}]}}, "No class"),
    ("voice", {"config": {"on": [{"type": "game.points_awarded"}]}}, "does not listen"),
    ("voice", {"config": {"on": [{"type": "game.message_sent", "conditions": [{"field": "n"}]}]}}, "no field n"),
    ("many_paths", {"config": {"on": [{"type": "game.message_sent"}], "by": ["ending"]}}, "no field ending"),
    ("explorer", {"config": {"parts": [{"achievement": "nobody"}]}, "tiers": [{"tier": "single", "target": 1}]}, "nobody"),
    ("explorer", {"config": {"parts": [{"achievement": "explorer"}]}, "tiers": [{"tier": "single", "target": 1}]}, "itself"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "change", "said"), BROKEN)
def test_what_could_never_be_unlocked_is_an_error_of_the_check(key: str, change: dict[str, Any], said: str) -> None:
    version = AchievementVersion.objects.get(achievement=key)
    values = {name: getattr(version, name) for name in ("strategy", "config", "tiers", "bonuses")}
    AchievementVersion.objects.create(
        achievement_id=key, version=2, active_from=NOON, created_by="x", **values | {"bonuses": {}} | change
    )
    errors = check_active_achievements(["default"])
    assert {error.id for error in errors} == {"gamification.E002"}
    assert any(said in str(error.msg) for error in errors), errors
    Achievement.objects.filter(pk__in=[key, "explorer"]).update(active=False)
    assert check_active_achievements(["default"]) == []
