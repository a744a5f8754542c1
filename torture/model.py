"""What must be true of the points, decided from what was done and how it was answered. Knows nothing of the application.

The rules are those of a fresh installation (docs/torture.md); the load stays below the hourly limit, the daily cap and
the first level that raises awards, and `expected` refuses to speak where it does not.
"""

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

MESSAGE_POINTS, DAILY_POINTS, LOGIN_POINTS = 5, 50, 10
HOURLY_MESSAGES, DAILY_CAP, LIFETIME_WITHOUT_BONUS = 100, 800, 1000
# More acts of one person that may or may not have happened make too many worlds to compare.
MAX_UNKNOWN = 6


class Kind(StrEnum):
    """What a person or staff can do."""

    MESSAGE = "message"
    DAILY = "daily"
    SCREEN = "screen"
    BUTTON = "button"
    EDIT = "edit"
    AWARD = "award"
    REVERSAL = "reversal"


class Outcome(StrEnum):
    """How it was answered at last. `unknown`: an error, a time limit or a cut connection, and never asked again."""

    OK = "ok"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Operation:
    """One act. `origin` names it for ever: the update's id, or the key that staff gave.

    `said_at` is the second in which it was said to happen; `chat` is where an answer is due, or where a message was
    written; `reverses` names the origin of the award that is taken back.
    """

    person: int
    kind: Kind
    origin: str
    outcome: Outcome
    said_at: int = 0
    chat: int = 0
    amount: int = 0
    reverses: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An entry that must be there. Without `origin` any act of the person may have earned it."""

    rule: str
    amount: int
    origin: str = ""
    suppressed: bool = False


@dataclass
class World:
    """What must be true of one person if these operations happened.

    Of each stream the entries follow the operations: messages, other acts, and staff are carried by different hands.
    """

    entries: Counter[Wanted] = field(default_factory=Counter)
    streams: dict[str, list[Wanted]] = field(default_factory=dict)
    answers: Counter[int] = field(default_factory=Counter)
    handled: set[str] = field(default_factory=set)

    @property
    def balance(self) -> int:
        """The sum of all entries."""
        return sum(wanted.amount * count for wanted, count in self.entries.items())


class OutOfRange(ValueError):
    """The load reached a limit that the model does not know: fewer messages for each person, or more people."""


def worlds(operations: Sequence[Operation]) -> Iterator[World]:
    """Yield what may be true of one person: one world for each subset of the operations whose outcome is unknown."""
    unknown = [o for o in operations if o.outcome is Outcome.UNKNOWN]
    if len(unknown) > MAX_UNKNOWN:
        raise OutOfRange(f"{len(unknown)} operations of one person have no outcome.")
    for size in range(len(unknown), -1, -1):
        for happened in itertools.combinations(unknown, size):
            yield world([o for o in operations if o.outcome is Outcome.OK or o in happened])


def world(operations: Sequence[Operation]) -> World:
    """Return what must be true of one person who did exactly this, in this order."""
    made = World()
    _check_range(operations)
    taken_on: set[int] = set()
    suppressed_in: set[int] = set()
    if any(o.kind in (Kind.MESSAGE, Kind.DAILY, Kind.SCREEN, Kind.BUTTON) for o in operations):
        _add(made, "login", Wanted("login", LOGIN_POINTS))
    for operation in operations:
        origin = operation.origin
        if operation.kind not in (Kind.AWARD, Kind.REVERSAL):
            made.handled.add(origin)
        match operation.kind:
            case Kind.MESSAGE:
                # What somebody says to the bot alone earns nothing.
                if operation.chat > 0:
                    continue
                _add(made, "messages", Wanted("message_sent", MESSAGE_POINTS, origin))
            case Kind.DAILY:
                made.answers[operation.chat] += 1
                day, hour = operation.said_at // 86_400, operation.said_at // 3_600
                if day not in taken_on:
                    _add(made, "acts", Wanted("daily_login", DAILY_POINTS, origin))
                elif hour not in suppressed_in:
                    _add(made, "acts", Wanted("daily_login", 0, origin, suppressed=True))
                    suppressed_in.add(hour)
                taken_on.add(day)
            case Kind.SCREEN:
                made.answers[operation.chat] += 1
            case Kind.AWARD:
                _add(made, "staff", Wanted("", operation.amount, origin))
            case Kind.REVERSAL:
                _add(made, "staff", Wanted("", -operation.amount, origin))
    return made


def _add(made: World, stream: str, wanted: Wanted) -> None:
    made.entries[wanted] += 1
    made.streams.setdefault(stream, []).append(wanted)


def _check_range(operations: Sequence[Operation]) -> None:
    messages = sum(o.kind is Kind.MESSAGE for o in operations)
    base = messages * MESSAGE_POINTS + DAILY_POINTS * 2 + LOGIN_POINTS
    lifetime = base + sum(o.amount for o in operations if o.kind is Kind.AWARD)
    if messages >= HOURLY_MESSAGES or base > DAILY_CAP or lifetime >= LIFETIME_WITHOUT_BONUS:
        raise OutOfRange(f"{messages} messages and {lifetime} points of one person.")
