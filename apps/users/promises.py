"""Reading what VIP was promised to people, as the pure module wants it; in one query, however many are asked for."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import CharField, QuerySet, Value

from apps.users import vip
from apps.users.models import Grant, VipOverride


def promises_of(ids: Iterable[int], *, ending_after: datetime | None = None) -> dict[int, vip.Promises]:
    """Return all that counts for each of the people, also of those who have nothing.

    `ending_after` leaves out what ended before, where nothing but the present is asked for.
    """
    wanted = list(ids)
    grants, overrides = Grant.objects.unrevoked(), VipOverride.objects.filter(ended_at__isnull=True)
    if ending_after is not None:
        grants, overrides = grants.filter(ends_at__gt=ending_after), overrides.filter(until__gt=ending_after)
    return put_together(wanted, _rows(grants.filter(person_id__in=wanted), overrides.filter(person_id__in=wanted)))


def _rows(grants: QuerySet[Grant], overrides: QuerySet[VipOverride]) -> Iterable[tuple[Any, ...]]:
    """Return (person, mode, number, start, end) of all of it, without a mode for grants."""
    granted = grants.values_list("person_id", Value("", output_field=CharField()), "pk", "starts_at", "ends_at")
    return granted.union(overrides.values_list("person_id", "mode", "pk", "starts_at", "until"), all=True)


def put_together(ids: Iterable[int], rows: Iterable[tuple[Any, ...]]) -> dict[int, vip.Promises]:
    """Return the promises by person from rows of (person, mode or "", number, start, end)."""
    grants: dict[int, list[vip.Span]] = defaultdict(list)
    overrides: dict[int, list[vip.Override]] = defaultdict(list)
    for person_id, mode, number, starts_at, ends_at in rows:
        if mode:
            overrides[person_id].append(vip.Override(number, mode, starts_at, ends_at))
        else:
            grants[person_id].append((starts_at, ends_at))
    return {person: vip.Promises(tuple(grants[person]), tuple(overrides[person])) for person in ids}
