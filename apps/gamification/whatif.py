"""What other rules would have paid: the log folded through the same core, twice. Nothing is written, and nothing can be."""

import heapq
import json
import time
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

import msgspec
from django.db import connection, transaction

from apps.gamification import awards, loading
from apps.gamification.checks import rule_problems
from apps.gamification.decide.chain import genesis
from apps.gamification.decide.entries import Standing
from apps.gamification.decide.facts import Fact, microseconds
from apps.gamification.decide.history import fold_history
from apps.gamification.decide.outcomes import Awarded
from apps.gamification.decide.rules import Multipliers, MultiplierVersion, Rule, Rulebook
from apps.gamification.decide.state import State
from apps.gamification.models import MultiplierVersion as StoredMultipliers
from apps.gamification.models import RuleVersion
from apps.gamification.services.errors import PointsError
from diana.events import history
from diana.events.log import bound
from diana.events.subscriptions import subscriber

MOST_NAMED = 10
PERCENTILES = (10, 25, 50, 75, 90, 99, 100)

Progress = Callable[[int], None]


class InvalidChange(PointsError):
    """The other rules could not work; the message says which, and why."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A person whom the change moves; points of the span."""

    person_id: int
    before: int
    after: int

    @property
    def change(self) -> int:
        """How much more the other rules would pay."""
        return self.after - self.before


@dataclass
class Comparison:
    """What the span pays under the rules in force and under the others. `partial`: time or the sample ended it early.

    `distribution` has points of a person by percentile, before and after, over all people who did something.
    """

    since: datetime
    until: datetime
    people: int = 0
    facts: int = 0
    partial: bool = False
    total_before: int = 0
    total_after: int = 0
    better: int = 0
    worse: int = 0
    winners: list[Moved] = field(default_factory=list)
    losers: list[Moved] = field(default_factory=list)
    entries_before: Counter[str] = field(default_factory=Counter)
    entries_after: Counter[str] = field(default_factory=Counter)
    points_before: Counter[str] = field(default_factory=Counter)
    points_after: Counter[str] = field(default_factory=Counter)
    distribution: dict[int, tuple[int, int]] = field(default_factory=dict)


def compare(
    other: Rulebook,
    *,
    since: datetime,
    until: datetime,
    most: int | None = None,
    seconds: float | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Fold everyone who did something in the span from their beginning, and compare what the span itself pays.

    Before the span both follow the rules in force, for limits, levels and streaks begin earlier. Acts of staff are left
    out on both sides. `most`: only so many people, drawn evenly; `seconds`: stop after so long (the result says so).
    `progress` is told the number of people now and then. Reads in one READ ONLY transaction, in order of persons.
    """
    found = Comparison(since, until)
    befores, afters = array("q"), array("q")
    gained = _Extremes(1)
    lost = _Extremes(-1)
    started = time.monotonic()
    with reading_only(seconds):
        current, wanted = loading.rulebook(), subscriber(awards.SUBSCRIBER)
        envelopes = history.of_people(wanted, since=since, until=until, upto=bound(own=True), most=most)
        for person, of_person in groupby(envelopes, key=lambda e: e.user_id):
            assert person is not None
            moved = _fold_both(person, map(awards.fact_of, of_person), current, other, found)
            befores.append(moved.before)
            afters.append(moved.after)
            gained.offer(moved)
            lost.offer(moved)
            found.better += moved.change > 0
            found.worse += moved.change < 0
            found.people += 1
            if progress and found.people % 100 == 0:
                progress(found.people)
            if seconds is not None and time.monotonic() - started > seconds:
                found.partial = True
                break
        if most is not None and found.people >= most:
            found.partial = True
    found.winners, found.losers = gained.named(), lost.named()
    found.total_before, found.total_after = sum(befores), sum(afters)
    found.distribution = _distribution(befores, afters)
    return found


@contextmanager
def reading_only(seconds: float | None = None) -> Iterator[None]:
    """Read in a transaction in which PostgreSQL refuses every write, and sequences too.

    One statement reads the whole log: it may take as long as it takes, or `seconds`, after which it is cancelled.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
            limit = 0 if seconds is None else max(int(seconds * 1000), 1000)
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(limit)])
        yield


def other_rulebook(
    rules: Mapping[str, Mapping[str, Any] | None], multipliers: Mapping[str, Any] | None, since: datetime
) -> Rulebook:
    """Return the rules in force with these changes from `since` on.

    `rules` maps a rule's key to what is different from its newest version (base, limits, conditions, amounts, capped,
    multiplied, event_type), all of it for a new rule, or None to have it pay nothing; `multipliers` what is different
    about the bonuses. Raises InvalidChange.
    """
    active = [loading.rule_of(v) for v in RuleVersion.objects.filter(rule__active=True)]
    newest = {v.rule_id: loading.rule_of(v) for v in RuleVersion.objects.order_by("version")}
    changed = [_changed(key, newest.get(key), change, since) for key, change in rules.items()]
    versions = [loading.multipliers_of(stored) for stored in StoredMultipliers.objects.all()]
    if multipliers is not None:
        versions.append(_changed_multipliers(versions, multipliers, since))
    return Rulebook([*active, *changed], versions, rewards=loading.rewards())


def as_json(found: Comparison) -> str:
    """Return the comparison as one JSON document."""
    return json.dumps(msgspec.to_builtins(found, str_keys=True))


def _changed(key: str, newest: Rule | None, change: Mapping[str, Any] | None, since: datetime) -> Rule:
    """Return the rule as it would be, as a version that begins with the span."""
    if newest is None and change is None:
        raise InvalidChange(f"{key}: there is no such rule to switch off.")
    old = {"version": 0} if newest is None else {n: getattr(newest, n) for n in newest.__struct_fields__}
    if change is None:
        change = {"base": 0, "amounts": None}
    values = {**msgspec.to_builtins(old), **change, "key": key, "active_from": since.isoformat()}
    values["version"] = 1_000_000
    if unknown := sorted(set(values) - set(Rule.__struct_fields__)):
        raise InvalidChange(f"{key}: a rule has no {', '.join(unknown)}.")
    try:
        rule = msgspec.convert(values, Rule)
    except msgspec.ValidationError as error:
        raise InvalidChange(f"{key}: {error}") from error
    if (rule.base or rule.amounts) and (problems := rule_problems(rule)):
        raise InvalidChange(f"{key}: {' '.join(problems)}")
    return rule


def _changed_multipliers(
    versions: Sequence[MultiplierVersion], change: Mapping[str, Any], since: datetime
) -> MultiplierVersion:
    current = Rulebook([], list(versions)).multipliers_at(microseconds(since))
    try:
        config = msgspec.convert({**msgspec.to_builtins(current), **change}, Multipliers)
    except msgspec.ValidationError as error:
        raise InvalidChange(f"bonuses: {error}") from error
    return MultiplierVersion(1_000_000, since, config)


def _fold_both(person: int, facts: Iterator[Fact], current: Rulebook, other: Rulebook, found: Comparison) -> Moved:
    """Fold a person under both rulebooks; up to the span they go the same way."""
    start = microseconds(found.since)
    now = Standing(person, 0, 0, 0, genesis(person), State())
    then: Standing | None = None
    before = after = 0
    for fact in facts:
        found.facts += 1
        inside = fact.at >= start
        if inside and then is None:
            then = deepcopy(now)
        paid = _fold(now, fact, current, *((found.entries_before, found.points_before) if inside else (None, None)))
        if then is not None:
            counters = (found.entries_after, found.points_after) if inside else (None, None)
            paid_then = _fold(then, fact, other, *counters)
            if inside:
                before, after = before + paid, after + paid_then
    return Moved(person, before, after)


def _fold(
    standing: Standing, fact: Fact, rulebook: Rulebook, entries: Counter[str] | None, points: Counter[str] | None
) -> int:
    """Decide on one fact; return what it earned, and count it by rule if there are counters."""
    earned = 0
    for _, outcomes in fold_history(standing, (fact,), rulebook):
        for outcome in outcomes:
            if isinstance(outcome, Awarded):
                earned += outcome.entry.amount
                if entries is not None and points is not None:
                    entries[outcome.entry.rule] += 1
                    points[outcome.entry.rule] += outcome.entry.amount
    return earned


class _Extremes:
    """Keeps the few who gain most (sign 1) or lose most (sign -1)."""

    def __init__(self, sign: int) -> None:
        self._sign = sign
        self._kept: list[tuple[int, int, Moved]] = []

    def offer(self, moved: Moved) -> None:
        weight = self._sign * moved.change
        if weight > 0:
            keep = heapq.heappush if len(self._kept) < MOST_NAMED else heapq.heappushpop
            keep(self._kept, (weight, -moved.person_id, moved))

    def named(self) -> list[Moved]:
        return [moved for _, _, moved in sorted(self._kept, reverse=True)]


def _distribution(befores: Sequence[int], afters: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Return the points at each percentile (nearest rank), before and after."""
    if not befores:
        return {}
    first, second = sorted(befores), sorted(afters)
    ranks = {p: max(-(-p * len(first) // 100), 1) - 1 for p in PERCENTILES}
    return {p: (first[rank], second[rank]) for p, rank in ranks.items()}
