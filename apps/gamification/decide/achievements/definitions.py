"""One version of an achievement as the core reads it, and how what staff wrote becomes one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

import msgspec

from apps.gamification.decide.achievements.answering import Ratio
from apps.gamification.decide.achievements.combining import Composite, Manual
from apps.gamification.decide.achievements.counting import AllOf, Counter, Distinct, FirstEvent, Sum
from apps.gamification.decide.achievements.standing import Level, LifetimePoints, Rank, Streak
from apps.gamification.decide.achievements.strategies import TIER_RANKS, Strategy, Tier, TierName
from apps.gamification.decide.achievements.timing import Anniversary, Calendar, Window
from apps.gamification.decide.facts import microseconds
from apps.gamification.decide.rules import BasisPoints

_ALL: tuple[type[Strategy], ...] = (
    FirstEvent, Counter, Sum, Distinct, Streak, Window, Calendar, AllOf, Level, LifetimePoints, Rank, Ratio, Composite,
    Anniversary, Manual,
)  # fmt: skip
STRATEGIES: dict[str, type[Strategy]] = {strategy.name: strategy for strategy in _ALL}


class InvalidDefinition(ValueError):
    """What staff wrote could never be unlocked; the message says why."""


class Definition(msgspec.Struct, frozen=True, dict=True):
    """One version of one achievement. `tiers` come in the order of their targets; `bonuses` are basis points by tier."""

    key: str
    version: int
    active_from: datetime
    strategy: Strategy
    tiers: tuple[Tier, ...]
    bonuses: dict[str, int] = {}
    repeatable: bool = False

    @cached_property
    def active_from_at(self) -> int:
        """The moment in microseconds since 1970."""
        return microseconds(self.active_from)

    @cached_property
    def most(self) -> int:
        """The highest target."""
        return max(tier.target for tier in self.tiers)

    def bonus_of(self, tiers: Sequence[str]) -> int:
        """Return the basis points of the best of these tiers."""
        return max([self.bonuses.get(tier, 0) for tier in tiers], default=0)


def define(
    *,
    key: str,
    version: int,
    active_from: datetime,
    strategy: str,
    config: Any,
    tiers: Any,
    bonuses: Any = None,
    repeatable: bool = False,
    stored: bool = False,
) -> Definition:
    """Return the version; raises InvalidDefinition if it could not work.

    A `stored` version is read with what was allowed when it was added: refusing it would stop all awards.
    """
    kind = STRATEGIES.get(strategy)
    if kind is None:
        raise InvalidDefinition(f"There is no strategy {strategy!r}: choose one of {', '.join(sorted(STRATEGIES))}.")
    try:
        parsed = msgspec.convert(config, kind)
        steps = msgspec.convert(tiers, tuple[Tier, ...])
        extra: dict[str, int] = {**msgspec.convert(bonuses or {}, dict[TierName, BasisPoints])}
    except msgspec.ValidationError as error:
        raise InvalidDefinition(str(error)) from error
    problems = _tier_problems(parsed, steps, extra) + parsed.problems(steps)
    problems += [] if stored else parsed.problems_if_new()
    if repeatable and not parsed.periodic:
        problems.append(f"Only a rank can be repeatable: {strategy} has no periods.")
    if problems:
        raise InvalidDefinition(" ".join(problems))
    # Of ranks the best comes first.
    ordered = tuple(sorted(steps, key=lambda tier: tier.target))
    return Definition(key, version, active_from, parsed, ordered, extra, repeatable)


def _tier_problems(strategy: Strategy, tiers: Sequence[Tier], bonuses: Mapping[str, int]) -> list[str]:
    """Return what is wrong with the tiers: they grow with the strength of their names, or there is one alone."""
    names = [tier.tier for tier in tiers]
    if not tiers:
        return ["It has no tiers."]
    if len(set(names)) < len(names) or (len(names) > 1 and {"single", "secret"} & set(names)):
        return ["Each tier stands once, and single and secret stand alone."]
    found = [f"There is no tier {name} for the bonus." for name in bonuses if name not in names]
    strength = sorted(tiers, key=lambda tier: TIER_RANKS[tier.tier], reverse=isinstance(strategy, Rank))
    targets = [tier.target for tier in strength]
    if targets != sorted(set(targets)):
        found.append("Each tier must ask for more than the one below it.")
    return found


def described(definition: Definition) -> dict[str, Any]:
    """Return strategy, configuration, tiers and bonuses as plain values."""
    return {
        "strategy": definition.strategy.name,
        "config": msgspec.to_builtins(definition.strategy),
        "tiers": msgspec.to_builtins(definition.tiers),
        "bonuses": dict(definition.bonuses),
    }


def composition_problems(parts: Mapping[str, Sequence[str]], known: set[str]) -> dict[str, str]:
    """Return by achievement what is wrong with composites: `parts` says whom each names, `known` which are active."""
    found: dict[str, str] = {}
    for key, named in parts.items():
        missing = sorted(set(named) - known)
        if missing:
            found[key] = f"It needs {', '.join(missing)}, which is not active."
        elif _leads_to(key, named, parts):
            found[key] = "It needs itself, by way of others."
    return found


def _leads_to(key: str, named: Sequence[str], parts: Mapping[str, Sequence[str]]) -> bool:
    waiting, met = list(named), set[str]()
    while waiting:
        part = waiting.pop()
        if part == key:
            return True
        if part not in met:
            met.add(part)
            waiting += parts.get(part, ())
    return False
