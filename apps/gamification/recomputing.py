"""Deciding a day anew after something was taken back: reads one person's facts and entries, writes what is due.

Three queries whatever the history; the work grows with it (about 100,000 facts a second), under the account's lock.
"""

from datetime import datetime
from uuid import UUID

from apps.gamification import awards, events, loading, storing
from apps.gamification.decide.awarding import idempotency_key
from apps.gamification.decide.entries import Draft, Standing, append, lifetime_gain
from apps.gamification.decide.facts import HOUR, Fact, microseconds
from apps.gamification.decide.history import RECOMPUTED, Kept, Ledger, Pair, Payment, due, free
from apps.gamification.models import Entry
from diana.events import Publication, history, publish_many
from diana.events.models import Failure
from diana.events.subscriptions import subscriber

_KEPT = ("id", "sequence", "kind", "rule", "base", "note", "event_id", "occurred_at", "reverses", "amount")
_NOT_HANDLED = (Failure.Status.RETRYING, Failure.Status.HELD, Failure.Status.DEAD, Failure.Status.DISCARDED)


def recompute(standing: Standing, of: int | UUID, now: datetime) -> list[Entry]:
    """Pay what a local date owes by now, given as a number of days or by an event of it; return the new entries.

    The account must be locked. The counts of limits and of the cap become what the ledger holds, so that what was
    reversed is free again. A second call pays nothing. Writes the state, publishes game.points_awarded for each entry.
    """
    facts, ledger = facts_of(standing), _ledger(standing.account)
    day = of if isinstance(of, int) else next((fact.day for fact in facts if fact.event_id == of), None)
    if day is None:
        return []
    rulebook = loading.rulebook_with(ledger.rules)
    payments, used = due(standing.account, facts, rulebook, ledger, day)
    entries = _write([_append(standing, payment, ledger) for payment in payments], now)
    touched: set[Pair] = ledger.reversed | {(payment.fact.event_id, payment.rule.key) for payment in payments}
    free(standing.state, {fact.event_id: fact for fact in facts}, rulebook, used, touched)
    storing.save_states([standing])
    return entries


def facts_of(standing: Standing) -> list[Fact]:
    """Return what the account has handled, in the order of the log; what failed and was not handled since is left out."""
    upto = standing.state.position
    envelopes = history.of_person(subscriber(awards.SUBSCRIBER), standing.account, upto=upto)
    failures = Failure.objects.filter(
        subscriber=awards.SUBSCRIBER, key=str(standing.account), position__lte=upto, status__in=_NOT_HANDLED
    )
    failed = set(failures.values_list("position", flat=True))
    return [awards.fact_of(envelope) for envelope in envelopes if envelope.position not in failed]


def _ledger(account: int) -> Ledger:
    rows = Entry.objects.filter(account_id=account).order_by("sequence").values_list(*_KEPT)
    return Ledger(
        Kept(
            pk,
            sequence,
            kind,
            rule,
            base,
            note,
            event,
            microseconds(at) // HOUR,
            reverses,
            lifetime_gain(kind, amount, base),
        )
        for pk, sequence, kind, rule, base, note, event, at, reverses, amount in rows.iterator(chunk_size=2000)
    )


def _append(standing: Standing, payment: Payment, ledger: Ledger) -> Draft:
    fact, rule = payment.fact, payment.rule
    paid = ledger.paid.get((fact.event_id, rule.key), 0)
    still = payment.base - payment.counted
    return append(
        standing,
        kind="award",
        amount=payment.amount,
        base=payment.base,
        # what comes after so many base points of this event and rule is paid once, whoever asks for it
        idempotency_key=f"{idempotency_key(fact, rule)}:after{paid}",
        occurred_at=fact.at,
        rule=rule.key,
        rule_version=rule.version,
        multipliers=payment.multipliers,
        note=f"{RECOMPUTED},cap={still}" if still else RECOMPUTED,
        event_id=fact.event_id,
    )


def _write(drafts: list[Draft], now: datetime) -> list[Entry]:
    """Append the entries and tell of them."""
    ids = storing.write_entries(drafts)
    publish_many(
        [
            Publication(
                event=events.PointsAwarded(
                    user_id=draft.account,
                    entry=entry_id,
                    amount=draft.amount,
                    balance=draft.balance_after,
                    rule=draft.rule,
                    rule_version=draft.rule_version,
                ),
                occurred_at=now,
            )
            for entry_id, draft in zip(ids, drafts, strict=True)
        ]
    )
    return list(Entry.objects.filter(pk__in=ids).order_by("sequence")) if ids else []
