"""How the bus stands, as the database tells it: what lags, what failed, who holds the fence, whether a relay is awake.

One reading for everybody who shows it (metrics, health, bus_status), bounded in time and kept for some seconds.
"""

import threading
import time
from collections import Counter, defaultdict
from typing import NamedTuple

import msgspec
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count

from diana.events import release, subscriptions
from diana.events.models import Delivery, Failure
from diana.events.presence import Relay, relays


class Standing(msgspec.Struct, frozen=True):
    """How one subscriber stands. `events_behind`: at most 1000 of each lane are counted; `paused`, `suspect`: lanes."""

    subscriber: str
    lanes_behind: int = 0
    events_behind: int = 0
    seconds_behind: float = 0.0
    deliveries: int = 0
    retrying: int = 0
    held: int = 0
    dead: int = 0
    paused: int = 0
    suspect: int = 0
    handled: int = 0
    rescued: int = 0


class Holder(NamedTuple):
    """An open transaction that has published: nothing that was published after it is delivered before it ends."""

    pid: int
    application: str
    seconds: float
    state: str


class Overview(msgspec.Struct, frozen=True):
    """The bus at one moment. `log_events` and `log_bytes` are the planner's and the file system's idea of the log;
    `above_bound`: ids given out that wait for a holder of the fence.
    """

    subscribers: list[Standing]
    fence: list[Holder]
    relays: list[Relay]
    log_events: int
    log_bytes: int
    above_bound: int

    def lag_seconds(self) -> float:
        """Return how long the oldest event waits that anybody wants."""
        return max((s.seconds_behind for s in self.subscribers), default=0.0)

    def relay_seconds(self) -> float | None:
        """Return how long ago a relay was seen; None if there is none."""
        return min((r.idle_seconds for r in self.relays), default=None)


_reading = threading.Lock()
_kept: dict[str, tuple[float, Overview]] = {}


def recent() -> Overview:
    """Return a reading that is at most OVERVIEW_KEPT_SECONDS old; whoever comes during one waits for it."""
    with _reading:
        read_at, kept = _kept.get("overview", (0.0, None))
        if kept is None or time.monotonic() - read_at > settings.OVERVIEW_KEPT_SECONDS:
            kept = read()
            _kept["overview"] = time.monotonic(), kept
        return kept


def forget() -> None:
    """Have the next reading made anew."""
    _kept.clear()


def read() -> Overview:
    """Read the database now; raises what it raises, also when it takes longer than OVERVIEW_TIMEOUT_SECONDS."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('statement_timeout', %s, true)", [str(int(1000 * settings.OVERVIEW_TIMEOUT_SECONDS))]
        )
        standings = _standings()
        cursor.execute(_FENCE)
        fence = [Holder(*row) for row in cursor.fetchall()]
        cursor.execute(_LOG)
        log_events, log_bytes, above = cursor.fetchone()
        return Overview(standings, fence, relays(), log_events, log_bytes, above)


_FENCE = """
SELECT l.pid, coalesce(nullif(a.application_name, ''), '?'),
    coalesce(extract(epoch FROM clock_timestamp() - min(a.xact_start)), 0)::float, coalesce(a.state, '?')
FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.classid::bigint >= 1073741824
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
GROUP BY l.pid, a.application_name, a.state ORDER BY 3 DESC LIMIT 100
"""

_LOG = """
SELECT greatest(c.reltuples, 0)::bigint, pg_total_relation_size(c.oid), greatest(0, s.last_value - event_log_bound(false))
FROM pg_class c, event_log_id_seq s WHERE c.oid = 'event_log'::regclass
"""

_CURSORS = """
SELECT subscriber, sum(handled)::bigint, sum(rescued)::bigint, count(*) FILTER (WHERE paused_until > now()),
    count(*) FILTER (WHERE suspect_until IS NOT NULL)
FROM event_cursor GROUP BY subscriber
"""


def _standings() -> list[Standing]:
    """Return how each subscriber of this code stands."""
    failures: defaultdict[str, Counter[str]] = defaultdict(Counter)
    counted = Failure.objects.filter(status__in=("retrying", "held", "dead")).values_list("subscriber", "status")
    for name, status, number in counted.annotate(n=Count("id")):
        failures[name][status] = number
    deliveries = dict(Delivery.objects.values_list("subscriber").annotate(n=Count("id")))
    with connection.cursor() as cursor:
        cursor.execute(_CURSORS)
        cursors = {name: rest for name, *rest in cursor.fetchall()}
    lags = {name: (lanes, events, round(seconds, 3)) for name, lanes, events, seconds in release.lag()}
    standings = []
    for subscriber in subscriptions.subscribers():
        name = subscriber.name
        lanes, events, seconds = lags[name]
        handled, rescued, paused, suspect = cursors.get(name, (0, 0, 0, 0))
        standings.append(
            Standing(
                name, lanes, events, seconds, deliveries.get(name, 0),
                failures[name]["retrying"], failures[name]["held"], failures[name]["dead"],
                paused, suspect, handled, rescued,
            )
        )  # fmt: skip
    return standings
