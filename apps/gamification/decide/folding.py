"""Facts that change what later awards are worth, without earning points themselves: VIP, suspension, streak."""

from collections.abc import Callable
from datetime import date, datetime

from apps.gamification.decide import streaks
from apps.gamification.decide.facts import HOUR, Fact, date_of, day_number, microseconds
from apps.gamification.decide.outcomes import Outcome, StreakBroken, StreakExtended, StreakFrozen
from apps.gamification.decide.state import State
from apps.gamification.decide.streaks import Run, Streak

# Later than any event, for suspensions without an end.
FOR_EVER = microseconds(datetime.fromisoformat("9999-01-01T00:00:00+00:00"))


# What VIP gives is kept so long after its end; the users app says so too, and a test that both say the same.
VIP_GRACE = 48 * HOUR


def _vip(state: State, fact: Fact) -> None:
    """The fact tells the end of effective VIP after it; none of it is left where it tells none."""
    until = _moment(fact)
    state.vip_until = until + VIP_GRACE if until else 0


def _vip_grace(state: State, fact: Fact) -> None:
    """Only grace is left, and this fact tells its end."""
    state.vip_until = _moment(fact)


def _vip_overridden(state: State, fact: Fact) -> None:
    """Forced off, nothing is left whatever was granted; else the fact tells the end of effective VIP."""
    if fact.fields["mode"] == "off":
        state.vip_until = 0
    else:
        _vip(state, fact)


def _moment(fact: Fact) -> int:
    until = fact.fields.get("until")
    return microseconds(datetime.fromisoformat(until)) if until else 0


def _suspended(state: State, fact: Fact) -> None:
    until = fact.fields.get("until")
    state.suspended_until = microseconds(datetime.fromisoformat(until)) if until else FOR_EVER


def _unsuspended(state: State, fact: Fact) -> None:
    state.suspended_until = 0


def _active_day(state: State, fact: Fact) -> list[Outcome]:
    """A date with an act, in whatever order the dates arrive."""
    streak = _streak_of(state)
    return _moved(state, streak, streaks.add_active(streak, _local_date(fact), fact.offset))


def _day_ended(state: State, fact: Fact) -> list[Outcome]:
    """A date is over; without an act it is frozen, or ends the streak."""
    streak = _streak_of(state)
    return _moved(state, streak, streaks.add_ended(streak, _local_date(fact), fact.offset))


def _streak_frozen(state: State, fact: Fact) -> list[Outcome]:
    """A repair; a freeze that was used by itself is known already."""
    if not fact.fields.get("repair"):
        return []
    streak = _streak_of(state)
    return _moved(state, streak, streaks.add_repair(streak, _local_date(fact), fact.day))


def _timezone_changed(state: State, fact: Fact) -> list[Outcome]:
    """Dates that a change of the time zone skips are missed by nobody; a change that did not count yet is taken back."""
    skipped = [day_number(date.fromisoformat(text)) for text in fact.fields["skipped"]]
    shortened = [day_number(date.fromisoformat(text)) for text in [fact.fields["shortened"]] if text]
    if state.streak is None and not skipped and not shortened:
        return []
    streak = _streak_of(state)
    return _moved(state, streak, streaks.add_cut(streak, skipped, shortened, fact.day))


def _local_date(fact: Fact) -> int:
    return day_number(date.fromisoformat(fact.fields["local_date"]))


def _streak_of(state: State) -> Streak:
    """Return what is known of the days; of a document from before that only how long the streak was."""
    if state.streak is None:
        state.streak = Streak()
        if state.streak_days:
            day, days = state.streak_day, state.streak_days
            run = Run(at=day, days=days, since=day - days + 1, covered=day, active=day)
            state.streak = Streak(settled=run, longest=days)
    return state.streak


def _moved(state: State, streak: Streak, change: streaks.Change) -> list[Outcome]:
    if change is streaks.NOTHING:
        return []
    end = streaks.walk(streak).end
    state.streak_days, state.streak_day = end.days, end.covered
    outcomes: list[Outcome] = [StreakFrozen(date_of(day)) for day in change.frozen]
    if change.broken:
        outcomes.append(StreakBroken(change.broken))
    return outcomes + [StreakExtended(days, date_of(since)) for days, since in change.extended]


def _resolved(state: State, fact: Fact) -> None:
    """Staff have decided about a flag: what comes next raises another."""
    state.flags = {name: flag for name, flag in state.flags.items() if flag[0] != fact.fields["flag"]}


FOLDS: dict[str, Callable[[State, Fact], list[Outcome] | None]] = {
    "vip.granted": _vip,
    "vip.renewed": _vip,
    "vip.grace_entered": _vip_grace,
    "vip.expired": _vip,
    "vip.revoked": _vip,
    "admin.vip_overridden": _vip_overridden,
    "admin.user_suspended": _suspended,
    "admin.user_unsuspended": _unsuspended,
    "user.active_day": _active_day,
    "game.day_ended": _day_ended,
    "game.streak_frozen": _streak_frozen,
    "user.timezone_changed": _timezone_changed,
    "admin.abuse_resolved": _resolved,
}


def fold(state: State, fact: Fact) -> list[Outcome]:
    """Change the state by what the fact says, if it says something; return what follows from that alone."""
    change = FOLDS.get(fact.type)
    return (change(state, fact) or []) if change else []
