"""Handling a batch so that one bad event costs only itself: all at once, then by halves down to the culprits."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db import connection, transaction

from diana import metrics
from diana.events.envelope import Envelope
from diana.events.failures import Permanent, Retry, is_transient
from diana.events.subscriptions import Subscriber

logger = logging.getLogger(__name__)

# So many different keys failing before any event succeeded mean that the handler is broken, not the events.
SYSTEMIC_KEYS = 5


class SystemicFailure(RuntimeError):
    """The handler fails whatever it is given: the lane is paused instead of filling the failures table."""


@dataclass
class Outcome:
    """What became of a batch. `blocked`: keys whose later events are held back; `held`: the events held so."""

    blocked: set[str]
    known: dict[int, Exception]
    failed: list[tuple[Envelope, Exception]] = field(default_factory=list)
    held: list[Envelope] = field(default_factory=list)
    handled: int = 0


def handle_isolated(
    subscriber: Subscriber, envelopes: Sequence[Envelope], blocked: set[str], known: Mapping[int, Exception]
) -> Outcome:
    """Handle the events in their order, each in a savepoint that holds; return who failed and who was held back.

    `known`: errors that are known already, by position; these events are not run again. Runs in the caller's
    transaction. Transient errors and SystemicFailure pass through: the caller rolls back.
    """
    outcome = Outcome(set(blocked), dict(known))
    _handle_part(subscriber, envelopes, outcome)
    return outcome


def _handle_part(subscriber: Subscriber, envelopes: Sequence[Envelope], outcome: Outcome) -> None:
    """Try the part as a whole; where it fails, its halves."""
    if subscriber.ordered and outcome.blocked:
        outcome.held += [e for e in envelopes if e.key in outcome.blocked]
        envelopes = [e for e in envelopes if e.key not in outcome.blocked]
    if not envelopes:
        return
    error = outcome.known.get(envelopes[0].position) or attempt(subscriber, envelopes)
    if error is None:
        outcome.handled += len(envelopes)
    elif len(envelopes) == 1:
        _charge(subscriber, envelopes[0], error, outcome)
    else:
        middle = len(envelopes) // 2
        _handle_part(subscriber, envelopes[:middle], outcome)
        _handle_part(subscriber, envelopes[middle:], outcome)


def attempt(subscriber: Subscriber, envelopes: Sequence[Envelope]) -> Exception | None:
    """Handle the events in one savepoint; return the error that is theirs, if any; others pass through.

    Deferred constraints are checked before the savepoint ends: at COMMIT it would be too late to know whose they are.
    """
    try:
        with transaction.atomic():
            subscriber.handle(envelopes)
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    except Exception as error:
        if is_transient(error):
            raise
        return error
    return None


def _charge(subscriber: Subscriber, envelope: Envelope, error: Exception, outcome: Outcome) -> None:
    """Write the failure down as this event's; give up on the batch if it looks like everyone's."""
    outcome.failed.append((envelope, error))
    metrics.failed(subscriber.name, error)
    if subscriber.ordered and not isinstance(error, Permanent):
        outcome.blocked.add(envelope.key)
    if isinstance(error, Retry | Permanent):
        return
    ids = {"correlation_id": envelope.correlation_id}
    logger.error("%s failed on %s %s", subscriber.name, envelope.type, envelope.event_id, exc_info=error, extra=ids)
    if not outcome.handled and len({e.key for e, _ in outcome.failed}) >= SYSTEMIC_KEYS:
        raise SystemicFailure(f"{subscriber.name} failed on its first {SYSTEMIC_KEYS} keys.") from error
