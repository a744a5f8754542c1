"""Help with payments, which Telegram wants every bot that sells to give, and asking for one back."""

from django.conf import settings

from apps.bot.pages.registry import Request, page, verb
from apps.bot.screens import paysupport as screen
from apps.bot.screens.layout import Reply
from apps.payments import selectors, services

PAYMENTS = 5
LONGEST_NUMBER = 18


@page("paysupport", private=True)
def paysupport(request: Request) -> Reply:
    """Say whom to write to, and list the last payments: what each was for, how it stands, and a button to ask it back."""
    return _page(request)


@verb("paysupport", "ask")
def ask(request: Request) -> Reply:
    """Ask whether the payment is really to be given back; show what there is if it cannot be asked for."""
    number = _number(request)
    for line in _lines(request):
        if line.id == number and line.may_ask:
            return screen.confirm(person_id=request.me, line=line)
    return _page(request)


@verb("paysupport", "yes")
def yes(request: Request) -> Reply:
    """Keep that the person wants the payment back."""
    try:
        services.ask_for_refund(person_id=request.me, payment_id=_number(request), now=request.now)
    except services.RequestRefused as refused:
        return _page(request, why=refused.why)
    return _page(request)


def _page(request: Request, why: str = "") -> Reply:
    return screen.paysupport(person_id=request.me, contact=settings.SUPPORT_CONTACT, lines=_lines(request), why=why)


def _lines(request: Request) -> list[screen.Line]:
    return [
        screen.Line(
            found.id,
            found.kind,
            found.days,
            found.stars,
            request.person.local(found.paid_at).date(),
            found.state,
            found.answer,
            found.redeemed,
            found.may_ask,
        )
        for found in selectors.last_payments(request.me, PAYMENTS, request.now)
    ]


def _number(request: Request) -> int:
    """Return the payment that a button names, 0 for what names none."""
    text = request.args[0] if request.args else ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER else 0
