"""What became of /daily."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.bot.screens.layout import Screen


def awarded(*, amount: int, balance: int) -> Screen:
    """The reward was given."""
    gained = ngettext("<b>+%(count)s point!</b>", "<b>+%(count)s points!</b>", amount) % {"count": amount}
    lines = [
        gained,
        _("Your balance: %(balance)s.") % {"balance": balance},
        "",
        _("Come back tomorrow for the next one."),
    ]
    return Screen("daily_awarded", "\n".join(lines))


def suppressed(*, reason: str, local_time: datetime) -> Screen:
    """The reward was not given; `local_time` is when it was asked for, by the person's clock."""
    texts = {
        "cap": _("You have earned all the points that one day can give. Tomorrow counts again."),
        "suspended": _("Your account is suspended: it earns no points at the moment."),
    }
    return Screen("daily_suppressed", texts.get(reason) or _taken(local_time))


def _taken(local_time: datetime) -> str:
    hours, minutes = time_to_midnight(local_time)
    return _("You have taken today's reward already. Come back in %(hours)s h %(minutes)s min.") % {
        "hours": hours,
        "minutes": minutes,
    }


def time_to_midnight(local_time: datetime) -> tuple[int, int]:
    """Return hours and minutes until the next local day begins, rounded up to the minute."""
    midnight = local_time.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    minutes = -((local_time - midnight) // timedelta(minutes=1))
    return divmod(minutes, 60)
