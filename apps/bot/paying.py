"""What payments need of Telegram: showing a gift's code to its buyer, giving Stars back, ending subscriptions. Calls stand
outside transactions."""

import logging
from typing import Any

from telegram import Bot
from telegram.error import BadRequest, Forbidden

from apps.bot import replies
from apps.bot.application import application
from apps.bot.places import Place
from apps.bot.screens import vip
from apps.bot.screens.formats import reader
from apps.bot.telegram_errors import Gone, describe, translated
from apps.payments import selectors as payments
from apps.payments import services as payment_services
from apps.users import selectors as people
from diana import clock
from diana.events import Envelope, Permanent
from diana.events.loop import in_thread

logger = logging.getLogger(__name__)

ALREADY_REFUNDED = "charge_already_refunded"
FIRST_ATTEMPT = "payment.refund_requested"


async def tell_gift(envelope: Envelope) -> None:
    """Confirm the payment of a gift to its buyer with its code, in their own chat; nothing for other payments.

    Whose code no key makes any more is told of the payment, and operators of the key.
    """
    person_id, number, missing = envelope.user_id, int(envelope.fields["charge"]), None
    try:
        gift = await in_thread(payments.gift_of, number)
    except payments.KeyMissing as error:
        gift, missing = None, error
    if person_id is None or (gift is None and missing is None):
        return
    telegram_id = await in_thread(people.telegram_id, person_id)
    payment = await in_thread(payments.payment_line, number, clock.now())
    if telegram_id is None or payment is None:
        return
    library = await application()
    profile = await in_thread(people.profile, person_id)
    paid: Any = {"person_id": person_id, "days": payment.days, "stars": payment.stars, "number": number}
    with reader(profile.language, profile.timezone, clock.now()):
        if gift is None:
            screen = vip.gift_without_code(**paid)
        else:
            screen = vip.gift_bought(code=gift.code, link=_link(library.bot.username, gift.code), **paid)
    if await replies.give(library.bot, Place(telegram_id), screen, person_id=person_id):
        await replies.note_sent(screen.template, person_id=person_id)
    if missing is not None:
        raise Permanent(str(missing)) from None


def _link(username: str, code: str) -> str:
    return f"https://t.me/{username}?start=g_{code}"


async def refund(envelope: Envelope) -> None:
    """Give a payment back that staff want given back and end its subscription; what Telegram refuses is noted for them."""
    payment_id = envelope.fields["charge"]
    due = await in_thread(payments.refund_due, payment_id)
    if due is None:
        return
    bot = (await application()).bot
    if due.subscription_id is not None and due.subscription is not None:
        await _end(bot, due.subscription_id, payments.EndDue(due.telegram_id, due.subscription))
    try:
        await _give_back(bot, due)
    except (Permanent, Gone) as error:
        problem = str(error) or type(error).__name__
        await in_thread(payment_services.fail_refund, payment_id=payment_id, problem=problem)
        if envelope.type == FIRST_ATTEMPT:
            raise Permanent(problem) from None
        return
    await in_thread(payment_services.confirm_refund, payment_id=payment_id, now=clock.now())
    logger.info("payment refunded", extra={"charge": payment_id})


async def _give_back(bot: Bot, due: payments.RefundDue) -> None:
    """Give it back; an earlier try whose answer got lost has done so already."""
    with translated():
        try:
            await bot.refund_star_payment(due.telegram_id, due.charge)
        except BadRequest as error:
            if ALREADY_REFUNDED not in error.message.lower():
                raise


async def end_subscription(envelope: Envelope) -> None:
    """Have Telegram charge for a subscription no more; a refusal is noted for staff, and it is tried again later."""
    subscription_id = envelope.fields["subscription"]
    due = await in_thread(payments.end_due, subscription_id)
    if due is not None:
        await _end((await application()).bot, subscription_id, due)


async def _end(bot: Bot, subscription_id: int, due: payments.EndDue) -> None:
    with translated():
        try:
            await bot.edit_user_star_subscription(due.telegram_id, due.charge, is_canceled=True)
        except (BadRequest, Forbidden) as error:
            refused = describe(error)
        else:
            refused = ""
    now = clock.now()
    if not refused:
        await in_thread(payment_services.confirm_end, subscription_id=subscription_id, now=now)
        return
    logger.warning("a subscription could not be ended at Telegram", extra={"subscription": subscription_id})
    await in_thread(payment_services.fail_end, subscription_id=subscription_id, problem=refused, now=now)
