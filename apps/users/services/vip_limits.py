"""The acts of staff that give VIP, and how many days one member of staff gave one person within 24 hours."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from django.conf import settings
from django.db.models import DurationField, Expression, ExpressionWrapper, F, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.users.models import Grant, VipOverride
from apps.users.services.grants import (
    InvalidGrant,
    NothingToExtend,
    extend_vip,
    grant_vip,
    preview_extension,
    preview_grant,
)
from apps.users.services.many_grants import grant_to_many, known_keys, preview_many
from apps.users.services.overrides import InvalidOverride, override_vip, preview_override
from apps.users.services.rows import PersonGone
from diana import clock
from diana.acts import Preview
from diana.audit import Actor
from diana.second_person import APPROVED, SPAN, LimitedAct, Parameters, Usage

DAY = timedelta(days=1)
REFUSALS = (InvalidGrant, InvalidOverride, NothingToExtend, PersonGone)
UNIT = gettext_lazy("days")


def usages(actor: Actor, person_ids: Sequence[int], days: int, now: datetime) -> list[Usage]:
    """Return how far the actor's limit is used up: of many people for the one who was given most. None if nothing is given.

    Windows and what is forced on count as the days that they last. What was taken back since, and what ended, counts; what a
    second person approved does not.
    """
    if not days or not person_ids:
        return []
    given = Counter[int]()
    for person_id, duration in _given(actor, person_ids, now):
        given[person_id] += ceil(duration / DAY)
    about = _("Days of VIP that you gave this person in the last 24 hours")
    if len(person_ids) > 1:
        about = _("Days of VIP that you gave one of these people in the last 24 hours, at most")
    return [Usage(about, max(given.values(), default=0), days, settings.STAFF_VIP_DAYS_PER_PERSON)]


def _given(actor: Actor, person_ids: Sequence[int], now: datetime) -> Iterable[tuple[int, timedelta]]:
    since = now - SPAN
    grants = Grant.objects.filter(person__in=person_ids, granted_by=actor.name, starts_at__gt=since)
    window = ExpressionWrapper(F("ends_at") - F("starts_at"), output_field=DurationField())
    yield from _by_person(grants, Coalesce(F("duration"), window))
    forced = VipOverride.objects.filter(person__in=person_ids, forced_by=actor.name, starts_at__gt=since, mode="on")
    yield from _by_person(forced, ExpressionWrapper(F("until") - F("starts_at"), output_field=DurationField()))


def _by_person(given: QuerySet[Any], lasts: Expression) -> Iterable[tuple[int, timedelta]]:
    """Add up how long what was given lasts; without what a second person approved."""
    found = given.exclude(key__startswith=APPROVED).order_by().values("person")
    yield from found.annotate(total=Sum(lasts)).values_list("person", "total")


def _forced_days(parameters: Parameters, now: datetime) -> int:
    """Return for how many days VIP is forced on; what is forced off gives nothing."""
    return max(0, ceil((_until(parameters) - now) / DAY)) if parameters["mode"] == "on" else 0


def _until(parameters: Parameters) -> datetime:
    return datetime.fromisoformat(parameters["until"])


def _preview_override(parameters: Parameters, now: datetime) -> Preview:
    return preview_override(
        person_id=parameters["person_id"], mode=parameters["mode"], until=_until(parameters), now=now
    )


ACTS = (
    LimitedAct(
        name="grant_vip",
        title=gettext_lazy("Grant VIP"),
        permission="users.add_grant",
        unit=UNIT,
        stake=lambda p: int(p["days"]),
        usages=lambda p, actor, now: usages(actor, [p["person_id"]], p["days"], now),
        preview=lambda p, now: preview_grant(person_id=p["person_id"], days=p["days"], now=now),
        perform=lambda p, **how: grant_vip(person_id=p["person_id"], source=p["source"], days=p["days"], **how),
        done=lambda p, key: Grant.objects.filter(key=key).exists(),
        refusals=REFUSALS,
    ),
    LimitedAct(
        name="extend_vip",
        title=gettext_lazy("Extend VIP"),
        permission="users.add_grant",
        unit=UNIT,
        stake=lambda p: int(p["days"]),
        usages=lambda p, actor, now: usages(actor, [p["person_id"]], p["days"], now),
        preview=lambda p, now: preview_extension(person_id=p["person_id"], days=p["days"], now=now),
        perform=lambda p, **how: extend_vip(person_id=p["person_id"], days=p["days"], **how),
        done=lambda p, key: Grant.objects.filter(key=key).exists(),
        refusals=REFUSALS,
    ),
    LimitedAct(
        name="grant_vip_to_many",
        title=gettext_lazy("Grant VIP to the chosen people"),
        permission="users.add_grant",
        unit=UNIT,
        stake=lambda p: int(p["days"]) * len(p["people"]),
        usages=lambda p, actor, now: usages(actor, p["people"], p["days"], now),
        preview=lambda p, now: preview_many(person_ids=p["people"], days=p["days"]),
        perform=lambda p, **how: grant_to_many(person_ids=p["people"], source=p["source"], days=p["days"], **how),
        done=lambda p, key: known_keys(key, p["people"]).exists(),
        refusals=REFUSALS,
    ),
    LimitedAct(
        name="override_vip",
        title=gettext_lazy("Force VIP"),
        permission="users.override_vip",
        unit=UNIT,
        stake=lambda p: _forced_days(p, clock.now()),
        usages=lambda p, actor, now: usages(actor, [p["person_id"]], _forced_days(p, now), now),
        preview=_preview_override,
        perform=lambda p, **how: override_vip(person_id=p["person_id"], mode=p["mode"], until=_until(p), **how),
        done=lambda p, key: VipOverride.objects.filter(key=key).exists(),
        refusals=REFUSALS,
    ),
)
