"""What is sold: how each plan is called, what it costs and saves, and its button."""

from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from telegram import InlineKeyboardButton

from apps.bot.screens import formats
from apps.bot.screens.layout import callback_data


class Offer(NamedTuple):
    """Something that is sold; `kind` is once, subscription or gift, `saves` how many percent a day of it is cheaper."""

    key: str
    kind: str
    days: int
    stars: int
    saves: int = 0

    @property
    def renews(self) -> bool:
        """Whether it is charged every month."""
        return self.kind == "subscription"


def title(kind: str, days: int) -> str:
    """Return what a plan is called, in 32 characters at most."""
    if kind == "subscription":
        return _("VIP every month")
    counted = ngettext("%(count)s day", "%(count)s days", days) % {"count": formats.number(days)}
    return (_("Gift: VIP for %(days)s") if kind == "gift" else _("VIP for %(days)s")) % {"days": counted}


def vip_for(days: int) -> str:
    """Return what a gift gives."""
    return title("once", days)


def line(offer: Offer) -> str:
    """Return plan, price and saving, as in "VIP for 90 days · 650 ⭐ · 13% off"."""
    words = f"{title(offer.kind, offer.days)} · {offer.stars} ⭐"
    return f"{words} · {_('%(percent)s%% off') % {'percent': offer.saves}}" if offer.saves else words


def button(person_id: int, offer: Offer) -> InlineKeyboardButton:
    """Return the button that asks for the bill."""
    return InlineKeyboardButton(line(offer), callback_data=callback_data("vip", "buy", str(person_id), offer.key))
