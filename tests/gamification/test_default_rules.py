"""Every rule that is there from the start, as its row in the database says: what it pays, its limits, the cap, the bonuses."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from itertools import count

import pytest

from apps.gamification import loading
from apps.gamification.decide.rules import Rule
from apps.gamification.models import Entry, RuleVersion
from diana.events import Event, evolution
from tests.gamification.achieving import switch_achievements_off
from tests.gamification.acts import NOON, award, daily, event, message, person

pytestmark = pytest.mark.django_db

Making = Callable[[int, int], Event]


@pytest.fixture(autouse=True)
def _rules_alone(db: None) -> None:
    """What unlocks by the way is paid by a rule of this table too: here only acts of the tests are."""
    switch_achievements_off()


def trivia(who: int, n: int) -> Event:
    return event(
        "game.trivia_completed", who, question=f"q{n}", correct=True, milliseconds=1200, shortest_milliseconds=1200
    )


def payment(first: bool, recurring: bool) -> Making:
    return lambda who, n: event(
        "payment.succeeded", who, charge=n, product="vip", stars=100, recurring=recurring, first=first
    )


def personality(who: int, n: int) -> Event:
    scores = {"exploration": 50, "competition": 50, "narrative": 50, "social": 50}
    return event("user.personality_detected", who, **scores, archetype="Explorer", confidence=0, quiz_version=1)


# How the n-th act of a rule looks, so that no limit by key is in its way; domain: base, uses of the limit, capped, bonuses
TABLE: dict[str, tuple[Making, int, int, bool, bool]] = {
    "daily_login": (lambda who, n: daily(who), 50, 1, True, True),
    "login": (lambda who, n: event("game.login", who), 10, 10, True, True),
    "message_sent": (lambda who, n: message(who), 5, 100, True, True),
    "trivia_completed": (trivia, 100, 20, True, True),
    "story_chapter_completed": (
        lambda who, n: event("narrative.chapter_completed", who, story="s", chapter=f"c{n}", seconds=60),
        150, 10, True, True,
    ),
    "story_decision_made": (
        lambda who, n: event("narrative.decision_made", who, story="s", chapter=f"c{n}", choice="left"), 25, 50, True, True,
    ),
    "community_participation": (
        lambda who, n: event("game.community_participation", who, kind="reaction", chat=n), 30, 20, True, True,
    ),
    "group_joined": (
        lambda who, n: event("game.community_participation", who, kind="join", chat=n), 30, 50, True, True,
    ),
    "challenge_completed": (
        lambda who, n: event("game.challenge_completed", who, challenge=f"c{n}", score=1), 200, 10, True, True,
    ),
    "friend_referral": (lambda who, n: event("user.referral_qualified", who, invitee=n), 500, 20, False, False),
    "referral_welcome": (lambda who, n: event("user.referral_completed", who, referrer=n), 50, 1, False, True),
    "vip_purchase": (payment(first=True, recurring=False), 0, 0, False, False),
    "subscription_renewal": (payment(first=False, recurring=True), 0, 0, False, False),
    "onboarding_completed": (lambda who, n: event("user.onboarding_completed", who, seconds=60), 50, 1, False, True),
    "personality_detected": (personality, 50, 1, False, True),
    "tutorial_step_completed": (
        lambda who, n: event("user.tutorial_step_completed", who, step=f"s{n}"), 15, 0, False, True,
    ),
    "tutorial_completed": (lambda who, n: event("user.tutorial_completed", who, seconds=60), 40, 1, False, True),
    "achievement_unlocked": (
        lambda who, n: event("game.achievement_unlocked", who, achievement=f"a{n}", tier="silver"), 60, 20, False, False,
    ),
    "streak_bonus": (
        lambda who, n: event("game.streak_extended", who, days=7, since=f"2026-01-{n:02}"), 50, 0, False, False,
    ),
}  # fmt: skip

RULES = sorted(TABLE)


def newest(key: str) -> Rule:
    """Return the rule as it stands in the database."""
    version = RuleVersion.objects.filter(rule_id=key, rule__active=True).order_by("-version").first()
    assert version is not None, f"{key} is not active"
    return loading.rule_of(version)


def entries(who: int, rule: str) -> list[Entry]:
    """Return the person's entries by the rule, in order."""
    return list(Entry.objects.filter(account_id=who, rule=rule).order_by("sequence"))


def paid(found: Iterable[Entry]) -> list[int]:
    """Return the amounts of the awards."""
    return [entry.amount for entry in found if entry.kind == "award"]


def test_the_table_names_every_rule_that_is_there_from_the_start() -> None:
    assert set(RuleVersion.objects.filter(rule__active=True).values_list("rule_id", flat=True)) == set(TABLE)


@pytest.mark.parametrize("rule", RULES)
def test_it_pays_its_base(rule: str) -> None:
    make, base, _, capped, multiplied = TABLE[rule]
    who, row = person(), newest(rule)
    award(make(who, 1))
    assert paid(entries(who, rule)) == [base] * bool(base)
    assert (row.capped, row.multiplied) == (capped, multiplied)


@pytest.mark.parametrize("rule", [rule for rule in RULES if TABLE[rule][2]])
def test_its_limit_holds_and_what_is_over_it_leaves_one_entry_of_nothing(rule: str) -> None:
    make, base, uses, *_ = TABLE[rule]
    who = person()
    for n in range(uses + 3):
        # in one clock hour, but on three local dates, or the cap would come first
        date = min(n // (800 // base), 2) if base < 800 else 0
        award(make(who, n + 1), offset=(0, 12 * 60, -13 * 60)[date])
    found = entries(who, rule)
    # levels rise meanwhile: the bases tell
    assert [(entry.base, entry.note) for entry in found if entry.kind == "award"] == [(base, "")] * uses
    assert [entry.note for entry in found if entry.kind == "suppressed"] == ["limit"]


KEYED = {
    "trivia_completed": timedelta(days=30),
    "story_chapter_completed": None,
    "story_decision_made": None,
    "challenge_completed": None,
    "group_joined": None,
    "tutorial_step_completed": None,
    "streak_bonus": None,
}


@pytest.mark.parametrize("rule", sorted(KEYED))
def test_the_same_thing_is_paid_once(rule: str) -> None:
    make, base, *_ = TABLE[rule]
    who, again = person(), KEYED[rule]
    award(make(who, 1), at=NOON)
    award(make(who, 1), at=NOON + timedelta(days=29))
    award(make(who, 2), at=NOON + timedelta(days=29))
    award(make(who, 1), at=NOON + (again or timedelta(days=400)))
    assert paid(entries(who, rule)) == [base] * (3 if again else 2)


@pytest.mark.parametrize("rule", [rule for rule in RULES if TABLE[rule][3]])
def test_the_daily_cap_of_800_takes_what_is_over_it_and_is_fresh_the_next_day(rule: str) -> None:
    make, base, *_ = TABLE[rule]
    who, numbers = person(), count(10)
    award(*[event("game.challenge_completed", who, challenge=f"x{n}", score=1) for n in range(3)])
    award(*[event("narrative.chapter_completed", who, story="x", chapter="1", seconds=9)])
    award(event("game.community_participation", who, kind="join", chat=1), event("game.login", who))
    before = len(entries(who, rule))
    award(make(who, next(numbers)), make(who, next(numbers)), at=NOON + timedelta(hours=1))
    first = entries(who, rule)[before]
    # 790 of 800 are used
    assert first.base == base
    assert first.note == ("" if base <= 10 else f"cap={base - 10}")
    if base >= 10:
        assert [e.note for e in entries(who, rule)[before + 1 :]] in (["cap"], ["limit"])
    award(make(who, next(numbers)), at=NOON + timedelta(days=1))
    assert entries(who, rule)[-1].note == ""


@pytest.mark.parametrize("rule", [rule for rule in RULES if TABLE[rule][1] and not TABLE[rule][3]])
def test_what_does_not_share_the_cap_is_paid_when_it_is_used_up(rule: str) -> None:
    make, base, *_ = TABLE[rule]
    who = person()
    award(*[event("game.challenge_completed", who, challenge=f"x{n}", score=1) for n in range(5)])
    award(make(who, 1))
    assert paid(entries(who, rule)) == [base]


@pytest.mark.parametrize("rule", [rule for rule in RULES if TABLE[rule][1]])
def test_vip_raises_it_only_where_bonuses_apply(rule: str) -> None:
    make, base, _, _, multiplied = TABLE[rule]
    who = person()
    until = (NOON + timedelta(days=1)).isoformat()
    award(event("vip.granted", who, grant=1, source="gift", until=until), make(who, 1))
    # 7.5 points are 8: half up
    assert paid(entries(who, rule)) == [(base * 3 + 1) // 2 if multiplied else base]


def test_reactions_are_paid_twenty_times_a_day_in_all_groups_together() -> None:
    """Whatever the hour; the next day is fresh, and joins are none of them."""
    who, react = person(), TABLE["community_participation"][0]
    award(*[react(who, n) for n in range(20)], at=NOON - timedelta(hours=2))
    award(react(who, 20), event("game.community_participation", who, kind="join", chat=1))
    award(react(who, 21), at=NOON + timedelta(days=1))
    found = entries(who, "community_participation")
    assert [entry.base for entry in found if entry.kind == "award"] == [30] * 21
    assert [(entry.occurred_at, entry.note) for entry in found if entry.kind == "suppressed"] == [(NOON, "limit")]
    assert len(paid(entries(who, "group_joined"))) == 1


# Of before the limit went by the question: the event in its first version, as it is read now.
OLD_ANSWER = evolution.upcast("game.trivia_completed", 1, {"milliseconds": 3000})


def test_answers_of_before_have_the_limit_of_before() -> None:
    who = person()
    award(event("game.trivia_completed", who, question="q", correct=True, **OLD_ANSWER))
    assert paid(entries(who, "trivia_completed")) == [100]


def test_acts_that_do_not_qualify_leave_nothing() -> None:
    who = person()
    award(
        event("game.message_sent", who, chat=1, length=12, content_digest="a" * 32, place="private"),
        event("game.trivia_completed", who, question="q", correct=False, milliseconds=9000, shortest_milliseconds=1000),
        event("game.trivia_completed", who, question="q", correct=True, milliseconds=1199, shortest_milliseconds=1200),
        event("game.trivia_completed", who, question="p", correct=True, **OLD_ANSWER | {"milliseconds": 2999}),
        event("payment.succeeded", who, charge=1, product="vip", stars=1, recurring=False, first=False),
        event("game.streak_extended", who, days=8, since="2026-01-01"),
        event("game.achievement_unlocked", who, achievement="a", tier="unheard_of"),
    )
    assert not Entry.objects.filter(account_id=who).exists()


@pytest.mark.parametrize(("days", "points"), [(7, 50), (30, 250), (100, 1000), (365, 5000)])
def test_a_streak_pays_at_four_lengths(days: int, points: int) -> None:
    who = person()
    award(event("game.streak_extended", who, days=days, since="2026-01-01"))
    assert paid(entries(who, "streak_bonus")) == [points]


@pytest.mark.parametrize(
    ("tier", "points"), [("bronze", 20), ("silver", 60), ("gold", 200), ("single", 40), ("secret", 75)]
)
def test_an_achievement_pays_by_its_tier(tier: str, points: int) -> None:
    who = person()
    award(event("game.achievement_unlocked", who, achievement="a", tier=tier))
    assert paid(entries(who, "achievement_unlocked")) == [points]
