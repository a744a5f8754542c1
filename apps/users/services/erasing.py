"""Erasing people: all that says who somebody is goes, from every app; the number and what it earned stay."""

import logging
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from apps.users import events as facts
from apps.users import privacy
from apps.users.models import Departure, Person
from apps.users.service_accounts import SERVICE_ACCOUNTS
from apps.users.services.departures import end
from apps.users.services.rows import PersonGone, about, iso, lock_person
from apps.users.services.statuses import open_departure
from apps.users.tombstones import digest_of
from diana import audit
from diana.acts import Change, Preview, StateChanged
from diana.events import publish_many

logger = logging.getLogger(__name__)

CLOCK = audit.Actor(None, "users.erase_due", "command")
# The task looks at so many, and comes again.
MOST_AT_ONCE = 100


class ReasonNamesPerson(ValueError):
    """The reason is kept for ever: leave out the person's name and their id at Telegram."""


def erase_person(*, person_id: int, reason: str, actor: audit.Actor, now: datetime, shown: str | None = None) -> None:
    """Remove who the person is from all apps, at once and for ever. Publishes user.erased, writes the audit record.

    Locks the person, so that nobody does anything for them meanwhile. `shown` is the effect of the preview that somebody
    agreed to. Raises PersonGone (also for a second call), ReasonNamesPerson, StateChanged, audit.ReasonMissing.
    """
    with transaction.atomic():
        person = lock_person(person_id)
        _check_reason(person, reason)
        if shown is not None and preview_erasure(person_id=person_id).effect != shown:
            raise StateChanged(StateChanged.__doc__)
        _erase(person, reason, actor, now)
    _say(person_id)


def erase_due(*, now: datetime) -> int:
    """Erase those whose seven days are over, the longest waiting first, at most 100; return how many.

    So are service accounts, which releases before took for people. Each in a transaction of its own: one who cannot be erased
    is told in the log and holds up nobody. Of two that run at once, and of a request that is taken back meanwhile, the
    person's lock decides.
    """
    nobody = Person.objects.filter(telegram_id__in=SERVICE_ACCOUNTS).order_by("pk").values_list("pk", flat=True)
    due = Departure.objects.filter(ended_at__isnull=True, erase_at__lte=now).order_by("erase_at", "pk")
    asked = due.values_list("person_id", flat=True)[:MOST_AT_ONCE]
    return sum(_try(person_id, now) for person_id in dict.fromkeys([*nobody, *asked]))


def preview_erasure(*, person_id: int) -> Preview:
    """Say what erasing removes: how much each app would return in an export. Raises PersonGone."""
    person = Person.objects.exclude(status=Person.Status.ERASED).filter(pk=person_id).first()
    if person is None:
        raise PersonGone(f"Person {person_id} is unknown or erased: nothing can be done for them any more.")
    left = open_departure(person_id)
    due = iso(left.erase_at) if left else None
    changes = (
        Change(_("status"), person.get_status_display(), Person.Status.ERASED.label),
        Change(_("Telegram id"), person.telegram_id, None),
        Change(_("name"), person.full_name, ""),
        Change(_("to be erased at"), due, None),
    )
    notes = (
        _("Messages to the bot, the chat with it and the words of staff beside points go too, at once and for ever."),
        _("Entries of the ledger, VIP grants, payments and events stay under the number, which then leads to nobody."),
    )
    return Preview(changes, f"{person.status},{person.telegram_id},{due}", notes)


def _try(person_id: int, now: datetime) -> bool:
    """Erase one whose time is over, unless that changed meanwhile; say whether it was done."""
    try:
        with transaction.atomic():
            person = lock_person(person_id)
            reason = _reason(person, now)
            if not reason:
                return False
            _erase(person, reason, CLOCK, now)
    except PersonGone:
        return False
    except Exception:
        logger.exception("somebody could not be erased; it is tried again")
        return False
    _say(person_id)
    return True


def _reason(person: Person, now: datetime) -> str:
    """Return why the person is to be erased now, "" if they are not."""
    if person.telegram_id in SERVICE_ACCOUNTS:
        return "A service account of Telegram: no person."
    left = open_departure(person.pk)
    if left is None or left.erase_at is None or left.erase_at > now:
        return ""
    return f"They asked for it; it was due at {iso(left.erase_at)}."


def _say(person_id: int) -> None:
    """Leave a line outside the database: whoever brings back a backup must erase again who was erased since."""
    logger.info("person %s was erased", person_id)


def _erase(person: Person, reason: str, actor: audit.Actor, now: datetime) -> None:
    before = person.status
    _bury(person)
    for part in privacy.parts():
        part.erase(person.pk, now)
    if left := open_departure(person.pk):
        end(left, Departure.Outcome.ERASED, now)
    person.refresh_from_db()
    audit.record(
        actor=actor,
        act="erase_person",
        target=("users.Person", person.pk),
        before={"status": before},
        after={"status": person.status},
        reason=reason,
    )
    publish_many([about(person, facts.Erased(user_id=person.pk), now)])


def _bury(person: Person) -> None:
    """Keep the digest of the Telegram id; somebody may be erased for the second time."""
    assert person.telegram_id is not None, "only the erased have none"
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO users_tombstone (digest) VALUES (%s) ON CONFLICT DO NOTHING",
            [digest_of(person.telegram_id, settings.TOMBSTONE_KEY)],
        )


def _check_reason(person: Person, reason: str) -> None:
    words: list[str] = [str(person.telegram_id), person.username, person.full_name]
    folded = reason.casefold()
    if any(word and word.casefold() in folded for word in words):
        raise ReasonNamesPerson(_(ReasonNamesPerson.__doc__ or ""))
