"""Answers that are deferred, so that the next ones of the person need not wait: each is given by a delivery of its own.

Deferred is what waits for a group or a method and not for the chat of the person, and what fails again and again. The acts of an
update are keyed by it: handled once more, they change nothing.
"""

import logging
from datetime import datetime, timedelta

from django.db import transaction

from apps.bot.events import AnswerPutOff
from apps.bot.models import Chat
from apps.bot.selectors import present_chat
from apps.bot.telegram_errors import TooFast
from diana import metrics
from diana.events import Envelope, Permanent, Retry, publish
from diana.events.failures import is_passing, is_transient
from diana.events.models import Delivery

logger = logging.getLogger(__name__)

# What is answered in a group after so long is noise there.
LATEST_IN_GROUP = timedelta(minutes=5)
# A page that fails has a second try in its place: most errors pass. Trouble of Telegram's is mostly everybody's.
TRIES_IN_PLACE, TRIES_OF_TELEGRAM_IN_PLACE = 2, 4


def is_late(telegram_chat_id: int | None, asked_at: datetime, now: datetime) -> bool:
    """Say whether it is too late to answer there; in private it never is."""
    return telegram_chat_id is not None and telegram_chat_id < 0 and now - asked_at > LATEST_IN_GROUP


def will_be_late(error: Exception, telegram_chat_id: int | None, asked_at: datetime, now: datetime) -> bool:
    """Say whether it will be too late after the wait that the error asks for."""
    if not isinstance(error, TooFast) or error.after is None or error.scope != "chat":
        return False
    return is_late(telegram_chat_id, asked_at, now + timedelta(seconds=error.after))


def leave_out() -> None:
    """Count an answer that nobody gets any more."""
    metrics.unsent("late")
    logger.info("an answer in a group is left out: it comes too late")


def defer(error: Exception, envelope: Envelope, *, subscriber: str, telegram_chat_id: int | None) -> bool:
    """Defer the answer if it is to be deferred, and say so. Answers in one group keep their order.

    A second call publishes nothing.
    """
    group = telegram_chat_id is not None and telegram_chat_id < 0
    if not _is_to(error, envelope, subscriber, group=group):
        return False
    waits_for_group = group and isinstance(error, TooFast) and error.scope == "chat"
    with transaction.atomic():
        publish(
            AnswerPutOff(user_id=envelope.user_id, event=envelope.position, subscriber=subscriber),
            key=(_queue_of(telegram_chat_id or 0) if waits_for_group else None) or f"event:{envelope.position}",
            idempotency_key=f"{subscriber}:{envelope.event_id}:put_off",
        )
    return True


def _is_to(error: Exception, envelope: Envelope, subscriber: str, *, group: bool) -> bool:
    match error:
        case TooFast(scope=scope):
            return scope == "method" or (group and scope == "chat")
        case Permanent():
            return False
        case Retry():
            return _tries(envelope, subscriber) >= TRIES_OF_TELEGRAM_IN_PLACE
    if is_transient(error) and not is_passing(error):
        return False
    return _tries(envelope, subscriber) >= TRIES_IN_PLACE


def _queue_of(telegram_chat_id: int) -> str | None:
    """Return the key of all that waits for the group, None for an unknown one; ids at Telegram stand in no event."""
    known = Chat.objects.filter(telegram_id=present_chat(telegram_chat_id)).values_list("pk", flat=True).first()
    return None if known is None else f"chat:{known}"


def _tries(envelope: Envelope, subscriber: str) -> int:
    """Return which attempt this is."""
    mine = Delivery.objects.filter(subscriber=subscriber, position=envelope.position)
    return mine.values_list("attempts", flat=True).first() or 0
