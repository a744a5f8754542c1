"""Counting awards against the limits of a rule."""

from hashlib import sha256

from apps.gamification.decide.facts import Fact
from apps.gamification.decide.rules import Limit, Rule
from apps.gamification.decide.state import MONTH_DAYS, State

LONGEST_KEY = 80


def reached(rule: Rule, state: State, fact: Fact) -> bool:
    """Say whether one of the rule's limits is used up at the moment of the fact."""
    return any(_used(rule, limit, state, fact) >= limit.count for limit in rule.limits)


def count(rule: Rule, state: State, fact: Fact) -> None:
    """Count one award in every window that the rule limits; limits that share a window count once."""
    for per, name in {(limit.per, _name(rule, limit, fact)) for limit in rule.limits}:
        if per == "ever":
            state.ever[name] = state.ever.get(name, 0) + 1
            continue
        windows = (state.hours if per == "hour" else state.days if per == "day" else state.months).setdefault(name, {})
        window = fact.hour if per == "hour" else fact.day
        windows[window] = windows.get(window, 0) + 1


def _used(rule: Rule, limit: Limit, state: State, fact: Fact) -> int:
    name = _name(rule, limit, fact)
    match limit.per:
        case "hour":
            return state.hours.get(name, {}).get(fact.hour, 0)
        case "day":
            return state.days.get(name, {}).get(fact.day, 0)
        case "30days":
            windows = state.months.get(name, {})
            return sum(n for day, n in windows.items() if abs(fact.day - day) < MONTH_DAYS)
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
