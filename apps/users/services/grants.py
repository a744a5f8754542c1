"""Giving VIP and taking it back; every change leaves an audit record of what was effective before and after."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from apps.users import events as facts
from apps.users import vip
from apps.users.models import REASON_MAX_LENGTH, Grant, Person
from apps.users.promises import promises_of
from apps.users.services.rows import about, iso, lock_person
from apps.users.services.standings import grace_of, settle
from diana import audit
from diana.acts import Change, Preview, StateChanged, is_key
from diana.events import Event, publish_many

LONGEST = timedelta(days=3660)


class InvalidGrant(ValueError):
    """The grant cannot be: the message says which of its values to correct."""


class GrantOver(ValueError):
    """The grant has ended or was revoked: nothing is left to take back."""


class NothingToExtend(ValueError):
    """There is no VIP to extend: it is over, or was never there."""


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
    key: str | None = None,
    shown: str | None = None,
) -> Grant:
    """Give VIP until `ends_at`, or for `days` more than the person has, what is forced off for a while included.

    Publishes vip.renewed if that continues a grant that lasts or is in its grace, else vip.granted; writes the audit
    record. Days begin where what is promised now ends, and move forward if it is revoked; a grant until `ends_at` is a
    window that begins now, and counts once where it overlaps others. With a payment reference or a key that is known the
    first grant is returned and nothing happens. `shown` is the effect of the preview of so many days that somebody agreed
    to. Raises InvalidGrant, PersonGone, StateChanged.
    """
    check_grant(source, reason, key)
    with transaction.atomic():
        person = lock_person(person_id)
        if known := _given_before(person, payment_reference, key):
            return known
        promises = promises_of([person_id])[person_id]
        if shown is not None and days is not None and _added(promises, days, now).effect != shown:
            raise StateChanged(StateChanged.__doc__)
        grant = Grant.objects.create(
            person=person,
            source=source,
            starts_at=now,
            ends_at=_end(now, vip.promised_end(promises, now), ends_at, days),
            duration=None if days is None else timedelta(days=days),
            reason=reason.strip(),
            granted_by=actor.name,
            payment_reference=payment_reference,
            key=key,
        )
        before, renewed = vip.effective_until(promises, now), vip.continues(promises, now)
        _tell(grant, "grant_vip", before, reason, actor, now, renewed=renewed)
    return grant


def extend_vip(
    *, person_id: int, days: int, reason: str, actor: audit.Actor, key: str, now: datetime, shown: str | None = None
) -> Grant:
    """Give whoever has VIP, or is in its grace, staff's days more; otherwise as grant_vip.

    `shown` is the effect of the preview that somebody agreed to. Raises NothingToExtend and StateChanged beside
    grant_vip's.
    """
    with transaction.atomic():
        lock_person(person_id)
        if not Grant.objects.filter(person_id=person_id, key=key).exists():
            preview = preview_extension(person_id=person_id, days=days, now=now)
            if shown is not None and preview.effect != shown:
                raise StateChanged(StateChanged.__doc__)
        return grant_vip(person_id=person_id, source="staff", days=days, reason=reason, actor=actor, now=now, key=key)


def revoke_grant(*, grant_id: int, reason: str, actor: audit.Actor, now: datetime, shown: str | None = None) -> Grant:
    """Take back what is left of a grant; what other grants give stays, and days after it move forward to this moment.

    Publishes vip.revoked, writes the audit record.
    `shown` is the effect of the preview that somebody agreed to. Raises Grant.DoesNotExist, GrantOver, PersonGone,
    StateChanged and audit.ReasonMissing.
    """
    with transaction.atomic():
        person = lock_person(Grant.objects.values_list("person_id", flat=True).get(pk=grant_id))
        grant = Grant.objects.get(pk=grant_id)
        if shown is not None and preview_revocation(grant_id=grant_id, now=now).effect != shown:
            raise StateChanged(StateChanged.__doc__)
        promises = promises_of([person.pk])[person.pk]
        _check_running(promises, grant_id, now)
        before = vip.effective_until(promises, now)
        grant.revoked_at, grant.revoked_by = now, actor.name
        grant.save(update_fields=["revoked_at", "revoked_by"])
        _tell(grant, "revoke_vip", before, reason, actor, now)
    return grant


def preview_grant(*, person_id: int, days: int, now: datetime) -> Preview:
    """Say what so many days come to, for who has VIP and who has none. Raises InvalidGrant."""
    check_days(days)
    return _added(promises_of([person_id])[person_id], days, now)


def preview_extension(*, person_id: int, days: int, now: datetime) -> Preview:
    """Say what so many days more come to. Raises InvalidGrant, NothingToExtend."""
    check_days(days)
    promises = promises_of([person_id])[person_id]
    promised = vip.promised_end(promises, now)
    if promised is None and not vip.is_kept(promises, now):
        raise NothingToExtend(_("Person %(id)s has no VIP that could be extended: grant it.") % {"id": person_id})
    return _added(promises, days, now)


def _added(promises: vip.Promises, days: int, now: datetime) -> Preview:
    promised = vip.promised_end(promises, now)
    after = (promised or now) + timedelta(days=days)
    notes = (_("VIP is forced off at present, which stays so."),) if _forced_off(promises, now) else ()
    # In grace, and where there was none, the days begin when it is confirmed, a little later than it was shown.
    return Preview((Change(_("VIP until"), _shown(promised), _shown(after)),), f"{iso(promised)},{days}", notes)


def preview_revocation(*, grant_id: int, now: datetime) -> Preview:
    """Say what taking the grant back comes to. Raises Grant.DoesNotExist, GrantOver."""
    person_id = Grant.objects.values_list("person_id", flat=True).get(pk=grant_id)
    promises = promises_of([person_id])[person_id]
    _check_running(promises, grant_id, now)
    before, after = (vip.standing(found, now) for found in (promises, promises.without(grant_id, now)))
    changes = (
        Change(_("VIP until"), _shown(before.until), _shown(after.until)),
        Change(_("what it gives, until"), _shown(before.kept_until), _shown(after.kept_until)),
    )
    notes = (_("Revoked, the grant gives nothing more; VIP from other grants stays."),)
    return Preview(changes, f"{grant_id}:{promises.fingerprint}", notes)


def check_grant(source: str, reason: str, key: str | None) -> None:
    """Raise InvalidGrant for a source that is none, a reason that says nothing, and a key that cannot be one."""
    if source not in Grant.Source.values:
        raise InvalidGrant(f"{source!r} is no source of VIP: use one of {', '.join(Grant.Source.values)}.")
    if not 0 < len(reason.strip()) <= REASON_MAX_LENGTH:
        raise InvalidGrant(f"A grant needs a reason of 1 to {REASON_MAX_LENGTH} characters.")
    if key is not None and not is_key(key):
        raise InvalidGrant(_("The key may have 1 to 100 letters, digits and _ : . -"))


def check_days(days: int) -> None:
    """Raise InvalidGrant for more or fewer days than a grant can have."""
    if not 0 < days <= LONGEST.days:
        raise InvalidGrant(f"A grant lasts 1 to {LONGEST.days} days.")


def grant_event(grant: Grant, standing: vip.Standing, *, renewed: bool) -> Event:
    """Return the event of a new grant."""
    until = iso(standing.until)
    if renewed:
        return facts.VipRenewed(user_id=grant.person_id, grant=grant.pk, until=until)
    return facts.VipGranted(user_id=grant.person_id, grant=grant.pk, source=grant.source, until=until)


def audited(grant: Grant, act: str, before: datetime | None, after: datetime | None, reason: str) -> audit.Act:
    """Return what the audit record keeps of giving a grant or taking it back."""
    target, shown = ("users.Person", grant.person_id), {"vip_until": iso(after), "grant": grant.pk}
    return audit.Act(act, target, {"vip_until": iso(before)}, shown, reason)


def _check_running(promises: vip.Promises, grant_id: int, now: datetime) -> None:
    if grant_id not in promises.lasting(now):
        raise GrantOver(f"Grant {grant_id} has ended or was revoked: nothing is left to take back.")


def _end(now: datetime, current: datetime | None, ends_at: datetime | None, days: int | None) -> datetime:
    """Return when the new grant ends: as demanded, or the days after what was promised until now."""
    if (ends_at is None) == (days is None):
        raise InvalidGrant("Give either the days or the end of the grant.")
    if days is not None:
        check_days(days)
        return (current or now) + timedelta(days=days)
    assert ends_at is not None
    if not now < ends_at <= now + LONGEST:
        raise InvalidGrant(f"A grant ends later than now and within {LONGEST.days} days.")
    return ends_at


def _given_before(person: Person, payment_reference: str | None, key: str | None) -> Grant | None:
    """Return the grant that the payment has bought already, or that was given under the key."""
    for name, value in (("payment_reference", payment_reference), ("key", key)):
        known = Grant.objects.filter(**{name: value}).first() if value is not None else None
        if known is not None and known.person_id != person.pk:
            raise InvalidGrant(f"This {name.replace('_', ' ')} has given VIP to somebody else: use its own.")
        if known is not None:
            return known
    return None


def _tell(
    grant: Grant,
    act: str,
    before: datetime | None,
    reason: str,
    actor: audit.Actor,
    now: datetime,
    *,
    renewed: bool = False,
) -> None:
    """Note how the person stands after it, write the audit record, publish."""
    person = grant.person
    standing = settle([person], now)[person.pk].standing
    audit.record(actor=actor, **audited(grant, act, before, standing.until, reason)._asdict())
    if act == "grant_vip":
        event = grant_event(grant, standing, renewed=renewed)
    else:
        event = facts.VipRevoked(user_id=person.pk, grant=grant.pk, until=iso(standing.until))
    publish_many([about(person, event, now), *grace_of(person, standing, now)])


def _forced_off(promises: vip.Promises, now: datetime) -> bool:
    override = vip.valid_override(promises.overrides, now)
    return override is not None and override.mode == "off"


def _shown(moment: datetime | None) -> str:
    """Show a moment on a page of staff."""
    return iso(moment) or "–"
