"""External subscribers: what has to go out stands in a table, senders claim it, call outside any transaction, record.

At least once: a sender that dies after the call and before the record leaves it to the next one. Per key only the
oldest delivery may go, so that one person's messages keep their order.
"""

import asyncio
import inspect
import logging
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from django.db import DatabaseError, connection

from diana import clock, metrics
from diana.events import delivery_claims, loop, visits
from diana.events.causes import caused_by
from diana.events.connections import insist, replace_connections
from diana.events.delivery_claims import Claim
from diana.events.failures import (
    Permanent,
    Postponed,
    Retry,
    Unanswered,
    attempts_allowed,
    backoff_seconds,
    is_transient,
)
from diana.events.gathering import Gathering
from diana.events.models import Delivery
from diana.events.subscriptions import Subscriber

logger = logging.getLogger(__name__)


class Delivered(NamedTuple):
    """How many deliveries were made, and the lanes that had more of them due when the time was up."""

    made: int
    more: set[int]


def deliver(subscriber: Subscriber, lanes: Sequence[int], claims: Sequence[Claim] = (), *, seconds: float) -> Delivered:
    """Make these claims, then what else is due in the lanes, many calls side by side, until nothing is or the time is up.

    Without claims it begins by claiming.
    """
    made = 0
    deadline = time.monotonic() + seconds
    claims = claims or delivery_claims.claim(subscriber, lanes)
    while claims:
        made += len(claims)
        _make(subscriber, claims)
        # What was made may have freed the next delivery of its key.
        due = delivery_claims.due_lanes(subscriber, lanes)
        if not due or time.monotonic() >= deadline:
            return Delivered(made, due)
        claims = delivery_claims.claim(subscriber, lanes)
    return Delivered(made, set())


def _make(subscriber: Subscriber, claims: Sequence[Claim]) -> None:
    """Make the deliveries; if one cannot be recorded, none of what is left waits for the end of its lease."""
    done, called = list[visits.Done](), dict[int, Claim]()
    try:
        if inspect.iscoroutinefunction(subscriber.function):
            loop.run(_deliver_all(subscriber, claims, done, called))
        else:
            for claimed in claims:
                _deliver_one(subscriber, claimed, done, called)
    except Exception:
        delivery_claims.give_back_if_possible(claims)
        raise
    finally:
        for claimed in called.values():
            delivery_claims.note_second(subscriber, claimed, "session_lost")
        visits.write(subscriber.name, done)


async def _deliver_all(
    subscriber: Subscriber, claims: Sequence[Claim], done: list[visits.Done], called: dict[int, Claim]
) -> None:
    """Run the handler over the claims at once; each is recorded as soon as it is made. Ends when all of them have.

    `called` holds what was called and is not recorded.
    """

    async def one(claimed: Claim) -> None:
        error: Exception | None = None
        started = visits.start()
        called[claimed.id] = claimed
        with caused_by(claimed.envelope), metrics.handling(subscriber.name, 1):
            try:
                await subscriber.function(claimed.envelope)  # type: ignore[misc]  # checked by deliver()
            except Exception as raised:
                error = raised
        if error is None:
            await _record_made((subscriber.name, claimed))
        else:
            await loop.in_thread(record, subscriber, claimed, error)
        del called[claimed.id]
        done.append(_visit(claimed, started, error))

    for result in await asyncio.gather(*map(one, claims), return_exceptions=True):
        if isinstance(result, BaseException):
            raise result


def _deliver_one(subscriber: Subscriber, claimed: Claim, done: list[visits.Done], called: dict[int, Claim]) -> None:
    error: Exception | None = None
    started = visits.start()
    called[claimed.id] = claimed
    with caused_by(claimed.envelope), metrics.handling(subscriber.name, 1):
        try:
            subscriber.function(claimed.envelope)
        except Exception as raised:
            error = raised
            if isinstance(raised, DatabaseError):
                replace_connections()
    record(subscriber, claimed, error)
    del called[claimed.id]
    done.append(_visit(claimed, started, error))


def _visit(claimed: Claim, started: visits.Start, error: Exception | None) -> visits.Done:
    outcome = "delivered" if error is None else "postponed" if isinstance(error, Postponed) else "failed"
    return visits.delivery(claimed.envelope, started, outcome, claimed.attempts)


def record(subscriber: Subscriber, claimed: Claim, error: Exception | None) -> None:
    """Write down how the delivery went. Does nothing if somebody else has claimed it since.

    Tried again by new connections, for a while: what was sent and is not recorded is sent again.
    """
    insist(lambda: _record(subscriber, claimed, error))


def record_made(made: Sequence[tuple[str, Claim]]) -> list[Exception | None]:
    """Write down that these deliveries, each with its subscriber's name, were made: one statement for all. Tried again
    like record().
    """
    insist(lambda: _forget(made))
    return [None] * len(made)


def _forget(made: Sequence[tuple[str, Claim]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM event_delivery d USING unnest(%s::bigint[], %s::int[]) AS mine (id, attempts)"
            " WHERE d.id = mine.id AND d.attempts = mine.attempts",
            [[claimed.id for _, claimed in made], [claimed.attempts for _, claimed in made]],
        )
    for name, _ in made:
        metrics.delivered(name)


_record_made = Gathering[tuple[str, Claim], None](lambda made: record_made(made))


def _record(subscriber: Subscriber, claimed: Claim, error: Exception | None) -> None:
    if error is None:
        _forget([(subscriber.name, claimed)])
        return
    metrics.failed(subscriber.name, error)
    if not isinstance(error, Retry | Permanent):
        ids = {"correlation_id": claimed.envelope.correlation_id}
        logger.error("%s failed on %s", subscriber.name, claimed.envelope.event_id, exc_info=error, extra=ids)
    mine = Delivery.objects.filter(id=claimed.id, attempts=claimed.attempts)
    if isinstance(error, Postponed):
        wait = timedelta(seconds=backoff_seconds(claimed.attempts, after=error.after))
        # Nothing was tried: the attempt is given back.
        mine.update(
            owner=None, leased_until=None, next_attempt_at=clock.real_now() + wait, attempts=claimed.attempts - 1
        )
    elif isinstance(error, Permanent) or claimed.attempts >= attempts_allowed(error):
        delivery_claims.give_up(subscriber, claimed, error)
    else:
        after = error.after if isinstance(error, Retry) else None
        wait = timedelta(seconds=backoff_seconds(claimed.attempts, after=after))
        # Before others may claim it.
        if isinstance(error, Unanswered):
            delivery_claims.note_second(subscriber, claimed, "no_reply")
        elif is_transient(error):
            delivery_claims.note_second(subscriber, claimed, "session_lost")
        mine.update(owner=None, leased_until=None, next_attempt_at=clock.real_now() + wait)
