"""Reading what decisions need, in a fixed number of statements; locks the accounts."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from django.db import connection
from django.db.models import Q

from apps.gamification.decide.achievements.definitions import Definition, define
from apps.gamification.decide.achievements.evaluation import Achievements
from apps.gamification.decide.entries import Standing
from apps.gamification.decide.rules import (
    Amounts,
    Condition,
    Limit,
    Multipliers,
    MultiplierVersion,
    Rewards,
    Rule,
    Rulebook,
)
from apps.gamification.decide.state import decode
from apps.gamification.models import AchievementVersion, RuleVersion
from apps.gamification.models import MultiplierVersion as StoredMultipliers

_LOCK = """
SELECT account_id, document::text FROM gamification_progress WHERE account_id = ANY(%s::bigint[])
ORDER BY account_id FOR NO KEY UPDATE
"""
# A statement of its own: one that waited for the lock would see the accounts as they were before.
_READ = """
SELECT person_id, balance, lifetime, sequence, hash, (SELECT revision FROM gamification_rulebook)
FROM gamification_account WHERE person_id = ANY(%s::bigint[])
"""
_READ_STREAKS = """
SELECT account_id, (document->>'streak_day')::int FROM gamification_progress
WHERE account_id = ANY(%s::bigint[]) AND (document->>'streak_days')::int > 0
"""
_OPEN = "INSERT INTO gamification_account (person_id) SELECT id FROM unnest(%s::bigint[]) id ORDER BY id ON CONFLICT DO NOTHING"
_BEGIN = (
    "INSERT INTO gamification_progress (account_id) SELECT id FROM unnest(%s::bigint[]) id ORDER BY id"
    " ON CONFLICT DO NOTHING"
)

_rulebooks: dict[UUID, Rulebook] = {}


def lock_standings(person_ids: Iterable[int]) -> tuple[dict[int, Standing], Rulebook]:
    """Lock the accounts in ascending order until the transaction ends, opening those that are missing.

    Returns the accounts by person, and the rulebook as of now. An account of nobody fails when constraints are checked.
    """
    ids = sorted(set(person_ids))
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [array_text(ids)])
        documents = dict(cursor.fetchall())
        if len(documents) < len(ids):
            missing = [person_id for person_id in ids if person_id not in documents]
            cursor.execute(_OPEN, [array_text(missing)])
            cursor.execute(_BEGIN, [array_text(missing)])
            cursor.execute(_LOCK, [array_text(ids)])
            documents = dict(cursor.fetchall())
        cursor.execute(_READ, [array_text(ids)])
        rows = cursor.fetchall()
    standings = {
        person: Standing(person, balance, lifetime, sequence, bytes(head), decode(documents[person]))
        for person, balance, lifetime, sequence, head, _ in rows
    }
    return standings, _rulebook(rows[0][5] if rows else None)


def array_text(numbers: Iterable[int]) -> str:
    """Return PostgreSQL's text of an array of numbers: the driver's own way takes ten times as long."""
    return "{" + ",".join(map(str, numbers)) + "}"


def rulebook() -> Rulebook:
    """Return the rules in force, read anew if they were changed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT revision FROM gamification_rulebook")
        return _rulebook(cursor.fetchone()[0])


def _rulebook(revision: UUID | None) -> Rulebook:
    """Return the rulebook of a revision, which this process reads once."""
    if revision is None:
        return Rulebook([], [])
    found = _rulebooks.get(revision)
    if found is None:
        found = _read_rulebook()
        _rulebooks.clear()
        _rulebooks[revision] = found
    return found


def rulebook_with(keys: Iterable[str]) -> Rulebook:
    """Return the rules in force and these, also if they were retired since: to judge what happened while they paid."""
    return _read_rulebook(Q(rule__active=True) | Q(rule_id__in=set(keys)))


def _read_rulebook(which: Q | None = None) -> Rulebook:
    wanted = RuleVersion.objects.filter(which or Q(rule__active=True)).order_by("rule_id")
    rules = [rule_of(v) for v in wanted]
    active = AchievementVersion.objects.filter(achievement__active=True).select_related("achievement")
    achievements = Achievements([definition_of(version) for version in active])
    multipliers = [multipliers_of(stored) for stored in StoredMultipliers.objects.all()]
    return Rulebook(rules, multipliers, achievements, rewards())


def rewards() -> Rewards:
    """Return which achievements bring points, also of those that are retired: what happened before stays as it was."""
    unrewarded = AchievementVersion.objects.filter(rewarded=False).values("achievement")
    versions: dict[str, list[tuple[datetime, bool]]] = {}
    rows = AchievementVersion.objects.filter(achievement__in=unrewarded).order_by("achievement", "-version")
    for key, begins, rewarded in rows.values_list("achievement", "active_from", "rewarded"):
        versions.setdefault(key, []).append((begins, rewarded))
    return Rewards(versions)


def rule_of(version: RuleVersion) -> Rule:
    """Return a stored version as the core reads it; raises msgspec.ValidationError if its JSON is not what it must be."""
    return Rule(
        key=version.rule_id,
        version=version.version,
        active_from=version.active_from,
        event_type=version.event_type,
        base=version.base,
        limits=msgspec.convert(version.limits, tuple[Limit, ...]),
        conditions=msgspec.convert(version.conditions, tuple[Condition, ...]),
        amounts=msgspec.convert(version.amounts, Amounts | None),
        capped=version.capped,
        multiplied=version.multiplied,
    )


def multipliers_of(stored: StoredMultipliers) -> MultiplierVersion:
    """Return stored bonuses as the core reads them; raises msgspec.ValidationError if the JSON is not what it must be."""
    return MultiplierVersion(stored.version, stored.active_from, msgspec.convert(stored.config, Multipliers))


def running_streaks(person_ids: Sequence[int]) -> dict[int, int]:
    """Return, of those whose streak runs, the last date that it covers, as a number of days; one query, no lock."""
    with connection.cursor() as cursor:
        cursor.execute(_READ_STREAKS, [array_text(person_ids)])
        return dict(cursor.fetchall())


def definition_of(version: AchievementVersion, *, stored: bool = True) -> Definition:
    """Return a version as the core reads it; raises InvalidDefinition if it could not work. New ones must meet more."""
    return define(
        key=version.achievement_id,
        version=version.version,
        active_from=version.active_from,
        strategy=version.strategy,
        config=version.config,
        tiers=version.tiers,
        bonuses=version.bonuses,
        repeatable=version.achievement.repeatable,
        stored=stored,
    )


def known_keys(keys: Sequence[str]) -> set[str]:
    """Return which of these idempotency keys stand in the ledger; asks only if there are any."""
    if not keys:
        return set()
    with connection.cursor() as cursor:
        cursor.execute("SELECT idempotency_key FROM gamification_entry WHERE idempotency_key = ANY(%s)", [list(keys)])
        return {row[0] for row in cursor.fetchall()}
