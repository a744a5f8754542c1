"""Days of VIP in random histories of grants, windows, revocations and overrides, against hours that are lived one by one."""

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.users import vip
from tests.users.conftest import NOW

# Longer than all that a history can give.
FAR = 2000
GRACE = 48
Act = tuple[int, str, int]


def hour(number: int) -> datetime:
    """Return the moment so many hours after noon."""
    return NOW + timedelta(hours=number)


@dataclass
class Item:
    """Something that gives VIP: so many hours, or a window; `waits_for` are the items that come before its hours."""

    kind: str
    begins: int
    left: int = 0
    ends: int = 0
    waits_for: list[int] = field(default_factory=list)
    gone: bool = False
    lived: set[int] = field(default_factory=set)

    def is_done(self, now: int) -> bool:
        """Say whether the next may begin."""
        return self.gone or (self.left == 0 if self.kind == "days" else self.ends <= now)


@dataclass
class Lived:
    """The naive model: each hour takes one hour of whatever runs in it. It knows no ends, they are looked for."""

    items: list[Item] = field(default_factory=list)
    offs: list[tuple[int, int, int]] = field(default_factory=list)
    modes: dict[int, str] = field(default_factory=dict)
    now: int = 0

    def act(self, what: str, size: int) -> None:
        """Take an act in at this hour."""
        later = range(self.now, self.now + size)
        match what:
            case "days":
                waits = [n for n, item in enumerate(self.items) if not item.is_done(self.now)]
                self.items.append(Item("days", self.now, left=24 * size, waits_for=waits))
            case "window":
                self.items.append(Item("window", self.now, ends=self.now + size))
            case "revoke":
                grants = [item for item in self.items if item.kind != "on" and not item.gone]
                running = [item for item in grants if not item.is_done(self.now)]
                if running:
                    running[size % len(running)].gone = True
            case "on":
                self.items.append(Item("on", self.now, ends=self.now + size))
                self.modes |= dict.fromkeys(later, "on")
            case "off":
                self.modes |= dict.fromkeys(later, "off")
            case "clear":
                for item in self.items:
                    if item.kind == "on" and item.ends > self.now:
                        item.gone = True
                self.modes = {at: mode for at, mode in self.modes.items() if at < self.now}

    def live(self) -> None:
        """Let the hour go by."""
        # Looked at first: what ends in this hour lets the next begin in the next one.
        runs = [item for item in self.items if self._runs(item)]
        for item in runs:
            item.lived.add(self.now)
            item.left = max(item.left - 1, 0)
        self.now += 1

    def _runs(self, item: Item) -> bool:
        if item.gone or item.is_done(self.now):
            return False
        return item.kind != "days" or all(self.items[n].is_done(self.now) for n in item.waits_for)

    def is_vip(self, at: int) -> bool:
        """Say whether the hour was lived as VIP; overrides lie on top."""
        granted = any(at in item.lived for item in self.items if item.kind != "on")
        return self.modes[at] == "on" if at in self.modes else granted

    def is_kept(self, at: int) -> bool:
        """Say so of the grace too, which what was taken back does not have."""
        standing = [item for item in self.items if not item.gone]
        granted = any(back in item.lived for item in standing for back in range(at - GRACE, at + 1))
        used = any(at in item.lived for item in self.items if item.kind != "on")
        return self.modes[at] == "on" if at in self.modes else granted or used

    def ahead(self) -> tuple[int | None, int | None]:
        """Return the ends of VIP and of what it gives, if nothing more is done; None for what is not there now."""
        future, now = deepcopy(self), self.now
        while future.now < now + FAR and not all(item.is_done(future.now) for item in future.items):
            future.live()
        return (
            next(at for at in range(now, now + 2 * FAR) if not future.is_vip(at)) if future.is_vip(now) else None,
            next(at for at in range(now, now + 2 * FAR) if not future.is_kept(at)) if future.is_kept(now) else None,
        )


def after(promises: vip.Promises, what: str, size: int, now: datetime) -> vip.Promises:
    """Return the promises after an act, as the services write it down."""
    match what:
        case "days":
            return promises.with_days(size, now)
        case "window":
            number = len(promises.given) + 1
            window = vip.Given(number, now, now + timedelta(hours=size))
            return vip.Promises((*promises.given, window), promises.overrides)
        case "revoke":
            lasting = promises.lasting(now)
            return promises.without(lasting[size % len(lasting)], now) if lasting else promises
        case "on" | "off":
            return promises.with_override(what, now + timedelta(hours=size), now)
    return promises.cleared(now)


def ends(promises: vip.Promises, now: datetime) -> tuple[int | None, int | None]:
    """Return the same ends as the module has them, in hours."""
    found = vip.standing(promises, now)
    until, kept = ((end - NOW) // timedelta(hours=1) if end else None for end in (found.until, found.kept_until))
    return until, kept


# Hours since the last act (each has an hour of its own), what, and how much of it.
ACTS = st.lists(
    st.tuples(
        st.integers(1, 60),
        st.sampled_from(["days", "days", "days", "window", "revoke", "revoke", "on", "off", "clear"]),
        st.integers(1, 6) | st.integers(24, 100),
    ).map(lambda act: (act[0], act[1], (act[2] - 1) % 6 + 1 if act[1] == "days" else act[2])),
    max_size=12,
)


@settings(max_examples=300)
@given(ACTS, st.integers(0, 100))
def test_the_ends_are_those_of_the_hours_lived_one_by_one(acts: list[Act], quiet: int) -> None:
    lived, promises = Lived(), vip.Promises()
    for hours, what, size in [*acts, (quiet, "nothing", 0)]:
        for _ in range(hours):
            lived.live()
        lived.act(what, size)
        promises = promises if what == "nothing" else after(promises, what, size, hour(lived.now))
        assert ends(promises, hour(lived.now)) == lived.ahead()
    history = range(lived.now)
    assert [vip.is_vip(promises, hour(at)) for at in history] == [lived.is_vip(at) for at in history]


DAYS = st.lists(
    st.tuples(st.integers(0, 100), st.sampled_from(["days", "days", "revoke"]), st.integers(1, 30)), max_size=12
)


@given(DAYS)
def test_days_left_are_days_given_less_days_taken_back_less_days_passed(acts: list[Act]) -> None:
    promises, now, left = vip.Promises(), 0, timedelta()
    for hours, what, size in acts:
        now += hours
        left = max(left - timedelta(hours=hours), timedelta())
        lasting = promises.lasting(hour(now))
        if what == "days":
            left += timedelta(days=size)
        elif lasting:
            start, end = promises.spans[lasting[size % len(lasting)]] or (NOW, NOW)
            left -= end - max(start, hour(now))
        promises = after(promises, what, size, hour(now))
        until = vip.effective_until(promises, hour(now))
        assert (until or hour(now)) - hour(now) == left


@given(DAYS)
def test_what_was_told_is_never_earlier_than_what_it_came_to(acts: list[Act]) -> None:
    promises, now = vip.Promises(), 0
    for hours, what, size in acts:
        now += hours
        promises = after(promises, what, size, hour(now))
    for grant in promises.given:
        span = promises.spans[grant.number]
        assert span is None or span[1] <= grant.ends_at


def test_days_do_not_wait_for_what_was_forced_on_after_them() -> None:
    now = hour(0)
    given = vip.Promises().with_days(5, now)
    forced = given.with_override("on", hour(240), now)
    assert forced.spans[1] == (now, hour(120))
    assert vip.Promises().with_override("on", hour(240), now).with_days(5, now).spans[1] == (hour(240), hour(360))


def test_days_given_by_a_clock_behind_follow_what_was_given_before_them() -> None:
    ahead = NOW + timedelta(seconds=2)
    promises = vip.Promises().with_days(10, ahead).with_days(10, NOW)
    assert vip.effective_until(promises, NOW) == ahead + timedelta(days=20)
    first_back = promises.without(1, ahead)
    assert vip.effective_until(first_back, ahead) == NOW + timedelta(days=10)
