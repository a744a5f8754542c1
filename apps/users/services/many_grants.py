"""Giving VIP to many people at once: the same grants as one by one, in a fixed number of statements for each 500."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import islice

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.users import vip
from apps.users.models import Grant, Person
from apps.users.promises import promises_of
from apps.users.services.grants import InvalidGrant, audited, check_days, check_grant, grant_event
from apps.users.services.rows import about, lock_people
from apps.users.services.standings import settle
from diana import audit
from diana.acts import Change, Preview, StateChanged
from diana.events import publish_many

# So many people in one transaction.
MOST_AT_ONCE = 500
# With ":" and the person's id it is the grant's own.
LONGEST_KEY = 80


def grant_to_many(
    *,
    person_ids: Iterable[int],
    source: str,
    days: int,
    reason: str,
    actor: audit.Actor,
    key: str,
    now: datetime,
    shown: str | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> int:
    """Give each of these people so many days more than they have; return how many were given something now.

    Each 500 in a transaction of their own, locked in ascending order: if it breaks off, the same call with the same key
    goes on where it stopped and gives nobody anything twice. The unknown and the erased are left out. `progress` is
    called with the number of people looked at. Raises InvalidGrant, StateChanged.
    """
    check_grant(source, reason, key)
    check_days(days)
    if len(key) > LONGEST_KEY:
        raise InvalidGrant(_("The key may have 1 to 100 letters, digits and _ : . -"))
    ids = sorted(set(person_ids))
    if shown is not None and preview_many(person_ids=ids, days=days).effect != shown:
        raise StateChanged(StateChanged.__doc__)
    given, waiting = 0, iter(ids)
    while some := list(islice(waiting, MOST_AT_ONCE)):
        with transaction.atomic():
            given += _grant(some, source, days, reason.strip(), actor, key, now)
        progress(len(some))
    return given


def preview_many(*, person_ids: Sequence[int], days: int) -> Preview:
    """Say how many people would be given VIP. Raises InvalidGrant."""
    check_days(days)
    there = Person.objects.filter(pk__in=person_ids).exclude(status=Person.Status.ERASED).count()
    gone = len(set(person_ids)) - there
    notes = (_("Left out, because they are unknown or were erased: %(count)s.") % {"count": gone},) if gone else ()
    return Preview((Change(_("people who get %(days)s days more") % {"days": days}, 0, there),), f"{there}", notes)


def _grant(ids: Sequence[int], source: str, days: int, reason: str, actor: audit.Actor, key: str, now: datetime) -> int:
    people = lock_people(ids)
    for person_id in known_keys(key, people).values_list("person_id", flat=True):
        del people[person_id]
    promises = promises_of(people)
    grants = Grant.objects.bulk_create(
        Grant(
            person=person,
            source=source,
            starts_at=now,
            ends_at=(vip.promised_end(promises[person_id], now) or now) + timedelta(days=days),
            duration=timedelta(days=days),
            reason=reason,
            granted_by=actor.name,
            key=_key(key, person_id),
        )
        for person_id, person in people.items()
    )
    after = {person_id: found.standing for person_id, found in settle(people.values(), now).items()}
    before = {person_id: vip.effective_until(promises[person_id], now) for person_id in people}
    acts = [audited(g, "grant_vip", before[g.person_id], after[g.person_id].until, reason) for g in grants]
    audit.record_many(actor, acts)
    publish_many(
        [
            about(g.person, grant_event(g, after[g.person_id], renewed=vip.continues(promises[g.person_id], now)), now)
            for g in grants
        ]
    )
    return len(grants)


def known_keys(key: str, person_ids: Iterable[int]) -> QuerySet[Grant]:
    """Return what was given to these people under the key."""
    return Grant.objects.filter(key__in=[_key(key, person) for person in person_ids])


def _key(key: str, person_id: int) -> str:
    return f"{key}:{person_id}"
