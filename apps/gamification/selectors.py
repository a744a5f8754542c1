"""Reads about points for every app above; each takes a fixed number of queries."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Sum

from apps.gamification import loading
from apps.gamification.achievements import Achieved, achievements
from apps.gamification.boards import BOARDS, Board, Look, Place, Segment, around, look, rank_of, top
from apps.gamification.decide import streaks
from apps.gamification.decide.facts import date_of, day_number, microseconds
from apps.gamification.decide.levels import level_of, points_for
from apps.gamification.decide.state import State, decode
from apps.gamification.decide.streaks import Streak
from apps.gamification.explaining import Explanation, Line, lines_of
from apps.gamification.explaining import explain as _explain
from apps.gamification.models import Account, Entry, Progress
from apps.gamification.services.errors import UnknownEntry
from apps.gamification.services.refunds import taken_back
from apps.gamification.titles import title_of

__all__ = [
    "BOARDS",
    "Achieved",
    "Board",
    "Explanation",
    "LedgerTotals",
    "Line",
    "Look",
    "Place",
    "Segment",
    "Standing",
    "StreakStanding",
    "achievements",
    "around",
    "balance",
    "explain",
    "last_entries",
    "ledger_totals",
    "look",
    "rank_of",
    "standing",
    "streak",
    "taken_back",
    "top",
    "vip_bonus",
]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a person stands. `title` is English, for gettext; `to_next_level` is None at the highest level.

    `streak_days` counts up to `streak_date`, the last local date that was active or bridged; `streak` tells more.
    """

    person_id: int
    balance: int
    lifetime: int
    level: int
    title: str
    to_next_level: int | None
    streak_days: int
    streak_date: date | None


@dataclass(frozen=True, slots=True)
class StreakStanding:
    """A streak on a local date: its days (0: none runs), the longest ever, whether today is done, freezes of the month.

    A streak of `lost` days that broke can be repaired up to and including `repair_until`; None if it cannot.
    """

    days: int
    longest: int
    done_today: bool
    freezes_left: int
    lost: int
    repair_until: date | None


@dataclass(frozen=True, slots=True)
class LedgerTotals:
    """The ledger as a whole; `amounts` is the sum of all entries, which must be `balances`."""

    accounts: int
    entries: int
    amounts: int
    balances: int
    lifetimes: int


def balance(person_id: int) -> int:
    """Return the spendable points; 0 without an account."""
    return Account.objects.filter(pk=person_id).values_list("balance", flat=True).first() or 0


def standing(person_id: int) -> Standing:
    """Return where the person stands; at the beginning without an account. Two queries."""
    account = Account.objects.filter(pk=person_id).first()
    lifetime = account.lifetime if account else 0
    document = Progress.objects.filter(pk=person_id).values_list("document", flat=True).first()
    state = decode(document) if document else State()
    level = level_of(lifetime)
    following = points_for(level + 1)
    return Standing(
        person_id,
        account.balance if account else 0,
        lifetime,
        level,
        title_of(level),
        None if following is None else following - lifetime,
        state.streak_days,
        date_of(state.streak_day) if state.streak_day else None,
    )


def streak(person_id: int, today: date) -> StreakStanding:
    """Return how the person's streak stands on their local date; nothing of everything without one. One query."""
    document = Progress.objects.filter(pk=person_id).values_list("document", flat=True).first()
    state = decode(document) if document else State()
    number = day_number(today)
    kept = state.streak or Streak()
    # the dates up to yesterday are over, whether or not that was told yet
    if state.streak is not None:
        streaks.add_ended(kept, number - 1)
    end = streaks.walk(kept).end
    repairable = streaks.repairable(kept, number)
    return StreakStanding(
        days=end.days if state.streak else state.streak_days,
        longest=max(kept.longest, state.streak_days),
        done_today=number in kept.dates,
        freezes_left=streaks.freezes_left(kept, number),
        lost=end.lost if repairable else 0,
        repair_until=date_of(end.broken + streaks.REPAIR_DAYS) if repairable else None,
    )


def last_entries(person_id: int, limit: int) -> list[Line]:
    """Return the newest entries, the newest first, each with its why. Two queries."""
    return lines_of(list(Entry.objects.filter(account_id=person_id).order_by("-sequence")[:limit]))


def explain(entry_id: int) -> Explanation:
    """Return why the entry is what it is; raises UnknownEntry."""
    entry = Entry.objects.filter(pk=entry_id).first()
    if entry is None:
        raise UnknownEntry(entry_id)
    return _explain(entry)


def ledger_totals() -> LedgerTotals:
    """Return the sums over everything; reads the whole ledger."""
    accounts = Account.objects.aggregate(balance=Sum("balance"), lifetime=Sum("lifetime"))
    return LedgerTotals(
        Account.objects.count(),
        Entry.objects.count(),
        Entry.objects.aggregate(amount=Sum("amount"))["amount"] or 0,
        accounts["balance"] or 0,
        accounts["lifetime"] or 0,
    )


def vip_bonus(now: datetime) -> int:
    """Return by how many percent VIP raises points at the moment, down to whole ones."""
    return loading.rulebook().multipliers_at(microseconds(now)).vip // 100
