"""What is told of a payment: what was bought, for how much and until when; that it was given back, or why it is not."""

import html
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from apps.bot.screens import formats, plans

Local = Callable[[datetime], datetime]


def purchase(fields: Mapping[str, Any], local: Local, vip_until: datetime | None) -> str:
    """Thank for a payment; of one whose bill is not known by now only the Stars are told."""
    lines = ["⭐ " + _thanks(fields)]
    if vip_until is not None:
        lines.append(_("You are VIP until %(date)s.") % {"date": formats.moment(local(vip_until))})
    if fields.get("renews"):
        date = formats.day(local(datetime.fromisoformat(fields["renews"])))
        text = _(
            "Your subscription renews on %(date)s. Cancel it in Telegram: Settings, Telegram Stars, Subscriptions."
        )
        lines.append(text % {"date": date})
    if "charge" in fields:
        lines.append(_("Payment No. %(number)s. Questions: /paysupport") % {"number": fields["charge"]})
    return "\n".join(lines)


def refund(fields: Mapping[str, Any]) -> str:
    """Say that a payment was given back, and which."""
    if "stars" not in fields:
        return _("Your payment was given back.")
    return "↩️ " + _("Your payment was given back: %(what)s.") % {"what": _which(fields)}


def declined(fields: Mapping[str, Any]) -> str:
    """Say that a payment is not given back, in the words of staff."""
    lines = [
        _("You asked for a payment back: %(what)s.") % {"what": _which(fields)},
        _("Sorry, we cannot give it back:"),
    ]
    return "\n".join([*lines, f"«{html.escape(str(fields.get('answer', '')))}»", _("Questions: /paysupport")])


def _which(fields: Mapping[str, Any]) -> str:
    """Return plan, Stars and number, as far as they are known."""
    plan = plans.title(str(fields["plan"]), int(fields["days"])) if fields.get("plan") else ""
    stars = f"{formats.number(int(fields['stars']))} ⭐" if "stars" in fields else ""
    number = _("No. %(id)s") % {"id": fields["charge"]} if "charge" in fields else ""
    return " · ".join(part for part in (plan, stars, number) if part)


def _thanks(fields: Mapping[str, Any]) -> str:
    paid: dict[str, Any] = {"stars": formats.number(int(fields["stars"]))}
    if not fields.get("plan"):
        return _("Thank you! Your payment of %(stars)s ⭐ has arrived.") % paid
    paid["plan"] = plans.title(fields["plan"], int(fields["days"]))
    if fields.get("first", True):
        return _("Thank you! For you: %(plan)s, %(stars)s ⭐.") % paid
    return _("Your subscription was renewed: %(plan)s, for %(stars)s ⭐. Thank you!") % paid
