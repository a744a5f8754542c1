"""The numbers that stand in the database, in the form that Prometheus takes."""

from collections import defaultdict
from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from diana.events.overview import Overview, Standing

GAUGES = {
    "events_behind": (
        "diana_lag_events",
        "Events that wait for the subscriber; at most 1000 of each lane are counted.",
    ),
    "lanes_behind": ("diana_lag_lanes", "Lanes in which events wait for the subscriber."),
    "seconds_behind": ("diana_lag_seconds", "Age of the oldest event that waits for the subscriber."),
    "deliveries": ("diana_deliveries_waiting", "Deliveries that an external subscriber has before it."),
    "paused": ("diana_lanes_paused", "Lanes that are left alone because their handler fails whatever it is given."),
    "suspect": ("diana_lanes_suspect", "Lanes whose events go one by one because one of them may end its process."),
    "dead": ("diana_dead_letters", "Dead letters that nobody has redriven or discarded."),
}
COUNTERS = {
    "handled": ("diana_events_handled", "Events handled, each counted in the commit of its effects."),
    "rescued": ("diana_wakeups_rescued", "Wake-ups that the relay had to make."),
}


def families(found: Overview | None) -> Iterator[Metric]:
    """Yield everything that the overview says; of a missing one only that the database does not answer."""
    yield GaugeMetricFamily("diana_database_up", "1 if the database answered in time.", value=float(found is not None))
    if found is None:
        return
    for field, (name, text) in GAUGES.items():
        yield _labelled(GaugeMetricFamily(name, text, labels=["subscriber"]), found.subscribers, field)
    for field, (name, text) in COUNTERS.items():
        yield _labelled(CounterMetricFamily(name, text, labels=["subscriber"]), found.subscribers, field)
    yield _open_failures(found.subscribers)
    yield from _fence(found)
    yield from _rest(found)


def _labelled(family: Metric, standings: list[Standing], field: str) -> Metric:
    for standing in standings:
        family.add_metric([standing.subscriber], getattr(standing, field))  # type: ignore[attr-defined]
    return family


def _open_failures(standings: list[Standing]) -> Metric:
    text = "Events that wait for another try, or behind one that does."
    family = GaugeMetricFamily("diana_failures_open", text, labels=["subscriber", "status"])
    for standing in standings:
        family.add_metric([standing.subscriber, "retrying"], standing.retrying)
        family.add_metric([standing.subscriber, "held"], standing.held)
    return family


def _fence(found: Overview) -> Iterator[Metric]:
    """Yield who holds the fence, by application: process ids would make a new series for each worker that ever was."""
    held: defaultdict[str, list[float]] = defaultdict(list)
    for holder in found.fence:
        held[holder.application].append(holder.seconds)
    holders = GaugeMetricFamily("diana_fence_holders", "Open transactions that have published.", labels=["application"])
    seconds = GaugeMetricFamily(
        "diana_fence_seconds", "How long the oldest of them is open: delivery waits for it.", labels=["application"]
    )
    for application, ages in sorted(held.items()):
        holders.add_metric([application], len(ages))
        seconds.add_metric([application], max(ages))
    yield from (holders, seconds)
    yield GaugeMetricFamily("diana_fence_events", "Ids given out that wait for them.", value=found.above_bound)


def _rest(found: Overview) -> Iterator[Metric]:
    yield GaugeMetricFamily("diana_relays", "Relays whose session is there.", value=len(found.relays))
    seen = found.relay_seconds()
    if seen is not None:
        yield GaugeMetricFamily("diana_relay_idle_seconds", "Since the last statement of a relay.", value=seen)
    yield GaugeMetricFamily("diana_log_events", "Events in the log, as the planner estimates.", value=found.log_events)
    yield GaugeMetricFamily("diana_log_bytes", "Size of the log with its indexes.", value=found.log_bytes)
