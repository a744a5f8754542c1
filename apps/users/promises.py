"""Reading what VIP was promised to people, as the pure module wants it; in one query, however many are asked for."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import CharField, DurationField, QuerySet, Value

from apps.users import vip
from apps.users.models import Grant, VipOverride


def promises_of(ids: Iterable[int]) -> dict[int, vip.Promises]:
    """Return all that was given to each of the people and forced on them, also of those who have nothing.

    What is over or was revoked is read too: the days that it used decide where later ones begin.
    """
    wanted = list(ids)
    grants, overrides = Grant.objects.filter(person_id__in=wanted), VipOverride.objects.filter(person_id__in=wanted)
    return put_together(wanted, _rows(grants, overrides))


def promises_from(grants: Iterable[Grant], overrides: Iterable[VipOverride]) -> vip.Promises:
    """Return the promises of one person whose rows have been read already: all of them, in whatever order."""
    given = sorted(
        vip.Given(grant.pk, grant.starts_at, grant.ends_at, grant.duration, grant.revoked_at) for grant in grants
    )
    forced = (vip.Override(o.pk, o.mode, o.starts_at, o.until, o.ended_at) for o in overrides)  # type: ignore[arg-type]
    return vip.Promises(tuple(given), tuple(forced))


def _rows(grants: QuerySet[Grant], overrides: QuerySet[VipOverride]) -> Iterable[tuple[Any, ...]]:
    """Return (person, mode, number, start, end, duration, taken back) of all of it, without a mode for grants."""
    told = ("pk", "starts_at", "ends_at", "duration", "revoked_at")
    granted = grants.values_list("person_id", Value("", output_field=CharField()), *told)
    endless = Value(None, output_field=DurationField())
    forced = overrides.values_list("person_id", "mode", "pk", "starts_at", "until", endless, "ended_at")
    return granted.union(forced, all=True)


def put_together(ids: Iterable[int], rows: Iterable[tuple[Any, ...]]) -> dict[int, vip.Promises]:
    """Return the promises by person from rows of (person, mode or "", number, start, end, duration, taken back)."""
    grants: dict[int, list[vip.Given]] = defaultdict(list)
    overrides: dict[int, list[vip.Override]] = defaultdict(list)
    for person_id, mode, number, starts_at, ends_at, duration, ended_at in rows:
        if mode:
            overrides[person_id].append(vip.Override(number, mode, starts_at, ends_at, ended_at))
        else:
            grants[person_id].append(vip.Given(number, starts_at, ends_at, duration, ended_at))
    # By number: the order in which they were given, whatever the clocks of the processes said.
    return {person: vip.Promises(tuple(sorted(grants[person])), tuple(overrides[person])) for person in ids}
