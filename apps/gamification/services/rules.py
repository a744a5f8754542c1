"""Changing what earns points: a change is a new version that begins at its date; what was paid stays explained."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from apps.gamification import events, loading
from apps.gamification.checks import rule_problems
from apps.gamification.decide.levels import TABLES
from apps.gamification.decide.rules import Multipliers
from apps.gamification.models import MultiplierVersion, Rule, RuleVersion
from apps.gamification.services.errors import InvalidRule, UnknownRule
from diana import audit
from diana.events import publish

# Two versions of the bonuses at once would take the same number. Below 2^61, as all kinds of locks but the log's own.
NUMBERING_LOCK = 7_401


def add_rule_version(
    *,
    rule: str,
    active_from: datetime,
    event_type: str,
    base: int,
    limits: Sequence[Mapping[str, Any]] = (),
    conditions: Sequence[Mapping[str, Any]] = (),
    amounts: Mapping[str, Any] | None = None,
    capped: bool = True,
    multiplied: bool = True,
    reason: str,
    actor: audit.Actor,
    now: datetime,
) -> RuleVersion:
    """Add the next version of a rule, which applies to what happens from `active_from` on.

    Locks the rule. Raises UnknownRule, and InvalidRule if the version could never pay or would reach into the past.
    """
    with transaction.atomic():
        locked = _locked(rule)
        latest = locked.versions.first()
        version = RuleVersion(
            rule=locked,
            version=latest.version + 1 if latest else 1,
            active_from=active_from,
            event_type=event_type,
            base=base,
            limits=list(limits),
            conditions=list(conditions),
            amounts=amounts,
            capped=capped,
            multiplied=multiplied,
            created_by=actor.name,
        )
        check_version(version, now)
        version.save(force_insert=True)
        record = audit.record(
            actor=actor,
            act="add_rule_version",
            target=("gamification.Rule", rule),
            before=_described(latest),
            after=_described(version),
            reason=reason,
        )
        activated = events.RuleActivated(rule=rule, rule_version=version.version, actor=actor.id, audit=record.pk)
        publish(activated, occurred_at=now)
    return version


def set_rule_active(*, rule: str, active: bool, reason: str, actor: audit.Actor, now: datetime) -> bool:
    """Let a rule pay or stop it; return whether that changed something. Raises UnknownRule, InvalidRule."""
    with transaction.atomic():
        locked = _locked(rule)
        if locked.active == active:
            return False
        latest = locked.versions.first()
        if active and latest:
            _check_rule(latest)
        locked.active = active
        locked.save(update_fields=["active"])
        record = audit.record(
            actor=actor,
            act="activate_rule" if active else "retire_rule",
            target=("gamification.Rule", rule),
            before={"active": not active},
            after={"active": active},
            reason=reason,
        )
        change = events.RuleActivated if active else events.RuleRetired
        version = latest.version if latest else 0
        publish(change(rule=rule, rule_version=version, actor=actor.id, audit=record.pk), occurred_at=now)
    return True


def add_multiplier_version(
    *, active_from: datetime, config: Mapping[str, Any], reason: str, actor: audit.Actor, now: datetime
) -> MultiplierVersion:
    """Add the next version of the bonuses, the clamp and the daily cap. Raises InvalidRule."""
    parsed = checked_multipliers(config, active_from, now)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [NUMBERING_LOCK])
        last = MultiplierVersion.objects.aggregate(last=Max("version"))["last"] or 0
        version = MultiplierVersion.objects.create(
            version=last + 1, active_from=active_from, config=msgspec.to_builtins(parsed), created_by=actor.name
        )
        audit.record(
            actor=actor,
            act="add_multiplier_version",
            target=("gamification.MultiplierVersion", version.version),
            before=None,
            after={"active_from": active_from, "config": version.config},
            reason=reason,
        )
    return version


def check_version(version: RuleVersion, now: datetime) -> None:
    """Raise InvalidRule if the version, not yet saved, could not work."""
    _check_start(version.active_from, now)
    _check_rule(version)


def checked_multipliers(config: Any, active_from: datetime, now: datetime) -> Multipliers:
    """Return the bonuses as the core reads them; raises InvalidRule if they could not work."""
    _check_start(active_from, now)
    try:
        parsed = msgspec.convert(config, Multipliers)
    except msgspec.ValidationError as error:
        raise InvalidRule(str(error)) from error
    if parsed.level_table not in TABLES:
        raise InvalidRule(_("There is no table of levels %(version)s.") % {"version": parsed.level_table})
    if any(w.starts.tzinfo is None or w.ends.tzinfo is None or w.ends <= w.starts for w in parsed.windows):
        raise InvalidRule(_("A window must end after it starts, and both need a time zone."))
    return parsed


def _locked(key: str) -> Rule:
    try:
        return Rule.objects.select_for_update(no_key=True).get(pk=key)
    except Rule.DoesNotExist:
        raise UnknownRule(key) from None


def _check_start(active_from: datetime, now: datetime) -> None:
    if active_from < now:
        raise InvalidRule(_("A version begins now or later: what was earned before stays as it was."))


def _check_rule(version: RuleVersion) -> None:
    try:
        problems = rule_problems(loading.rule_of(version))
    except msgspec.ValidationError as error:
        problems = [str(error)]
    if problems:
        raise InvalidRule(" ".join(problems))


def _described(version: RuleVersion | None) -> dict[str, Any] | None:
    """Return what the audit record keeps of a version."""
    if version is None:
        return None
    names = ("version", "active_from", "event_type", "base", "limits", "conditions", "amounts", "capped", "multiplied")
    return {name: getattr(version, name) for name in names}
