"""How fast the bot may call Telegram: token buckets in Redis that all workers share, and in memory while Redis is away.

A bucket is one number, the moment at which it is full again (GCRA): taking a token moves it on by an interval. What has
to wait a little takes its place in the row at once and is told how long; what would wait for long takes nothing and comes
again. Names of chats in Redis are keyed hashes. Every call is short or fails, and goes through a breaker of its own.
"""

import math
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import pybreaker
from django.conf import settings
from django.utils.crypto import salted_hmac

from diana import cache
from diana.events.breaking import Watcher

# One tag: in a cluster the keys of one call lie together.
TAG = "{diana:telegram}"
# So many chats that Telegram turned away within so long mean that it is not about one chat.
TURNED_AWAY_CHATS, TURNED_AWAY_SECONDS = 3, 1
# A process that counts for itself forgets the chats that have rested when it knows more than this.
MOST_KNOWN = 10_000

# KEYS: bucket, hold, bucket, hold …; ARGV: microseconds of an interval, of a burst, the longest wait, for each bucket.
# Returns the wait in microseconds, or minus it where it is too long and nothing was taken.
_TAKE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local held, refused, wait, full = 0, false, 0, {}
for i = 1, #KEYS / 2 do
    held = math.max(held, redis.call('PTTL', KEYS[2 * i]) * 1000)
    local interval, burst, longest = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i])
    full[i] = math.max(tonumber(redis.call('GET', KEYS[2 * i - 1]) or 0), now) + interval
    local mine = full[i] - now - burst
    wait = math.max(wait, mine)
    refused = refused or mine > longest
end
if held > 0 then return -math.ceil(math.max(held, wait)) end
if refused then return -math.ceil(wait) end
for i = 1, #KEYS / 2 do
    redis.call('SET', KEYS[2 * i - 1], string.format('%.0f', full[i]), 'PX', math.ceil((full[i] - now) / 1000) + 1)
end
return math.ceil(wait)
"""
# KEYS: the hold of the chat, the hold of all, the chats that were turned away lately. ARGV: milliseconds, the chat, how
# many make it everybody's, how long they are remembered. Returns 1 if all have to wait.
_HOLD = """
redis.call('SET', KEYS[1], 1, 'PX', ARGV[1])
redis.call('SADD', KEYS[3], ARGV[2])
redis.call('EXPIRE', KEYS[3], ARGV[4])
if ARGV[2] ~= 'all' and redis.call('SCARD', KEYS[3]) < tonumber(ARGV[3]) then return 0 end
redis.call('SET', KEYS[2], 1, 'PX', ARGV[1])
return 1
"""

breaker = pybreaker.CircuitBreaker(
    fail_max=settings.EVENTS_BREAKER_FAILURES, reset_timeout=settings.EVENTS_BREAKER_RESET_SECONDS, name="rates"
)
breaker.add_listener(Watcher())


class Bucket(NamedTuple):
    """A limit by name: `interval` and `burst` in seconds, and for how long one may stand in its row."""

    name: str
    interval: float
    burst: float
    longest: float


# In the row for all everybody waits alike; who waits for their own chat should not hold up a sender.
LONGEST_FOR_ALL, LONGEST_FOR_CHAT = 4.0, 1.0


def bucket_of_all() -> Bucket:
    """Return the limit on all calls."""
    return _bucket("all", settings.TELEGRAM_RATE_ALL, settings.TELEGRAM_RATE_ALL_BURST, LONGEST_FOR_ALL)


def bucket_of_chat(telegram_chat_id: object) -> Bucket:
    """Return the limit on calls for one chat; its name does not tell which."""
    name = salted_hmac("bot.buckets", str(telegram_chat_id), algorithm="sha256").hexdigest()[:16]
    return _bucket(name, settings.TELEGRAM_RATE_PER_CHAT, settings.TELEGRAM_RATE_PER_CHAT_BURST, LONGEST_FOR_CHAT)


def _bucket(name: str, rate: float, burst: int, longest: float) -> Bucket:
    return Bucket(name, 1 / rate, burst / rate, longest)


class Wait(NamedTuple):
    """What a bucket says: the seconds to wait, and whether a token was taken, so that one may go after them."""

    seconds: float
    taken: bool


class Memory:
    """The buckets and holds of this process: its own count while Redis is away. Not for several threads at once."""

    def __init__(self) -> None:
        self._full_at: dict[str, float] = {}
        self._held_until: dict[str, float] = {}

    def take(self, buckets: Sequence[Bucket], now: float) -> Wait:
        """Take a token of each, or of none; the same rules as in Redis."""
        held = self.held(buckets, now)
        full = [max(self._full_at.get(bucket.name, 0.0), now) + bucket.interval for bucket in buckets]
        waits = [at - now - bucket.burst for at, bucket in zip(full, buckets, strict=True)]
        seconds = max(0.0, *waits)
        if held > 0:
            return Wait(max(held, seconds), False)
        if any(wait > bucket.longest for wait, bucket in zip(waits, buckets, strict=True)):
            return Wait(seconds, False)
        if len(self._full_at) > MOST_KNOWN:
            self._full_at = {name: at for name, at in self._full_at.items() if at > now}
        self._full_at |= {bucket.name: at for bucket, at in zip(buckets, full, strict=True)}
        return Wait(seconds, True)

    def held(self, buckets: Sequence[Bucket], now: float) -> float:
        """Return for how long nobody is let in any more."""
        return max(0.0, max(self._held_until.get(bucket.name, 0.0) for bucket in buckets) - now)

    def hold(self, name: str, seconds: float, now: float) -> None:
        """Let nobody in for so long; holds that are over are forgotten."""
        self._held_until = {known: at for known, at in self._held_until.items() if at > now}
        self._held_until[name] = now + seconds


_memory = Memory()


def take(buckets: Sequence[Bucket]) -> Wait:
    """Take a token of each bucket, or of none if one would have to wait for too long. Never fails: without Redis this
    process counts alone, so that several together may be as many times too fast until it is back."""
    keys = [key for bucket in buckets for key in (_key(bucket.name), _hold_key(bucket.name))]
    numbers = [_micro(number) for bucket in buckets for number in (bucket.interval, bucket.burst, bucket.longest)]
    try:
        answer = _guarded(lambda: cache.client().eval(_TAKE, len(keys), *keys, *numbers))
    except _Unavailable:
        return _memory.take(buckets, time.monotonic())
    return Wait(abs(answer) / 1_000_000, answer >= 0)


def held(buckets: Sequence[Bucket]) -> float:
    """Return for how many seconds nobody is let in any more: what Telegram said while one stood in the row."""
    own = _memory.held(buckets, time.monotonic())

    def call() -> int:
        with cache.client().pipeline(transaction=False) as pipeline:
            for bucket in buckets:
                pipeline.pttl(_hold_key(bucket.name))
            return max(0, *map(int, pipeline.execute()))

    try:
        return max(own, _guarded(call) / 1000)
    except _Unavailable:
        return own


def hold(chat: Bucket | None, seconds: float) -> None:
    """Let nobody call for this chat for so long, in any process; None: for no chat. Several chats at once mean all."""
    name = chat.name if chat else "all"
    _memory.hold(name, seconds, time.monotonic())
    keys = [_hold_key(name), _hold_key("all"), _key("turned-away")]
    numbers = (math.ceil(seconds * 1000), name, TURNED_AWAY_CHATS, TURNED_AWAY_SECONDS)
    try:
        _guarded(lambda: cache.client().eval(_HOLD, len(keys), *keys, *numbers))
    except _Unavailable:
        return


class _Unavailable(RuntimeError):
    """Redis did not answer, or the breaker is open."""


def _guarded(call: Callable[[], object]) -> int:
    try:
        answer: int = breaker.call(call)
    except Exception as error:
        raise _Unavailable(f"{type(error).__name__}: {error}") from error
    return answer


def _key(name: str) -> str:
    return f"{TAG}:{name}"


def _hold_key(name: str) -> str:
    return f"{TAG}:hold:{name}"


def _micro(seconds: float) -> int:
    return math.ceil(seconds * 1_000_000)
