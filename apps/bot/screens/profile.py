"""One person at a glance: level, way to the next one, VIP, streak, rank."""

from datetime import datetime
from typing import Literal, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.bot.screens import formats
from apps.bot.screens.layout import Screen, display_name, navigation
from apps.bot.screens.words import level_title


class Vip(NamedTuple):
    """VIP as far as it still gives something; `until` is in the person's zone, in grace the end of that."""

    state: Literal["active", "expiring", "grace"]
    until: datetime


class ProfileData(NamedTuple):
    """What the screen shows. `to_next_level` is None at the highest level; `vip` is None without any."""

    person_id: int
    name: str
    balance: int
    level: int
    title: str
    to_next_level: int | None
    vip: Vip | None
    streak_days: int
    rank: int | None


def profile(data: ProfileData) -> Screen:
    """Show the person."""
    lines = [
        f"<b>{display_name(data.name, data.person_id)}</b>",
        _("Level %(level)s: %(title)s") % {"level": data.level, "title": level_title(data.title)},
        _way_up(data.to_next_level),
        _("Balance: %(balance)s") % {"balance": formats.number(data.balance)},
        ngettext("Streak: %(count)s day", "Streak: %(count)s days", data.streak_days)
        % {"count": formats.number(data.streak_days)},
    ]
    if data.rank is not None:
        lines.append(_("Rank: %(rank)s") % {"rank": formats.number(data.rank)})
    if data.vip is not None:
        lines.append(_vip(data.vip))
    return Screen("profile", "\n".join(lines), navigation(data.person_id, here="profile"))


def _vip(vip: Vip) -> str:
    if vip.state == "active":
        return _("VIP until %(date)s") % {"date": formats.day(vip.until)}
    end = {"date": formats.moment(vip.until)}
    if vip.state == "expiring":
        return _("VIP ends soon: %(date)s") % end
    return _("VIP has ended. What it gave is yours until %(date)s") % end


def _way_up(points: int | None) -> str:
    if points is None:
        return _("You are at the highest level.")
    return ngettext("%(count)s point to the next level", "%(count)s points to the next level", points) % {
        "count": formats.number(points)
    }
