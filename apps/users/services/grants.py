"""Giving VIP and taking it back; every change leaves an audit record of what was effective before and after."""

from datetime import datetime, timedelta

from django.db import transaction

from apps.users import events as facts
from apps.users import selectors
from apps.users.models import REASON_MAX_LENGTH, Grant, Person
from apps.users.services.rows import about, iso, lock_person
from diana import audit
from diana.events import publish_many

LONGEST = timedelta(days=3660)


class InvalidGrant(ValueError):
    """The grant cannot be: the message says which of its values to correct."""


class GrantOver(ValueError):
    """The grant has ended or was revoked: nothing is left to take back."""


def grant_vip(
    *,
    person_id: int,
    source: str,
    reason: str,
    actor: audit.Actor,
    now: datetime,
    ends_at: datetime | None = None,
    days: int | None = None,
    payment_reference: str | None = None,
) -> Grant:
    """Give VIP until `ends_at`, or for `days` more than the person has; publishes vip.granted, writes the audit record.

    Every grant begins now, so that whatever is revoked later, no VIP is waiting for a day on which nobody would
    tell. With a payment reference that is known the first grant is returned and nothing happens.
    Raises InvalidGrant and PersonGone.
    """
    _check(source, reason)
    with transaction.atomic():
        person = lock_person(person_id)
        if payment_reference is not None and (known := _paid_for(person, payment_reference)):
            return known
        before = selectors.effective_vip(person_id, now)
        grant = Grant.objects.create(
            person=person,
            source=source,
            starts_at=now,
            ends_at=_end(now, before, ends_at, days),
            reason=reason.strip(),
            granted_by=actor.name,
            payment_reference=payment_reference,
        )
        until = _record(grant, "grant_vip", before, reason, actor, now)
        event = facts.VipGranted(user_id=person_id, grant=grant.pk, source=source, until=until)
        publish_many([about(person, event, now)])
    return grant


def revoke_grant(*, grant_id: int, reason: str, actor: audit.Actor, now: datetime) -> Grant:
    """Take a grant back; what other grants give stays. Publishes vip.revoked, writes the audit record.

    Raises Grant.DoesNotExist, GrantOver, PersonGone and audit.ReasonMissing.
    """
    with transaction.atomic():
        person = lock_person(Grant.objects.values_list("person_id", flat=True).get(pk=grant_id))
        grant = Grant.objects.get(pk=grant_id)
        if grant.revoked_at is not None or grant.ends_at <= now:
            raise GrantOver(f"Grant {grant_id} has ended or was revoked: nothing is left to take back.")
        before = selectors.effective_vip(person.pk, now)
        grant.revoked_at, grant.revoked_by = now, actor.name
        grant.save(update_fields=["revoked_at", "revoked_by"])
        until = _record(grant, "revoke_vip", before, reason, actor, now)
        publish_many([about(person, facts.VipRevoked(user_id=person.pk, grant=grant.pk, until=until), now)])
    return grant


def _check(source: str, reason: str) -> None:
    if source not in Grant.Source.values:
        raise InvalidGrant(f"{source!r} is no source of VIP: use one of {', '.join(Grant.Source.values)}.")
    if not 0 < len(reason.strip()) <= REASON_MAX_LENGTH:
        raise InvalidGrant(f"A grant needs a reason of 1 to {REASON_MAX_LENGTH} characters.")


def _end(now: datetime, current: datetime | None, ends_at: datetime | None, days: int | None) -> datetime:
    """Return when the new grant ends: as demanded, or the days after what is effective now."""
    if (ends_at is None) == (days is None):
        raise InvalidGrant("Give either the days or the end of the grant.")
    if days is not None:
        if not 0 < days <= LONGEST.days:
            raise InvalidGrant(f"A grant lasts 1 to {LONGEST.days} days.")
        return (current or now) + timedelta(days=days)
    assert ends_at is not None
    if not now < ends_at <= now + LONGEST:
        raise InvalidGrant(f"A grant ends later than now and within {LONGEST.days} days.")
    return ends_at


def _paid_for(person: Person, payment_reference: str) -> Grant | None:
    """Return the grant that the payment has bought already."""
    known = Grant.objects.filter(payment_reference=payment_reference).first()
    if known is not None and known.person_id != person.pk:
        raise InvalidGrant("This payment has bought VIP for somebody else: use its own reference.")
    return known


def _record(
    grant: Grant, act: str, before: datetime | None, reason: str, actor: audit.Actor, now: datetime
) -> str | None:
    """Write the audit record and return the end of effective VIP after the act."""
    until = iso(selectors.effective_vip(grant.person_id, now))
    audit.record(
        actor=actor,
        act=act,
        target=("users.Person", grant.person_id),
        before={"vip_until": iso(before)},
        after={"vip_until": until, "grant": grant.pk},
        reason=reason,
    )
    return until
