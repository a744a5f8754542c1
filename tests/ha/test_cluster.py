"""The cache's client on a real cluster: it follows slots, wants the password, survives the death of a master."""

from collections.abc import Iterator

import pytest
from redis.cluster import RedisCluster

from diana import cache
from tests.ha.servers import Cluster, cluster
from tests.processes import wait_until

WEEKS = range(40)


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Three masters and a replica."""
    with cluster(tmp_path_factory.mktemp("cluster")) as found:
        yield found


@pytest.fixture
def client(nodes: Cluster, settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[RedisCluster]:
    """What boards and caches get from CACHE_URL."""
    settings.CACHE_URL = nodes.url
    monkeypatch.setattr(cache, "_clients", {})
    found = cache.client()
    assert isinstance(found, RedisCluster)
    yield found
    found.close()


def write(client: RedisCluster) -> None:
    """Write one board for each week into a shadow and swap it in: both keys share a tag. One pipeline for all nodes."""
    with client.pipeline(transaction=False) as pipeline:
        for week in WEEKS:
            pipeline.zadd(f"board:{{{week}}}:shadow", {"anna": 7, "boris": week})
        pipeline.execute()
    for week in WEEKS:
        client.rename(f"board:{{{week}}}:shadow", f"board:{{{week}}}")


def boards(client: RedisCluster) -> int:
    """Return how many boards can be read and are right."""
    wanted = {b"anna": 7.0}
    return sum(
        dict(client.zrange(f"board:{{{week}}}", 0, -1, withscores=True)).items() >= wanted.items() for week in WEEKS
    )


def test_boards_are_spread_and_read(client: RedisCluster, nodes: Cluster):
    write(client)
    assert boards(client) == len(WEEKS)
    sizes = [member.client("password-of-tests").dbsize() for member in nodes.members[:3]]
    assert all(sizes), sizes


def test_it_survives_the_death_of_a_master_with_a_replica(client: RedisCluster, nodes: Cluster):
    write(client)
    replicated = nodes.members[3].client("password-of-tests")
    wait_until(lambda: replicated.dbsize() == nodes.members[0].client("password-of-tests").dbsize(), "the replica")
    nodes.members[0].kill()

    def all_are_there() -> bool:
        try:
            return boards(client) == len(WEEKS)
        except cache.ERRORS:
            return False

    wait_until(all_are_there, "the replica to take over", seconds=15)
    write(client)
