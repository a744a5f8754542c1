"""Forcing VIP on or off until a moment, past all grants, and ending that."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.users import vip
from apps.users.models import REASON_MAX_LENGTH, Person, VipOverride
from apps.users.promises import promises_of
from apps.users.services.grants import LONGEST
from apps.users.services.rows import about, iso, lock_person
from apps.users.services.standings import described, grace_of, overridden, settle
from diana import audit
from diana.acts import Change, Preview, StateChanged, is_key
from diana.events import publish_many


class InvalidOverride(ValueError):
    """The override cannot be: the message says what to correct."""


class NoOverride(ValueError):
    """There is no override to clear."""


def override_vip(
    *,
    person_id: int,
    mode: vip.Mode,
    until: datetime,
    reason: str,
    actor: audit.Actor,
    key: str,
    now: datetime,
    shown: str | None = None,
) -> VipOverride:
    """Force VIP on or off until a moment, whatever was granted; publishes admin.vip_overridden, writes the audit record.

    Locks the person. Of several that are valid the newest wins; when that ends, an older one takes hold again. A second
    call with the key returns the first override. `shown` is the effect of the preview that somebody agreed to.
    Raises InvalidOverride, PersonGone, StateChanged, audit.ReasonMissing.
    """
    _check_key(key)
    _check(mode, until, now)
    with transaction.atomic():
        person = lock_person(person_id)
        if known := VipOverride.objects.filter(key=key).first():
            if known.person_id != person_id:
                raise InvalidOverride(_("The key %(key)s was used for another act: choose a new one.") % {"key": key})
            return known
        _check_shown(shown, preview_override(person_id=person_id, mode=mode, until=until, now=now))
        if not 0 < len(reason.strip()) <= REASON_MAX_LENGTH:
            raise audit.ReasonMissing(audit.ReasonMissing.__doc__)
        before = _standing(person_id, now)
        override = VipOverride.objects.create(
            person=person,
            mode=mode,
            starts_at=now,
            until=until,
            reason=reason.strip(),
            forced_by=actor.name,
            key=key,
        )
        _tell(person, "override_vip", before, reason, actor, now)
    return override


def clear_overrides(
    *, person_id: int, reason: str, actor: audit.Actor, key: str, now: datetime, shown: str | None = None
) -> int:
    """End all overrides of the person, so that the grants count alone; return how many were ended.

    Locks the person; publishes admin.vip_overridden with mode none, writes the audit record. A second call with the key
    does nothing. Raises NoOverride, InvalidOverride, PersonGone, StateChanged, audit.ReasonMissing.
    """
    _check_key(key)
    with transaction.atomic():
        person = lock_person(person_id)
        by = f"{actor.name} ({key})"
        if VipOverride.objects.filter(person=person, ended_by=by).exists():
            return 0
        _check_shown(shown, preview_clearing(person_id=person_id, now=now))
        before = _standing(person_id, now)
        running = VipOverride.objects.filter(person=person, ended_at__isnull=True, until__gt=now)
        ended = running.update(ended_at=now, ended_by=by)
        _tell(person, "clear_vip_override", before, reason, actor, now)
    return ended


def preview_override(*, person_id: int, mode: vip.Mode, until: datetime, now: datetime) -> Preview:
    """Say what forcing VIP on or off comes to. Raises InvalidOverride."""
    _check(mode, until, now)
    promises = promises_of([person_id])[person_id]
    return _preview(promises, promises.with_override(mode, until, now), now)


def preview_clearing(*, person_id: int, now: datetime) -> Preview:
    """Say what clearing the overrides comes to. Raises NoOverride."""
    promises = promises_of([person_id])[person_id]
    if vip.valid_override(promises.overrides, now) is None:
        raise NoOverride(_("Nothing is forced for person %(id)s.") % {"id": person_id})
    return _preview(promises, promises.cleared(now), now)


def _preview(old: vip.Promises, new: vip.Promises, now: datetime) -> Preview:
    before, after = vip.standing(old, now), vip.standing(new, now)
    changes = (
        Change(_("forced"), _forced(before), _forced(after)),
        Change(_("VIP until"), iso(before.until) or "–", iso(after.until) or "–"),
        Change(_("what it gives, until"), iso(before.kept_until) or "–", iso(after.kept_until) or "–"),
    )
    return Preview(changes, f"{after.mode},{iso(after.mode_until)}:{old.fingerprint}")


def _forced(standing: vip.Standing) -> str:
    if standing.mode is None:
        return "–"
    return f"{VipOverride.Mode(standing.mode).label}, {iso(standing.mode_until)}"


def _check(mode: str, until: datetime, now: datetime) -> None:
    if mode not in vip.MODES:
        raise InvalidOverride(_("VIP is forced on or off."))
    if not (until.tzinfo is not None and now < until <= now + LONGEST):
        raise InvalidOverride(_("An override ends later than now, within ten years, and its end has a time zone."))


def _check_key(key: str) -> None:
    if not is_key(key):
        raise InvalidOverride(_("The key may have 1 to 100 letters, digits and _ : . -"))


def _check_shown(shown: str | None, preview: Preview) -> None:
    if shown is not None and preview.effect != shown:
        raise StateChanged(StateChanged.__doc__)


def _standing(person_id: int, now: datetime) -> vip.Standing:
    return vip.standing(promises_of([person_id])[person_id], now)


def _tell(person: Person, act: str, before: vip.Standing, reason: str, actor: audit.Actor, now: datetime) -> None:
    """Note how the person stands after it, write the audit record, publish."""
    after = settle([person], now)[person.pk].standing
    record = audit.record(
        actor=actor,
        act=act,
        target=("users.Person", person.pk),
        before=described(before),
        after=described(after),
        reason=reason,
    )
    event = overridden(person.pk, after, actor, record.pk)
    publish_many([about(person, event, now), *grace_of(person, after, now)])
