"""Awarding points for a batch of events: load, decide, store. An event that was handled before changes nothing."""

import time
from collections.abc import Sequence
from itertools import chain

from apps.gamification import counting, loading, storing
from apps.gamification.decide.awarding import decide, idempotency_key
from apps.gamification.decide.entries import OutOfRange, Standing
from apps.gamification.decide.facts import Fact, fact
from apps.gamification.decide.outcomes import Outcome
from apps.gamification.decide.rules import Rulebook
from diana.events import Envelope, Permanent
from diana.events.models import Failure

SUBSCRIBER = "gamification.award_points"


class WrongLane(Permanent):
    """An event about a person must be keyed to that person, or their order is lost: publish it without a key of its own."""


class TooManyPoints(Permanent):
    """The account would hold more points than the ledger can count: look at the rule's base points, then redrive."""


def award(envelopes: Sequence[Envelope]) -> None:
    """Let each event have its effect on its person's account, in the order given; the caller's transaction holds it.

    Events about nobody are passed over. Raises WrongLane, TooManyPoints.
    """
    concerning = [envelope for envelope in envelopes if envelope.user_id is not None]
    if not concerning:
        return
    standings, rulebook = loading.lock_standings(map(person_of, concerning))
    skipped = _handled_before(concerning, standings, rulebook)
    fresh = [envelope for envelope in concerning if envelope.position not in skipped]
    started = time.perf_counter()
    try:
        decided: list[tuple[Envelope, list[Outcome]]] = [
            (envelope, decide(standings[person_of(envelope)], fact_of(envelope), rulebook)) for envelope in fresh
        ]
    except OutOfRange as error:
        raise TooManyPoints(TooManyPoints.__doc__) from error
    if decided:
        at = time.perf_counter()
        storing.store([standings[person] for person in sorted(set(map(person_of, fresh)))], decided)
        outcomes = chain.from_iterable(of_one for _, of_one in decided)
        counting.count(len(fresh), outcomes, decide_seconds=at - started, store_seconds=time.perf_counter() - at)


def person_of(envelope: Envelope) -> int:
    """Return whom the event is about; raises WrongLane if another lane than theirs carries it."""
    person = envelope.user_id
    if person is None or envelope.key != str(person):
        raise WrongLane(WrongLane.__doc__)
    return person


def fact_of(envelope: Envelope) -> Fact:
    """Return the event as the core sees it."""
    return fact(
        position=envelope.position,
        event_id=envelope.event_id,
        type=envelope.type,
        at=envelope.occurred_microseconds,
        utc_offset_minutes=envelope.utc_offset_minutes,
        fields=envelope.fields,
    )


def _handled_before(concerning: Sequence[Envelope], standings: dict[int, Standing], rulebook: Rulebook) -> set[int]:
    """Return the positions of events that had their effect already: they came again in a replay.

    The subscriber is ordered, so an account has handled all up to its position but what failed; of that only what is
    being tried again now counts as new, and only if the ledger does not know it.
    """
    again = {e.position: e for e in concerning if e.position <= standings[person_of(e)].state.position}
    if not again:
        return set()
    failures = Failure.objects.filter(
        subscriber=SUBSCRIBER, position__range=(min(again), max(again)), status=Failure.Status.RETRYING
    )
    retried = {p: fact_of(again[p]) for p in failures.values_list("position", flat=True) if p in again}
    keys = {idempotency_key(f, rule): p for p, f in retried.items() for rule in rulebook.rules_for(f.type, f.at)}
    known = {keys[key] for key in loading.known_keys(list(keys))}
    return set(again) - (set(retried) - known)
