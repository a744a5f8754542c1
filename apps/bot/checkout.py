"""Answering the question before a payment in bounded time, in the response to Telegram's own request or by a call.

Telegram takes no money without a yes within ten seconds; where the database does not answer in half of that, it gets a no.
"""

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import DatabaseError, InterfaceError
from django.utils import translation

from apps.bot.incoming import PreCheckoutQuery
from apps.bot.screens.checkout import declined
from apps.payments import services as payments
from apps.users.selectors import guess_language
from diana import clock
from diana.events.connections import freshen_connections

logger = logging.getLogger(__name__)

ANSWER_SECONDS = 5.0
UNAVAILABLE = payments.Answer("unavailable")
# A database that hangs holds up these threads, and no request for longer than that.
_pool = ThreadPoolExecutor(4, thread_name_prefix="checkout")


def answer(asked: PreCheckoutQuery, *, within: float | None = None) -> dict[str, Any]:
    """Return the call of answerPreCheckoutQuery, with a reason in the person's language if it is a no; within
    ANSWER_SECONDS, or that many.
    """
    found = _ask(asked, ANSWER_SECONDS if within is None else within)
    call: dict[str, Any] = {"method": "answerPreCheckoutQuery", "pre_checkout_query_id": asked.id, "ok": found.ok}
    if not found.ok:
        with translation.override(found.language or guess_language(asked.from_.language)):
            call["error_message"] = declined(found.verdict)
    return call


def _ask(asked: PreCheckoutQuery, seconds: float) -> payments.Answer:
    """Return the verdict, "unavailable" if there is none in time."""
    asking = _pool.submit(_decide, asked)
    try:
        return asking.result(seconds)
    except (DatabaseError, InterfaceError, TimeoutError) as error:
        asking.cancel()
        logger.warning("a payment was declined: the database did not answer (%s)", type(error).__name__)
        return UNAVAILABLE


def _decide(asked: PreCheckoutQuery) -> payments.Answer:
    freshen_connections()
    question = payments.Question(
        query=asked.id,
        payer=asked.from_.id,
        payload=asked.invoice_payload,
        currency=asked.currency,
        amount=asked.total_amount,
    )
    return payments.answer_pre_checkout(question=question, now=clock.now())
