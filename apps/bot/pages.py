"""Which screens can be asked for, and where their data comes from: reads of the apps below, in the person's language."""

from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

from django.utils import translation
from django.utils.translation import gettext as _

from apps.bot.screens import points, profile, start, top
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
        return build(person, now)


def not_yours(person_id: int) -> str:
    """Return what is said to who presses somebody else's button."""
    with translation.override(people.profile(person_id).language):
        return _("These buttons belong to somebody else: send me the command yourself.")


def parse_callback(data: str) -> tuple[str, str]:
    """Return the page that a button leads to and whose button it is; "" for what an older bot may have drawn."""
    version, _separator, rest = data.partition("|")
    parts = rest.split("|")
    if version != "v1" or len(parts) != 3 or parts[1] != "show":
        return "", parts[-1]
    return parts[0], parts[2]


def _welcome(person: people.Profile, now: datetime) -> Screen:
    return start.welcome(person_id=person.person_id, name=person.name)


def _help(person: people.Profile, now: datetime) -> Screen:
    return start.help_(person_id=person.person_id)


def _unknown(person: people.Profile, now: datetime) -> Screen:
    return start.unknown_command()


def _points(person: people.Profile, now: datetime) -> Screen:
    standing = ledger.standing(person.person_id)
    entries = ledger.last_entries(person.person_id, LINES)
    lines = [points.Line(e.amount, e.kind, e.rule, e.title, e.base, e.bonuses, e.note) for e in entries]
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


Builder = Callable[[people.Profile, datetime], Screen]
# What a command or a button may ask for.
PAGES: dict[str, Builder] = {"points": _points, "profile": _profile, "top": _top, "help": _help}
_SCREENS: dict[str, Builder] = {
    **PAGES,
    "welcome": _welcome,
    "unknown_command": _unknown,
    **{choice.page: partial(_top, choice=choice) for choice in top.CHOICES},
}
