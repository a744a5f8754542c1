"""VIP: how it stands, what it costs, and gifts."""

from apps.bot.pages import own_chat
from apps.bot.pages.registry import Request, page, verb
from apps.bot.screens import plans
from apps.bot.screens import vip as screen
from apps.bot.screens.layout import Reply
from apps.gamification import selectors as ledger
from apps.payments import selectors, services
from apps.users import selectors as people

GIFT_PREFIX = "g_"


def is_gift(payload: str) -> bool:
    """Say whether the payload of a link is a gift's code."""
    return payload.startswith(GIFT_PREFIX)


@page("vip", private=True)
def vip(request: Request) -> Reply:
    """Show how VIP stands and what is sold; with a code behind the command, redeem it."""
    if request.args and request.args[0]:
        return _redeem(request, request.args[0])
    local = request.person.local
    standing = people.vip_standings([request.me], request.now)[request.me]
    until, kept = standing.until, standing.kept_until if standing.state == "grace" else None
    found = selectors.running(request.me, request.now)
    return screen.vip(
        person_id=request.me,
        until=local(until) if until else None,
        kept_until=local(kept) if kept else None,
        bonus=ledger.vip_bonus(request.now),
        subscribed_until=local(found.until) if found else None,
        offers=_offers(),
        renews=found is None or found.renews,
        failed=found is not None and found.failed,
    )


@page("gift", private=True)
def gift(request: Request) -> Reply:
    """Redeem the code of a gift's link."""
    return _redeem(request, (request.args or ("",))[0].removeprefix(GIFT_PREFIX))


@verb("vip", "buy")
def buy(request: Request) -> Reply:
    """Send the bill of a product; show what there is if it is not sold any more, or a subscription runs already."""
    if not request.private:
        return own_chat.elsewhere(request, "vip")
    product = (request.args or ("",))[0]
    try:
        bill = services.create_invoice(person_id=request.me, product=product, now=request.now)
    except services.UnknownProduct:
        return vip(Request(request.person, request.now, (), request.key_prefix, request.private))
    except services.AlreadySubscribed:
        return _subscribed_already(request)
    return screen.bill(
        plans.Offer(bill.product, bill.kind, bill.days, bill.stars),
        person_id=request.me,
        payload=bill.payload,  # as it was when it was made
        bonus=ledger.vip_bonus(request.now),
    )


def _subscribed_already(request: Request) -> Reply:
    found = selectors.running(request.me, request.now)
    if found is None:  # it has ended since
        return vip(Request(request.person, request.now, (), request.key_prefix, request.private))
    until = request.person.local(found.until)
    return screen.subscribed_already(
        person_id=request.me, subscribed_until=until, renews=found.renews, failed=found.failed, offers=_offers()
    )


def _offers() -> list[plans.Offer]:
    return [
        plans.Offer(found.key, found.kind, found.days, found.stars, selectors.saving_percent(found))
        for found in selectors.products()
    ]


def _redeem(request: Request, code: str) -> Reply:
    try:
        redeemed = services.redeem_gift(person_id=request.me, code=code, now=request.now)
    except services.TooManyGuesses:
        return screen.too_many_codes(person_id=request.me)
    except services.GiftRefused:
        return screen.code_refused(person_id=request.me)
    until = people.effective_vip(request.me, request.now)
    local = request.person.local
    return screen.gift_redeemed(
        person_id=request.me,
        days=redeemed.days,
        until=local(until) if until else None,
        bonus=ledger.vip_bonus(request.now),
    )
