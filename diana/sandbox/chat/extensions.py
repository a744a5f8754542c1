"""What the sandbox cannot do alone: granting VIP and telling what an update has set off. Both need Django.

The sandbox imports no app: VIP is granted by a management command, named by its name; the timeline is a function that
whoever has it registers with `register_timeline` in the `ready()` of its app. Django is set up in a thread at the first need,
so that the sandbox starts at once, also before there is a database.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from typing import Any, NamedTuple, TypeVar

from msgspec import Struct

from diana.sandbox.chat.errors import ChatError
from diana.sandbox.recording import Call

VIP_DAYS = 30
REASON = "sandbox"
T = TypeVar("T")


class Question(NamedTuple):
    """What is asked: `update_id` is Telegram's number, made at that second of the epoch.

    `calls_of(correlation_id)` returns the calls of the Bot API that the bot made under a correlation, the oldest first;
    the function may call it in any thread.
    """

    update_id: int
    made_at: float
    calls_of: Callable[[str], Sequence[Call]]


class Item(Struct, frozen=True, kw_only=True):
    """One line of a timeline. `kind`: update, event, visit, entry, fact or call; `at_ms` after the update was made."""

    at_ms: float
    kind: str
    depth: int
    title: str
    text: str = ""
    link: str | None = None
    fields: Mapping[str, Any] | None = None


class TimelinePage(Struct, frozen=True, kw_only=True):
    """A timeline as far as it has come. `at_rest`: nothing of it is to be done, and nothing was added for 2 s."""

    update_id: int
    correlation_id: str | None
    at_rest: bool
    worker_running: bool
    items: Sequence[Item]


Timeline = Callable[[Question], TimelinePage]

_timelines: list[Timeline] = []


def register_timeline(timeline: Timeline) -> None:
    """Have the sandbox ask this function; it runs in a thread with Django set up, and opens and closes its connections."""
    _timelines[:] = [timeline]


class Extensions:
    """Django at the sandbox's side, where `with_django` says that there are settings."""

    def __init__(self, *, with_django: bool) -> None:
        self._with_django = with_django
        self._loaded = False
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="sandbox-django")

    def can_grant_vip(self) -> bool:
        """Say whether VIP can be granted."""
        return self._with_django

    def has_timeline(self) -> bool:
        """Say whether there is a timeline, as far as that is known before Django is loaded."""
        return self._with_django and (not self._loaded or bool(_timelines))

    def warm_up(self) -> None:
        """Begin to load Django, for a page that was opened."""
        if self._with_django and not self._loaded:
            self._pool.submit(self._load)

    async def grant_vip(self, telegram_id: int) -> None:
        """Grant VIP to somebody who has met the bot; raise ChatError where it cannot be done."""
        await self._run(lambda: _grant_vip(telegram_id))

    async def timeline(self, question: Question) -> TimelinePage:
        """Return the timeline of an update; raise ChatError where there is none."""
        return await self._run(lambda: _ask(question))

    async def _run(self, act: Callable[[], T]) -> T:
        if not self._with_django:
            raise ChatError(409, "This sandbox runs without Django: start everything with `make run`.")
        return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: self._with_connections(act))

    def _with_connections(self, act: Callable[[], T]) -> T:
        self._load()
        from django.db import close_old_connections

        close_old_connections()
        try:
            return act()
        finally:
            close_old_connections()

    def _load(self) -> None:
        if not self._loaded:
            import django

            django.setup()
            self._loaded = True

    def close(self) -> None:
        """Wait for nothing that still runs."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _grant_vip(telegram_id: int) -> None:
    from django.core.management import CommandError, call_command
    from django.db import DatabaseError

    options = {"telegram_id": telegram_id, "days": VIP_DAYS, "reason": REASON}
    try:
        call_command("grant_vip", **options, stdout=StringIO())
    except CommandError as error:
        raise ChatError(409, f"{error} Let them say something to the bot first.") from error
    except DatabaseError as error:
        raise ChatError(409, "The database does not answer: look at the logs of `make run`.") from error


def _ask(question: Question) -> TimelinePage:
    if not _timelines:
        raise ChatError(409, "Nothing tells the timeline of an update here.")
    return _timelines[0](question)
