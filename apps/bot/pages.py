"""Which screens can be asked for, and where their data comes from: reads of the apps below, in the person's language."""

from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

from django.utils import translation
from django.utils.translation import gettext as _

from apps.bot.screens import achievements, points, profile, start, streak, top
from apps.bot.screens.layout import Screen
from apps.gamification import selectors as ledger
from apps.users import selectors as people

LINES = 10
PLACES = 10


def show(page: str, person_id: int, *, now: datetime) -> Screen:
    """Return the screen of this name for the person, in their language; help for a name that is none."""
    person = people.profile(person_id)
    build = _SCREENS.get(page, _help)
    with translation.override(person.language):
        if page.startswith(CATEGORY_PAGE):
            return _category(page, person)
        return build(person, now)


def not_yours(person_id: int) -> str:
    """Return what is said to who presses somebody else's button."""
    with translation.override(people.profile(person_id).language):
        return _("These buttons belong to somebody else: send me the command yourself.")


def parse_callback(data: str) -> tuple[str, str]:
    """Return the page that a button leads to and whose button it is; "" for what an older bot may have drawn."""
    version, _separator, rest = data.partition("|")
    parts = rest.split("|")
    if version != "v1" or len(parts) != 3:
        return "", parts[-1]
    screen, verb, owner = parts
    return screen if verb == "show" else _VERBS.get((screen, verb), ""), owner


def _welcome(person: people.Profile, now: datetime) -> Screen:
    return start.welcome(person_id=person.person_id, name=person.name)


def _help(person: people.Profile, now: datetime) -> Screen:
    return start.help_(person_id=person.person_id)


def _unknown(person: people.Profile, now: datetime) -> Screen:
    return start.unknown_command()


def _points(person: people.Profile, now: datetime) -> Screen:
    standing = ledger.standing(person.person_id)
    entries = ledger.last_entries(person.person_id, LINES)
    lines = [
        points.Line(e.amount, e.kind, e.rule, e.title, e.base, e.bonuses, e.note, e.rule_version, e.factor_at_most)
        for e in entries
    ]
    return points.points(person_id=person.person_id, balance=standing.balance, level=standing.level, lines=lines)


def _profile(person: people.Profile, now: datetime) -> Screen:
    standing = ledger.standing(person.person_id)
    until = people.effective_vip(person.person_id, now)
    zone = ZoneInfo(person.timezone)
    return profile.profile(
        profile.ProfileData(
            person_id=person.person_id,
            name=person.name,
            balance=standing.balance,
            level=standing.level,
            title=standing.title,
            to_next_level=standing.to_next_level,
            vip_until=until.astimezone(zone) if until else None,
            streak_days=_running_streak(standing, now.astimezone(zone).date()),
            rank=ledger.rank_of(person.person_id, "total", now),
        )
    )


def _running_streak(standing: ledger.Standing, today: date) -> int:
    """Return the days of a streak that is not broken yet: its last day is today or yesterday."""
    if standing.streak_date is None or (today - standing.streak_date).days > 1:
        return 0
    return standing.streak_days


def _streak(person: people.Profile, now: datetime) -> Screen:
    today = now.astimezone(ZoneInfo(person.timezone)).date()
    standing = ledger.streak(person.person_id, today)
    return streak.streak(
        person_id=person.person_id,
        days=standing.days,
        longest=standing.longest,
        done_today=standing.done_today,
        freezes_left=standing.freezes_left,
        lost=standing.lost,
        repair_until=standing.repair_until,
    )


def _repaired(person: people.Profile, now: datetime) -> Screen:
    return streak.repaired(person_id=person.person_id)


def _top(person: people.Profile, now: datetime, choice: top.Choice = top.FIRST) -> Screen:
    me, board, segment = person.person_id, choice.board, choice.segment
    if choice.around:
        places = ledger.around(me, board, now, segment=segment)
    else:
        places = ledger.top(board, PLACES, now, segment=segment, person_id=me)
    names = people.people({place.person_id for place in places if not place.alias})
    rows = [
        top.Row(p.rank, p.person_id, people.alias(p.person_id) if p.alias else names[p.person_id].name, p.points)
        for p in places
        if p.alias or p.person_id in names
    ]
    own = next((place.rank for place in places if place.person_id == me), None)
    return top.top(
        person_id=me,
        choice=choice,
        rows=rows,
        own_rank=own or ledger.rank_of(me, board, now, segment=segment),
        look=ledger.look(me),
    )


def _achievements(person: people.Profile, now: datetime) -> Screen:
    return achievements.overview(person_id=person.person_id, lines=_lines(person.person_id))


def _category(page: str, person: people.Profile) -> Screen:
    """Show the page of a category that a button named, as in ach_social_2."""
    name, _separator, number = page.removeprefix(CATEGORY_PAGE).rpartition("_")
    if not name or not number.isdecimal():
        name, number = page.removeprefix(CATEGORY_PAGE), "1"
    lines = _lines(person.person_id)
    return achievements.category(person_id=person.person_id, category=name, lines=lines, page=int(number[:4]))


def _lines(person_id: int) -> list[achievements.Line]:
    return [
        achievements.Line(a.key, a.title, a.description, a.category, a.tiers, a.next_tier, a.value, a.target, a.times)
        for a in ledger.achievements(person_id)
    ]


Builder = Callable[[people.Profile, datetime], Screen]
# Buttons lead from /achievements to the pages of its categories.
CATEGORY_PAGE = "ach_"
# What a command or a button may ask for.
PAGES: dict[str, Builder] = {
    "points": _points,
    "profile": _profile,
    "streak": _streak,
    "top": _top,
    "achievements": _achievements,
    "help": _help,
}
_SCREENS: dict[str, Builder] = {
    **PAGES,
    "welcome": _welcome,
    "unknown_command": _unknown,
    "repaired": _repaired,
    **{choice.page: partial(_top, choice=choice) for choice in top.CHOICES},
}
# What other buttons than those of the navigation stand for; acts.press does it.
_VERBS = {("streak", "repair"): "repair"}
