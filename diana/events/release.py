"""What a release does to the bus: cursors for new subscribers, fingerprints of changed ones, no orphans."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from django.db import connection, transaction

from diana.events import cursors, log, retiring, subscriptions
from diana.events.lanes import LANES
from diana.events.models import Cursor, Delivery, Failure
from diana.events.relay import lanes_behind


class Orphans(RuntimeError):
    """Cursors belong to no subscriber: bring it back, rename it with `sync_subscribers --rename OLD=NEW`, retire it with
    `--retire NAME`, or, when going back to older code for a while, leave it with `--keep NAME`."""


class NotNew(RuntimeError):
    """A start is for subscribers without cursors; what others have passed is replayed: `manage.py replay_events`."""


class Synced(NamedTuple):
    """What sync() did: cursors created and subscriptions whose fingerprint was updated."""

    created: dict[str, int]
    updated: list[str]
    retired: list[str]


def sync(
    *,
    retire: list[str] | None = None,
    rename: dict[str, str] | None = None,
    start: Mapping[str, str] | None = None,
    keep: Collection[str] = (),
) -> Synced:
    """Bring the cursors in line with the code; raises Orphans, NotNew. A second call changes nothing.

    New subscribers begin at the declared start, or where `start` says (name: `now` or `beginning`). Widening a pattern
    does not reach back: that is what replay is for. Orphans named in `keep` stay where they are, for code that will come
    back.
    """
    start = start or {}
    with transaction.atomic():
        for old, new in (rename or {}).items():
            for model in (Cursor, Failure, Delivery):
                model._default_manager.filter(subscriber=old).update(subscriber=new)
        retired = [name for name in retire or [] if retiring.retire(name)]
        known = {s.name: s for s in subscriptions.subscribers()}
        orphans = sorted(set(Cursor.objects.values_list("subscriber", flat=True).distinct()) - {*known, *keep})
        if orphans:
            raise Orphans(f"No subscriber is called {', '.join(orphans)}. {' '.join(str(Orphans.__doc__).split())}")
        created = {name: n for name, s in known.items() if (n := _create(s, start.get(name, s.start)))}
        standing = sorted(set(start) - set(created))
        if standing:
            raise NotNew(f"{', '.join(standing)}: {NotNew.__doc__}")
        updated = [name for name, s in known.items() if _update_fingerprint(s)]
    return Synced(created, updated, retired)


def _create(subscriber: subscriptions.Subscriber, start: str) -> int:
    position = 0 if start == "beginning" else log.bound()
    return cursors.create_missing(subscriber, range(LANES), position)


def _update_fingerprint(subscriber: subscriptions.Subscriber) -> int:
    stale = Cursor.objects.filter(subscriber=subscriber.name).exclude(fingerprint=subscriber.fingerprint)
    return stale.update(fingerprint=subscriber.fingerprint)


def lag() -> list[tuple[str, int, int, float]]:
    """Return for each subscriber: lanes with work, events above its cursors (0 to 1000 a lane), seconds of the oldest."""
    rows: dict[str, list[tuple[int, float]]] = {s.name: [] for s in subscriptions.subscribers()}
    for found in lanes_behind():
        rows[found.subscriber.name].append((found.events, found.waited_seconds))
    return [(n, len(r), sum(e for e, _ in r), max((w for _, w in r), default=0.0)) for n, r in rows.items()]


def log_size() -> int:
    """Return the number of events, as the planner estimates it: exact counting reads the whole log."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE relname = 'event_log'")
        value: int = cursor.fetchone()[0]
        return value
