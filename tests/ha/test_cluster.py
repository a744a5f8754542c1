"""The cache's client on a real cluster: it follows slots, wants the password, survives the death of a master."""

from collections.abc import Iterator

import pytest
from redis.cluster import RedisCluster

from apps.gamification import boards as ranks
from apps.gamification.boards import places, recount, refreshing
from diana import cache
from tests.gamification.acts import NOON, people
from tests.gamification.boards.acts import give
from tests.ha.servers import Cluster, cluster
from tests.processes import wait_until

WEEKS = range(40)


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Three masters and a replica."""
    with cluster(tmp_path_factory.mktemp("cluster")) as found:
        yield found
        # Of the two that live to the end.
        assert [member.refusals() for member in found.members[1:3]] == [[], []]


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
            pipeline.zadd(f"diana:board:{{{week}}}:shadow", {"anna": 7, "boris": week})
        pipeline.execute()
    for week in WEEKS:
        client.rename(f"diana:board:{{{week}}}:shadow", f"diana:board:{{{week}}}")


def boards(client: RedisCluster) -> int:
    """Return how many boards can be read and are right."""
    wanted = {b"anna": 7.0}
    return sum(
        dict(client.zrange(f"diana:board:{{{week}}}", 0, -1, withscores=True)).items() >= wanted.items()
        for week in WEEKS
    )


def test_boards_are_spread_and_read(client: RedisCluster, nodes: Cluster):
    write(client)
    assert boards(client) == len(WEEKS)
    sizes = [member.client().dbsize() for member in nodes.members[:3]]
    assert all(sizes), sizes


def test_it_survives_the_death_of_a_master_with_a_replica(client: RedisCluster, nodes: Cluster):
    write(client)
    replicated = nodes.members[3].client()
    wait_until(lambda: replicated.dbsize() == nodes.members[0].client().dbsize(), "the replica")
    nodes.members[0].kill()

    def all_are_there() -> bool:
        try:
            return boards(client) == len(WEEKS)
        except cache.ERRORS:
            return False

    wait_until(all_are_there, "the replica to take over", seconds=15)
    write(client)


def test_ranks_come_from_a_cluster_too(client: RedisCluster, committed_db: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(places, "EXACT", 1)
    monkeypatch.setattr(places, "_counted", lambda *_: pytest.fail("the cache was not asked"))
    crowd = people(6)
    for points, somebody in enumerate(crowd, start=1):
        give(somebody, points)
    assert refreshing.refresh(NOON) is not None
    give(crowd[0], 10)
    refreshing.refresh(NOON)
    refreshing.rebuild(NOON)
    assert [ranks.rank_of(somebody, "weekly", NOON) for somebody in crowd] == [1, 6, 5, 4, 3, 2]
    assert [place.rank for place in ranks.around(crowd[1], "total", NOON)] == [1, 2, 3, 4, 5, 6]
    assert recount.compare_cache(NOON).ok
