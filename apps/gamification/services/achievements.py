"""Changing what can be achieved: a change is a new version; before it counts, staff see who would have it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from apps.gamification import backfilling, loading
from apps.gamification.achievement_checks import definition_problems, parts_of
from apps.gamification.decide.achievements.definitions import Definition, InvalidDefinition, composition_problems
from apps.gamification.models import Achievement, AchievementVersion
from apps.gamification.services.errors import InvalidAchievement, UnknownAchievement
from diana import audit

SAMPLES = 10


@dataclass
class Preview:
    """Who would have it. `people` were looked at, of `everyone`; `tiers` counts by tier, `new` those who lack it yet.

    `samples` are ids of people with their tier, the first that were found.
    """

    people: int = 0
    everyone: int = 0
    tiers: Counter[str] = field(default_factory=Counter)
    new: Counter[str] = field(default_factory=Counter)
    samples: list[tuple[int, str]] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether everybody was looked at."""
        return self.people >= self.everyone


def add_achievement(
    *,
    key: str,
    title: str,
    description: str,
    category: str,
    secret: bool = False,
    repeatable: bool = False,
    reason: str,
    actor: audit.Actor,
    now: datetime,
) -> Achievement:
    """Add an achievement, inactive and without a version. Raises InvalidAchievement if the key is taken or malformed."""
    if not Achievement.is_key(key) or category not in Achievement.Category.values or not title.strip():
        raise InvalidAchievement(_("It needs a title, a category, and a key of small letters, digits and _."))
    with transaction.atomic():
        achievement, added = Achievement.objects.get_or_create(
            pk=key,
            defaults={
                "title": title,
                "description": description,
                "category": category,
                "secret": secret,
                "repeatable": repeatable,
            },
        )
        if not added:
            raise InvalidAchievement(_("The key %(key)s is taken: choose another.") % {"key": key})
        after = {"title": title, "category": category, "secret": secret, "repeatable": repeatable}
        _record(actor, "add_achievement", key, None, after, reason)
    return achievement


def add_achievement_version(
    *,
    achievement: str,
    active_from: datetime,
    strategy: str,
    config: Mapping[str, Any],
    tiers: Sequence[Mapping[str, Any]],
    bonuses: Mapping[str, int] | None = None,
    rewarded: bool = True,
    reason: str,
    actor: audit.Actor,
    now: datetime,
) -> AchievementVersion:
    """Add the next version, by which tiers unlock from `active_from` on; what was unlocked before stays.

    Locks the achievement. Raises UnknownAchievement, InvalidAchievement.
    """
    with transaction.atomic():
        locked = _locked(achievement)
        latest = locked.versions.first()
        version = AchievementVersion(
            achievement=locked,
            version=latest.version + 1 if latest else 1,
            active_from=active_from,
            strategy=strategy,
            config=dict(config),
            tiers=[dict(tier) for tier in tiers],
            bonuses=dict(bonuses or {}),
            rewarded=rewarded,
            created_by=actor.name,
        )
        check_achievement_version(version, now)
        version.save(force_insert=True)
        _record(actor, "add_achievement_version", achievement, _described(latest), _described(version), reason)
    return version


def set_achievement_active(*, achievement: str, active: bool, reason: str, actor: audit.Actor, now: datetime) -> bool:
    """Let an achievement be unlocked or stop that; return whether that changed something. Unlocks stay.

    What lies back counts only after a backfill. Raises UnknownAchievement, InvalidAchievement.
    """
    with transaction.atomic():
        locked = _locked(achievement)
        if locked.active == active:
            return False
        latest = locked.versions.first()
        if active:
            if latest is None:
                raise InvalidAchievement(_("It has no version yet: add one first."))
            _check_definition(latest)
        else:
            _check_not_needed(achievement)
        locked.active = active
        locked.save(update_fields=["active"])
        act = "activate_achievement" if active else "retire_achievement"
        _record(actor, act, achievement, {"active": not active}, {"active": active}, reason)
    return True


def preview_achievement(
    version: AchievementVersion,
    *,
    now: datetime,
    most: int | None = None,
    progress: backfilling.Progress | None = None,
) -> Preview:
    """Return who would have it by this version, saved or not: folds the log through the code that decides live.

    Reads only, in a transaction that could not write; at most `most` people. Raises InvalidAchievement.
    """
    definition = _check_definition(version)
    preview = Preview()
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Inside another transaction it ends with the savepoint.
            cursor.execute("SET TRANSACTION READ ONLY")
            cursor.execute("SELECT count(*) FROM gamification_account")
            preview.everyone = cursor.fetchone()[0]
        reader = backfilling.Reader([definition])
        for person, found, new in backfilling.survey(reader, now, most=most, progress=progress):
            preview.people += 1
            preview.tiers.update({one.tier for one in found})
            preview.new.update({one.tier for one in new})
            if found and len(preview.samples) < SAMPLES:
                preview.samples.append((person, found[-1].tier))
    return preview


def check_achievement_version(version: AchievementVersion, now: datetime) -> Definition:
    """Return the version, not yet saved, as the core reads it; raises InvalidAchievement if it could not work."""
    if version.active_from < now:
        raise InvalidAchievement(_("A version begins now or later: what was unlocked before stays as it was."))
    latest = version.achievement.versions.first()
    if latest and latest.strategy != version.strategy:
        text = _("Its marks were made by %(strategy)s: add another achievement for another strategy.")
        raise InvalidAchievement(text % {"strategy": latest.strategy})
    return _check_definition(version)


def _check_definition(version: AchievementVersion) -> Definition:
    try:
        definition = loading.definition_of(version, stored=False)
    except InvalidDefinition as error:
        raise InvalidAchievement(str(error)) from error
    problems = definition_problems(definition)
    others = {d.key: d for d in _active()}
    known = {**others, definition.key: definition}
    if problem := composition_problems(parts_of(known.values()), set(known)).get(definition.key):
        problems.append(problem)
    if problems:
        raise InvalidAchievement(" ".join(problems))
    return definition


def _check_not_needed(key: str) -> None:
    needing = sorted(other for other, parts in parts_of(_active()).items() if key in parts)
    if needing:
        text = _("%(others)s need it: change or deactivate those first.")
        raise InvalidAchievement(text % {"others": ", ".join(needing)})


def _active() -> list[Definition]:
    achievements = loading.rulebook().achievements
    return achievements.newest() if achievements else []


def _locked(key: str) -> Achievement:
    try:
        return Achievement.objects.select_for_update(no_key=True).get(pk=key)
    except Achievement.DoesNotExist:
        raise UnknownAchievement(_("There is no achievement %(key)s.") % {"key": key}) from None


def _record(
    actor: audit.Actor,
    act: str,
    key: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    reason: str,
) -> None:
    audit.record(
        actor=actor, act=act, target=("gamification.Achievement", key), before=before, after=after, reason=reason
    )


def _described(version: AchievementVersion | None) -> dict[str, Any] | None:
    """Return what the audit record keeps of a version."""
    if version is None:
        return None
    names = ("version", "active_from", "strategy", "config", "tiers", "bonuses", "rewarded")
    return {name: getattr(version, name) for name in names}
