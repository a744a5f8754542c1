"""Facts that change what later awards are worth, without earning points themselves: VIP, suspension, streak."""

from collections.abc import Callable
from datetime import date, datetime

from apps.gamification.decide.facts import Fact, date_of, day_number, microseconds
from apps.gamification.decide.outcomes import Outcome, StreakExtended
from apps.gamification.decide.state import State

# Later than any event, for suspensions without an end.
FOR_EVER = microseconds(datetime.fromisoformat("9999-01-01T00:00:00+00:00"))


def _vip(state: State, fact: Fact) -> None:
    until = fact.fields.get("until")
    state.vip_until = microseconds(datetime.fromisoformat(until)) if until else 0


def _suspended(state: State, fact: Fact) -> None:
    until = fact.fields.get("until")
    state.suspended_until = microseconds(datetime.fromisoformat(until)) if until else FOR_EVER


def _unsuspended(state: State, fact: Fact) -> None:
    state.suspended_until = 0


def _active_day(state: State, fact: Fact) -> StreakExtended | None:
    """Consecutive dates make a streak; a date that is not later than the last one changes nothing."""
    day = day_number(date.fromisoformat(fact.fields["local_date"]))
    if day <= state.streak_day:
        return None
    state.streak_days = state.streak_days + 1 if day == state.streak_day + 1 else 1
    state.streak_day = day
    if state.streak_days == 1:
        return None
    return StreakExtended(state.streak_days, date_of(day - state.streak_days + 1))


def _resolved(state: State, fact: Fact) -> None:
    """Staff have decided about a flag: what comes next raises another."""
    state.flags = {name: flag for name, flag in state.flags.items() if flag[0] != fact.fields["flag"]}


FOLDS: dict[str, Callable[[State, Fact], Outcome | None]] = {
    "vip.granted": _vip,
    "vip.renewed": _vip,
    "vip.expired": _vip,
    "vip.revoked": _vip,
    "admin.user_suspended": _suspended,
    "admin.user_unsuspended": _unsuspended,
    "user.active_day": _active_day,
    "admin.abuse_resolved": _resolved,
}


def fold(state: State, fact: Fact) -> Outcome | None:
    """Change the state by what the fact says, if it says something."""
    change = FOLDS.get(fact.type)
    return change(state, fact) if change else None
