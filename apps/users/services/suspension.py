"""Suspending people, ending that, and ending by itself what is over; each with an audit record and an event."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from apps.users import events as facts
from apps.users.models import Person, Suspension
from apps.users.services.rows import about, iso, lock_person
from apps.users.services.statuses import settle_status, status_by_facts
from diana import audit
from diana.acts import Change, Preview, StateChanged, is_key
from diana.events import publish_many

LONGEST = timedelta(days=3660)
CLOCK = audit.Actor(None, "users.end_suspensions", "command")
# The task ends so many in one transaction, and comes again.
MOST_AT_ONCE = 100


class InvalidSuspension(ValueError):
    """The suspension cannot be: the message says what to correct."""


class NotSuspended(ValueError):
    """There is no suspension to end."""


def suspend(
    *,
    person_id: int,
    until: datetime | None,
    reason: str,
    actor: audit.Actor,
    key: str,
    now: datetime,
    shown: str | None = None,
) -> Suspension:
    """Let the person earn nothing until a moment, or until somebody ends it; publishes admin.user_suspended.

    Locks the person. Who is suspended already stays so until the new moment. A second call with the key returns the first
    suspension. `shown` is the effect of the preview that somebody agreed to. Raises InvalidSuspension, PersonGone,
    StateChanged, audit.ReasonMissing.
    """
    _check(until, key, now)
    with transaction.atomic():
        person = lock_person(person_id)
        if known := Suspension.objects.filter(key=key).first():
            if known.person_id != person_id:
                raise InvalidSuspension(_("The key %(key)s was used for another act: choose a new one.") % {"key": key})
            return known
        _check_shown(person_id, until, True, shown)
        before = _described(person)
        former = _end_running(person, actor, now) or person.status
        suspension = Suspension.objects.create(
            person=person,
            starts_at=now,
            ends_at=until,
            suspended_by=actor.name,
            former_status=former,
            key=key,
        )
        settle_status(person)
        record = _record(person, "suspend_user", before, actor, reason)
        event = facts.UserSuspended(user_id=person_id, until=iso(until), actor=actor.id, audit=record)
        publish_many([about(person, event, now)])
    return suspension


def unsuspend(
    *, person_id: int, reason: str, actor: audit.Actor, key: str, now: datetime, shown: str | None = None
) -> Suspension:
    """End the person's suspension; they are again what they were before. Publishes admin.user_unsuspended.

    Locks the person. A second call with the key returns the ended suspension. Raises NotSuspended, PersonGone,
    InvalidSuspension, audit.ReasonMissing.
    """
    _check(None, key, now)
    with transaction.atomic():
        person = lock_person(person_id)
        running = _running(person)
        if running is None:
            ended = Suspension.objects.filter(person=person, ended_by=_by(actor, key)).first()
            if ended is None:
                raise NotSuspended(_("Person %(id)s is not suspended.") % {"id": person_id})
            return ended
        _check_shown(person_id, None, False, shown)
        _end(person, running, _by(actor, key), "unsuspend_user", reason, actor, now)
    return running


def end_suspensions(*, now: datetime) -> int:
    """End the suspensions whose time is over, at most 100; return how many. Each ends once, whoever comes second."""
    due = Suspension.objects.filter(ended_at__isnull=True, ends_at__lte=now).order_by("person_id")
    ended = 0
    with transaction.atomic():
        for person_id in due.values_list("person_id", flat=True)[:MOST_AT_ONCE]:
            person = Person.objects.select_for_update(no_key=True).get(pk=person_id)
            running = _running(person)
            if running is not None and running.ends_at is not None and running.ends_at <= now:
                reason = f"It was to end at {iso(running.ends_at)}."
                _end(person, running, CLOCK.name, "unsuspend_user", reason, CLOCK, now)
                ended += 1
    return ended


def preview_suspension(*, person_id: int, until: datetime | None, suspended: bool) -> Preview:
    """Say what suspending (or ending it) changes. Raises Person.DoesNotExist."""
    person = Person.objects.get(pk=person_id)
    running = _running(person)
    after = person.status
    if suspended or running:
        after = status_by_facts(person_id, suspended=suspended)
    old_end = iso(running.ends_at) if running else None
    new_end = iso(until) if suspended else None
    changes = (
        Change(_("status"), person.get_status_display(), Person.Status(after).label),
        Change(_("suspended until"), _until(running is not None, old_end), _until(suspended, new_end)),
    )
    return Preview(changes, f"{person.status},{old_end},{after},{new_end}")


def _check(until: datetime | None, key: str, now: datetime) -> None:
    if not is_key(key):
        raise InvalidSuspension(_("The key may have 1 to 100 letters, digits and _ : . -"))
    if until is not None and not (until.tzinfo is not None and now < until <= now + LONGEST):
        raise InvalidSuspension(_("A suspension ends later than now, within ten years, and its end has a time zone."))


def _check_shown(person_id: int, until: datetime | None, suspended: bool, shown: str | None) -> None:
    """Raise StateChanged if the preview would be another one by now."""
    if shown is None:
        return
    if preview_suspension(person_id=person_id, until=until, suspended=suspended).effect != shown:
        raise StateChanged(StateChanged.__doc__)


def _running(person: Person) -> Suspension | None:
    return Suspension.objects.filter(person=person, ended_at__isnull=True).first()


def _end_running(person: Person, actor: audit.Actor, now: datetime) -> str | None:
    """End a suspension that another one takes the place of; return what the person was before it."""
    running = _running(person)
    if running is None:
        return None
    running.ended_at, running.ended_by = now, actor.name
    running.save(update_fields=["ended_at", "ended_by"])
    return running.former_status


def _end(
    person: Person, running: Suspension, by: str, act: str, reason: str, actor: audit.Actor, now: datetime
) -> None:
    before = _described(person)
    running.ended_at, running.ended_by = now, by
    running.save(update_fields=["ended_at", "ended_by"])
    settle_status(person)
    record = _record(person, act, before, actor, reason)
    publish_many([about(person, facts.UserUnsuspended(user_id=person.pk, actor=actor.id, audit=record), now)])


def _by(actor: audit.Actor, key: str) -> str:
    """Return who ended it, with the act's key, so that a second call is known."""
    return f"{actor.name} ({key})"


def _described(person: Person) -> dict[str, str | None]:
    running = _running(person)
    return {"status": person.status, "until": iso(running.ends_at) if running else None}


def _record(person: Person, act: str, before: dict[str, str | None], actor: audit.Actor, reason: str) -> int:
    """Write the audit record and return its id."""
    target = ("users.Person", person.pk)
    return audit.record(actor=actor, act=act, target=target, before=before, after=_described(person), reason=reason).pk


def _until(suspended: bool, end: str | None) -> str:
    """Say until when, in words for a page."""
    if not suspended:
        return "–"
    return end or _("until somebody ends it")
