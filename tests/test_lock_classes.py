"""Advisory locks of different uses never share a number."""

import re
from pathlib import Path

import pytest
from django.db import connection

from diana.lock_classes import LockClass

ROOT = Path(__file__).resolve().parent.parent
ASKS = re.compile(r"advisory_(?:xact_)?(?:un)?lock(?:_shared)?\(\s*(\d[\d_]*)\s*,")


def test_every_lock_of_two_numbers_takes_its_first_from_the_list() -> None:
    places = [path for part in ("apps", "diana", "config") for path in (ROOT / part).rglob("*.py")]
    assert [str(path) for path in places if ASKS.search(path.read_text())] == []


@pytest.mark.django_db
def test_the_database_takes_it_as_a_number() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 1)", [LockClass.POLLER])
        cursor.execute(
            f"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = {LockClass.POLLER:d}::oid"
        )
        assert cursor.fetchone() == (1,)
