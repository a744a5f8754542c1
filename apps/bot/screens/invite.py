"""Bringing a friend: the link, what came of it, and what it takes to be paid."""

import html

from django.utils.translation import gettext as _
from telegram import InlineKeyboardMarkup

from apps.bot.screens import formats
from apps.bot.screens.layout import Screen, navigation
from apps.bot.screens.sharing import share_button


def invite(*, person_id: int, link: str, command: str, came: int, stayed: int, paid: int) -> Screen:
    """Show the link with a button to pass it on, and the numbers; without a link the command that a friend sends instead."""
    lines = [
        "<b>" + _("Bring a friend") + "</b>",
        "",
        html.escape(link or command),
        "",
        _("You get 500 points and your friend 50, one week after your friend has:"),
        "1. " + _("finished the tutorial"),
        "2. " + _("come by on three days"),
        "3. " + _("earned 300 points"),
        "",
        _("Came by your link: %(count)s") % {"count": formats.number(came)},
        _("Stayed: %(count)s") % {"count": formats.number(stayed)},
        _("Rewarded: %(count)s") % {"count": formats.number(paid)},
    ]
    rows = list(navigation(person_id).inline_keyboard)
    if link:
        text = _(
            "Come and play with me: answer questions, read stories, collect points. We both get some when you stay."
        )
        rows.insert(0, (share_button(_("📨 Invite a friend"), link=link, text=text),))
    return Screen("invite", "\n".join(lines), InlineKeyboardMarkup(rows))
