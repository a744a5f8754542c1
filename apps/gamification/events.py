"""What can happen to points, as typed events: outcomes of awards, and what staff have done."""

from typing import Any

from diana.events import Event, upcaster
from diana.events.fields import LocalDate, Moment


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


class PaymentTakenBack(Event, type="game.payment_taken_back"):
    """Points of a payment that was refunded were taken back: `points` of the lifetime; `old` and `new` are levels."""

    charge: int
    points: int
    old: int
    new: int


class ActionPerformed(Event, type="game.action_performed"):
    """Another program says that the person did something; rules may pay for it by its name."""

    action: str
    reference: str
    value: int


class DayEnded(Event, type="game.day_ended"):
    """A local date of the person is over; decides about the streak if the date passed without an act."""

    local_date: LocalDate


class StreakFrozen(Event, type="game.streak_frozen", version=2):
    """A date without an act was bridged: by a freeze, or afterwards by a repair (the award subscriber listens to those)."""

    local_date: LocalDate
    repair: bool = False


@upcaster("game.streak_frozen", from_version=1)
def _never_repaired(fields: dict[str, Any]) -> dict[str, Any]:
    """Before version 2 nobody repaired a streak."""
    return fields | {"repair": False}


class StreakBroken(Event, type="game.streak_broken"):
    """The streak is over; `days` is how long it was."""

    days: int


class AchievementProgressed(Event, type="game.achievement_progressed"):
    """A quarter of the way to the next tier was passed."""

    achievement: str
    value: int
    target: int


class AchievementUnlocked(Event, type="game.achievement_unlocked", version=2):
    """A tier was reached. `period` tells the unlocks of a repeatable one apart, and is empty for others.

    `quiet`: it was given for what lies back, so nobody is to be told.
    """

    achievement: str
    tier: str
    period: str = ""
    quiet: bool = False


@upcaster("game.achievement_unlocked", from_version=1)
def be_loud(fields: dict[str, Any]) -> dict[str, Any]:
    """Version 1 knew no quiet ones."""
    return fields | {"quiet": False}


class AchievementRevoked(Event, type="game.achievement_revoked"):
    """A tier was taken back by staff; the reason stands in the audit record."""

    achievement: str
    tier: str
    period: str = ""


class RankClosed(Event, type="game.rank_closed"):
    """A period of a board is over, and the person was among the first; `ranked` is how many had a rank."""

    board: str
    period: str
    rank: int
    score: int
    ranked: int


class AbuseFlagged(Event, type="game.abuse_flagged"):
    """A detector found an act suspicious; `score` is what it counted."""

    detector: str
    score: int


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


class AchievementGranted(Event, type="admin.achievement_granted"):
    """Staff gave a tier; `audit` and `actor` say who and why."""

    achievement: str
    tier: str
    actor: int | None
    audit: int


class StaffRevokedAchievement(Event, type="admin.achievement_revoked"):
    """Staff took a tier back; `audit` and `actor` say who and why."""

    achievement: str
    tier: str
    actor: int | None
    audit: int


class MultiplierEventCreated(Event, type="admin.multiplier_event_created"):
    """Staff set a time in which everything earns more; `audit` and `actor` say who and why."""

    basis_points: int
    starts: Moment
    ends: Moment
    actor: int | None
    audit: int


class AbuseResolved(Event, type="admin.abuse_resolved"):
    """Staff decided about a flag: confirmed or dismissed; `audit` and `actor` say who and why."""

    flag: int
    verdict: str
    actor: int | None
    audit: int


class LedgerVerified(Event, type="admin.ledger_verified"):
    """The ledger was checked: whether everything held, and how many entries were looked at."""

    ok: bool
    entries: int


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
