"""Bringing a friend: the link, what came of it, and what it takes to be paid."""

import html

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.bot.screens import formats
from apps.bot.screens.layout import Screen, navigation


def invite(*, person_id: int, link: str, came: int, stayed: int, paid: int) -> Screen:
    """Show the link and the numbers; without a link say how else a friend gets here."""
    lines = ["<b>" + _("Bring a friend") + "</b>", "", html.escape(link), ""]
    lines += [
        _("You get 500 points and your friend 50, a week after your friend has finished the tutorial, was here on three"
          " days and has earned 300 points."),
        "",
        ngettext("%(count)s has come by your link", "%(count)s have come by your link", came) % {"count": formats.number(came)},
        ngettext("%(count)s of them has stayed", "%(count)s of them have stayed", stayed) % {"count": formats.number(stayed)},
        ngettext("%(count)s was paid for", "%(count)s were paid for", paid) % {"count": formats.number(paid)},
    ]  # fmt: skip
    return Screen("invite", "\n".join(lines), navigation(person_id))
