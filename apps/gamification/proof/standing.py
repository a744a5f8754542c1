"""How the proof stands, for metrics and health: a few index lookups, whatever the ledger's size."""

from collections.abc import Iterator
from typing import NamedTuple

from django.db import connection
from prometheus_client.core import GaugeMetricFamily, Metric

# More entries that wait are not counted.
MOST_COUNTED = 100_000

# A fault stands until everything was checked again: what is new may hold although old entries do not.
_STANDING = """
WITH newest AS (SELECT number, last_id, total FROM gamification_checkpoint ORDER BY number DESC LIMIT 1),
whole AS (SELECT max(id) AS id FROM gamification_verification WHERE scope = 'everything'),
good AS (
    SELECT c.total FROM gamification_verification v JOIN gamification_checkpoint c ON c.number = v.checkpoint
    WHERE v.faults = 0 ORDER BY v.id DESC LIMIT 1
)
SELECT
    coalesce((SELECT max(faults) FROM gamification_verification WHERE id >= coalesce((SELECT id FROM whole), 0)), 0),
    (SELECT count(*) FROM (
        SELECT FROM gamification_entry WHERE id > coalesce((SELECT last_id FROM newest), 0) LIMIT %s
    ) waiting),
    greatest(coalesce((SELECT total FROM newest), 0) - coalesce((SELECT total FROM good), 0), 0),
    (SELECT greatest(0, extract(epoch FROM diana_now() - at))::float FROM gamification_verification
        WHERE id = (SELECT id FROM whole))
"""


class Standing(NamedTuple):
    """`mismatches`: faults of the last verification of everything, or of a later one if that found more; `unsealed`: at
    most 100,000 are counted; `unverified`: sealed or not, that no verification has seen in order yet; `verified_seconds`:
    since everything was checked, None if it never was.
    """

    mismatches: int
    unsealed: int
    unverified: int
    verified_seconds: float | None


def read() -> Standing:
    """Return how the proof stands now."""
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, [MOST_COUNTED])
        mismatches, unsealed, sealed_unverified, seconds = cursor.fetchone()
    return Standing(mismatches, unsealed, sealed_unverified + unsealed, seconds)


def families() -> Iterator[Metric]:
    """Yield the numbers for Prometheus."""
    found = read()
    yield GaugeMetricFamily("diana_ledger_mismatches", "Faults that verify_ledger found.", value=found.mismatches)
    text = "Entries above the last checkpoint; at most 100000 are counted."
    yield GaugeMetricFamily("diana_ledger_unsealed_entries", text, value=found.unsealed)
    text = "Entries that no verification has found in order yet."
    yield GaugeMetricFamily("diana_ledger_unverified_entries", text, value=found.unverified)
    if found.verified_seconds is not None:
        text = "Since everything was verified."
        yield GaugeMetricFamily("diana_ledger_last_verified_seconds", text, value=found.verified_seconds)


def concerns() -> list[str]:
    """Return what is the matter with the ledger, for /health/ready."""
    return ["the ledger does not hold (ledger_mismatches)"] if read().mismatches else []
