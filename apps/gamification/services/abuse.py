"""Deciding about flags: what is held is released or forfeited, once. Locks the account, then the flag."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.utils.translation import gettext as _

from apps.gamification import awards, events, loading, storing
from apps.gamification.decide import multipliers
from apps.gamification.decide.awarding import pay
from apps.gamification.decide.entries import Standing
from apps.gamification.decide.outcomes import Outcome
from apps.gamification.decide.rules import Rule, Rulebook
from apps.gamification.models import Entry, Flag, Hold, RuleVersion
from apps.gamification.services.errors import PointsError
from apps.gamification.services.points import LARGEST_AMOUNT, award, reverse_entry
from diana import audit
from diana.events import Envelope, publish
from diana.events.log import read_events

if TYPE_CHECKING:
    from django.db.models import QuerySet

_SETTLE = """
UPDATE gamification_hold h SET status = %s,
    entry = (SELECT e.id FROM gamification_entry e
             WHERE e.idempotency_key = replace(h.event_id::text, '-', '') || ':' || h.rule)
WHERE h.flag_id = %s AND h.status = 'held'
"""


class UnknownFlag(PointsError):
    """There is no such flag."""

    def __init__(self, flag_id: int) -> None:
        super().__init__(_("There is no flag %(id)s.") % {"id": flag_id})


class AlreadyResolved(PointsError):
    """Somebody was faster."""

    def __init__(self, flag: Flag) -> None:
        text = _("Flag %(id)s was decided already: %(status)s, by %(who)s. Nothing was changed.")
        super().__init__(text % {"id": flag.pk, "status": flag.get_status_display(), "who": flag.resolved_by})


class NotOfTheFlag(PointsError):
    """With a flag only awards in its span can be reversed."""


def dismiss_flag(*, flag_id: int, reason: str, actor: audit.Actor, key: str, now: datetime) -> Flag:
    """Let the held acts earn what they would have earned: by their rules and bonuses, as far as limits and the cap allow.

    Locks the account. Limits and the cap are those of the acts' own hours and days. A second call with the key returns
    the flag. Raises UnknownFlag, AlreadyResolved.
    """
    with transaction.atomic():
        flag, standing, rulebook = _locked(flag_id)
        if _is_done(flag, Flag.Status.DISMISSED, key):
            return flag
        held = list(flag.holds.filter(status=Hold.Status.HELD).order_by("position", "rule"))
        before = {"status": flag.status, "held": len(held), "balance": standing.balance, "lifetime": standing.lifetime}
        if held:
            storing.store([standing], _released(standing, held, rulebook))
        _settle(flag, Hold.Status.RELEASED)
        after = {"released": len(held), "balance": standing.balance, "lifetime": standing.lifetime}
        _decide(flag, Flag.Status.DISMISSED, reason, actor, key, now, before, after)
    return flag


def confirm_flag(
    *,
    flag_id: int,
    reason: str,
    actor: audit.Actor,
    key: str,
    now: datetime,
    reverse: Sequence[int] = (),
    penalty: int = 0,
) -> Flag:
    """Let the held acts earn nothing; reverse these awards of the flag's span, take `penalty` points besides.

    Locks the account. A second call with the key returns the flag. Raises UnknownFlag, AlreadyResolved, NotOfTheFlag and
    what reversals and penalties raise.
    """
    if not 0 <= penalty <= LARGEST_AMOUNT:
        raise PointsError(_("The penalty must lie between 0 and 1,000,000,000."))
    with transaction.atomic():
        flag, standing, _rulebook = _locked(flag_id)
        if _is_done(flag, Flag.Status.CONFIRMED, key):
            return flag
        before = {"status": flag.status, "balance": standing.balance, "lifetime": standing.lifetime}
        wrong = set(reverse) - set(paid_in_span(flag).filter(pk__in=reverse).values_list("pk", flat=True))
        if wrong:
            text = _("These entries are no awards in the span of the flag, or were reversed: %(ids)s.")
            raise NotOfTheFlag(text % {"ids": ", ".join(map(str, sorted(wrong)))})
        for entry_id in sorted(set(reverse)):
            reverse_entry(
                entry_id=entry_id,
                reason=reason,
                actor=actor,
                # Keys begin with the act's: by that of an approved one its entries are known.
                key=f"{key[:40]}.flag-{flag_id}-{entry_id}",
                now=now,
                recompute=False,
            )
        if penalty:
            amount, name = -penalty, f"{key[:40]}.flag-{flag_id}"
            award(person_id=flag.account_id, amount=amount, reason=reason, actor=actor, key=name, now=now)
        forfeited = _settle(flag, Hold.Status.FORFEITED)
        after = {"forfeited": forfeited, "reversed": sorted(set(reverse)), "penalty": penalty}
        _decide(flag, Flag.Status.CONFIRMED, reason, actor, key, now, before, after)
    return flag


def paid_in_span(flag: Flag) -> "QuerySet[Entry]":
    """Return the awards of the flag's span that can still be reversed, the oldest first."""
    reversed_ones = Entry.objects.filter(account_id=flag.account_id, reverses__isnull=False).values("reverses")
    return (
        Entry.objects.filter(account_id=flag.account_id, kind=Entry.Kind.AWARD, amount__gt=0)
        .filter(occurred_at__range=(flag.since, flag.last_at))
        .exclude(rule__in=RuleVersion.objects.filter(event_type__startswith="payment.").values("rule_id"))
        .exclude(pk__in=reversed_ones)
        .order_by("sequence")
    )


def _locked(flag_id: int) -> tuple[Flag, Standing, Rulebook]:
    account_id = Flag.objects.filter(pk=flag_id).values_list("account_id", flat=True).first()
    if account_id is None:
        raise UnknownFlag(flag_id)
    standings, rulebook = loading.lock_standings([account_id])
    return Flag.objects.select_for_update(no_key=True).get(pk=flag_id), standings[account_id], rulebook


def _is_done(flag: Flag, verdict: str, key: str) -> bool:
    """Say whether this very decision was made before; raises AlreadyResolved if another one was."""
    if flag.status == Flag.Status.OPEN:
        return False
    if (flag.status, flag.resolved_key) != (verdict, key):
        raise AlreadyResolved(flag)
    return True


def _released(standing: Standing, held: Sequence[Hold], rulebook: Rulebook) -> list[tuple[Envelope, Sequence[Outcome]]]:
    """Let each held act pay, in the order in which they happened."""
    acts = {envelope.position: envelope for envelope in read_events([hold.position for hold in held])}
    rules = _rules(held)
    released: list[tuple[Envelope, Sequence[Outcome]]] = []
    for hold in held:
        envelope = acts.get(hold.position)
        if envelope is None:
            raise PointsError(
                _("The event %(id)s is no longer in the log: bring its archive back.") % {"id": hold.position}
            )
        fact, rule = awards.fact_of(envelope), rules[hold.rule, hold.rule_version]
        bonuses, config = multipliers.parse(hold.multipliers), rulebook.multipliers_at(fact.at)
        released.append((envelope, pay(standing, fact, rule, hold.base, config, bonuses)))
    return released


def _rules(held: Sequence[Hold]) -> dict[tuple[str, int], Rule]:
    """Return the versions that the acts were held under, also of rules that pay no more."""
    versions = RuleVersion.objects.filter(rule_id__in={hold.rule for hold in held})
    return {(version.rule_id, version.version): loading.rule_of(version) for version in versions}


def _settle(flag: Flag, status: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, [status, flag.pk])
        return int(cursor.rowcount)


def _decide(
    flag: Flag,
    verdict: str,
    reason: str,
    actor: audit.Actor,
    key: str,
    now: datetime,
    before: Mapping[str, object],
    after: Mapping[str, object],
) -> None:
    """Close the flag, write the record, tell it: the account hears of it in its turn."""
    flag.status, flag.resolved_at, flag.resolved_by, flag.resolved_key = verdict, now, actor.name, key
    flag.save(update_fields=["status", "resolved_at", "resolved_by", "resolved_key"])
    record = audit.record(
        actor=actor,
        act=f"{'confirm' if verdict == Flag.Status.CONFIRMED else 'dismiss'}_flag",
        target=("gamification.Flag", flag.pk),
        before=before,
        after={"status": verdict, "person": flag.account_id, "detector": flag.detector, **after},
        reason=reason,
    )
    resolved = events.AbuseResolved(
        user_id=flag.account_id, flag=flag.pk, verdict=verdict, actor=actor.id, audit=record.pk
    )
    publish(resolved, occurred_at=now)
