"""Where Redis is: one server, a master behind Sentinels, or a cluster; and clients whose calls are short or fail.

redis://[user:password@]host:port/0                                 one server (rediss:// with TLS)
sentinel://[user:password@]host:port[,host:port]/service?db=0       the master that the Sentinels name;
                                                                    sentinel_password= if they want one too
redis+cluster://[user:password@]host:port[,host:port]               a cluster, for cache and boards only
"""

from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

import redis
from django.core.exceptions import ImproperlyConfigured
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode, RedisCluster
from redis.retry import Retry
from redis.sentinel import Sentinel

SENTINEL_PORT, CLUSTER_PORT = 26379, 6379
# redis-py's own retries: a hung server would cost seconds. A cluster needs one to follow a slot that has moved.
NO_RETRY, CLUSTER_RETRIES = 0, 2


class Address:
    """A parsed address; raises ImproperlyConfigured with the variable's name if it cannot be one."""

    def __init__(self, variable: str, url: str) -> None:
        self.variable, self.url = variable, url
        self._parts = urlsplit(url)
        self.scheme = self._parts.scheme
        if self.scheme not in ("redis", "rediss", "unix", "sentinel", "redis+cluster", "rediss+cluster"):
            raise ImproperlyConfigured(
                f"{variable}: {self.scheme}:// is none of redis, rediss, sentinel, redis+cluster."
            )
        if self.is_sentinel and not self.service:
            raise ImproperlyConfigured(f"{variable} names no service: sentinel://host:26379/service.")
        if (self.is_sentinel or self.is_cluster) and not self.hosts:
            raise ImproperlyConfigured(f"{variable} names no host: {self.scheme}://host:port[,host:port].")

    @property
    def is_sentinel(self) -> bool:
        """Say whether Sentinels know the master."""
        return self.scheme == "sentinel"

    @property
    def is_cluster(self) -> bool:
        """Say whether it is a cluster."""
        return self.scheme.endswith("+cluster")

    @cached_property
    def hosts(self) -> list[tuple[str, int]]:
        """The hosts named, with their ports."""
        usual = SENTINEL_PORT if self.is_sentinel else CLUSTER_PORT
        places = [urlsplit(f"//{place}") for place in self._parts.netloc.rpartition("@")[2].split(",") if place]
        try:
            return [(place.hostname or "", place.port or usual) for place in places]
        except ValueError as error:
            raise ImproperlyConfigured(f"{self.variable}: {error}.") from error

    @property
    def service(self) -> str:
        """The name under which Sentinels know the master."""
        return self._parts.path.strip("/")

    @cached_property
    def account(self) -> dict[str, str]:
        """The user and the password of the servers."""
        user, _, password = self._parts.netloc.rpartition("@")[0].partition(":")
        return {key: unquote(value) for key, value in (("username", user), ("password", password)) if value}

    @property
    def database(self) -> int:
        """The number of the database."""
        path = self._parts.path.strip("/") if self.scheme in ("redis", "rediss") else ""
        return int(self._option("db") or path or 0)

    def _option(self, name: str) -> str | None:
        return parse_qs(self._parts.query).get(name, [None])[0]

    def sentinel_options(self, timeout: float) -> dict[str, Any]:
        """Return how to speak to the Sentinels themselves."""
        password = self._option("sentinel_password")
        return _short(timeout) | ({"password": password} if password else {})

    def client(self, timeout: float) -> redis.Redis:
        """Return a client of the one server or the present master; each call takes at most about the timeout, in seconds."""
        if self.is_cluster:
            raise ImproperlyConfigured(f"{self.variable} is a cluster: only CACHE_URL may be one.")
        if not self.is_sentinel:
            return redis.Redis.from_url(self.url, **_short(timeout))
        sentinels = Sentinel(  # type: ignore[no-untyped-call]
            self.hosts, sentinel_kwargs=self.sentinel_options(timeout)
        )
        options: dict[str, Any] = {"db": self.database, **self.account, **_short(timeout)}
        found: redis.Redis = sentinels.master_for(self.service, **options)  # type: ignore[no-untyped-call]
        return found

    def any_client(self, timeout: float) -> "redis.Redis | RedisCluster":
        """Return a client whatever it is; of a cluster too, which follows a slot to another master."""
        if not self.is_cluster:
            return self.client(timeout)
        options: dict[str, Any] = {
            **self.account,
            **_short(timeout),
            "retry": Retry(NoBackoff(), CLUSTER_RETRIES),
            "ssl": self.scheme.startswith("rediss"),
            "require_full_coverage": False,
        }
        nodes = [ClusterNode(host, port) for host, port in self.hosts]  # type: ignore[no-untyped-call]
        return RedisCluster(startup_nodes=nodes, **options)


def _short(timeout: float) -> dict[str, Any]:
    return {
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "retry": Retry(NoBackoff(), NO_RETRY),
        "health_check_interval": 0,
    }


def broker(address: Address, timeout: float) -> tuple[str, dict[str, Any]]:
    """Return the address as Celery's transport takes it, and what has to stand in its options; no cluster can be one."""
    if address.is_cluster:
        raise ImproperlyConfigured(
            f"{address.variable} is a cluster, and Celery's transport knows none: give the broker one server or"
            " sentinel://…, and name the cluster in CACHE_URL."
        )
    if not address.is_sentinel:
        return address.url, {}
    account = ":".join(quote(address.account.get(key, ""), safe="") for key in ("username", "password"))
    at = f"{account}@" if address.account else ""
    urls = [f"sentinel://{at}{host}:{port}/{address.database}" for host, port in address.hosts]
    return ";".join(urls), {"master_name": address.service, "sentinel_kwargs": address.sentinel_options(timeout)}
