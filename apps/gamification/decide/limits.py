"""Counting awards against the limits of a rule."""

from hashlib import sha256
from typing import Any

from apps.gamification.decide.facts import SECOND, Fact
from apps.gamification.decide.rules import Limit, Per, Rule
from apps.gamification.decide.state import MONTH_DAYS, State, Windows

LONGEST_KEY = 80


def reached(rule: Rule, state: State, fact: Fact) -> bool:
    """Say whether one of the rule's limits is used up at the moment of the fact."""
    for limit in rule.limits:  # noqa: SIM110  # any() makes a generator for each fact
        if _used(rule, limit, state, fact) >= limit.count:
            return True
    return False


def windows(rule: Rule, fact: Fact) -> list[tuple[Per, str, int]]:
    """Return where one award counts: kind of limit, name, number of the window (of a cooldown: the moment)."""
    numbers: dict[Per, int] = {"hour": fact.hour, "day": fact.day, "30days": fact.day, "ever": 0, "cooldown": fact.at}
    return sorted({(limit.per, _name(rule, limit, fact), numbers[limit.per]) for limit in rule.limits})


def restore(rule: Rule, state: State, used: State, fact: Fact) -> None:
    """Set the counts in which an award by the rule stood to what `used`, counted anew, says of them."""
    for per, name, window in windows(rule, fact):
        match per:
            case "ever":
                _set(state.ever, name, used.ever.get(name, 0))
            case "cooldown":
                _set(state.cooling, name, used.cooling.get(name, 0))
            case _:
                mine, theirs = _counts(state, per), _counts(used, per)
                of_name = mine.setdefault(name, {})
                _set(of_name, window, theirs.get(name, {}).get(window, 0))
                if not of_name:
                    del mine[name]


def _counts(state: State, per: Per) -> dict[str, Windows]:
    return {"hour": state.hours, "day": state.days}.get(per, state.months)


def _set(counts: dict[Any, int], key: str | int, value: int) -> None:
    """Write a count down, or nothing if it is none."""
    if value:
        counts[key] = value
    else:
        counts.pop(key, None)


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
            counts, window = state.hours.setdefault(name, {}), fact.hour
        case "day":
            counts, window = state.days.setdefault(name, {}), fact.day
        case "30days":
            counts, window = state.months.setdefault(name, {}), fact.day
        case "ever":
            state.ever[name] = state.ever.get(name, 0) + 1
            return
        case "cooldown":
            state.cooling[name] = max(state.cooling.get(name, 0), fact.at)
            return
    counts[window] = counts.get(window, 0) + 1


def _used(rule: Rule, limit: Limit, state: State, fact: Fact) -> int:
    name = _name(rule, limit, fact)
    match limit.per:
        case "hour":
            return counts.get(fact.hour, 0) if (counts := state.hours.get(name)) else 0
        case "day":
            return counts.get(fact.day, 0) if (counts := state.days.get(name)) else 0
        case "30days":
            days = state.months.get(name, {})
            return sum(n for day, n in days.items() if abs(fact.day - day) < MONTH_DAYS)
        case "ever":
            return state.ever.get(name, 0)
        case "cooldown":
            last = state.cooling.get(name)
            # also an act that comes late keeps its distance
            return limit.count if last is not None and abs(fact.at - last) < limit.seconds * SECOND else 0


def _name(rule: Rule, limit: Limit, fact: Fact) -> str:
    """Return under which name the limit is counted: the rule's key and the values of the limit's fields."""
    if not limit.key:
        return rule.key
    name = ":".join([rule.key, *(str(fact.fields.get(field)) for field in limit.key)])
    if len(name) <= LONGEST_KEY:
        return name
    return f"{rule.key}:{sha256(name.encode()).hexdigest()[:32]}"
