"""/metrics: what it shows, and to whom."""

from typing import Any

import psycopg
import pytest
from django.db import transaction
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from diana.events import Permanent, overview, publish, retries, wakeups
from diana.events.envelope import Envelope
from diana.events.testing import drain
from tests.conftest import database_named
from tests.events.declared import Happened

Values = dict[tuple[str, ...], float]


@pytest.fixture(autouse=True)
def _fresh_overview() -> None:
    overview.forget()


def scrape(client: Client, **headers: str) -> Values:
    """Return every sample by its name and the values of its labels, in the order of their names."""
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200
    overview.forget()
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def growth(before: Values, after: Values, *key: str) -> float:
    return after.get(key, 0) - before.get(key, 0)


def test_it_counts_the_life_of_events(committed_db: str, register: Any, client: Client):
    def fails(envelope: Envelope) -> None:
        if envelope.fields["number"] == 2:
            raise Permanent("never")

    name = register(fails).name
    before = scrape(client)
    for number in (1, 2, 3):
        with transaction.atomic():
            publish(Happened(user_id=7, number=number))
    behind = scrape(client)
    assert (behind["diana_lag_events", name], behind["diana_lag_lanes", name]) == (3, 1)
    assert behind["diana_lag_seconds", name] > 0
    drain(name)
    after = scrape(client)
    # Three, and the announcement of the dead letter.
    assert growth(before, after, "diana_events_published_total") == 4
    assert growth(before, after, "diana_publish_seconds_count") == 4
    assert growth(before, after, "diana_events_handled_total", name) == 2
    assert growth(before, after, "diana_attempts_failed_total", "permanent", name) == 1
    assert growth(before, after, "diana_events_died_total", name) == 1
    assert growth(before, after, "diana_batch_events_count", name) >= 3
    assert growth(before, after, "diana_handle_seconds_count", name) >= 3
    assert (after["diana_dead_letters", name], after["diana_lag_events", name]) == (1, 0)
    assert after["diana_database_up",] == 1


def test_it_counts_retries(committed_db: str, register: Any, client: Client):
    tried: list[int] = []

    def fails_once(envelope: Envelope) -> None:
        tried.append(1)
        if len(tried) < 3:
            raise ValueError("not yet")

    subscriber = register(fails_once)
    before = scrape(client)
    with transaction.atomic():
        publish(Happened(user_id=7))
    drain(subscriber.name)
    waiting = scrape(client)
    assert waiting["diana_failures_open", "retrying", subscriber.name] == 1
    retries.Failure.objects.update(next_attempt_at="2020-01-01T00:00Z")
    drain(subscriber.name)
    after = scrape(client)
    assert growth(before, after, "diana_events_retried_total", subscriber.name) == 1
    assert growth(before, after, "diana_attempts_failed_total", "error", subscriber.name) >= 1


def test_what_was_rolled_back_is_not_counted(committed_db: str, client: Client):
    before = scrape(client)
    with transaction.atomic():
        publish(Happened(user_id=7))
        transaction.set_rollback(True)
    assert growth(before, scrape(client), "diana_events_published_total") == 0


def test_it_says_who_holds_the_fence_and_for_how_long(committed_db: str, servers: Any, client: Client):
    url = servers.url("diana_app", committed_db)
    with psycopg.connect(url, application_name="diana-slow") as slow:
        slow.execute("SELECT pg_advisory_xact_lock_shared(4611686018427387904 + 1)")
        with transaction.atomic():
            publish(Happened(user_id=7))
        shown = scrape(client)
        slow.rollback()
    assert shown["diana_fence_holders", "diana-slow"] == 1
    assert 0 < shown["diana_fence_seconds", "diana-slow"] < 30
    assert shown["diana_fence_events",] == 1
    assert ("diana_fence_holders", "diana-slow") not in scrape(client)


def test_it_counts_the_openings_of_the_breaker(committed_db: str, servers: Any, client: Client):
    servers.valkey.stop()
    wakeups.breaker.close()
    before = scrape(client)
    for _ in range(3):
        with pytest.raises(wakeups.Unavailable):
            wakeups.guarded(lambda: wakeups.client().ping())
    opened = scrape(client)
    assert growth(before, opened, "diana_breaker_openings_total", "redis") == 1
    assert growth(before, opened, "diana_breaker_open", "redis") == 1
    wakeups.breaker.close()
    assert growth(before, scrape(client), "diana_breaker_open", "redis") == 0


def test_without_a_database_the_processes_still_show_their_numbers(django_db_setup: None, client: Client):
    with database_named("is_not_there"):
        shown = scrape(client)
    assert shown["diana_database_up",] == 0
    assert not any(name == "diana_lag_events" for name, *_ in shown)


@pytest.mark.django_db
def test_in_development_it_is_open_on_loopback_alone(client: Client):
    assert client.get("/metrics").status_code == 200
    for address in ("10.0.0.7", "", "unix"):
        assert client.get("/metrics", REMOTE_ADDR=address).status_code == 404


@pytest.mark.django_db
def test_in_production_it_is_not_there_without_a_token(client: Client, settings: Any):
    settings.PRODUCTION = True
    assert client.get("/metrics").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("production", [True, False])
def test_with_a_token_it_opens_to_the_token_alone(client: Client, settings: Any, production: bool):
    settings.METRICS_TOKEN, settings.PRODUCTION = "a-long-word", production
    assert client.get("/metrics", headers={"Authorization": "Bearer a-long-word"}).status_code == 200
    for given in ("", "a-long-word", "Bearer a-long-wor", "Bearer a-long-word ", "bearer a-long-word", "Bearer é"):
        assert client.get("/metrics", headers={"Authorization": given}).status_code == 404
