"""The days of a week at a glance, and what a streak leads to next."""

from collections.abc import Collection, Mapping
from datetime import date, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.bot.screens import formats

ACTIVE, FROZEN, EMPTY = "✅", "❄️", "▫️"


def week_row(today: date, active: Collection[date], frozen: Collection[date]) -> str:
    """Return a mark for each day of the week that `today` lies in, Monday first."""
    monday = today - timedelta(days=today.weekday())
    days = [monday + timedelta(days=number) for number in range(7)]
    marks = [ACTIVE if day in active else FROZEN if day in frozen else EMPTY for day in days]
    return _("This week: %(marks)s") % {"marks": "".join(marks)}


def next_milestone(days: int, milestones: Mapping[int, int]) -> list[str]:
    """Return a line that tells the next length of a streak that pays, of `days` now; none behind the last one."""
    following = min((length for length in milestones if length > days), default=None)
    if following is None:
        return []
    text = ngettext(
        "🎯 %(days)s days in a row: +%(points)s. %(left)s day to go.",
        "🎯 %(days)s days in a row: +%(points)s. %(left)s days to go.",
        following - days,
    )
    values = {"days": following, "points": milestones[following], "left": following - days}
    return [text % {name: formats.number(value) for name, value in values.items()}]
