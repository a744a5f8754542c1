"""What is known while one update is being answered; handlers of the Telegram library find it in their context."""

from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from apps.bot.outcomes.records import Shown
from apps.bot.places import Place
from apps.users.names import Names

# Clocks differ, and an outage may last; an act is not placed outside this time.
OLDEST_ACT = timedelta(hours=24)


@dataclass
class Turn:
    """One update of one person. `error` is what a handler raised: the library keeps it to itself otherwise. `silent`: it is
    too late for a reply, the act counts. `place`: where the reply goes, if there is a chat. `names` are the person's, as the
    update tells them. `templates` are the screens that were sent, `shown` the messages that they stand in.
    """

    update: int
    person_id: int
    received_at: datetime
    templates: list[str] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    error: Exception | None = None
    silent: bool = False
    place: Place | None = None
    names: Names | None = None

    @property
    def key_prefix(self) -> str:
        """What the acts of this update are known by, so that a repeated delivery changes nothing."""
        return f"update:{self.update}"


_current: ContextVar[Turn] = ContextVar("bot_turn")


def begin_turn(turn: Turn) -> None:
    """Make this the turn of the running task."""
    _current.set(turn)


def current_turn() -> Turn:
    """Return the turn of the running task; raises LookupError outside of one."""
    return _current.get()


def act_time(said: datetime | None, received_at: datetime) -> datetime:
    """Return when an act happened: when Telegram says, but not after its arrival and at most a day before."""
    if said is None:
        return received_at
    return min(max(said.astimezone(UTC), received_at - OLDEST_ACT), received_at)
