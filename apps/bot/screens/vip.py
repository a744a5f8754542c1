"""VIP: until when, what it costs, bills, gifts."""

import html
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from apps.bot.screens import formats
from apps.bot.screens.layout import Invoice, Screen, callback_data, navigation


class Offer(NamedTuple):
    """Something that is sold; `kind` is once, subscription or gift."""

    key: str
    kind: str
    days: int
    stars: int


def vip(
    *,
    person_id: int,
    until: datetime | None,
    subscribed_until: datetime | None,
    offers: Sequence[Offer],
    renews: bool = True,
    failed: bool = False,
) -> Screen:
    """Show how VIP stands, what it gives and what it costs; of a subscription whether it renews or ends."""
    lines = ["<b>" + _state(until) + "</b>", "", _("VIPs earn half as much again, and have a board of their own.")]
    if subscribed_until is not None:
        lines.append(_subscription(subscribed_until, renews, failed))
    lines.append(_("Have a gift code? Send /vip with the code behind it."))
    lines.append(_("Questions about payments: /paysupport"))
    buttons = [[_button(person_id, offer)] for offer in offers if not (subscribed_until and _renews(offer))]
    return Screen("vip", "\n".join(lines), InlineKeyboardMarkup([*buttons, *navigation(person_id).inline_keyboard]))


def subscribed_already(
    *, person_id: int, subscribed_until: datetime, renews: bool, failed: bool, offers: Sequence[Offer]
) -> Screen:
    """Say that a subscription runs, so that no second one is sold, and offer days, which are added."""
    lines = [
        _("You have a subscription already; a second one would only be charged beside it."),
        _subscription(subscribed_until, renews, failed),
        _("You can buy days for yourself: they are added to the VIP that you have."),
    ]
    buttons = [[_button(person_id, offer)] for offer in offers if not _renews(offer)]
    keyboard = InlineKeyboardMarkup([*buttons, *navigation(person_id).inline_keyboard])
    return Screen("vip_subscribed", "\n".join(lines), keyboard)


def bill(offer: Offer, *, person_id: int, payload: str) -> Invoice:
    """Return the bill of what is sold."""
    period = offer.days if _renews(offer) else 0
    refused = bill_refused(person_id=person_id)
    return Invoice("invoice", title(offer), _description(offer), payload, offer.stars, refused, period)


def bill_refused(*, person_id: int) -> Screen:
    """Say that Telegram does not take the bill of what somebody wants to buy."""
    text = _(
        "Telegram does not accept this bill at the moment. You have paid nothing. Try again later, or ask: /paysupport."
    )
    return Screen("bill_refused", text, navigation(person_id))


def title(offer: Offer) -> str:
    """Return what it is called, in 32 characters at most."""
    if _renews(offer):
        return _("VIP every month")
    days = ngettext("%(count)s day", "%(count)s days", offer.days) % {"count": formats.number(offer.days)}
    return (_("Gift: VIP for %(days)s") if offer.kind == "gift" else _("VIP for %(days)s")) % {"days": days}


def gift_bought(*, person_id: int, code: str, days: int, link: str) -> Screen:
    """Show the code of a gift to who bought it."""
    text = ngettext(
        "Your gift, VIP for %(count)s day, is ready. Whoever has the code can redeem it, once:",
        "Your gift, VIP for %(count)s days, is ready. Whoever has the code can redeem it, once:",
        days,
    )
    lines = [text % {"count": formats.number(days)}, "", f"<code>{html.escape(code)}</code>", html.escape(link)]
    return Screen("gift_bought", "\n".join(lines))


def gift_redeemed(*, person_id: int, days: int, until: datetime | None) -> Screen:
    """Say what a code has given."""
    text = ngettext("A gift: VIP for %(count)s day.", "A gift: VIP for %(count)s days.", days) % {
        "count": formats.number(days)
    }
    return Screen("gift_redeemed", f"{text} {_state(until)}", navigation(person_id))


def code_refused(*, person_id: int) -> Screen:
    """Say that a code gives nothing."""
    return Screen("gift_refused", _("This code gives nothing: it is wrong, or it was used."), navigation(person_id))


def too_many_codes(*, person_id: int) -> Screen:
    """Say that no more codes are looked at for now."""
    return Screen("gift_refused", _("Too many wrong codes. Try again in an hour."), navigation(person_id))


def _state(until: datetime | None) -> str:
    if until is None:
        return _("You are not VIP.")
    return _("You are VIP until %(date)s.") % {"date": formats.moment(until)}


def _subscription(until: datetime, renews: bool, failed: bool) -> str:
    """Say when a subscription renews or ends, and where that is changed."""
    date = {"date": formats.day(until)}
    if renews:
        return (
            _("Your subscription renews on %(date)s. Cancel it in Telegram: Settings, Telegram Stars, Subscriptions.")
            % date
        )
    if failed:
        return (
            _(
                "Your subscription could not be paid: it ends on %(date)s. Look at it in Telegram: Settings, Telegram Stars,"
                " Subscriptions."
            )
            % date
        )
    return (
        _(
            "Your subscription ends on %(date)s. If you cancelled it, you can take it up again in Telegram: Settings,"
            " Telegram Stars, Subscriptions."
        )
        % date
    )


def _renews(offer: Offer) -> bool:
    return offer.kind == "subscription"


def _description(offer: Offer) -> str:
    if offer.kind == "gift":
        return _("You get a code. Whoever redeems it is VIP: half as many points again, and a board of their own.")
    if _renews(offer):
        return _("VIP that renews by itself every 30 days until you cancel it in Telegram's settings.")
    return _("Half as many points again, and a board of your own. It is added to the VIP that you have.")


def _button(person_id: int, offer: Offer) -> InlineKeyboardButton:
    data = callback_data("vip", "buy", str(person_id), offer.key)
    return InlineKeyboardButton(f"{title(offer)} · {formats.number(offer.stars)} ⭐", callback_data=data)
