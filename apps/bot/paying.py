"""What payments need of Telegram: showing a gift's code to its buyer, giving Stars back. Calls stand outside transactions."""

import logging

from django.utils import translation
from telegram import Bot
from telegram.error import BadRequest

from apps.bot import replies, services
from apps.bot.application import application
from apps.bot.screens import vip
from apps.bot.telegram_errors import Gone, translated
from apps.payments import selectors as payments
from apps.payments import services as payment_services
from apps.users import selectors as people
from diana import clock
from diana.events import Envelope, Permanent
from diana.events.loop import in_thread

logger = logging.getLogger(__name__)

ALREADY_REFUNDED = "charge_already_refunded"


async def tell_gift(envelope: Envelope) -> None:
    """Show the code that a payment has bought to its buyer, in their own chat; nothing for other payments."""
    person_id = envelope.user_id
    gift = await in_thread(payments.gift_of, envelope.fields["charge"])
    if person_id is None or gift is None:
        return
    telegram_id = await in_thread(people.telegram_id, person_id)
    if telegram_id is None:
        return
    library = await application()
    profile = await in_thread(people.profile, person_id)
    with translation.override(profile.language):
        screen = vip.gift_bought(
            person_id=person_id, code=gift.code, days=gift.days, link=_link(library.bot.username, gift.code)
        )
    if await replies.give(library.bot, telegram_id, screen, person_id=person_id):
        await in_thread(services.note_reply, template=screen.template, person_id=person_id)


def _link(username: str, code: str) -> str:
    return f"https://t.me/{username}?start=g_{code}"


async def refund(envelope: Envelope) -> None:
    """Give a payment back that staff want given back; what Telegram refuses is noted for them. Its subscription ends."""
    payment_id = envelope.fields["charge"]
    due = await in_thread(payments.refund_due, payment_id)
    if due is None:
        return
    bot = (await application()).bot
    try:
        if due.subscription is not None:
            await _cancel(bot, due.telegram_id, due.subscription)
        await _give_back(bot, due)
    except (Permanent, Gone) as error:
        problem = str(error) or type(error).__name__
        await in_thread(payment_services.fail_refund, payment_id=payment_id, problem=problem)
        raise Permanent(problem) from None
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


async def _cancel(bot: Bot, telegram_id: int, charge: str) -> None:
    """Let the subscription end; one that has ended needs nothing."""
    with translated():
        try:
            await bot.edit_user_star_subscription(telegram_id, charge, is_canceled=True)
        except BadRequest:
            logger.info("a subscription could not be cancelled: it may have ended")
