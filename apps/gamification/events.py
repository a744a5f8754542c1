"""What can happen to points, as typed events: outcomes of awards, and what staff have done."""

from diana.events import Event


class PointsAwarded(Event, type="game.points_awarded"):
    """An entry added points; `rule` is empty and `rule_version` 0 for awards by staff."""

    entry: int
    amount: int
    balance: int
    rule: str
    rule_version: int


class PointsDeducted(Event, type="game.points_deducted"):
    """A penalty or a reversal took points; `amount` is how many."""

    entry: int
    amount: int
    kind: str


class PointsSuppressed(Event, type="game.points_suppressed"):
    """An act earned nothing; `reason` is limit, cap or suspended, `base` what it would have earned."""

    rule: str
    base: int
    reason: str


class EntryReversed(Event, type="game.entry_reversed"):
    """`entry` takes `reverses` back."""

    entry: int
    reverses: int


class LevelUp(Event, type="game.level_up"):
    """Lifetime points crossed into a higher level."""

    old: int
    new: int


class LevelDown(Event, type="game.level_down"):
    """A reversal took lifetime points below a level."""

    old: int
    new: int


class StreakExtended(Event, type="game.streak_extended"):
    """One more local date in a row; `since` is the first date of the run, ISO."""

    days: int
    since: str


class PointsForceAwarded(Event, type="admin.points_force_awarded"):
    """Staff awarded points; `audit` is the record's id, `actor` the login's, if one acted."""

    entry: int
    amount: int
    actor: int | None
    audit: int


class PointsPenalized(Event, type="admin.points_penalized"):
    """Staff took points; `amount` is what was there to take."""

    entry: int
    amount: int
    actor: int | None
    audit: int


class StaffReversedEntry(Event, type="admin.entry_reversed"):
    """Staff reversed an entry."""

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
    """A rule stopped paying."""

    rule: str
    rule_version: int
    actor: int | None
    audit: int
