"""The cache of ranks: right with it, without it, after its loss; late writers are refused (faults 25, 26)."""

import ast
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
import redis
from django.db import connection, transaction

import apps.gamification.boards
from apps.gamification import boards
from apps.gamification.boards import cache, places, recount, refreshing
from apps.gamification.boards.scope import Scope, current_scopes, scope_of
from apps.gamification.models import BoardChange
from tests.events.test_bounded_redis import behind_a_breaker
from tests.gamification.achieving import switch_achievements_off
from tests.gamification.acts import NOON, award, people, person
from tests.gamification.boards.acts import becomes, give, sees, vip
from tests.servers import Servers

pytestmark = pytest.mark.usefixtures("committed_db", "few_exact")


@pytest.fixture
def few_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """All but the first two ranks come from the cache."""
    monkeypatch.setattr(places, "EXACT", 2)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Scope]]:
    """Where ranks had to be counted in PostgreSQL."""
    seen: list[Scope] = []
    count = places._counted
    monkeypatch.setattr(places, "_counted", lambda scope, *rest: seen.append(scope) or count(scope, *rest))
    return seen


def crowd_with_points(number: int = 12) -> list[int]:
    """Add people with few different scores, VIPs and archetypes among them."""
    chance, crowd = random.Random(number), people(number)
    for somebody in crowd:
        give(somebody, chance.randint(1, 5), NOON + timedelta(seconds=chance.randint(1, 50)))
    award(*(vip(somebody, NOON + timedelta(days=1)) for somebody in crowd[::2]))
    award(*(becomes(somebody, chance.choice(["Explorer", "Connector"])) for somebody in crowd[1:]))
    return crowd


def ranks(crowd: list[int], now: datetime = NOON) -> list[int | None]:
    """Return the ranks of everybody on two boards in all segments, and those around them."""
    return [
        rank
        for somebody in crowd
        for board in ("total", "weekly")
        for segment in ("everyone", "vip", "archetype")
        for rank in [
            boards.rank_of(somebody, board, now, segment=segment),
            *(p.rank for p in boards.around(somebody, board, now, segment=segment)),
        ]
    ]


def test_ranks_with_a_cache_are_those_without(client: redis.Redis, counted: list[Scope]) -> None:
    crowd = crowd_with_points()
    slow = ranks(crowd)
    assert counted
    refreshing.refresh(NOON)
    counted.clear()
    assert ranks(crowd) == slow
    assert counted == []
    assert not BoardChange.objects.exists()


def test_f25_after_flushall_ranks_are_right_at_once_and_fast_after_a_pass(
    client: redis.Redis, counted: list[Scope]
) -> None:
    crowd = crowd_with_points()
    refreshing.refresh(NOON)
    slow = ranks(crowd)
    client.flushall()
    give(crowd[0], 300)
    assert ranks(crowd) != slow
    assert counted
    done = refreshing.refresh(NOON)
    assert done is not None
    assert done.built == len(current_scopes(NOON))
    counted.clear()
    fast = ranks(crowd)
    assert counted == []
    client.flushall()
    assert ranks(crowd) == fast
    assert recount.compare_cache(NOON).ok


def test_one_lost_set_is_missed_even_if_something_was_written_into_it(
    client: redis.Redis, counted: list[Scope]
) -> None:
    crowd = crowd_with_points()
    refreshing.refresh(NOON)
    lost = scope_of("total", NOON)
    client.delete(lost.key)
    assert cache.write(lost, cache_moment(), [(crowd[0], 5)]) is False
    client.zadd(lost.key, {str(crowd[0]): 5})
    assert cache.ranks(lost, [1]) is None
    done = refreshing.refresh(NOON)
    assert done is not None
    assert done.built == 1
    assert cache.ranks(lost, [0]) == {0: len(crowd) + 1}


def cache_moment() -> int:
    """Return the present moment as a pass takes it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
        return cursor.fetchone()[0]


def test_f26_who_read_before_a_rebuild_and_writes_after_it_is_refused(client: redis.Redis) -> None:
    somebody = person()
    give(somebody, 5)
    early = cache_moment()
    total = scope_of("total", NOON)
    give(somebody, 2)
    refreshing.rebuild(NOON)
    with pytest.raises(cache.Late):
        cache.write(total, early, [(somebody, 5)])
    cache.add(total, early, [5, somebody])
    with pytest.raises(cache.Late):
        cache.swap(total, early, NOON)
    assert cache.scores(total, [somebody]) == {somebody: 7}
    assert not [key for key in client.scan_iter() if str(early) in key.decode()], "its shadow is gone"


def test_f26_a_pass_that_hangs_between_reading_and_writing_writes_nothing_old(
    client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    somebody = person()
    give(somebody, 5)
    refreshing.refresh(NOON)
    give(somebody, 1)
    write, nested = cache.write, []

    def hanging(scope: Scope, moment: int, members: list[tuple[int, int]]) -> bool:
        if not nested:
            # The lock of its session went with the connection, and another has done the work since.
            nested.append(1)
            connection.close()
            give(somebody, 3)
            assert refreshing.refresh(NOON) is not None
        return write(scope, moment, members)

    monkeypatch.setattr(cache, "write", hanging)
    with pytest.raises(cache.Late):
        refreshing.refresh(NOON)
    assert cache.scores(scope_of("total", NOON), [somebody]) == {somebody: 9}
    assert recount.compare_cache(NOON).ok


def test_passes_take_turns(client: redis.Redis) -> None:
    def other() -> object:
        try:
            with pytest.raises(refreshing.Busy):
                refreshing.rebuild(NOON)
            return refreshing.refresh(NOON)
        finally:
            connection.close()

    with refreshing._alone() as moment, ThreadPoolExecutor(1) as pool:
        assert moment is not None
        assert pool.submit(other).result(30) is None


def test_a_pass_takes_over_what_changed_and_nothing_else(client: redis.Redis) -> None:
    crowd = crowd_with_points()
    refreshing.refresh(NOON)
    give(crowd[3], 40)
    award(sees(crowd[4], "hidden"))
    award(becomes(crowd[5], "All-rounder"))
    done = refreshing.refresh(NOON)
    assert done is not None
    assert (done.built, done.changes > 2) == (0, True)
    assert recount.compare_cache(NOON).ok
    assert cache.scores(scope_of("total", NOON, "all_rounder"), crowd).keys() == {crowd[5]}
    assert crowd[4] not in (cache.members(scope_of("total", NOON)) or {})
    assert refreshing.refresh(NOON) == refreshing.Refreshed()


def test_a_commit_that_comes_late_is_not_passed_over(client: redis.Redis) -> None:
    slow, fast = people(2)
    written, go_on = Event(), Event()

    def late() -> None:
        with transaction.atomic():
            give(slow, 5)
            written.set()
            assert go_on.wait(30)
        connection.close()

    refreshing.refresh(NOON)
    thread = Thread(target=late)
    thread.start()
    assert written.wait(30)
    give(fast, 3)
    refreshing.refresh(NOON)
    go_on.set()
    thread.join(30)
    refreshing.refresh(NOON)
    assert cache.members(scope_of("total", NOON)) == {slow: 5, fast: 3}


def test_a_change_that_commits_while_a_pass_writes_is_kept_for_the_next(
    client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    somebody = person()
    refreshing.refresh(NOON)
    give(somebody, 5)
    write, meanwhile = cache.write, [3]

    def slow(scope: Scope, moment: int, members: list[tuple[int, int]]) -> bool:
        if meanwhile:
            give(somebody, meanwhile.pop())
        return write(scope, moment, members)

    monkeypatch.setattr(cache, "write", slow)
    refreshing.refresh(NOON)
    refreshing.refresh(NOON)
    assert cache.members(scope_of("total", NOON)) == {somebody: 8}


def test_vip_that_ends_leaves_the_set_without_an_event(client: redis.Redis) -> None:
    switch_achievements_off()
    somebody, other = people(2)
    give(somebody, 5)
    give(other, 4)
    award(vip(somebody, NOON + timedelta(seconds=30)), vip(other, None))
    refreshing.refresh(NOON)
    vips = scope_of("total", NOON, "vip")
    assert cache.members(vips) == {somebody: 5}
    done = refreshing.refresh(NOON + timedelta(seconds=40))
    assert done is not None
    assert done.vip_ended == 1
    assert cache.members(vips) == {}


def test_sets_of_a_new_period_begin_empty_and_old_ones_expire(client: redis.Redis) -> None:
    somebody = person()
    give(somebody, 5)
    refreshing.refresh(NOON)
    tomorrow = NOON + timedelta(days=1)
    refreshing.refresh(tomorrow)
    assert cache.members(scope_of("daily", tomorrow)) == {}
    assert 0 < client.ttl(scope_of("daily", NOON).key) <= 3 * 86_400
    assert client.ttl(scope_of("total", NOON).key) == -1


@pytest.mark.parametrize("harm", ["pause", "stop"])
def test_without_redis_ranks_are_right_and_a_pass_says_so(client: redis.Redis, servers: Servers, harm: str) -> None:
    crowd = crowd_with_points(6)
    refreshing.refresh(NOON)
    expected = ranks(crowd)
    getattr(servers.valkey, harm)()
    try:
        assert ranks(crowd) == expected
        give(crowd[0], 50)
        with pytest.raises(cache.Unavailable):
            refreshing.refresh(NOON)
        assert BoardChange.objects.filter(account_id=crowd[0]).exists(), "and nothing is forgotten"
    finally:
        servers.valkey.resume() if harm == "pause" else servers.valkey.start()
    cache.breaker.close()
    refreshing.refresh(NOON)
    assert recount.compare_cache(NOON).ok


def test_while_redis_is_away_the_list_of_changes_stays_as_short_as_that_of_accounts(
    valkey: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refreshing, "MOST_CHANGES", 3)
    monkeypatch.setattr(cache, "marks", lambda scopes: (_ for _ in ()).throw(cache.Unavailable("away")))
    somebody, other = people(2)
    give(somebody, 1)
    award(sees(somebody, "alias"))
    for _ in range(4):
        give(somebody, 1)
    give(other, 1)
    with pytest.raises(cache.Unavailable):
        refreshing.refresh(NOON)
    # the change of the look is told, too
    assert list(BoardChange.objects.order_by("id").values_list("account_id", "look")) == [
        (somebody, True),
        (somebody, False),
        (other, False),
    ]


def test_no_module_of_boards_calls_redis_past_the_breaker_or_in_a_transaction() -> None:
    bare: list[str] = []
    for path in Path(apps.gamification.boards.__file__).parent.rglob("*.py"):
        tree = ast.parse(path.read_text())
        guarded = behind_a_breaker(tree)
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        bare += [
            f"{path.name}:{node.lineno}"
            for node in calls
            if ast.unparse(node.func) in ("client", "cache.client") and id(node) not in guarded
        ]
        assert path.name == "recount.py" or "atomic" not in path.read_text() or "cache." not in path.read_text()
    assert bare == []


Read = Callable[[], object]


def test_no_transaction_is_open_while_a_set_is_built(client: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    crowd_with_points()
    seen: list[bool] = []
    guarded = cache.guarded

    def spying(call: Read) -> object:
        seen.append(connection.in_atomic_block or connection.connection.info.transaction_status.name != "IDLE")
        return guarded(call)

    monkeypatch.setattr(cache, "guarded", spying)
    refreshing.rebuild(NOON)
    refreshing.refresh(NOON)
    assert seen
    assert not any(seen)
