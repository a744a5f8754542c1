"""Refused requests are counted in memory and written at most once a second."""

import time
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.db import OperationalError, connection

from apps.bot import refusals
from apps.bot.models import Refusal
from tests.processes import wait_until
from tests.servers import Servers

NOW = datetime(2026, 3, 1, 23, 59, tzinfo=UTC)
Reason = Refusal.Reason


def counted() -> dict[tuple[str, str], int]:
    return {
        (reason, f"{day:%d}"): count for reason, day, count in Refusal.objects.values_list("reason", "day", "count")
    }


def transactions(servers: Servers, database: str) -> int:
    """Return how many transactions of the cluster have written so far."""
    with psycopg.connect(servers.postgres.admin_url(database), autocommit=True) as session:
        row = session.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint").fetchone()
    assert row is not None
    return int(row[0])


def test_three_hundred_refusals_are_a_few_writes(committed_db: str, servers: Servers) -> None:
    before = transactions(servers, committed_db)
    gatherer = refusals.Gatherer()
    gatherer.start()
    for _ in range(300):
        gatherer.count(Reason.SECRET, now=NOW)
        time.sleep(0.004)
    gatherer.count(Reason.METHOD, now=NOW + timedelta(minutes=2))
    wait_until(lambda: sum(counted().values()) == 301, "all refusals")
    assert counted() == {("secret", "01"): 300, ("method", "02"): 1}
    assert transactions(servers, committed_db) - before <= 5
    gatherer.count(Reason.SECRET, now=NOW)
    gatherer.stop()
    assert counted()["secret", "01"] == 301


@pytest.mark.django_db
def test_one_statement_writes_all_and_what_cannot_be_written_is_kept() -> None:
    gatherer = refusals.Gatherer()
    for reason in (Reason.SECRET, Reason.SECRET, Reason.BODY):
        gatherer.count(reason, now=NOW)
    with connection.execute_wrapper(_refuse):
        gatherer.write()
    gatherer.count(Reason.BODY, now=NOW)
    gatherer.write()
    gatherer.write()
    assert counted() == {("secret", "01"): 2, ("body", "01"): 2}


def _refuse(*_: object) -> None:
    raise OperationalError("the server is away")


@pytest.mark.django_db
def test_without_a_gatherer_each_is_written_at_once() -> None:
    refusals.count(Reason.SIZE, now=NOW)
    assert counted() == {("size", "01"): 1}
