"""What the bot does with what people send: the act first, in one thread with its reads, then the reply."""

import asyncio
import functools
import time
from datetime import datetime
from typing import Any

from telegram import CallbackQuery, MaybeInaccessibleMessage, Message, Update
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    MessageHandler,
    filters,
)

from apps.bot import acts, pages, reading, replies, selectors
from apps.bot.chat_kinds import PRIVATE
from apps.bot.command_words import command_of
from apps.bot.deferred_answers import leave_out
from apps.bot.documents import press_of
from apps.bot.outcomes.records import EDIT, Shown, leave
from apps.bot.places import Place
from apps.bot.screens.layout import Reply, Screen
from apps.bot.sending import acknowledge
from apps.bot.turns import Turn, act_time, current_turn
from diana import clock, metrics
from diana.events.causes import current_cause
from diana.events.gathering import Gathering
from diana.events.loop import in_thread

Context = ContextTypes.DEFAULT_TYPE

_come_by = Gathering(acts.come_by)

# Edited messages are no acts: nothing below takes them.
NEW = filters.UpdateType.MESSAGE
WRITTEN = (
    NEW
    & ~filters.COMMAND
    & ((filters.ChatType.PRIVATE & filters.TEXT) | (filters.ChatType.GROUPS & (filters.TEXT | filters.CAPTION)))
)


def add_handlers(application: Application[Any, Any, Any, Any, Any, Any]) -> None:
    """Tell the library who answers what; the first that fits does."""
    # Before those that look at messages: the library warns about a button's message that is too old for it.
    application.add_handler(CallbackQueryHandler(pressed))
    application.add_handler(CommandHandler("start", start, filters=NEW))
    application.add_handler(CommandHandler("daily", daily, filters=NEW))
    # One handler for all pages: the library asks each of its handlers about every update.
    application.add_handler(CommandHandler(pages.commands(), show, filters=NEW))
    application.add_handler(MessageHandler(NEW & filters.COMMAND & filters.ChatType.PRIVATE, hint))
    application.add_handler(MessageHandler(NEW & filters.COMMAND & filters.ChatType.GROUPS, passed_over))
    application.add_handler(MessageHandler(WRITTEN, written))
    application.add_error_handler(remember_error)


async def start(update: Update, context: Context) -> None:
    """/start: register, keep what the link said, greet; a gift's link redeems it."""
    turn, message = current_turn(), _message(update)
    user = update.effective_user
    assert user is not None
    await in_thread(
        acts.register,
        turn,
        _moment(turn, message),
        first_name=user.first_name,
        last_name=user.last_name or "",
        username=user.username or "",
        language_code=user.language_code or "",
        payload=(context.args or [""])[0],
    )
    await _visit(turn, message, pages.opened_by((context.args or [""])[0]), context)


async def daily(update: Update, context: Context) -> None:
    """/daily: the act, and its screen; what came of the act is told there (outcomes)."""
    turn, message = current_turn(), _message(update)
    await in_thread(acts.take_daily, turn, _moment(turn, message), chat=_chat(message))
    await _answer(turn, message, "daily", context)


async def show(update: Update, context: Context) -> None:
    """A command that shows a screen."""
    message = _message(update)
    command = (message.text or "").split()[0].partition("@")[0]
    await _visit(current_turn(), message, command.removeprefix("/").lower(), context)


async def hint(update: Update, context: Context) -> None:
    """A command that is not there."""
    await _visit(current_turn(), _message(update), "unknown_command", context)


async def passed_over(update: Update, context: Context) -> None:
    """A command in a group that is none of ours: all it tells is how its author is called."""
    turn = current_turn()
    await in_thread(acts.tell_names, turn, _moment(turn, _message(update)))


async def written(update: Update, context: Context) -> None:
    """A text that begins like a command and is none: a message, in the person's own chat with a hint. Or there the name of a
    command, which does what that does. Other messages do not come this way: taking.py takes them.
    """
    turn, message = current_turn(), _message(update)
    text = message.text or message.caption or ""
    command = command_of(text) if message.chat.type == PRIVATE else None
    if command is not None:
        await _named(command, update, context)
        return
    await in_thread(acts.write_message, turn, _moment(turn, message), chat=_chat(message), text=text)
    if message.chat.type == PRIVATE:
        await hint(update, context)


async def _named(command: str, update: Update, context: Context) -> None:
    """Do what the command does."""
    match command:
        case "start":
            await start(update, context)
        case "daily":
            await daily(update, context)
        case _:
            await _visit(current_turn(), _message(update), command, context)


async def pressed(update: Update, context: Context) -> None:
    """A button: redraw the screen with what it leads to. Only the one for whom it was drawn may press it."""
    turn, query = current_turn(), update.callback_query
    assert query is not None
    button = pages.parse_callback(query.data or "")
    below = query.message
    # Below a message of nobody's chat there are no buttons of the bot's.
    if below is None or button.owner != str(turn.person_id):
        await acknowledge(query, await in_thread(pages.not_yours, turn.person_id, clock.now()))
        return
    own = (below.chat.id, PRIVATE) if below.chat.type == PRIVATE else None
    reply = await in_thread(functools.partial(acts.press, turn, button, private=own is not None, own_chat=own))
    await acknowledge(query)
    if turn.place is None or turn.silent or await in_thread(_is_replaced, turn, below, reply):
        return
    if isinstance(reply, Screen):
        await _edit_is_over(below)
    _note(turn, reply, await _show(query, below, turn.place, reply, turn.person_id, context))


async def _edit_is_over(below: MaybeInaccessibleMessage) -> None:
    """Take the message for a later screen; wait while the outcome of an earlier act is being told there."""
    until = time.monotonic() + EDIT.total_seconds()
    while not await in_thread(leave, below.chat.id, below.message_id) and time.monotonic() < until:
        await asyncio.sleep(0.05)


def _note(turn: Turn, reply: Reply, given: replies.Given | None) -> None:
    """Note what was sent, and where it stands."""
    if given is None:
        return
    turn.templates.append(reply.template)
    cause = current_cause()
    if isinstance(reply, Screen) and given.message and cause is not None:
        turn.shown.append(Shown(turn.person_id, cause, given.chat, given.message, reply.text, reply.keyboard_json))


def _is_replaced(turn: Turn, below: MaybeInaccessibleMessage, reply: Reply) -> bool:
    """Say whether the person has pressed again below the same message: that press draws the screen."""
    if not isinstance(reply, Screen):
        return False
    later = map(press_of, selectors.newest_presses(turn.person_id, after=turn.update))
    if not any(pressed and _redraws(pressed, below, turn.person_id) for pressed in later):
        return False
    metrics.unsent("superseded")
    return True


def _redraws(pressed: reading.Pressed, below: MaybeInaccessibleMessage, person_id: int) -> bool:
    """Say whether the press draws a screen in place of this message's."""
    place, button = pressed.message, pages.parse_callback(pressed.data or "")
    if place is None or (place.chat.id, place.message_id) != (below.chat.id, below.message_id):
        return False
    return button.owner == str(person_id) and pages.draws(button)


async def _show(
    query: CallbackQuery,
    below: MaybeInaccessibleMessage,
    place: Place,
    reply: Reply,
    person_id: int,
    context: Context,
) -> replies.Given | None:
    """Redraw the screen, or send it: a file, a bill, and below a message that Telegram does not show any more."""
    if isinstance(below, Message) and below.is_accessible and isinstance(reply, Screen):
        return await replies.redraw_or_give(context.bot, query, below, place, reply, person_id=person_id)
    return await replies.give(context.bot, place, reply, person_id=person_id)


async def remember_error(update: object, context: Context) -> None:
    """Keep a handler's error for whoever started the turn; the library would only log it."""
    current_turn().error = context.error


async def _visit(turn: Turn, message: Message, page: str, context: Context) -> None:
    """Do the act of coming by, then show the page."""
    moment, chat = _moment(turn, message), _chat(message)
    await _come_by(acts.Visit(turn.person_id, moment, chat, current_cause(), turn.names))
    await _answer(turn, message, page, context)


async def _answer(turn: Turn, message: Message, page: str, context: Context) -> None:
    """Show the page."""
    moment, chat = _moment(turn, message), _chat(message)
    reply = await in_thread(acts.visit, turn, moment, chat=chat, page=page, args=context.args or [])
    if turn.silent:
        leave_out()
        return
    if turn.place:
        _note(turn, reply, await replies.give(context.bot, turn.place, reply, person_id=turn.person_id))


def _message(update: Update) -> Message:
    assert update.message is not None, "the filters let only new messages through"
    return update.message


def _moment(turn: Turn, message: Message) -> datetime:
    return act_time(message.date, turn.received_at)


def _chat(message: Message) -> tuple[int, str]:
    return message.chat_id, message.chat.type
