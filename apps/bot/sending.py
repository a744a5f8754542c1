"""Sending screens to Telegram. At least once: a reply whose answer got lost is sent again."""

import html
import logging
from datetime import timedelta

from telegram import (
    Bot,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    LabeledPrice,
    Message,
    ReplyParameters,
)
from telegram.error import TelegramError

from apps.bot.screens.layout import Document, Invoice, Reply, Screen
from apps.bot.telegram_errors import classify, is_nothing, translated
from diana import metrics
from diana.events import Retry

STARS = "XTR"

logger = logging.getLogger(__name__)


async def send(bot: Bot, telegram_chat_id: int, reply: Reply, *, reply_to: Message | None = None) -> None:
    """Send it to a chat; in a group as a reply to whom it is for, where that message has a number.

    Raises Retry, Permanent, Closed or Gone, and Moved where the group has become a supergroup.
    """
    answered = None
    if reply_to is not None and reply_to.message_id and reply_to.chat.type != reply_to.chat.PRIVATE:
        answered = ReplyParameters(reply_to.message_id, allow_sending_without_reply=True)
    await _send(bot, telegram_chat_id, reply, answered)
    logger.info("message sent", extra={"template": reply.template})


async def _send(bot: Bot, telegram_chat_id: int, reply: Reply, answered: ReplyParameters | None) -> None:
    match reply:
        case Screen(_, text, keyboard):
            with translated("sendMessage"):
                await bot.send_message(telegram_chat_id, text, reply_markup=keyboard, reply_parameters=answered)
        case Document(_, name, content, caption):
            file = InputFile(content, filename=name)
            with translated("sendDocument"):
                await bot.send_document(telegram_chat_id, file, caption=caption, reply_parameters=answered)
        case Invoice(subscription_days=days) if days:
            await _send_subscription(bot, telegram_chat_id, reply, answered)
        case Invoice():
            with translated("sendInvoice"):
                await bot.send_invoice(
                    telegram_chat_id,
                    title=reply.title,
                    description=reply.description,
                    payload=reply.payload,
                    currency=STARS,
                    prices=[LabeledPrice(reply.title, reply.stars)],
                    reply_parameters=answered,
                )


async def _send_subscription(bot: Bot, telegram_chat_id: int, bill: Invoice, answered: ReplyParameters | None) -> None:
    """Send the link to a subscription: Telegram takes those as links alone."""
    with translated("createInvoiceLink"):
        link = await bot.create_invoice_link(
            title=bill.title,
            description=bill.description,
            payload=bill.payload,
            currency=STARS,
            prices=[LabeledPrice(bill.title, bill.stars)],
            subscription_period=timedelta(days=bill.subscription_days),
        )
    text = f"<b>{html.escape(bill.title)}</b>\n{html.escape(bill.description)}"
    button = InlineKeyboardButton(f"⭐ {bill.stars} · {bill.title}", url=link)
    keyboard = InlineKeyboardMarkup([[button]])
    with translated("sendMessage"):
        await bot.send_message(telegram_chat_id, text, reply_markup=keyboard, reply_parameters=answered)


async def redraw(query: CallbackQuery, screen: Screen) -> None:
    """Put the screen in place of the one whose button was pressed; one that is the same stays as it is.

    Raises Uneditable or Moved where it must be sent as a new message, else what send() does.
    """
    with translated("editMessageText"):
        try:
            await query.edit_message_text(screen.text, reply_markup=screen.keyboard)
        except TelegramError as error:
            if not is_nothing(error, "editMessageText"):
                raise
        else:
            logger.info("message redrawn", extra={"template": screen.template})


async def acknowledge(query: CallbackQuery, text: str = "") -> None:
    """Take the waiting mark off the button; `text` is shown for a moment. A failure stops nothing: it is logged and counted."""
    try:
        await query.answer(text or None)
    except (TelegramError, Retry) as error:
        found = classify(error, "answerCallbackQuery") if isinstance(error, TelegramError) else "wait"
        metrics.refused("answerCallbackQuery", found)
        logger.info("a press was not acknowledged: %s", found)
