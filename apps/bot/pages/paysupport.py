"""Help with payments, which Telegram wants every bot that sells to give."""

from django.conf import settings

from apps.bot.pages.registry import Request, page
from apps.bot.screens import paysupport as screen
from apps.bot.screens.layout import Reply
from apps.payments import selectors

PAYMENTS = 5


@page("paysupport", private=True)
def paysupport(request: Request) -> Reply:
    """Say whom to write to, and list the last payments by the number that staff find them by."""
    lines = [
        screen.Line(found.id, found.stars, request.person.local(found.paid_at).date(), found.refunded)
        for found in selectors.last_payments(request.me, PAYMENTS)
    ]
    return screen.paysupport(person_id=request.me, contact=settings.SUPPORT_CONTACT, lines=lines)
