"""The Redis of what can be computed anew: caches and boards (CACHE_URL). It may be a cluster; its loss costs time only."""

import os

import redis
from django.conf import settings
from redis.cluster import RedisCluster
from redis.exceptions import RedisClusterException

from diana.redis_addresses import Address

# What a call may raise: the cluster's client has an error of its own where no node can be reached.
ERRORS = (redis.RedisError, RedisClusterException)

_clients: dict[int, redis.Redis | RedisCluster] = {}


def client() -> redis.Redis | RedisCluster:
    """Return this process's client; making it (a cluster is asked for its nodes) and its calls are short or raise one of ERRORS.

    In a cluster, keys that one command touches together share a tag in braces: `board:{week}:…`; RENAME is not for
    pipelines there.
    """
    found = _clients.get(os.getpid())
    if found is None:
        found = Address("CACHE_URL", settings.CACHE_URL).any_client(settings.EVENTS_REDIS_TIMEOUT_SECONDS)
        _clients.clear()
        _clients[os.getpid()] = found
    return found
