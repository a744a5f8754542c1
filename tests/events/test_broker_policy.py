"""A broker that would evict queues is named at release and at the start of a worker."""

import logging

import pytest
import redis

from diana.events import broker_policy
from tests.servers import Servers


@pytest.fixture
def evicting(broker: redis.Redis) -> redis.Redis:
    """A broker that evicts what it likes when it is full."""
    broker.config_set("maxmemory-policy", "allkeys-lru")
    return broker


def test_a_broker_that_evicts_nothing_is_fine(broker: redis.Redis, caplog: pytest.LogCaptureFixture):
    assert broker_policy.check_broker() == []
    broker_policy.warn_of_policy()
    assert caplog.records == []


def test_a_broker_that_evicts_stops_the_release(evicting: redis.Redis):
    [message] = broker_policy.check_broker()
    assert (message.id, message.is_serious()) == ("events.E007", True)
    assert "allkeys-lru" in message.msg


def test_a_worker_says_so_loudly_and_works(evicting: redis.Redis, caplog: pytest.LogCaptureFixture):
    broker_policy.warn_of_policy()
    [record] = caplog.records
    assert record.levelno == logging.CRITICAL
    assert "noeviction" in record.getMessage()


def test_a_broker_that_is_away_stops_nothing(servers: Servers):
    servers.valkey.stop()
    [message] = broker_policy.check_broker()
    assert (message.id, message.is_serious()) == ("events.W007", False)
    broker_policy.warn_of_policy()
