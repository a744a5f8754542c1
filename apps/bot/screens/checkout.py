"""Why something cannot be paid, as Telegram shows it to the person: plain text, at most 255 characters. The webhook needs
it, so nothing of the Telegram library is imported here.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

DECLINED: dict[str, Promise] = {
    "unknown": _("I do not know this bill. Ask for a new one with /vip."),
    "other_person": _("This bill is for somebody else. Ask for your own with /vip."),
    "amount": _("The price of this bill does not fit. Ask for a new one with /vip."),
    "expired": _("This bill is too old. Ask for a new one with /vip."),
    "paid": _("This bill is paid already. Ask for a new one with /vip."),
    "subscribed": _("You have a subscription already. To have VIP for longer, buy days with /vip: they are added."),
    "other_question": _("This is not the bill that I was asked about. Ask for a new one with /vip."),
    "leaving": _("You have asked to be forgotten. Take that back first, then pay."),
}
UNAVAILABLE = _("I cannot take payments right now. Nothing was paid: please try again in a few minutes.")


def declined(verdict: str) -> str:
    """Return why; words for "not now" where the verdict is none of those."""
    return str(DECLINED.get(verdict, UNAVAILABLE))
