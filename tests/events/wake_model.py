"""A model of the wake-up protocol of work.py, waker.py and wakeups.py, small enough to be explored completely.

Two publishers and two workers share a lane; somebody else publishes in another lane of the same subscriber. Every step
below is one step that others may come between. Flags never expire here and no relay helps: what the protocol reaches
alone is what is checked.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

PUBLISHERS, WORKERS = 2, 2


@dataclass(frozen=True)
class Protocol:
    """What the code does; each switch turned over is a mistake that was or could have been made."""

    lowers_before_reading: bool = True
    looks_after_unlocking: bool = True
    busy_lowers: bool = False
    slice_end_sends: bool = True
    failed_sender_forgets: bool = True
    looks_above: bool = True
    wakes_after_commit: bool = True
    arrives_before_looking: bool = True
    flags_before_sent: bool = True


class State(NamedTuple):
    """Everything that decides what can happen next. Publisher i publishes the event with id i, ids in their order.

    `flag`: the lane's. `sent`: the mark that the subscriber has a task on its way. `asking` want to raise the flag and
    send if nothing is on its way; `keeping` raise it and send a task that names the lane; `sending` and `naming` are
    about to send; `forgetting` have failed to. `looks`: ids whose coming below the bound is awaited.
    """

    publishers: tuple[str, ...] = ("new",) * PUBLISHERS
    handled: frozenset[int] = frozenset()
    flag: bool = False
    sent: bool = False
    queue: int = 0
    named: int = 0
    asking: int = 0
    marked: int = 0
    others: int = 1
    keeping: int = 0
    sending: int = 0
    naming: int = 0
    forgetting: int = 0
    looks: frozenset[int] = frozenset()
    workers: tuple[str, ...] = ("free",) * WORKERS
    failures_left: int = 1


HOLDING = {"locked", "lowered", "read", "done", "sliced"}


@dataclass
class Exploration:
    """What was found: how many states, which steps were ever made, and where events are stuck."""

    states: int = 0
    steps: set[str] = field(default_factory=set)
    ends: list[State] = field(default_factory=list)
    stuck: list[State] = field(default_factory=list)


def explore(protocol: Protocol, *, until_stuck: bool = False) -> Exploration:
    """Visit every state that can be reached; or only until one is found in which events are stuck."""
    found, start = Exploration(), State()
    seen, waiting = {start}, deque([start])
    while waiting and not (until_stuck and found.stuck):
        state = waiting.popleft()
        ended = True
        for name, after in steps(protocol, state):
            ended = False
            found.steps.add(name)
            if after not in seen:
                seen.add(after)
                waiting.append(after)
        if ended:
            found.ends.append(state)
            if is_stuck(state):
                found.stuck.append(state)
    found.states = len(seen)
    return found


def is_stuck(state: State) -> bool:
    """Say whether a state in which nothing happens any more has lost something that only the relay could find.

    A sender that failed leaves its event to the relay; but then nothing may be said to be on its way, so that the next
    event of any lane brings a task, which finds the flag.
    """
    lost = readable(state) - state.handled
    return bool(lost) and (state.failures_left > 0 or state.sent)


def readable(state: State) -> frozenset[int]:
    """Return the committed events below the first open one: what the fence lets through."""
    first_open = next((i for i, p in enumerate(state.publishers) if p == "open"), PUBLISHERS)
    return frozenset(i for i, p in enumerate(state.publishers) if p == "committed" and i < first_open)


def steps(protocol: Protocol, state: State) -> Iterator[tuple[str, State]]:
    """Yield every step that can be made, with its name and the state after it."""
    for i in range(PUBLISHERS):
        yield from publisher_steps(protocol, state, i)
    yield from sender_steps(protocol, state)
    for worker in range(WORKERS):
        for name, after in worker_steps(protocol, state, worker):
            # Workers are alike: their order does not matter.
            yield name, after._replace(workers=tuple(sorted(after.workers)))


def publisher_steps(protocol: Protocol, state: State, i: int) -> Iterator[tuple[str, State]]:
    """Publish (which takes the id and the fence), then commit and wake, or roll back."""

    def become(what: str, **changes: int) -> State:
        publishers = (*state.publishers[:i], what, *state.publishers[i + 1 :])
        return state._replace(publishers=publishers, **changes)

    if state.publishers[i] == "new" and (i == 0 or state.publishers[i - 1] != "new"):
        early = 0 if protocol.wakes_after_commit else 1
        yield "publish", become("open", asking=_more(state.asking, early))
    elif state.publishers[i] == "open":
        late = 1 if protocol.wakes_after_commit else 0
        yield "commit", become("committed", asking=_more(state.asking, late))
        yield "roll back", become("gone")


def sender_steps(protocol: Protocol, state: State) -> Iterator[tuple[str, State]]:
    """What the wakers' threads do: raise flags, send, fail, look at the bound again."""
    if state.asking and protocol.flags_before_sent:
        yield "raise", state._replace(asking=state.asking - 1, flag=True, marked=state.marked + 1)
    elif state.asking:
        yield "raise", _mark(state._replace(asking=state.asking - 1, marked=state.marked + 1))
    if state.marked:
        after = state._replace(marked=state.marked - 1)
        yield "raise", _mark(after) if protocol.flags_before_sent else after._replace(flag=True)
    if state.others:
        yield "another lane's", _mark(state._replace(others=state.others - 1))
    if state.keeping:
        yield "keep", state._replace(keeping=state.keeping - 1, flag=True, naming=state.naming + 1)
    if state.sending:
        sent = state._replace(sending=state.sending - 1)
        yield "send", sent._replace(queue=state.queue + 1)
        if state.failures_left:
            forgetting = state.forgetting + protocol.failed_sender_forgets
            yield "fail to send", sent._replace(failures_left=state.failures_left - 1, forgetting=forgetting)
    if state.naming:
        sent = state._replace(naming=state.naming - 1)
        yield "send by name", sent._replace(named=state.named + 1)
        if state.failures_left:
            yield "fail to send by name", sent._replace(failures_left=state.failures_left - 1)
    if state.forgetting:
        yield "forget after failing", state._replace(forgetting=state.forgetting - 1, sent=False)
    first_open = next((i for i, p in enumerate(state.publishers) if p == "open"), PUBLISHERS)
    for position in state.looks:
        if position < first_open:
            yield "came below", state._replace(looks=state.looks - {position}, asking=_more(state.asking))


def _more(asking: int, more: int = 1) -> int:
    """Count who wants to raise the flag; beyond two it makes no difference, and one process wants it only once."""
    return min(asking + more, 2)


def _mark(state: State) -> State:
    """Say that a task is on its way; whoever is the first to say so sends it."""
    return state if state.sent else state._replace(sent=True, sending=state.sending + 1)


def worker_steps(protocol: Protocol, state: State, worker: int) -> Iterator[tuple[str, State]]:
    """What work() does with the lane."""

    def become(what: str, **changes: object) -> State:
        workers = (*state.workers[:worker], what, *state.workers[worker + 1 :])
        return state._replace(workers=workers, **changes)

    at = state.workers[worker]
    if at == "free":
        before = protocol.arrives_before_looking
        if state.queue:
            yield "receive", become("arrived", queue=state.queue - 1, sent=state.sent and not before)
        if state.named:
            yield "receive by name", become("woken", named=state.named - 1, sent=False)
    elif at == "arrived":
        looked = "woken" if state.flag else "free"
        after = looked if protocol.arrives_before_looking else f"late {looked}"
        yield "look at all flags", become(after)
    elif at.startswith("late "):
        yield "arrive late", become(at.removeprefix("late "), sent=False)
    elif at == "woken" and HOLDING & set(state.workers):
        yield "busy", become("free", flag=state.flag and not protocol.busy_lowers)
    elif at == "woken":
        yield "lock", become("locked" if protocol.lowers_before_reading else "lowered")
    elif at == "locked":
        yield "lower", become("lowered", flag=False)
    elif at == "lowered":
        yield from read_steps(protocol, state, become)
    elif at == "read":
        yield "lower late", become("done", flag=False)
    elif at == "sliced":
        yield "unlock at the slice's end", become("free", **next_task(protocol, state))
    elif at == "done":
        yield "unlock", become("unlocked")
    elif at == "unlocked":
        asks = state.flag and protocol.looks_after_unlocking
        yield "look at the flag", become("free", asking=_more(state.asking, asks))


def read_steps(protocol: Protocol, state: State, become) -> Iterator[tuple[str, State]]:
    """Read and handle all there is below the bound; or, where that is much, a part of it before the slice ends."""
    waiting = readable(state) - state.handled
    after = "done" if protocol.lowers_before_reading else "read"
    above = {i for i, p in enumerate(state.publishers) if p == "committed"} - readable(state)
    looks = state.looks | (frozenset({min(above)}) if above and protocol.looks_above else frozenset())
    yield "read", become(after, handled=state.handled | waiting, looks=looks)
    if len(waiting) > 1:
        yield "read a part", become("sliced", handled=state.handled | {min(waiting)})


def next_task(protocol: Protocol, state: State) -> dict[str, int]:
    """Return what is handed to the waker at the end of a slice that left work."""
    return {"keeping": state.keeping + 1} if protocol.slice_end_sends else {}


CORRECT = Protocol()
MISTAKES = {
    "the flag is lowered after reading": replace(CORRECT, lowers_before_reading=False),
    "a busy worker lowers the flag": replace(CORRECT, busy_lowers=True),
    "nobody looks at the flag after unlocking": replace(CORRECT, looks_after_unlocking=False),
    "a failed sender leaves its mark": replace(CORRECT, failed_sender_forgets=False),
    "a task looks before it says that it arrived": replace(CORRECT, arrives_before_looking=False),
    "the mark is made before the flags are up": replace(CORRECT, flags_before_sent=False),
    "the end of a slice sends nothing": replace(CORRECT, slice_end_sends=False),
    "events above the bound are not looked at again": replace(CORRECT, looks_above=False),
    "publishers wake before they commit": replace(CORRECT, wakes_after_commit=False),
}
