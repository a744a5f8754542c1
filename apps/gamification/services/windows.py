"""Times set by staff in which everything earns more: each makes the next version of the bonuses."""

from datetime import UTC, datetime
from itertools import chain

import msgspec
from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from apps.gamification import events, loading
from apps.gamification.decide.facts import microseconds
from apps.gamification.decide.rules import Multipliers, Rulebook, Window
from apps.gamification.models import MultiplierVersion
from apps.gamification.services.errors import InvalidWindow
from apps.gamification.services.rules import NUMBERING_LOCK
from diana import audit
from diana.events import publish
from diana.events.models import EventKey


def add_event_window(
    *,
    basis_points: int,
    starts: datetime,
    ends: datetime,
    reason: str,
    actor: audit.Actor,
    now: datetime,
    key: str = "",
) -> MultiplierVersion:
    """Let everything earn so much more (10000 is twice) from `starts` until before `ends`; return the version that says so.

    The version begins now; one that is to begin later is repeated with the window in it. Windows that are over are left
    out of new versions: what was earned in them keeps the version of its time. With a `key`, a second call changes
    nothing and returns the newest version. Raises InvalidWindow if it lies in the past, or if with the others it would
    give more than is allowed.
    """
    window = _checked(basis_points, starts, ends, now)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [NUMBERING_LOCK])
        known = list(MultiplierVersion.objects.all())
        if key and EventKey.objects.filter(pk=f"event_window:{key}").exists():
            return known[0]
        first, *later = [_with(window, known, at) for at in _turning_points(known, now)]
        last = MultiplierVersion.objects.aggregate(last=Max("version"))["last"] or 0
        made = [
            MultiplierVersion.objects.create(
                version=last + number, active_from=at, config=msgspec.to_builtins(config), created_by=actor.name
            )
            for number, (at, config) in enumerate([first, *later], start=1)
        ]
        record = audit.record(
            actor=actor,
            act="add_event_window",
            target=("gamification.MultiplierVersion", made[0].version),
            before=None,
            after={"basis_points": basis_points, "starts": starts, "ends": ends, "versions": [v.version for v in made]},
            reason=reason,
        )
        created = events.MultiplierEventCreated(
            basis_points=basis_points,
            starts=starts.astimezone(UTC).isoformat(),
            ends=ends.astimezone(UTC).isoformat(),
            actor=actor.id,
            audit=record.pk,
        )
        publish(created, occurred_at=now, idempotency_key=f"event_window:{key}" if key else None)
    return made[0]


def _checked(basis_points: int, starts: datetime, ends: datetime, now: datetime) -> Window:
    if starts.tzinfo is None or ends.tzinfo is None:
        raise InvalidWindow(_("Both times need a time zone; here they are in UTC."))
    if not starts < ends:
        raise InvalidWindow(_("A window must end after it starts."))
    if starts < now:
        raise InvalidWindow(_("A window starts now or later: what was earned before stays as it was."))
    if not 0 < basis_points <= 100_000:
        raise InvalidWindow(_("A bonus has 1 to 100,000 basis points; 10,000 doubles what is earned."))
    return Window(starts, ends, basis_points)


def _turning_points(known: list[MultiplierVersion], now: datetime) -> list[datetime]:
    """Return now, and each later moment from which another version applies."""
    return [now, *sorted({version.active_from for version in known if version.active_from > now})]


def _with(window: Window, known: list[MultiplierVersion], at: datetime) -> tuple[datetime, Multipliers]:
    """Return what applies from a moment on, with the window; raises InvalidWindow where too much comes together."""
    config = Rulebook([], [loading.multipliers_of(version) for version in known]).multipliers_at(microseconds(at))
    running = tuple(other for other in config.windows if other.ends > at)
    _check_overlaps(window, running, config.windows_at_most)
    return at, msgspec.structs.replace(config, windows=(*running, window))


def _check_overlaps(window: Window, others: tuple[Window, ...], at_most: int) -> None:
    """What windows give together is greatest where one of them starts."""
    moments = chain([window.starts], (o.starts for o in others if window.starts <= o.starts < window.ends))
    for moment in moments:
        together = window.basis_points + sum(o.basis_points for o in others if o.starts <= moment < o.ends)
        if together > at_most:
            values = {
                "moment": f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
                "together": f"{together / 100:g}",
                "most": f"{at_most / 100:g}",
            }
            text = _("At %(moment)s the windows would give +%(together)s %% together; at most +%(most)s %% is allowed.")
            raise InvalidWindow(text % values)
