"""Sending screens to Telegram. At least once: a reply whose answer got lost is sent again."""

import html
import logging
from datetime import timedelta
from typing import Any

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
from telegram.ext import ExtBot

from apps.bot.pacing import Pace
from apps.bot.places import Place
from apps.bot.screens.layout import Document, Invoice, Reply, Screen
from apps.bot.telegram_errors import classify, is_nothing, translated
from diana import metrics
from diana.events import Retry

STARS = "XTR"
# Telegram's limit on the text of a message.
MAX_TEXT = 4096

logger = logging.getLogger(__name__)


async def send(bot: Bot, place: Place, reply: Reply) -> int:
    """Send it there and return the number of the message, 0 for one that only its reader can see.

    Raises Retry, Permanent, TopicGone, TopicClosed, Closed or Gone, and Moved where the group has become a supergroup.
    """
    sent = await _send(bot, place.chat, reply, _parameters(place))
    logger.info("message sent", extra={"template": reply.template})
    return 0 if place.only_for else sent.message_id


def _parameters(place: Place) -> dict[str, Any]:
    """Return what each method that sends is told of the place, but for the chat."""
    found: dict[str, Any] = {}
    if place.answered:
        # Who deletes their command is answered all the same.
        found["reply_parameters"] = ReplyParameters(place.answered, allow_sending_without_reply=True)
    if place.thread:
        found["message_thread_id"] = place.thread
    if place.direct_topic:
        found["direct_messages_topic_id"] = place.direct_topic
    if place.only_for:
        found["api_kwargs"] = _ephemeral(place)
    return found


def _ephemeral(place: Place) -> dict[str, Any]:
    """Return what has one person alone see it; the library does not know it. Servers of before 10.3 know the second name."""
    found: dict[str, Any] = {
        "ephemeral_message_parameters": {"receiver_user_id": place.only_for},
        "receiver_user_id": place.only_for,
    }
    if place.as_reply:
        found["reply_parameters"] = {"ephemeral_message_id": place.ephemeral}
    return found


async def _send(bot: Bot, chat: int, reply: Reply, there: dict[str, Any]) -> Message:
    match reply:
        case Screen(_, text, keyboard):
            with translated("sendMessage"):
                return await bot.send_message(chat, text, reply_markup=keyboard, **there)
        case Document(_, name, content, caption):
            file = InputFile(content, filename=name)
            with translated("sendDocument"):
                return await bot.send_document(chat, file, caption=caption, **there)
        case Invoice(subscription_days=days) if days:
            return await _send_subscription(bot, chat, reply, there)
        case Invoice():
            with translated("sendInvoice"):
                return await bot.send_invoice(
                    chat,
                    title=reply.title,
                    description=reply.description,
                    payload=reply.payload,
                    currency=STARS,
                    prices=[LabeledPrice(reply.title, reply.stars)],
                    **there,
                )


async def _send_subscription(bot: Bot, chat: int, bill: Invoice, there: dict[str, Any]) -> Message:
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
        return await bot.send_message(chat, text, reply_markup=keyboard, **there)


async def edit(bot: ExtBot[Any], chat: int, message: int, text: str, keyboard: InlineKeyboardMarkup | None) -> None:
    """Change the text of a message of the bot's; one that has it already stays as it is. In a group it counts as a message.

    Raises Uneditable, Moved, or what send() does.
    """
    with translated("editMessageText"):
        try:
            await bot.edit_message_text(
                text, chat_id=chat, message_id=message, reply_markup=keyboard, rate_limit_args=Pace.ADDED
            )
        except TelegramError as error:
            if not is_nothing(error, "editMessageText"):
                raise


async def redraw(query: CallbackQuery, screen: Screen) -> None:
    """Put the screen in place of the one whose button was pressed; one that is the same stays as it is.

    Raises Uneditable, TopicGone or Moved where it must be sent as a new message, else what send() does.
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
