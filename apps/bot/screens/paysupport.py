"""Whom to write to about payments, what each payment was for and how it stands, and asking for one back."""

import html
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from django.utils.translation import gettext as _
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from apps.bot.screens import formats, plans
from apps.bot.screens.layout import Screen, callback_data, menu_button, navigation
from apps.bot.screens.payment_words import REFUSALS, STATES


class Line(NamedTuple):
    """A payment of the person. `kind` is once, subscription or gift, "" where it fits no bill; `redeemed` is said of gifts."""

    id: int
    kind: str
    days: int
    stars: int
    paid_on: date
    state: str
    answer: str = ""
    redeemed: bool | None = None
    may_ask: bool = False


def paysupport(*, person_id: int, contact: str, lines: Sequence[Line], why: str = "") -> Screen:
    """Say how to get help, and list payments; `contact` is who helps, "" for the staff of the community. `why` names what
    kept a payment from being asked back.
    """
    whom = html.escape(contact) if contact else _("the administrators of this community")
    parts = ["<b>" + _("Help with payments") + "</b>", ""]
    if why in REFUSALS:
        parts += [str(REFUSALS[why]), ""]
    parts += [
        _("Something wrong with a payment? Write here and name its number: %(contact)s") % {"contact": whom},
        _("Telegram's own support cannot help with what is bought here."),
        _("A subscription is cancelled in Telegram: Settings, Telegram Stars, Subscriptions."),
        "",
    ]
    parts.append("<b>" + _("Your last payments") + "</b>" if lines else _("You have paid nothing yet."))
    parts += [_payment(line) for line in lines]
    buttons = [[_button(_ask(line), "ask", person_id, line.id)] for line in lines if line.may_ask]
    keyboard = InlineKeyboardMarkup([*buttons, *navigation(person_id).inline_keyboard])
    return Screen("paysupport", "\n".join(parts), keyboard)


def confirm(*, person_id: int, line: Line) -> Screen:
    """Ask whether a payment is really to be given back."""
    parts = [
        "<b>" + _("Ask for this payment back?") + "</b>",
        "",
        _what(line),
        "",
        _("If we give it back, the VIP from it ends. We answer here."),
    ]
    keyboard = InlineKeyboardMarkup(
        [
            [_button(_("Yes, I want my Stars back"), "yes", person_id, line.id)],
            [_button(_("‹ Back"), "show", person_id), menu_button(person_id)],
        ]
    )
    return Screen("refund_question", "\n".join(parts), keyboard)


def _button(label: str, verb: str, person_id: int, *args: int) -> InlineKeyboardButton:
    return InlineKeyboardButton(label, callback_data=callback_data("paysupport", verb, str(person_id), *args))


def _ask(line: Line) -> str:
    return "↩️ " + _("Ask for a refund: No. %(id)s") % {"id": line.id}


def _payment(line: Line) -> str:
    state = str(STATES[line.state])
    answer = {"answer": f"«{html.escape(line.answer)}»"} if line.answer else {"answer": "–"}
    return f"\n{_what(line)}\n{state % answer if line.state == 'declined' else state}"


def _what(line: Line) -> str:
    """Return number, date and Stars, and below what it was for and whom."""
    first = _("No. %(id)s: %(stars)s ⭐ on %(date)s") % {
        "id": line.id,
        "stars": formats.number(line.stars),
        "date": formats.day(line.paid_on),
    }
    return f"{first}\n{_for(line)}" if line.kind else first


def _for(line: Line) -> str:
    plan = plans.title(line.kind, line.days)
    if line.kind != "gift":
        return _("%(plan)s, for you") % {"plan": plan}
    used = _("the code was used") if line.redeemed else _("the code is not used yet")
    return _("%(plan)s, for somebody else: %(used)s") % {"plan": plan, "used": used}
