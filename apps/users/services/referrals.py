"""Inviting: the code of a person's link, who came by it, what came of them, paid a week after it is earned."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.db import transaction

from apps.users import events as facts
from apps.users import referrals, selectors
from apps.users.models import Person, Referral
from apps.users.services.rows import about, lock_people, lock_person
from diana.events import Envelope, Publication, publish_many

# The task pays so many in one transaction, and comes again.
MOST_AT_ONCE = 100
LOSSES = ("user.erased", "admin.user_suspended")


def invite_code(*, person_id: int) -> str:
    """Return the code of the person's links, made at the first call. Locks the person. Raises PersonGone."""
    with transaction.atomic():
        person = lock_person(person_id)
        if person.invite_code is None:
            person.invite_code = referrals.new_code()
            person.save(update_fields=["invite_code"])
    return person.invite_code


def refer(*, invitee: Person, code: str, now: datetime) -> int | None:
    """Keep by whose link a new person came, and return the referrer's id; None if it counts for nobody.

    For services.register alone, in its transaction, which holds the invitee's lock and publishes. It counts once for an
    invitee, not for oneself, and not for somebody who was here before and has been erased.
    """
    if invitee.telegram_id is not None and selectors.was_erased(invitee.telegram_id):
        return None
    referrer = Person.objects.filter(invite_code=code).exclude(pk=invitee.pk).exclude(status="erased").first()
    if referrer is None or Referral.objects.filter(invitee=invitee).exists():
        return None
    Referral.objects.create(invitee=invitee, referrer=referrer, referred_at=now)
    return referrer.pk


def follow_referrals(envelopes: Sequence[Envelope], *, now: datetime) -> int:
    """Count what invited people do towards being paid for, and note who is lost; return how many referrals changed.

    In the caller's transaction; one query for people whom nobody invited. Locks the others in ascending order. Read
    again, the same events change nothing.
    """
    by_person = _by_person(envelopes)
    concerned = Referral.objects.filter(invitee_id__in=by_person).exclude(status=Referral.Status.LOST)
    invitees = list(concerned.values_list("invitee_id", flat=True))
    if not invitees:
        return 0
    _lock(invitees)
    changed = [row for row in concerned.order_by("invitee_id") if _follow(row, by_person[row.invitee_id], now)]
    Referral.objects.bulk_update(changed, _FOLLOWED)
    return len(changed)


def pay_referrals(*, now: datetime) -> int:
    """Pay what was earned a week ago, at most 100; return how many: user.referral_qualified and user.referral_completed.

    Each once, whoever comes second. Who is erased or suspended by now has lost it; a referrer who is erased gets nothing,
    the one who was invited does. Locks the people.
    """
    due = Referral.objects.filter(
        status=Referral.Status.QUALIFIED, qualified_at__lte=now - referrals.PAID_AFTER
    ).order_by("invitee_id")
    with transaction.atomic():
        wanted = list(due.values_list("invitee_id", "referrer_id")[:MOST_AT_ONCE])
        people = lock_people({person for pair in wanted for person in pair})
        rows = list(due.filter(invitee_id__in=[invitee for invitee, _referrer in wanted]))
        told = [(row, column, event) for row in rows for column, event in _pay(row, people, now)]
        for (row, column, _event), envelope in zip(told, publish_many([event for *_, event in told]), strict=True):
            setattr(row, column, envelope.event_id)
        Referral.objects.bulk_update(rows, ["status", "paid_at", "lost_at", "paid_event", "welcome_event"])
    return sum(row.status == Referral.Status.PAID for row in rows)


_FOLLOWED = [
    "tutorial_at", "active_days", "last_active_date", "points", "last_entry", "status", "qualified_at", "lost_at",
]  # fmt: skip


def _by_person(envelopes: Sequence[Envelope]) -> dict[int, list[Envelope]]:
    found: dict[int, list[Envelope]] = {}
    for envelope in envelopes:
        if envelope.user_id is not None:
            found.setdefault(envelope.user_id, []).append(envelope)
    return found


def _lock(person_ids: Iterable[int]) -> None:
    """Lock the people, the erased too: what they have lost is still to be noted."""
    list(Person.objects.select_for_update(no_key=True).filter(pk__in=person_ids).order_by("pk").values_list("pk"))


def _follow(row: Referral, envelopes: Sequence[Envelope], now: datetime) -> bool:
    """Count the events into the referral and say whether it changed."""
    before = [getattr(row, name) for name in _FOLLOWED]
    for envelope in envelopes:
        if envelope.occurred_at < row.referred_at:
            continue
        if envelope.type in LOSSES:
            _lose(row, envelope.occurred_at)
        elif row.status == Referral.Status.OPEN:
            _count(row, envelope)
            earned = referrals.is_earned(
                tutorial=row.tutorial_at is not None, active_days=row.active_days, points=row.points
            )
            if earned:
                row.status, row.qualified_at = Referral.Status.QUALIFIED, now
    return before != [getattr(row, name) for name in _FOLLOWED]


def _count(row: Referral, envelope: Envelope) -> None:
    fields = envelope.fields
    match envelope.type:
        case "user.tutorial_completed":
            row.tutorial_at = row.tutorial_at or envelope.occurred_at
        case "user.active_day":
            day = date.fromisoformat(fields["local_date"])
            if row.last_active_date is None or day > row.last_active_date:
                row.active_days, row.last_active_date = row.active_days + 1, day
        case "game.points_awarded":
            if fields["entry"] > row.last_entry:
                row.points, row.last_entry = row.points + fields["amount"], fields["entry"]


def _lose(row: Referral, moment: datetime) -> None:
    """Note that the invited person is not to stay; what was paid long ago stays."""
    paid_long_ago = row.paid_at is not None and moment > row.paid_at + referrals.TAKEN_BACK_WITHIN
    if row.status in (Referral.Status.QUALIFIED, Referral.Status.PAID) and not paid_long_ago:
        row.status, row.lost_at = Referral.Status.LOST, moment


def _pay(row: Referral, people: dict[int, Person], now: datetime) -> list[tuple[str, Publication]]:
    """Move the referral on; return what to publish for it, with the column that keeps the event."""
    invitee, referrer = people.get(row.invitee_id), people.get(row.referrer_id)
    if invitee is None or invitee.status == Person.Status.SUSPENDED:
        row.status, row.lost_at = Referral.Status.LOST, now
        return []
    row.status, row.paid_at = Referral.Status.PAID, now
    welcome = facts.ReferralCompleted(user_id=row.invitee_id, referrer=row.referrer_id)
    told = [("welcome_event", about(invitee, welcome, now))]
    if referrer is not None:
        qualified = facts.ReferralQualified(user_id=row.referrer_id, invitee=row.invitee_id)
        told.append(("paid_event", about(referrer, qualified, now)))
    return told
