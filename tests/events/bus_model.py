"""What the bus promises, in plain Python and without a word about how it keeps it: events, who has handled them, who waits.

A publisher's order is the order of the log; what an open transaction has published is not there yet, and holds back what
was published after it. Each subscriber handles each event once, in order for each key; what fails waits and is tried
again, and behind it waits its key if the subscriber is ordered. Nothing disappears.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

# What a handler may do with an event: nothing special, fail, ask for another try, refuse for good, meet passing trouble.
FINE, ERROR, RETRY, PERMANENT, TRANSIENT = "fine", "error", "retry", "permanent", "transient"
RETRYING, HELD, DEAD, DONE, DISCARDED = "retrying", "held", "dead", "done", "discarded"
OPEN = (RETRYING, HELD)

MAX_ATTEMPTS, BACKOFF, LONGEST, RETRY_AFTER = 3, 2.0, 3600.0, 30.0


class Trouble(Exception):
    """Passing trouble: the work on the lane ends here, and what it did last is undone."""


@dataclass
class Entry:
    """An event; `open` while its transaction is."""

    number: int
    key: str
    lane: int
    open: bool


@dataclass
class Failed:
    """What became of an event that could not be handled at once."""

    key: str
    lane: int
    status: str
    attempts: int = 0
    due_at: float = 0.0

    def fail(self, how: str, now: float) -> None:
        """Note a failed attempt; the wait doubles each time."""
        self.attempts += 1
        if how == PERMANENT or self.attempts >= MAX_ATTEMPTS:
            self.status = DEAD
            return
        self.status = RETRYING
        self.due_at = now + (RETRY_AFTER if how == RETRY else wait(self.attempts))


def wait(attempts: int) -> float:
    """Return how long an event waits after that many attempts: here always the longest that is allowed."""
    return min(BACKOFF * 2 ** (attempts - 1), LONGEST)


@dataclass
class Reader:
    """A subscriber: what it has scanned, what it did, what it could not do."""

    ordered: bool
    scanned: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    effects: list[tuple[str, int]] = field(default_factory=list)
    failed: dict[int, Failed] = field(default_factory=dict)
    moods: dict[int, str] = field(default_factory=dict)
    spoilt: set[int] = field(default_factory=set)

    def spoil(self, number: int, how: str) -> None:
        """Have the handler do this with the event from now on."""
        self.moods[number] = how
        if how != FINE:
            self.spoilt.add(number)

    def mood(self, number: int) -> str:
        """Return what the handler does with the event."""
        return self.moods.get(number, FINE)

    def open_in(self, lane: int) -> list[int]:
        """Return what waits in the lane, in order."""
        return sorted(n for n, f in self.failed.items() if f.lane == lane and f.status in OPEN)

    def due(self, lane: int, now: float) -> list[int]:
        """Return what may be tried now; of an ordered subscriber only the first of each key."""
        waiting = self.open_in(lane)
        if self.ordered:
            firsts = {self.failed[number].key: number for number in reversed(waiting)}
            waiting = sorted(firsts.values())
        return [n for n in waiting if self.failed[n].status == HELD or self.failed[n].due_at <= now]

    def retry(self, number: int, now: float) -> None:
        """Try a failed event again."""
        failed, how = self.failed[number], self.mood(number)
        if how == TRANSIENT:
            failed.status, failed.due_at = RETRYING, now + max(1.0, wait(failed.attempts + 1))
            raise Trouble
        if how == FINE:
            failed.attempts, failed.status = failed.attempts + 1, DONE
            self.effects.append((failed.key, number))
        else:
            failed.fail(how, now)

    def handle_new(self, entries: list[Entry], now: float) -> None:
        """Handle what is new, all of it or, with trouble, nothing."""
        blocked = {self.failed[n].key for n in self.open_in(entries[0].lane)} if entries and self.ordered else set()
        effects, failed = list[tuple[str, int]](), dict[int, Failed]()
        for entry in entries:
            how = self.mood(entry.number)
            if entry.key in blocked:
                failed[entry.number] = Failed(entry.key, entry.lane, HELD)
            elif how == TRANSIENT:
                raise Trouble
            elif how == FINE:
                effects.append((entry.key, entry.number))
            else:
                failed[entry.number] = Failed(entry.key, entry.lane, RETRYING)
                failed[entry.number].fail(how, now)
                if self.ordered and how != PERMANENT:
                    blocked.add(entry.key)
        self.effects += effects
        self.failed |= failed


class Model:
    """The log and its subscribers. `readers`: by name, whether ordered; `lanes`: the lane of each key."""

    def __init__(self, readers: Mapping[str, bool], lanes: Mapping[str, int]) -> None:
        self.readers = {name: Reader(ordered) for name, ordered in readers.items()}
        self.lanes, self.log, self.now = dict(lanes), list[Entry](), 0.0
        self.keys: dict[str, int] = {}
        self.open_keys: dict[str, int] = {}

    def publish(self, number: int, key: str, *, once: str | None = None, open_: bool = False) -> int:
        """Publish and return the number under which it stands: an earlier one's if it was published once already."""
        taken = self.keys.get(once or "") or (self.open_keys.get(once or "") if open_ else None)
        if taken is not None:
            return taken
        self.log.append(Entry(number, key, self.lanes[key], open_))
        if once:
            (self.open_keys if open_ else self.keys)[once] = number
        return number

    def commit(self) -> None:
        """End the open transaction: what it published is there."""
        for entry in self.log:
            entry.open = False
        self.keys |= self.open_keys
        self.open_keys = {}

    def rollback(self) -> None:
        """End the open transaction: what it published never was."""
        self.log = [entry for entry in self.log if not entry.open]
        self.open_keys = {}

    def committed(self) -> list[Entry]:
        """Return what everybody can see."""
        return [entry for entry in self.log if not entry.open]

    def readable(self) -> list[Entry]:
        """Return what may be handled: not what is open, nor what was published after something that is."""
        first_open = next((i for i, entry in enumerate(self.log) if entry.open), len(self.log))
        return self.log[:first_open]

    def new_for(self, name: str, lane: int) -> list[Entry]:
        """Return what of the lane the subscriber may handle and has not scanned."""
        after = self.readers[name].scanned[lane]
        return [entry for entry in self.readable() if entry.lane == lane and entry.number > after]

    def unscanned(self, name: str) -> set[int]:
        """Return everything committed that the subscriber has not scanned."""
        scanned = self.readers[name].scanned
        return {entry.number for entry in self.committed() if entry.number > scanned[entry.lane]}

    def drain(self, name: str, lane: int) -> None:
        """Do what is due and what is new; trouble ends it."""
        reader = self.readers[name]
        try:
            while due := reader.due(lane, self.now):
                for number in due:
                    reader.retry(number, self.now)
            new = self.new_for(name, lane)
            reader.handle_new(new, self.now)
        except Trouble:
            return
        if new:
            reader.scanned[lane] = new[-1].number

    def redrive(self, name: str, number: int) -> None:
        """Give a dead letter another series of attempts."""
        failed = self.readers[name].failed[number]
        if failed.status == DEAD:
            failed.status, failed.attempts, failed.due_at = RETRYING, 0, self.now

    def discard(self, name: str, number: int) -> None:
        """Give a dead letter up."""
        failed = self.readers[name].failed[number]
        if failed.status == DEAD:
            failed.status = DISCARDED
