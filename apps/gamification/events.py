"""What can happen to points, as typed events: outcomes of awards, and what staff have done."""

from diana.events import Event
from diana.events.fields import LocalDate


class PointsAwarded(Event, type="game.points_awarded"):
    """An entry added `amount` points; the balance is that after it. `rule` is empty and `rule_version` 0 for awards by staff."""

    entry: int
    amount: int
    balance: int
    rule: str
    rule_version: int


class PointsDeducted(Event, type="game.points_deducted"):
    """An entry took `amount` points (a positive number); `kind` is penalty or reversal."""

    entry: int
    amount: int
    kind: str


class PointsSuppressed(Event, type="game.points_suppressed"):
    """An act earned nothing; `reason` is limit, cap or suspended, `base` how many points it would have earned."""

    rule: str
    base: int
    reason: str


class EntryReversed(Event, type="game.entry_reversed"):
    """An entry was taken back: `entry` is the new one, `reverses` the old."""

    entry: int
    reverses: int


class LevelUp(Event, type="game.level_up"):
    """Lifetime points crossed into a higher level; both are numbers of levels."""

    old: int
    new: int


class LevelDown(Event, type="game.level_down"):
    """A reversal took lifetime points below a level; both are numbers of levels."""

    old: int
    new: int


class StreakExtended(Event, type="game.streak_extended"):
    """One more local date in a row; `days` is how many there are now, `since` the first of them."""

    days: int
    since: LocalDate


class PointsForceAwarded(Event, type="admin.points_force_awarded"):
    """Staff awarded `amount` points; `audit` is the record of who and why, `actor` the login, if one acted."""

    entry: int
    amount: int
    actor: int | None
    audit: int


class PointsPenalized(Event, type="admin.points_penalized"):
    """Staff took points; `amount` (a positive number) is what was there to take, `audit` and `actor` say who and why."""

    entry: int
    amount: int
    actor: int | None
    audit: int


class StaffReversedEntry(Event, type="admin.entry_reversed"):
    """Staff reversed an entry; `entry` is the one that takes it back, `audit` and `actor` say who and why."""

    entry: int
    actor: int | None
    audit: int


class RuleActivated(Event, type="admin.rule_activated"):
    """A rule pays, or pays differently: by this version, from its date on."""

    rule: str
    rule_version: int
    actor: int | None
    audit: int


class RuleRetired(Event, type="admin.rule_retired"):
    """A rule stopped paying; the version is its latest, 0 if it never had one."""

    rule: str
    rule_version: int
    actor: int | None
    audit: int
