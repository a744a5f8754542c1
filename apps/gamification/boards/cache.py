"""Ranks at hand: for each scope a sorted set in the cache's Redis, member the account, score the plain integer.

Every call is short or fails, goes through a breaker of its own, and is not made inside a transaction. A set carries a
mark: the member "0", whose score is minus the moment (microseconds) of the last writer. Without its mark a set counts as
lost, whatever stands in it; and who comes with an older moment than the mark's is too late, and refused: one pass hung,
another has read newer rows since.
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import pybreaker
from django.conf import settings

from apps.gamification.boards.scope import Scope, end_of
from apps.gamification.decide.boards import PERIODIC
from diana import cache
from diana.events.breaking import Watcher

T = TypeVar("T")

MARK = "0"
MEMBERS_AT_ONCE = 2_000
# A shadow that nobody swapped in, and a period that is over, vanish by themselves.
SHADOW_SECONDS = 900
KEPT_SECONDS = 2 * 86_400
# Longer than the breaker stays open.
PATIENCE, PAUSE_SECONDS = 4, 0.6

# Returns -1: the set is lost; 0: somebody newer was here; 1: written. The rest are pairs of member and score, 0 removes.
_WRITE = """
local mark = redis.call('ZSCORE', KEYS[1], '0')
if not mark then return -1 end
if -tonumber(mark) > tonumber(ARGV[1]) then return 0 end
redis.call('ZADD', KEYS[1], '-' .. ARGV[1], '0')
for i = 2, #ARGV, 2 do
    if ARGV[i + 1] == '0' then redis.call('ZREM', KEYS[1], ARGV[i])
    else redis.call('ZADD', KEYS[1], ARGV[i + 1], ARGV[i]) end
end
return 1
"""
# The same for a whole set that was built beside it; once more, because the answer was lost, changes nothing. UNLINK frees
# the old one in the background: DEL would hold up everybody.
_SWAP = """
local mark = redis.call('ZSCORE', KEYS[1], '0')
if mark and -tonumber(mark) > tonumber(ARGV[1]) then redis.call('UNLINK', KEYS[2]) return 0 end
if mark and -tonumber(mark) == tonumber(ARGV[1]) and redis.call('EXISTS', KEYS[2]) == 0 then return 1 end
redis.call('ZADD', KEYS[2], '-' .. ARGV[1], '0')
redis.call('UNLINK', KEYS[1])
redis.call('RENAME', KEYS[2], KEYS[1])
if ARGV[2] == '' then redis.call('PERSIST', KEYS[1]) else redis.call('EXPIRE', KEYS[1], ARGV[2]) end
return 1
"""

breaker = pybreaker.CircuitBreaker(
    fail_max=settings.EVENTS_BREAKER_FAILURES, reset_timeout=settings.EVENTS_BREAKER_RESET_SECONDS, name="boards"
)
breaker.add_listener(Watcher())


class Unavailable(RuntimeError):
    """The cache's Redis did not answer, or the breaker is open: ranks are counted in PostgreSQL meanwhile."""


class Late(RuntimeError):
    """A newer pass has written this set; what this one has read is older than what stands there."""


def guarded(call: Callable[[], T]) -> T:
    """Make a call through the breaker; raises Unavailable instead of what went wrong."""
    try:
        result: T = breaker.call(call)
    except Exception as error:
        raise Unavailable(f"{type(error).__name__}: {error}") from error
    return result


def _patiently(call: Callable[[], T]) -> T:
    """Make a guarded call that may be repeated, of building sets: nobody waits for it, and a server that saves a million
    members answers late. Raises Unavailable after PATIENCE tries.
    """
    for _ in range(PATIENCE - 1):
        try:
            return call()
        except Unavailable:
            time.sleep(PAUSE_SECONDS)
    return call()


def ranks(scope: Scope, scores: Sequence[int]) -> dict[int, int] | None:
    """Return the rank of each score by one round trip; None if the cache is away or does not have the set."""

    def call() -> list[Any]:
        with cache.client().pipeline(transaction=False) as pipeline:
            pipeline.zscore(scope.key, MARK)
            for score in scores:
                pipeline.zcount(scope.key, f"({score}", "+inf")
            return list(pipeline.execute())

    try:
        marked, *above = guarded(call)
    except Unavailable:
        return None
    return None if marked is None else {score: n + 1 for score, n in zip(scores, above, strict=True)}


def marks(scopes: Sequence[Scope]) -> list[int | None]:
    """Return when each set was written last, in microseconds since 1970; None for sets that are lost."""

    def call() -> list[Any]:
        with cache.client().pipeline(transaction=False) as pipeline:
            for scope in scopes:
                pipeline.zscore(scope.key, MARK)
            return list(pipeline.execute())

    return [None if found is None else -int(found) for found in guarded(call)]


def write(scope: Scope, moment: int, members: Sequence[tuple[int, int]]) -> bool:
    """Set these accounts' scores, 0 to remove; says whether the set was there. Raises Late, Unavailable."""
    for start in range(0, max(len(members), 1), MEMBERS_AT_ONCE):
        flat = [value for member in members[start : start + MEMBERS_AT_ONCE] for value in member]
        wrote = guarded(lambda flat=flat: cache.client().eval(_WRITE, 1, scope.key, moment, *flat))  # type: ignore[misc]
        if wrote == 0:
            raise Late(scope.key)
        if wrote == -1:
            return False
    return True


def add(scope: Scope, moment: int, members: Sequence[int]) -> None:
    """Add to the shadow in which the set is being built anew: score, account, score, account …; raises Unavailable."""
    if members:
        shadow = _shadow(scope, moment)
        # zadd() would take a dict and lay it flat again, for each of a million members.
        _patiently(lambda: guarded(lambda: cache.client().execute_command("ZADD", shadow, *members)))  # type: ignore[no-untyped-call]
        _patiently(lambda: guarded(lambda: cache.client().expire(shadow, SHADOW_SECONDS)))


def swap(scope: Scope, moment: int, now: datetime) -> None:
    """Put what was added, if anything, in the place of the set; raises Late if somebody newer was faster, and Unavailable."""
    keys = (scope.key, _shadow(scope, moment))
    left = _seconds_left(scope, now)
    if not _patiently(lambda: guarded(lambda: cache.client().eval(_SWAP, 2, *keys, moment, left))):
        raise Late(scope.key)


def members(scope: Scope) -> dict[int, int] | None:
    """Return the whole set, for a comparison; None if it is lost."""
    found: dict[int, int] = {}
    start = 0
    while True:
        stop = start + MEMBERS_AT_ONCE - 1
        rows: list[Any] = guarded(
            lambda start=start, stop=stop: cache.client().zrange(scope.key, start, stop, withscores=True)  # type: ignore[misc]
        )
        found |= {int(member): int(score) for member, score in rows}
        start += MEMBERS_AT_ONCE
        if len(rows) < MEMBERS_AT_ONCE:
            break
    return found if found.pop(int(MARK), None) is not None else None


def scores(scope: Scope, accounts: Sequence[int]) -> dict[int, int]:
    """Return the scores of those of the accounts that are in the set; raises Unavailable."""
    found: dict[int, int] = {}
    for start in range(0, len(accounts), MEMBERS_AT_ONCE):
        part = accounts[start : start + MEMBERS_AT_ONCE]
        values = guarded(lambda part=part: cache.client().zmscore(scope.key, list(map(str, part))))  # type: ignore[misc]
        found |= {account: int(value) for account, value in zip(part, values, strict=True) if value is not None}
    return found


def _shadow(scope: Scope, moment: int) -> str:
    return f"{scope.key}:{moment}"


def _seconds_left(scope: Scope, now: datetime) -> str:
    """Return how long a period's set is of use; nothing for boards that have no periods."""
    if scope.board not in PERIODIC:
        return ""
    return str(int((end_of(scope.board, scope.period) - now).total_seconds()) + KEPT_SECONDS)
