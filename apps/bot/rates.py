"""Token buckets and holds in the memory of one process; pure otherwise. Redis follows the same rules (buckets.py)."""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

# A process that counts for itself forgets the chats that have rested when it knows more than this.
MOST_KNOWN = 10_000
MINUTE = 60.0


class Bucket(NamedTuple):
    """A limit by name: `interval` and `burst` in seconds, and for how long one may stand in its row. `in_minute`: at most so
    many in any minute; 0 is no such limit. `group`: it is a group's.
    """

    name: str
    interval: float
    burst: float
    longest: float
    in_minute: int = 0
    group: bool = False


class Wait(NamedTuple):
    """What the buckets say: the seconds to wait, whether a token was taken, so that one may go after them, and if not, the
    name of the bucket or hold that is why.
    """

    seconds: float
    taken: bool
    by: str = ""


class Memory:
    """The buckets and holds of this process: its own count while Redis is away. Not for several threads at once."""

    def __init__(self) -> None:
        self._full_at: dict[str, float] = {}
        self._held_until: dict[str, float] = {}
        self._minutes: dict[str, deque[float]] = {}

    def take(self, buckets: Sequence[Bucket], now: float, holds: Sequence[str] = ()) -> Wait:
        """Take a token of each, or of none; the same rules as in Redis."""
        held, holder = self.longest_hold([*(bucket.name for bucket in buckets), *holds], now)
        full = [max(self._full_at.get(bucket.name, 0.0), now) + bucket.interval for bucket in buckets]
        waits = [
            max(at - now - bucket.burst, self._minute(bucket, now)) for at, bucket in zip(full, buckets, strict=True)
        ]
        seconds = max(0.0, *waits)
        if held > 0:
            return Wait(max(held, seconds), False, holder)
        wait, by = max((wait, bucket.name) for wait, bucket in zip(waits, buckets, strict=True))
        if any(wait > bucket.longest for wait, bucket in zip(waits, buckets, strict=True)):
            return Wait(wait, False, by)
        self._forget_rested(now)
        self._full_at |= {bucket.name: at for bucket, at in zip(buckets, full, strict=True)}
        for bucket in buckets:
            if bucket.in_minute:
                self._minutes.setdefault(bucket.name, deque(maxlen=bucket.in_minute)).append(now + seconds)
        return Wait(seconds, True)

    def _minute(self, bucket: Bucket, now: float) -> float:
        """Return how long it takes until the group takes another message."""
        sent = self._minutes.get(bucket.name, ())
        if not bucket.in_minute or len(sent) < bucket.in_minute:
            return 0.0
        return sent[-bucket.in_minute] + MINUTE - now

    def _forget_rested(self, now: float) -> None:
        if len(self._full_at) > MOST_KNOWN:
            self._full_at = {name: at for name, at in self._full_at.items() if at > now}
            self._minutes = {name: sent for name, sent in self._minutes.items() if sent[-1] + MINUTE > now}

    def longest_hold(self, names: Sequence[str], now: float) -> tuple[float, str]:
        """Return for how long nobody is let in any more, and which of the holds says so."""
        until, name = max(((self._held_until.get(name, 0.0), name) for name in names), default=(0.0, ""))
        return max(0.0, until - now), name

    def hold(self, name: str, seconds: float, now: float) -> None:
        """Let nobody in for so long; holds that are over are forgotten."""
        self._held_until = {known: at for known, at in self._held_until.items() if at > now}
        self._held_until[name] = now + seconds

    def holds(self, now: float) -> dict[str, float]:
        """Return the seconds that are left of each hold."""
        return {name: at - now for name, at in self._held_until.items() if at > now}

    def release(self, name: str) -> None:
        """End a hold."""
        self._held_until.pop(name, None)
