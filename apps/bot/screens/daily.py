"""What became of /daily."""

from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.bot.screens import formats
from apps.bot.screens.layout import Screen


def awarded(*, amount: int, balance: int) -> Screen:
    """The reward was given."""
    gained = ngettext("<b>+%(count)s point!</b>", "<b>+%(count)s points!</b>", amount) % {
        "count": formats.number(amount)
    }
    lines = [
        gained,
        _("Your balance: %(balance)s.") % {"balance": formats.number(balance)},
        "",
        _("Come back tomorrow for the next one."),
    ]
    return Screen("daily_awarded", "\n".join(lines))


def suppressed(*, reason: str, wait: timedelta) -> Screen:
    """The reward was not given; `wait` is how long the date of the person lasted still when it was asked for."""
    texts = {
        "cap": _("You have earned all the points that one day can give. Tomorrow counts again."),
        "suspended": _("Your account is suspended: it earns no points at the moment."),
    }
    return Screen("daily_suppressed", texts.get(reason) or _taken(wait))


def _taken(wait: timedelta) -> str:
    hours, minutes = hours_and_minutes(wait)
    return _("You have taken today's reward already. Come back in %(hours)s h %(minutes)s min.") % {
        "hours": hours,
        "minutes": minutes,
    }


def hours_and_minutes(wait: timedelta) -> tuple[int, int]:
    """Return hours and minutes, rounded up to the minute."""
    return divmod(-(-wait // timedelta(minutes=1)), 60)
