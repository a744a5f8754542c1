"""Reads about points for every app above; each takes a fixed number of queries."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Sum

from apps.gamification import loading
from apps.gamification.achievements import Achieved, achievements
from apps.gamification.boards import BOARDS, Board, Look, Place, Segment, around, ends_at, look, rank_of, top
from apps.gamification.daily_reward import DailyReward, Step, Today, daily_reward, milestones
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
    "DailyReward",
    "EntryPage",
    "Explanation",
    "LedgerTotals",
    "Line",
    "Look",
    "Place",
    "Segment",
    "Standing",
    "Step",
    "StreakStanding",
    "Today",
    "achievements",
    "around",
    "balance",
    "daily_reward",
    "ends_at",
    "entries",
    "explain",
    "ledger_totals",
    "look",
    "milestones",
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

    `in_level` counts the points since the level began; `next_title` is that of the next level, "" if it is the same.
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
    in_level: int = 0
    next_title: str = ""


@dataclass(frozen=True, slots=True)
class StreakStanding:
    """A streak on a local date: its days (0: none runs), the longest ever, whether today is done, freezes of the month.

    A streak of `lost` days that broke can be repaired up to and including `repair_until`; None if it cannot. `active` and
    `frozen` are the dates of the last two weeks with an act, and those that a freeze bridged.
    """

    days: int
    longest: int
    done_today: bool
    freezes_left: int
    lost: int
    repair_until: date | None
    active: frozenset[date] = frozenset()
    frozen: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class EntryPage:
    """A page of the ledger, the newest entry first. `older` and `newer` are the numbers at which the pages beside it begin,
    None where there is none.
    """

    lines: list[Line]
    older: int | None
    newer: int | None


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
        lifetime - (points_for(level) or 0),
        "" if following is None or title_of(level + 1) == title_of(level) else title_of(level + 1),
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
    walked = streaks.walk(kept)
    end = walked.end
    repairable = streaks.repairable(kept, number)
    return StreakStanding(
        days=end.days if state.streak else state.streak_days,
        longest=max(kept.longest, state.streak_days),
        done_today=number in kept.dates,
        freezes_left=streaks.freezes_left(kept, number),
        lost=end.lost if repairable else 0,
        repair_until=date_of(end.broken + streaks.REPAIR_DAYS) if repairable else None,
        active=frozenset(map(date_of, kept.dates)),
        frozen=frozenset(map(date_of, walked.frozen)),
    )


def entries(person_id: int, limit: int, *, upto: int | None = None) -> EntryPage:
    """Return the entries of the person that moved the balance, from number `upto` of the account down. Four queries.

    The page above ends right before this one, so that paging up and down shows each entry once.
    """
    moving = Entry.objects.filter(account_id=person_id).exclude(amount=0)
    shown = moving if upto is None else moving.filter(sequence__lte=upto)
    found = list(shown.order_by("-sequence")[: limit + 1])
    above = moving.filter(sequence__gt=found[0].sequence).order_by("sequence") if found and upto is not None else None
    later = list(above.values_list("sequence", flat=True)[:limit]) if above is not None else []
    older = found[limit].sequence if len(found) > limit else None
    return EntryPage(lines_of(found[:limit]), older, later[-1] if later else None)


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
