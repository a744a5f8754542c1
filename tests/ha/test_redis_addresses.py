"""Addresses of Redis: what each becomes for the broker and for clients, and which are refused at start."""

import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured
from redis.sentinel import SentinelConnectionPool

from diana import cache
from diana.redis_addresses import Address, broker
from tests.processes import ROOT

WATCHED = "sentinel://someone:p%40ss@one:1,two/service?db=3&sentinel_password=other"


def test_one_server_is_passed_on_as_it_is():
    address = Address("REDIS_URL", "redis://:secret@one:6380/2")
    assert broker(address, 0.25) == ("redis://:secret@one:6380/2", {})
    client = address.client(0.25)
    assert (client.get_connection_kwargs()["socket_timeout"], client.get_connection_kwargs()["db"]) == (0.25, 2)


def test_sentinels_are_written_as_the_transport_takes_them():
    url, options = broker(Address("REDIS_URL", WATCHED), 0.25)
    assert url == "sentinel://someone:p%40ss@one:1/3;sentinel://someone:p%40ss@two:26379/3"
    assert options["master_name"] == "service"
    assert options["sentinel_kwargs"]["password"] == "other"
    assert options["sentinel_kwargs"]["socket_timeout"] == 0.25


def test_a_client_behind_sentinels_is_short_tempered_and_has_the_account():
    pool = Address("REDIS_URL", WATCHED).client(0.25).connection_pool
    assert isinstance(pool, SentinelConnectionPool)
    kwargs = pool.connection_kwargs
    assert (kwargs["username"], kwargs["password"], kwargs["db"], kwargs["socket_timeout"]) == (
        "someone",
        "p@ss",
        3,
        0.25,
    )
    assert kwargs["retry"].get_retries() == 0


REFUSED = {
    "redis+cluster://one": "is a cluster, and Celery's transport knows none",
    "sentinel://one:1": "names no service",
    "sentinel:///service": "names no host",
    "sentinel://one:x/service": "REDIS_URL: ",
    "amqp://one": "is none of redis, rediss, sentinel, redis",
}


@pytest.mark.parametrize(("url", "message"), REFUSED.items())
def test_what_cannot_be_a_broker_is_refused(url: str, message: str):
    with pytest.raises(ImproperlyConfigured, match=message):
        broker(Address("REDIS_URL", url), 0.25)


def test_only_the_cache_may_be_a_cluster():
    address = Address("CACHE_URL", "redis+cluster://:secret@127.0.0.1:1")
    with pytest.raises(ImproperlyConfigured, match="only CACHE_URL may be one"):
        address.client(0.25)
    with pytest.raises(cache.ERRORS):
        address.any_client(0.25)


def test_a_cluster_as_broker_ends_the_start():
    done = subprocess.run(
        [sys.executable, "-c", "import config.settings"],
        env=os.environ | {"REDIS_URL": "redis+cluster://127.0.0.1:7000"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "give the broker one server or sentinel://…, and name the cluster in CACHE_URL" in done.stderr
