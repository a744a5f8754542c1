"""The counters and histograms of a process, made at the first use: a command that counts nothing pays nothing."""

import functools
import threading
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from diana.metrics import store

# Up to a second, then what a slice of work and a hung call may take.
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
# Publishing is a statement or two in somebody's request.
PUBLISH_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5)
EVENTS = (1, 2, 5, 10, 50, 100, 500, 1000, 2000)

registry = CollectorRegistry()


@dataclass(frozen=True)
class Meters:
    """Everything that this process counts."""

    published: Counter
    publish_seconds: Histogram
    batch_events: Histogram
    handle_seconds: Histogram
    delivered: Counter
    repeated: Counter
    failed: Counter
    retried: Counter
    died: Counter
    wakes: Counter
    limited: Counter
    feed: Counter
    refused: Counter
    unsent: Counter
    breaker_open: Gauge
    breaker_openings: Counter
    acts: Counter
    awarded: Counter
    awarded_points: Counter
    suppressed: Counter
    unlocked: Counter
    decide_seconds: Histogram
    store_seconds: Histogram


_making = threading.Lock()


def own_meters() -> Meters:
    """Return the meters; the first call opens the files of this process."""
    with _making:
        return _meters()


@functools.cache
def _meters() -> Meters:
    store.use_files()
    return Meters(
        published=_counter("diana_events_published", "Events committed to the log."),
        publish_seconds=_histogram(
            "diana_publish_seconds", "Time of one publish() or publish_many(), before the commit.", PUBLISH_SECONDS
        ),
        batch_events=_histogram("diana_batch_events", "Events given to a handler at once.", EVENTS, "subscriber"),
        handle_seconds=_histogram(
            "diana_handle_seconds", "Time a handler took for what it was given at once.", SECONDS, "subscriber"
        ),
        delivered=_counter("diana_deliveries_made", "Deliveries made by external subscribers.", "subscriber"),
        repeated=_counter(
            "diana_deliveries_repeated", "Deliveries that may be made a second time, by cause.", "subscriber", "cause"
        ),
        failed=_counter("diana_attempts_failed", "Failed attempts at an event.", "subscriber", "kind"),
        retried=_counter("diana_events_retried", "Further attempts at events that had failed.", "subscriber"),
        died=_counter("diana_events_died", "Events that became dead letters.", "subscriber"),
        wakes=_counter("diana_wakeups", "Tasks sent to the broker, and those that could not be sent.", "outcome"),
        limited=_counter("diana_events_limited", "Events refused or deferred by a rate limit.", "outcome"),
        feed=_counter("diana_feed_events", "Events sent on the live feed, and those dropped.", "outcome"),
        refused=_counter(
            "diana_telegram_errors",
            "Errors of the Bot API, by method and meaning (docs/bot-api-errors.md).",
            "method",
            "meaning",
        ),
        unsent=_counter("diana_answers_unsent", "Answers that were left out, by reason.", "reason"),
        breaker_open=Gauge(
            "diana_breaker_open",
            "Processes whose circuit breaker is not closed.",
            ["breaker"],
            registry=registry,
            multiprocess_mode="livesum",
        ),
        breaker_openings=_counter("diana_breaker_openings", "Times that a circuit breaker opened.", "breaker"),
        acts=_counter("diana_acts_processed", "Events about people whose effect on accounts was decided and stored."),
        awarded=_counter("diana_awards", "Entries that gave points, by rule.", "rule"),
        awarded_points=_counter("diana_points_awarded", "Points given by rules."),
        suppressed=_counter(
            "diana_awards_suppressed", "Acts that earned nothing although a rule named them.", "reason"
        ),
        unlocked=_counter("diana_achievements_unlocked", "Tiers of achievements unlocked.", "tier"),
        decide_seconds=_histogram("diana_decide_seconds", "Time that deciding about a batch took.", SECONDS),
        store_seconds=_histogram(
            "diana_store_seconds", "Time that writing a batch's entries and events took.", SECONDS
        ),
    )


def _counter(name: str, text: str, *labels: str) -> Counter:
    return Counter(name, text, labels, registry=registry)


def _histogram(name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
    return Histogram(name, text, labels, buckets=buckets, registry=registry)
