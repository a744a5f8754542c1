"""Points given, taken and taken back by staff. Each act has a key: a second call with it changes nothing."""

import re
import secrets
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.gamification import corrections, events, loading, recomputing, storing
from apps.gamification.decide.chain import reason_hash
from apps.gamification.decide.corrections import is_reversible
from apps.gamification.decide.corrections import note as reversal_note
from apps.gamification.decide.entries import Draft, Kind, OutOfRange, Standing, append
from apps.gamification.decide.facts import microseconds
from apps.gamification.decide.levels import level_of
from apps.gamification.decide.rules import Rulebook
from apps.gamification.models import Entry, Reason
from apps.gamification.services.errors import AlreadyReversed, KeyTaken, NotReversible, PointsError, UnknownEntry
from apps.users import selectors as users
from diana import audit
from diana.acts import is_key
from diana.events import Event, publish

LARGEST_AMOUNT = 1_000_000_000
NOT_IN_AN_ACTOR = re.compile(r"[|\x00-\x1f\x7f-\x9f]")


def award(*, person_id: int, amount: int, reason: str, actor: audit.Actor, key: str, now: datetime) -> Entry:
    """Give points, or take them if the amount is negative: then at most what is there, which the entry's note tells.

    Locks the account. A second call with the key returns the first entry. Raises PointsError, and
    apps.users.selectors.UnknownPerson.
    """
    _check_amount(amount)
    full_key = f"staff:{checked_key(key)}"
    users.profile(person_id)
    with transaction.atomic():
        standings, rulebook = loading.lock_standings([person_id])
        if known := _known(full_key, account_id=person_id, base=amount):
            return known
        standing = standings[person_id]
        before = _before(standing)
        taken = amount if amount > 0 else -min(standing.balance, -amount)
        kind: Kind = "staff_award" if amount > 0 else "penalty"
        entry = _write(standing, kind, taken, amount, full_key, reason, actor, now)
        record = _record(actor, "award_points" if amount > 0 else "take_points", entry, before, standing, reason)
        if amount > 0:
            _publish(now, _awarded(entry))
            report: Event = events.PointsForceAwarded(
                user_id=person_id, entry=entry.pk, amount=taken, actor=actor.id, audit=record
            )
        else:
            _publish(now, events.PointsDeducted(user_id=person_id, entry=entry.pk, amount=-taken, kind=kind))
            report = events.PointsPenalized(
                user_id=person_id, entry=entry.pk, amount=-taken, actor=actor.id, audit=record
            )
        _publish(now, report)
        publish_level(standing, before["lifetime"], rulebook, now)
    return entry


def reverse_entry(
    *, entry_id: int, reason: str, actor: audit.Actor, key: str, now: datetime, recompute: bool = True
) -> Entry:
    """Take an entry back: the balance becomes what the acts that still stand deserve, an award's lifetime points go.

    Deserved is what they come to in their order, never below zero after any of them (decide/corrections.py). A penalty can
    be taken back although it found nothing. Locks the account. What an award used of limits and the daily cap is free
    again, and its day is decided anew: acts that a limit or the cap had taken away and that have room now are paid by
    entries of their own, unless `recompute` is false. A second call with the key returns the first reversal. Raises
    PointsError.
    """
    full_key = f"reversal:{checked_key(key)}"
    with transaction.atomic():
        original = Entry.objects.filter(pk=entry_id).first()
        if original is None:
            raise UnknownEntry(entry_id)
        standings, rulebook = loading.lock_standings([original.account_id])
        if known := _known(full_key, account_id=original.account_id, reverses=entry_id):
            return known
        if not is_reversible(corrections.act_of(original)):
            raise NotReversible(entry_id, original.kind)
        if earlier := Entry.objects.filter(reverses=entry_id).first():
            raise AlreadyReversed(entry_id, earlier.pk)
        standing = standings[original.account_id]
        before = _before(standing)
        change = corrections.reversal_of(original, standing)
        entry = _write(standing, "reversal", change, original.amount, full_key, reason, actor, now, original)
        person = original.account_id
        _publish(now, events.EntryReversed(user_id=person, entry=entry.pk, reverses=entry_id))
        if change < 0:
            _publish(now, events.PointsDeducted(user_id=person, entry=entry.pk, amount=-change, kind=entry.kind))
        paid = recomputing.recompute(standing, original.event_id, now) if recompute and original.event_id else []
        record = _record(actor, "reverse_entry", entry, before, standing, reason, paid)
        _publish(now, events.StaffReversedEntry(user_id=person, entry=entry.pk, actor=actor.id, audit=record))
        publish_level(standing, before["lifetime"], rulebook, now)
    return entry


def _check_amount(amount: int) -> None:
    if not 0 < abs(amount) <= LARGEST_AMOUNT:
        raise PointsError(_("The amount must lie between 1 and 1,000,000,000, or their negatives."))


def name_of(actor: audit.Actor) -> str:
    """Return how the ledger names whoever acts: what its columns may not hold is replaced."""
    return NOT_IN_AN_ACTOR.sub("_", f"{actor.origin}:{actor.name}")[:150]


def checked_key(key: str) -> str:
    """Return the key of an act if it can be one; raises PointsError."""
    if not is_key(key):
        raise PointsError(_("The key may have 1 to 100 letters, digits and _ : . -"))
    return key


def _known(key: str, **expected: int) -> Entry | None:
    """Return the entry that was written under the key; raises KeyTaken if it was for something else."""
    known = Entry.objects.filter(idempotency_key=key).first()
    if known and any(getattr(known, name) != value for name, value in expected.items()):
        raise KeyTaken(key)
    return known


def _write(
    standing: Standing,
    kind: Kind,
    amount: int,
    base: int,
    key: str,
    reason: str,
    actor: audit.Actor,
    now: datetime,
    original: Entry | None = None,
) -> Entry:
    """Append the entry and keep its reason beside it."""
    salt, reason = secrets.token_bytes(16), reason.strip()
    short = abs(base) - abs(amount)
    note = f"short={short}" if short else ""
    try:
        draft: Draft = append(
            standing,
            kind=kind,
            amount=amount,
            base=base,
            idempotency_key=key,
            occurred_at=microseconds(now),
            rule=original.rule if original else "",
            rule_version=original.rule_version if original else 0,
            note=reversal_note(corrections.act_of(original), amount) if original else note,
            reverses=original.pk if original else None,
            actor=name_of(actor),
            reason_hash=reason_hash(salt, reason),
        )
    except OutOfRange as error:
        raise PointsError(_("The account would hold more points than the ledger can count.")) from error
    (entry_id,) = storing.write_entries([draft])
    Reason.objects.create(entry_id=entry_id, salt=salt, text=reason)
    return Entry.objects.get(pk=entry_id)


def _before(standing: Standing) -> dict[str, int]:
    return {"balance": standing.balance, "lifetime": standing.lifetime}


def _record(
    actor: audit.Actor,
    act: str,
    entry: Entry,
    before: dict[str, int],
    standing: Standing,
    reason: str,
    recomputed: Sequence[Entry] = (),
) -> int:
    """Write the audit record and return its id."""
    after: dict[str, object] = {**_before(standing), "entry": entry.pk}
    if recomputed:
        after["recomputed"] = [paid.pk for paid in recomputed]
    target = ("gamification.Account", standing.account)
    return audit.record(actor=actor, act=act, target=target, before=before, after=after, reason=reason).pk


def _awarded(entry: Entry) -> Event:
    return events.PointsAwarded(
        user_id=entry.account_id,
        entry=entry.pk,
        amount=entry.amount,
        balance=entry.balance_after,
        rule=entry.rule,
        rule_version=entry.rule_version,
    )


def _publish(now: datetime, event: Event) -> None:
    publish(event, occurred_at=now)


def publish_level(standing: Standing, lifetime_before: int, rulebook: Rulebook, now: datetime) -> None:
    """Tell if lifetime points crossed a level, up or down."""
    table = rulebook.multipliers_at(microseconds(now)).level_table
    old, new = level_of(lifetime_before, table), level_of(standing.lifetime, table)
    if new > old:
        _publish(now, events.LevelUp(user_id=standing.account, old=old, new=new))
    elif new < old:
        _publish(now, events.LevelDown(user_id=standing.account, old=old, new=new))
