"""Whom to write to about payments, and by which number staff find one."""

import html
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from django.utils.translation import gettext as _

from apps.bot.screens import formats
from apps.bot.screens.layout import Screen, navigation


class Line(NamedTuple):
    """A payment of the person."""

    id: int
    stars: int
    paid_on: date
    refunded: bool


def paysupport(*, person_id: int, contact: str, lines: Sequence[Line]) -> Screen:
    """Say how to get help; `contact` is who gives it, "" for the staff of the community."""
    whom = html.escape(contact) if contact else _("the administrators of this community")
    parts = [
        "<b>" + _("Help with payments") + "</b>",
        "",
        _("Something wrong with a payment, or you want your Stars back? Write to %(contact)s and name its number.")
        % {"contact": whom},
        _("Telegram's own support cannot help with what is bought here."),
        _("A subscription is cancelled in Telegram: Settings, Telegram Stars, Subscriptions."),
        "",
    ]
    parts += [_payment(line) for line in lines] or [_("You have paid nothing yet.")]
    return Screen("paysupport", "\n".join(parts), navigation(person_id))


def _payment(line: Line) -> str:
    text = _("No. %(id)s: %(stars)s ⭐ on %(date)s") % {
        "id": line.id,
        "stars": formats.number(line.stars),
        "date": formats.day(line.paid_on),
    }
    return f"{text} – {_('given back')}" if line.refunded else text
