"""Achievements given and taken back by staff. Each act has a key: a second call with it changes nothing."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.gamification import events, loading, storing, unlocks
from apps.gamification.decide.achievements.definitions import Definition
from apps.gamification.decide.achievements.evaluation import revoke as forget
from apps.gamification.decide.achievements.evaluation import unlock
from apps.gamification.decide.entries import Standing
from apps.gamification.decide.rules import Rulebook
from apps.gamification.models import Achievement, Entry, Unlock
from apps.gamification.services.errors import KeyTaken, NotGrantable, UnknownAchievement
from apps.gamification.services.points import checked_key, name_of, reverse_entry
from apps.users import selectors as users
from diana import audit
from diana.events import publish
from diana.events.identifiers import uuid7
from diana.events.models import StoredEvent

REWARD = "achievement_unlocked"


def grant_achievement(
    *, person_id: int, achievement: str, tier: str, reason: str, actor: audit.Actor, key: str, now: datetime
) -> Unlock:
    """Give a tier, with the reward that everybody gets for it; also one that was revoked before.

    Locks the account. A second call with the key returns the first unlock. Raises PointsError, and
    apps.users.selectors.UnknownPerson.
    """
    full_key = f"grant:{checked_key(key)}"
    users.profile(person_id)
    with transaction.atomic():
        standings, rulebook = loading.lock_standings([person_id])
        if known := _known(full_key, person_id, achievement, tier):
            return known
        definition = _grantable(rulebook, achievement, tier)
        standing = standings[person_id]
        if tier in standing.state.unlocked.get(achievement, ()):
            raise NotGrantable(_("The person has it already."))
        before = _held(standing, achievement)
        unlock(standing.state, definition, tier)
        storing.save_states([standing])
        record = _record(actor, "grant_achievement", standing, achievement, before, reason)
        row = unlocks.Row(person_id, achievement, definition.version, tier, "", uuid7(), now, audit=record)
        unlocks.write_grant(row, granted_by=name_of(actor), key=full_key)
        granted = Unlock.objects.get(event_id=row.event_id)
        told = events.AchievementUnlocked(user_id=person_id, achievement=achievement, tier=tier)
        publish(told, occurred_at=now, event_id=granted.event_id)
        report = events.AchievementGranted(
            user_id=person_id, achievement=achievement, tier=tier, actor=actor.id, audit=record
        )
        publish(report, occurred_at=now)
    return granted


def revoke_achievement(*, unlock_id: int, reason: str, actor: audit.Actor, key: str, now: datetime) -> Unlock:
    """Take a tier back: its reward is reversed, its bonus ends, and it does not unlock again by itself.

    Locks the account. A second call with the key returns the same unlock. Raises PointsError.
    """
    full_key = f"revoke:{checked_key(key)}"
    with transaction.atomic():
        found = Unlock.objects.filter(pk=unlock_id).first()
        if found is None:
            raise UnknownAchievement(_("There is no unlock %(id)s.") % {"id": unlock_id})
        person, name, tier = found.account_id, found.achievement_id, found.tier
        standing = loading.lock_standings([person])[0][person]
        found.refresh_from_db()
        if found.revoked_at is not None:
            if found.revocation_key == full_key:
                return found
            raise NotGrantable(_("It was revoked before."))
        if Unlock.objects.filter(revocation_key=full_key).exists():
            raise KeyTaken(key)
        _reverse_reward(found, standing, reason, actor, key, now)
        # The reversal has moved the account on.
        standings, rulebook = loading.lock_standings([person])
        standing = standings[person]
        before = _held(standing, name)
        others = Unlock.objects.filter(account_id=person, achievement_id=name, tier=tier, revoked_at=None)
        if not others.exclude(pk=found.pk).exists():
            forget(standing.state, name, tier, _definition(rulebook, name))
        storing.save_states([standing])
        record = _record(actor, "revoke_achievement", standing, name, before, reason)
        found.revoked_at, found.revoked_by = now, name_of(actor)
        found.revocation_audit, found.revocation_key = record, full_key
        found.save(update_fields=["revoked_at", "revoked_by", "revocation_audit", "revocation_key"])
        told = events.AchievementRevoked(user_id=person, achievement=name, tier=tier, period=found.period)
        publish(told, occurred_at=now)
        report = events.StaffRevokedAchievement(
            user_id=person, achievement=name, tier=tier, actor=actor.id, audit=record
        )
        publish(report, occurred_at=now)
    return found


def _reverse_reward(
    found: Unlock, standing: Standing, reason: str, actor: audit.Actor, key: str, now: datetime
) -> None:
    """Take the points of the unlock back, if it earned some; raises NotGrantable while they are still on their way."""
    told = StoredEvent.objects.filter(event_id=found.event_id).values_list("id", flat=True).first()
    if told is not None and told > standing.state.position:
        raise NotGrantable(_("Its reward is still on its way: try again in a moment."))
    entry = Entry.objects.filter(idempotency_key=f"{found.event_id.hex}:{REWARD}").exclude(amount=0).first()
    if entry and not Entry.objects.filter(reverses=entry.pk).exists():
        # The key begins with the act's: by that of an approved one its entry is known.
        name = f"{key[:40]}.unlock-{found.pk}"
        reverse_entry(entry_id=entry.pk, reason=reason, actor=actor, key=name, now=now)


def _grantable(rulebook: Rulebook, key: str, tier: str) -> Definition:
    definition = _definition(rulebook, key)
    if definition is None:
        if Achievement.objects.filter(pk=key).exists():
            raise NotGrantable(_("%(key)s is not active.") % {"key": key})
        raise UnknownAchievement(_("There is no achievement %(key)s.") % {"key": key})
    if definition.repeatable:
        raise NotGrantable(_("It is won anew in each period: it cannot be given."))
    names = [t.tier for t in definition.tiers]
    if tier not in names:
        text = _("%(key)s has no tier %(tier)s: choose one of %(tiers)s.")
        raise UnknownAchievement(text % {"key": key, "tier": tier, "tiers": ", ".join(names)})
    return definition


def _definition(rulebook: Rulebook, key: str) -> Definition | None:
    newest = rulebook.achievements.newest() if rulebook.achievements else []
    return next((definition for definition in newest if definition.key == key), None)


def _known(full_key: str, person_id: int, achievement: str, tier: str) -> Unlock | None:
    """Return the unlock that was granted under the key; raises KeyTaken if it was another."""
    known = Unlock.objects.filter(grant_key=full_key).first()
    if known and (known.account_id, known.achievement_id, known.tier) != (person_id, achievement, tier):
        raise KeyTaken(full_key.partition(":")[2])
    return known


def _held(standing: Standing, achievement: str) -> dict[str, object]:
    return {"achievement": achievement, "tiers": list(standing.state.unlocked.get(achievement, ()))}


def _record(
    actor: audit.Actor, act: str, standing: Standing, achievement: str, before: dict[str, object], reason: str
) -> int:
    """Write the audit record and return its id."""
    target = ("gamification.Account", standing.account)
    after = _held(standing, achievement)
    return audit.record(actor=actor, act=act, target=target, before=before, after=after, reason=reason).pk
