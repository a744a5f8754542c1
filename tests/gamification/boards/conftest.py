"""Fixtures of the boards: a running, empty cache with a client and a breaker of the test's own."""

from collections.abc import Iterator

import pytest
import redis

from apps.gamification.boards import cache as ranks
from diana import cache


@pytest.fixture
def client(valkey: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[redis.Redis]:
    """The cache that boards use, empty."""
    monkeypatch.setattr(cache, "_clients", {})
    ranks.breaker.close()
    # Boards come as the cache's user; only the test may empty it.
    found = redis.Redis.from_url(valkey)
    found.flushall()
    yield found
    found.close()
    ranks.breaker.close()
