"""What the daily reward pays a person on a date, whether it was taken, and what the days after it would pay."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from apps.gamification.decide import multipliers
from apps.gamification.decide.entries import Standing
from apps.gamification.decide.facts import DAY, Fact, day_number, microseconds
from apps.gamification.decide.rules import Rule, Rulebook
from apps.gamification.decide.state import State, decode
from apps.gamification.loading import rulebook
from apps.gamification.models import Account, Progress
from diana.events.models import StoredEvent

EVENT, RULE = "game.daily_login", "daily_login"
STREAK_EVENT = "game.streak_extended"
STEPS = 7

# `open`: it can be taken; `taken`: it was, or somebody asked for it; `spent`: the day gives no more points.
Today = Literal["open", "taken", "spent", "suspended"]


@dataclass(frozen=True, slots=True)
class Step:
    """A day of a streak: what its daily reward pays, and what a streak of so many days pays besides, mostly 0."""

    days: int
    points: int
    milestone: int


@dataclass(frozen=True, slots=True)
class DailyReward:
    """How the reward of a date stands, and the steps of that date and the six after it, if the person comes every day."""

    today: Today
    steps: Sequence[Step]


def daily_reward(person_id: int, today: date, now: datetime, *, days: int) -> DailyReward:
    """Return how the daily reward stands for the person on their date, which is day `days` of their streak. Four queries.

    What was asked for and is not decided yet counts as taken.
    """
    account = Account.objects.filter(pk=person_id).first()
    document = Progress.objects.filter(pk=person_id).values_list("document", flat=True).first()
    state = decode(document) if document else State()
    standing = Standing(person_id, 0, account.lifetime if account else 0, 0, b"", state)
    book = rulebook()
    steps = [_step(book, standing, today, now, days, ahead) for ahead in range(STEPS)]
    cap = book.multipliers_at(microseconds(now)).daily_cap
    return DailyReward(_today(person_id, state, day_number(today), microseconds(now), cap), steps)


def milestones(now: datetime) -> dict[int, int]:
    """Return what a streak pays when it reaches so many days; one query."""
    return _milestones(rulebook(), microseconds(now))


def _today(person_id: int, state: State, day: int, at: int, cap: int) -> Today:
    if state.suspended_until > at:
        return "suspended"
    if state.days.get(RULE, {}).get(day) or _is_asked_for(person_id, state, day):
        return "taken"
    return "spent" if state.capped.get(day, 0) >= cap else "open"


def _is_asked_for(person_id: int, state: State, day: int) -> bool:
    """Say whether the log has the act of that date behind what the account has handled."""
    waiting = StoredEvent.objects.filter(user_id=person_id, pk__gt=state.position, type=EVENT)
    found = waiting.values_list("occurred_at", "utc_offset_minutes")
    return any(day_number((at + timedelta(minutes=offset)).date()) == day for at, offset in found)


def _step(book: Rulebook, standing: Standing, today: date, now: datetime, days: int, ahead: int) -> Step:
    """Return what day `days + ahead` of the streak pays, so many days from now."""
    at, number = microseconds(now) + ahead * DAY, day_number(today) + ahead
    state = standing.state
    state.streak_days, state.streak_day = days + ahead, number
    rules = [rule for rule in book.rules_for(EVENT, at) if rule.key == RULE]
    return Step(days + ahead, _pays(book, standing, rules, at, number), _milestones(book, at).get(days + ahead, 0))


def _pays(book: Rulebook, standing: Standing, rules: Sequence[Rule], at: int, day: int) -> int:
    if not rules:
        return 0
    config = book.multipliers_at(at)
    fact = Fact(0, UUID(int=0), EVENT, at, 0, day, {})
    parts = multipliers.components(standing, fact, config) if rules[0].multiplied else []
    return multipliers.multiplied(rules[0].base, parts, config.factor_at_most)


def _milestones(book: Rulebook, at: int) -> dict[int, int]:
    found: dict[int, int] = {}
    for rule in book.rules_for(STREAK_EVENT, at):
        if rule.amounts is not None and rule.amounts.field == "days":
            found |= {int(days): points for days, points in rule.amounts.table.items() if days.isdecimal()}
    return found
