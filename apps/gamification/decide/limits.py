"""Counting awards against the limits of a rule."""

from hashlib import sha256

from apps.gamification.decide.facts import Fact
from apps.gamification.decide.rules import Limit, Rule
from apps.gamification.decide.state import MONTH_DAYS, State

LONGEST_KEY = 80


def reached(rule: Rule, state: State, fact: Fact) -> bool:
    """Say whether one of the rule's limits is used up at the moment of the fact."""
    for limit in rule.limits:  # noqa: SIM110  # any() makes a generator for each fact
        if _used(rule, limit, state, fact) >= limit.count:
            return True
    return False


def count(rule: Rule, state: State, fact: Fact) -> None:
    """Count one award in every window that the rule limits; limits that share a window count once."""
    counted: list[tuple[str, str]] = []
    for limit in rule.limits:
        name = _name(rule, limit, fact)
        if (limit.per, name) not in counted:
            counted.append((limit.per, name))
            _count(limit, name, state, fact)


def _count(limit: Limit, name: str, state: State, fact: Fact) -> None:
    match limit.per:
        case "hour":
            windows, window = state.hours.setdefault(name, {}), fact.hour
        case "day":
            windows, window = state.days.setdefault(name, {}), fact.day
        case "30days":
            windows, window = state.months.setdefault(name, {}), fact.day
        case "ever":
            state.ever[name] = state.ever.get(name, 0) + 1
            return
    windows[window] = windows.get(window, 0) + 1


def _used(rule: Rule, limit: Limit, state: State, fact: Fact) -> int:
    name = _name(rule, limit, fact)
    match limit.per:
        case "hour":
            return windows.get(fact.hour, 0) if (windows := state.hours.get(name)) else 0
        case "day":
            return windows.get(fact.day, 0) if (windows := state.days.get(name)) else 0
        case "30days":
            days = state.months.get(name, {})
            return sum(n for day, n in days.items() if abs(fact.day - day) < MONTH_DAYS)
        case "ever":
            return state.ever.get(name, 0)


def _name(rule: Rule, limit: Limit, fact: Fact) -> str:
    """Return under which name the limit is counted: the rule's key and the values of the limit's fields."""
    if not limit.key:
        return rule.key
    name = ":".join([rule.key, *(str(fact.fields.get(field)) for field in limit.key)])
    if len(name) <= LONGEST_KEY:
        return name
    return f"{rule.key}:{sha256(name.encode()).hexdigest()[:32]}"
