"""How fast the bot may call Telegram: token buckets in Redis that all workers share, and in memory while Redis is away.

A bucket is one number, the moment at which it is full again (GCRA), and for a group the times of its last messages: at
most so many in any minute. What has to wait a little takes its place in the row at once and is told how long; what would
wait for long takes nothing and comes again. A hold lets nobody in for a while: Telegram said so, of a chat, of a method or
of the token. Names of chats in Redis are keyed hashes. Every call is short or fails, and goes through a breaker of its own.
"""

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import pybreaker
from django.conf import settings
from django.utils.crypto import salted_hmac

from apps.bot.rates import Bucket as Bucket
from apps.bot.rates import Memory as Memory
from apps.bot.rates import Wait as Wait
from diana import cache
from diana.events.breaking import Watcher

# One tag: in a cluster the keys of one call lie together.
TAG = "{diana:telegram}"
# So many people's chats that Telegram turned away within so long mean that it is not about one chat. Groups have limits of
# their own, which several may well reach at once.
TURNED_AWAY_CHATS, TURNED_AWAY_SECONDS = 3, 1
# Telegram may name hours. What concerns one chat or method is left alone for an hour at most, what concerns everybody for
# half a minute: then one call shows whether it still holds.
LONGEST_HOLD, LONGEST_HOLD_OF_ALL = 3600.0, 30.0

# KEYS: bucket, its last minute, its hold, for each bucket; then other holds. ARGV: how many buckets; microseconds of an
# interval, of a burst, the longest wait, and how many in a minute (0: any number), for each of them.
# Returns the wait in microseconds, or minus it where nothing was taken, and the number of the bucket or hold that is why.
_TAKE = """
local clock = redis.call('TIME')
local now, count = clock[1] * 1000000 + clock[2], tonumber(ARGV[1])
local held, holder, refuser, wait, full = 0, 0, 0, 0, {}
for i = 1, #KEYS - 2 * count do
    local left = redis.call('PTTL', i <= count and KEYS[3 * i] or KEYS[2 * count + i]) * 1000
    if left > held then held, holder = left, i end
end
for i = 1, count do
    local interval, burst, longest = tonumber(ARGV[4 * i - 2]), tonumber(ARGV[4 * i - 1]), tonumber(ARGV[4 * i])
    local most = tonumber(ARGV[4 * i + 1])
    full[i] = math.max(tonumber(redis.call('GET', KEYS[3 * i - 2]) or 0), now) + interval
    local mine = full[i] - now - burst
    if most > 0 and redis.call('LLEN', KEYS[3 * i - 1]) >= most then
        mine = math.max(mine, tonumber(redis.call('LINDEX', KEYS[3 * i - 1], -most)) + 60000000 - now)
    end
    if mine > longest then refuser = i end
    wait = math.max(wait, mine)
end
if held > 0 then return {-math.ceil(math.max(held, wait)), holder} end
if refuser > 0 then return {-math.ceil(wait), refuser} end
for i = 1, count do
    redis.call('SET', KEYS[3 * i - 2], string.format('%.0f', full[i]), 'PX', math.ceil((full[i] - now) / 1000) + 1)
    local most = tonumber(ARGV[4 * i + 1])
    if most > 0 then
        redis.call('RPUSH', KEYS[3 * i - 1], string.format('%.0f', now + wait))
        redis.call('LTRIM', KEYS[3 * i - 1], -most, -1)
        redis.call('PEXPIRE', KEYS[3 * i - 1], 60000 + math.ceil(wait / 1000))
    end
end
return {math.ceil(wait), 0}
"""
# KEYS: the hold, the hold of all, the chats that were turned away lately, all holds by their end. ARGV: milliseconds, the
# name, how many chats make it everybody's (0: this is none of them), how long they are remembered, the most for all.
_HOLD = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local function hold(key, name, milliseconds)
    redis.call('SET', key, 1, 'PX', milliseconds)
    redis.call('ZADD', KEYS[4], now + milliseconds, name)
end
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', now)
hold(KEYS[1], ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[4], 7200000)
if ARGV[3] == '0' then return 0 end
redis.call('SADD', KEYS[3], ARGV[2])
redis.call('EXPIRE', KEYS[3], ARGV[4])
if redis.call('SCARD', KEYS[3]) < tonumber(ARGV[3]) then return 0 end
hold(KEYS[2], 'all', math.min(tonumber(ARGV[1]), tonumber(ARGV[5])))
return 1
"""

breaker = pybreaker.CircuitBreaker(
    fail_max=settings.EVENTS_BREAKER_FAILURES, reset_timeout=settings.EVENTS_BREAKER_RESET_SECONDS, name="rates"
)
breaker.add_listener(Watcher())


# In the row for all everybody waits alike; who waits for their own chat should not hold up a sender.
LONGEST_FOR_ALL, LONGEST_FOR_CHAT = 4.0, 1.0


def bucket_of_all() -> Bucket:
    """Return the limit on all calls."""
    return _bucket("all", settings.TELEGRAM_RATE_ALL, settings.TELEGRAM_RATE_ALL_BURST, LONGEST_FOR_ALL)


def bucket_of_chat(telegram_chat_id: object, *, message: bool = True) -> Bucket:
    """Return the limit on calls for one chat; its name does not tell which. `message`: the call sends one, of which a group
    takes only so many in a minute.
    """
    name = salted_hmac("bot.buckets", str(telegram_chat_id), algorithm="sha256").hexdigest()[:16]
    found = _bucket(name, settings.TELEGRAM_RATE_PER_CHAT, settings.TELEGRAM_RATE_PER_CHAT_BURST, LONGEST_FOR_CHAT)
    if not is_group(telegram_chat_id):
        return found
    return found._replace(group=True, in_minute=settings.TELEGRAM_RATE_PER_GROUP_MINUTE if message else 0)


def is_group(telegram_chat_id: object) -> bool:
    """Say whether this is the id of a group or a channel: those are below zero, or names."""
    return str(telegram_chat_id).startswith(("-", "@"))


def _bucket(name: str, rate: float, burst: int, longest: float) -> Bucket:
    return Bucket(name, 1 / rate, burst / rate, longest)


_memory = Memory()


def take(buckets: Sequence[Bucket], holds: Sequence[str] = ()) -> Wait:
    """Take a token of each bucket, or of none if one would have to wait for too long, or one of the `holds` stands. Never
    fails: without Redis this process counts alone, so that several together may be as many times too fast until it is back.
    """
    names = [*(bucket.name for bucket in buckets), *holds]
    keys = [
        key for bucket in buckets for key in (_key(bucket.name), _key(f"minute:{bucket.name}"), _hold_key(bucket.name))
    ]
    keys += [_hold_key(name) for name in holds]
    numbers = [
        number
        for bucket in buckets
        for number in (_micro(bucket.interval), _micro(bucket.burst), _micro(bucket.longest), bucket.in_minute)
    ]
    try:
        answer, why = guarded(lambda: cache.client().eval(_TAKE, len(keys), *keys, len(buckets), *numbers))
    except Unavailable:
        return _memory.take(buckets, time.monotonic(), holds)
    return Wait(abs(answer) / 1_000_000, not why and answer >= 0, names[why - 1] if why else "")


def held(buckets: Sequence[Bucket]) -> float:
    """Return for how many seconds nobody is let in any more: what Telegram said while one stood in the row."""
    return longest_hold([bucket.name for bucket in buckets])[0]


def longest_hold(names: Sequence[str]) -> tuple[float, str]:
    """Return for how many seconds nobody is let in any more, and which of the holds says so."""
    own = _memory.longest_hold(names, time.monotonic())

    def call() -> list[int]:
        with cache.client().pipeline(transaction=False) as pipeline:
            for name in names:
                pipeline.pttl(_hold_key(name))
            return [int(left) for left in pipeline.execute()]

    try:
        left = guarded(call)
    except Unavailable:
        return own
    return max(own, max((max(0, milliseconds) / 1000, name) for milliseconds, name in zip(left, names, strict=True)))


def hold(chat: Bucket, seconds: float) -> None:
    """Let nobody call for this chat for so long, in any process. Several people's chats at once mean all, for a shorter time."""
    _hold(chat.name, seconds, 0 if chat.group else TURNED_AWAY_CHATS)


def hold_name(name: str, seconds: float) -> None:
    """Let nobody make calls that ask for this hold for so long: a method's, the token's."""
    _hold(name, seconds, 0)


def _hold(name: str, seconds: float, chats: int) -> None:
    seconds = min(seconds, LONGEST_HOLD)
    _memory.hold(name, seconds, time.monotonic())
    keys = [_hold_key(name), _hold_key("all"), _key("turned-away"), _key("holds")]
    most = math.ceil(LONGEST_HOLD_OF_ALL * 1000)
    numbers = (math.ceil(seconds * 1000), name, chats, TURNED_AWAY_SECONDS, most)
    try:
        guarded(lambda: cache.client().eval(_HOLD, len(keys), *keys, *numbers))
    except Unavailable:
        return


def release(name: str) -> None:
    """End a hold by its name."""
    _memory.release(name)
    try:
        guarded(lambda: (cache.client().delete(_hold_key(name)), cache.client().zrem(_key("holds"), name)))
    except Unavailable:
        return


def standing() -> dict[str, float]:
    """Return the seconds that are left of each hold, by its name; this process's own where Redis does not answer."""

    def call() -> dict[str, float]:
        client: Any = cache.client()
        seconds, microseconds = client.time()
        now = seconds * 1000 + microseconds // 1000
        found = client.zrangebyscore(_key("holds"), now, "+inf", withscores=True)
        return {_text(name): (until - now) / 1000 for name, until in found}

    try:
        found: dict[str, float] = guarded(call)
    except Unavailable:
        return _memory.holds(time.monotonic())
    return found


def _text(name: bytes | str) -> str:
    return name.decode() if isinstance(name, bytes) else name


class Unavailable(RuntimeError):
    """Redis did not answer, or the breaker is open."""


def guarded(call: Callable[[], Any]) -> Any:
    """Return what the call of Redis returns; raises Unavailable."""
    try:
        return breaker.call(call)
    except Exception as error:
        raise Unavailable(f"{type(error).__name__}: {error}") from error


def _key(name: str) -> str:
    return f"{TAG}:{name}"


def _hold_key(name: str) -> str:
    return f"{TAG}:hold:{name}"


def _micro(seconds: float) -> int:
    return math.ceil(seconds * 1_000_000)
