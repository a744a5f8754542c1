"""One person at a glance: level, way to the next one, style of play, VIP, streak, rank."""

from datetime import datetime
from typing import Literal, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from telegram import InlineKeyboardMarkup

from apps.bot.screens import choices, formats
from apps.bot.screens.bars import way_up
from apps.bot.screens.layout import Screen, display_name, menu_button
from apps.bot.screens.quiz_words import named
from apps.bot.screens.words import level_title


class Vip(NamedTuple):
    """VIP as far as it still gives something; `until` is in the person's zone, in grace the end of that."""

    state: Literal["active", "expiring", "grace"]
    until: datetime


class ProfileData(NamedTuple):
    """What the screen shows. `to_next_level` is None at the highest level, with no `next_title`, which is "" also where the
    title stays the same; `vip` is None without any; `archetype` and `side` are "" without a quiz; `hidden` from all boards.
    """

    person_id: int
    name: str
    balance: int
    level: int
    title: str
    to_next_level: int | None
    vip: Vip | None
    streak_days: int
    rank: int | None
    in_level: int = 0
    next_title: str = ""
    archetype: str = ""
    side: str = ""
    hidden: bool = False


def profile(data: ProfileData) -> Screen:
    """Show the person."""
    lines = [
        f"<b>{display_name(data.name, data.person_id)}</b>",
        _("Level %(level)s: %(title)s") % {"level": data.level, "title": level_title(data.title)},
        f"{way_up(data.in_level, data.to_next_level)} {_way_up(data)}",
        _("Balance: %(balance)s") % {"balance": formats.number(data.balance)},
        ngettext("Streak: %(count)s day", "Streak: %(count)s days", data.streak_days)
        % {"count": formats.number(data.streak_days)},
    ]
    if data.rank is not None:
        lines.append(_("Rank: %(rank)s") % {"rank": formats.number(data.rank)})
    elif data.hidden:
        lines.append(_("Rank: none, you are hidden on boards"))
    lines.append(_("VIP: no") if data.vip is None else _vip(data.vip))
    style = named(data.archetype, data.side) if data.archetype else _("not known yet, the quiz finds out")
    lines.append(_("Play style: %(style)s") % {"style": style})
    return Screen("profile", "\n".join(lines), _keyboard(data.person_id))


def _keyboard(person_id: int) -> InlineKeyboardMarkup:
    pages = {
        "points": "💠 " + _("Points"),
        "achievements": "🏅 " + _("Achievements"),
        "streak": "🔥 " + _("Streak"),
    }
    buttons = [choices.button(label, page, "show", person_id) for page, label in pages.items()]
    return InlineKeyboardMarkup([buttons[:2], [buttons[2], menu_button(person_id)]])


def _vip(vip: Vip) -> str:
    if vip.state == "active":
        return _("VIP until %(date)s") % {"date": formats.day(vip.until)}
    end = {"date": formats.moment(vip.until)}
    if vip.state == "expiring":
        return _("VIP ends soon: %(date)s") % end
    return _("VIP has ended. What it gave is yours until %(date)s") % end


def _way_up(data: ProfileData) -> str:
    points = data.to_next_level
    if points is None:
        return _("You are at the highest level.")
    text = ngettext("%(count)s point to the next level", "%(count)s points to the next level", points)
    following = f" ({level_title(data.next_title)})" if data.next_title else ""
    return text % {"count": formats.number(points)} + following
