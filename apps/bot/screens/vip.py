"""VIP: until when, what it costs, bills, gifts."""

import html
from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _
from telegram import InlineKeyboardMarkup

from apps.bot.screens import formats, plans
from apps.bot.screens.layout import Invoice, Screen, navigation
from apps.bot.screens.plans import Offer
from apps.bot.screens.sharing import share_button

# What people keep after the end, to renew in: apps/users/vip.py has it.
GRACE_HOURS = 48


def vip(
    *,
    person_id: int,
    until: datetime | None,
    subscribed_until: datetime | None,
    offers: Sequence[Offer],
    bonus: int,
    renews: bool = True,
    failed: bool = False,
    kept_until: datetime | None = None,
) -> Screen:
    """Show how VIP stands, what it gives and what it costs; of a subscription whether it renews or ends.

    `bonus` is what VIP raises points by, in percent; `kept_until` the end of the grace that has begun, None outside of it.
    """
    sold = [offer for offer in offers if not (subscribed_until and offer.renews)]
    lines = ["<b>⭐ VIP</b>"]
    if kept_until is not None:
        text = _("Your VIP is over. What it gives stays until %(date)s: renew by then, and nothing is interrupted.")
        lines.append(text % {"date": formats.moment(kept_until)})
    elif until is not None:
        lines.append(_state(until))
    if subscribed_until is not None:
        lines.append(_subscription(subscribed_until, renews, failed))
    lines += ["", "<b>" + _("What VIP gives you") + "</b>", *_gives(bonus), _("Paying itself brings no points.")]
    if sold:
        lines += ["", "<b>" + _("Plans") + "</b>", *(plans.line(offer) for offer in sold)]
    lines += [
        "",
        _("Have a gift code? Send it like this: %(example)s") % {"example": "/vip 2345672345672345"},
        _("Questions about payments: /paysupport"),
    ]
    buttons = [[plans.button(person_id, offer)] for offer in sold]
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
    buttons = [[plans.button(person_id, offer)] for offer in offers if not offer.renews]
    keyboard = InlineKeyboardMarkup([*buttons, *navigation(person_id).inline_keyboard])
    return Screen("vip_subscribed", "\n".join(lines), keyboard)


def bill(offer: Offer, *, person_id: int, payload: str, bonus: int) -> Invoice:
    """Return the bill of what is sold."""
    period = offer.days if offer.renews else 0
    refused = bill_refused(person_id=person_id)
    name = plans.title(offer.kind, offer.days)
    return Invoice("invoice", name, _description(offer, bonus), payload, offer.stars, refused, period)


def bill_refused(*, person_id: int) -> Screen:
    """Say that Telegram does not take the bill of what somebody wants to buy."""
    text = _(
        "Telegram does not accept this bill at the moment. You have paid nothing. Try again later, or ask: /paysupport."
    )
    return Screen("bill_refused", text, navigation(person_id))


def gift_bought(*, person_id: int, code: str, days: int, link: str, stars: int, number: int) -> Screen:
    """Confirm the payment of a gift, and show its code to whoever bought it, with a button to pass it on."""
    gives = plans.vip_for(days)
    lines = [
        "<b>🎁 " + _("Your gift is ready: %(gives)s") % {"gives": gives} + "</b>",
        _("Thank you! %(stars)s ⭐ arrived (payment No. %(number)s).") % {"stars": formats.number(stars), "number": number},
        "",
        f"<code>{html.escape(code)}</code>",
        html.escape(link),
        "",
        _("It is for somebody else: whoever opens the link or sends the code first gets the VIP. The code works once and"
          " does not expire; the days begin when it is used."),
    ]  # fmt: skip
    text = _("A gift for you: %(gives)s. Open the link to take it.") % {"gives": gives}
    share = share_button(_("🎁 Give it to somebody"), link=link, text=text)
    return Screen("gift_bought", "\n".join(lines), InlineKeyboardMarkup([[share]]))


def gift_without_code(*, person_id: int, days: int, stars: int, number: int) -> Screen:
    """Confirm the payment of a gift whose code cannot be shown, and say who helps."""
    lines = [
        _("Thank you! %(stars)s ⭐ arrived (payment No. %(number)s).") % {"stars": formats.number(stars), "number": number},
        _("Your gift, %(gives)s, has no code yet because of a mistake of ours. We will make it good or give the Stars back:"
          " /paysupport") % {"gives": plans.vip_for(days)},
    ]  # fmt: skip
    return Screen("gift_without_code", "\n".join(lines), navigation(person_id))


def gift_redeemed(*, person_id: int, days: int, until: datetime | None, bonus: int) -> Screen:
    """Say what a code has given."""
    lines = ["<b>🎁 " + _("A gift for you: %(gives)s!") % {"gives": plans.vip_for(days)} + "</b>"]
    if until is not None:
        lines.append(_state(until))
    return Screen("gift_redeemed", "\n".join([*lines, "", *_gives(bonus)]), navigation(person_id))


def code_refused(*, person_id: int) -> Screen:
    """Say that a code gives nothing."""
    return Screen("gift_refused", _("This code is unknown, or it was used already."), navigation(person_id))


def too_many_codes(*, person_id: int) -> Screen:
    """Say that no more codes are looked at for now."""
    return Screen("gift_refused", _("Too many wrong codes. Try again in an hour."), navigation(person_id))


def _gives(bonus: int) -> list[str]:
    return [
        "• " + _("+%(percent)s%% on the points that you earn by playing") % {"percent": bonus},
        "• " + _("a leaderboard of your own, among VIPs"),
        "• " + _("%(hours)s hours to renew when it ends, without losing anything") % {"hours": GRACE_HOURS},
    ]


def _state(until: datetime) -> str:
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


def _description(offer: Offer, bonus: int) -> str:
    """Return what a bill says below its name, in 255 characters at most."""
    percent = {"percent": bonus}
    if offer.kind == "gift":
        return (
            _("You get a code to give away. It brings +%(percent)s%% on points and a leaderboard among VIPs.") % percent
        )
    if offer.renews:
        return (
            _("+%(percent)s%% on your points. Renews every 30 days until you cancel it in Telegram's settings.")
            % percent
        )
    return _("+%(percent)s%% on your points and a leaderboard among VIPs. Days that you have are kept.") % percent
