"""Days of one person put right: what a date still owes, and a streak that broke."""

from datetime import date, datetime, timedelta

from django.db import transaction

from apps.gamification import events, loading, recomputing
from apps.gamification.decide import streaks
from apps.gamification.decide.facts import date_of, day_number
from apps.gamification.models import Entry
from apps.gamification.services.errors import DayNotOver, NothingToRepair
from apps.gamification.services.points import publish_level
from apps.users import selectors as users
from diana import audit
from diana.audit.models import AuditRecord
from diana.events import Publication, publish_many


def recompute_day(*, person_id: int, day: date, reason: str, actor: audit.Actor, now: datetime) -> list[Entry]:
    """Decide a local date of the person anew and pay what limits or the cap took away and have room for; return the entries.

    Locks the account. Nothing is taken from anybody, nothing paid twice: a second call returns an empty list, and what
    pays nothing leaves no record. Raises DayNotOver, and apps.users.selectors.UnknownPerson.
    """
    if day > now.date() + timedelta(days=1):
        raise DayNotOver(day)
    users.profile(person_id)
    with transaction.atomic():
        standings, rulebook = loading.lock_standings([person_id])
        standing = standings[person_id]
        before = {"balance": standing.balance, "lifetime": standing.lifetime}
        entries = recomputing.recompute(standing, day_number(day), now)
        if entries:
            after = {"balance": standing.balance, "lifetime": standing.lifetime, "recomputed": [e.pk for e in entries]}
            target = ("gamification.Account", person_id)
            audit.record(actor=actor, act="recompute_day", target=target, before=before, after=after, reason=reason)
            publish_level(standing, before["lifetime"], rulebook, now)
    return entries


def repair_streak(*, person_id: int, reason: str, actor: audit.Actor, now: datetime, key: str = "") -> list[date]:
    """Bridge the dates that broke the person's streak; return them. Within 48 hours, once in 30 days.

    Locks the account and publishes game.streak_frozen for each date; the award subscriber makes the streak whole. Until
    it has, a second call publishes nothing and returns the same dates; with the first one's key it does so for ever, and
    leaves no second record. Raises NothingToRepair, UnknownPerson.
    """
    offset, today = users.local_days([person_id], now)[person_id]
    with transaction.atomic():
        standings, _ = loading.lock_standings([person_id])
        if key and (known := repair_of(person_id, key)):
            return [date.fromisoformat(day) for day in (known.after or {})["bridged"]]
        streak = standings[person_id].state.streak
        days = streaks.repairable(streak, day_number(today)) if streak else []
        if not days:
            raise NothingToRepair
        assert streak is not None
        dates, lost = [date_of(day) for day in days], streaks.walk(streak).end.lost
        audit.record(
            actor=actor,
            act="repair_streak",
            target=("gamification.Account", person_id),
            before={"streak_days": standings[person_id].state.streak_days},
            after={"bridged": dates, "streak_days": lost} | ({"key": key} if key else {}),
            reason=reason,
        )
        publish_many(
            [
                Publication(
                    event=events.StreakFrozen(user_id=person_id, local_date=day.isoformat(), repair=True),
                    occurred_at=now,
                    utc_offset_minutes=offset,
                    idempotency_key=f"streak_repair:{person_id}:{day}",
                )
                for day in dates
            ]
        )
    return dates


def repair_of(person_id: int, key: str | None = None) -> AuditRecord | None:
    """Return the record of the person's last repair, or of the one under the key; None if there is none."""
    found = AuditRecord.objects.filter(
        object_type="gamification.Account", object_id=str(person_id), act="repair_streak"
    )
    return (found if key is None else found.filter(after__key=key)).order_by("-id").first()
