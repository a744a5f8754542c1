"""What the sandbox cannot do alone: granting VIP and telling what an update has set off. Both need Django.

The sandbox imports no app: VIP is granted by a management command, named by its name; the timeline is the bus's. Django is
set up in a thread at the first need, so that the sandbox starts at once, also before there is a database.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from typing import TYPE_CHECKING, Any, TypeVar

from diana.sandbox.chat.errors import ChatError
from diana.sandbox.recording import Call

if TYPE_CHECKING:
    from diana.events.timeline import Timeline

VIP_DAYS = 30
REASON = "sandbox"
T = TypeVar("T")


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
        """Say whether there is a timeline."""
        return self._with_django

    def warm_up(self) -> None:
        """Begin to load Django, for a page that was opened."""
        if self._with_django and not self._loaded:
            self._pool.submit(self._load)

    async def grant_vip(self, telegram_id: int) -> None:
        """Grant VIP to somebody who has met the bot; raise ChatError where it cannot be done."""
        await self._run(lambda: _grant_vip(telegram_id))

    async def timeline(
        self, update_id: int, calls: Callable[[], Sequence[Call]], *, admin: str, flower: str
    ) -> dict[str, Any]:
        """Return what an update has set off, as far as it has come; raise ChatError where that is not known.

        `calls` is asked after the database, or a timeline at rest could lack calls that were made meanwhile.
        """

        def ask() -> "Timeline":
            from diana.sandbox.chat import timelines

            return timelines.read(update_id, admin=admin, flower=flower)

        found = await self._run(ask)
        from diana.sandbox.chat import timelines

        return timelines.with_calls(found, update_id, calls())

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
            from django.apps import apps

            if not apps.ready:
                django.setup()
            self._loaded = True

    def close(self) -> None:
        """Close the connections, and wait for nothing that still runs."""
        if self._loaded:
            self._pool.submit(_close_connections)
        self._pool.shutdown(wait=False)


def _close_connections() -> None:
    from django.db import connections

    connections.close_all()


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
