"""A plugin of pytest that runs the suite at another moment: `pytest -p calendar_runs.moved_suite`, CALENDAR_OFFSET_SECONDS=….

This process is moved by time-machine, so that date.today() in a test is moved too; PostgreSQL and the processes that tests
start are moved by the product's own clock. What is work stays real in all of them.
"""

import os
from datetime import UTC, datetime, timedelta
from functools import wraps
from pathlib import Path

import psycopg
import pytest
import time_machine

from diana import clock

time_machine.travel(clock.real_now() + timedelta(seconds=int(os.environ["CALENDAR_OFFSET_SECONDS"])), tick=True).start()
# What it has become: the start takes some time, a retry's worth of it on a busy machine.
OFFSET = clock.real_now() - time_machine.escape_hatch.datetime.datetime.now(UTC)


def real_now() -> datetime:
    """Return the real present moment from the moved one, so that a test which travels further takes work along."""
    return datetime.now(UTC) - OFFSET  # noqa: TID251  # takes the place of clock.real_now()


clock.real_now = real_now


@pytest.hookimpl(trylast=True)
def pytest_configure() -> None:
    """Have the databases and the processes of the tests moved as well."""
    # The settings have said where to look; this process is moved already.
    clock.follow(None)
    _move_databases()
    _move_processes()


def _move_databases() -> None:
    """Move the template before its first copy is made: the release, which comes before, brings the file in line with it."""
    from diana.clock.offset import function_with_offset
    from diana.local.roles import OWNER
    from tests.servers import TEMPLATE, Servers

    clone, moved = Servers.clone, set[str]()

    @wraps(clone)
    def moved_clone(self: Servers) -> str:
        if TEMPLATE not in moved:
            with psycopg.connect(self.url(OWNER, TEMPLATE), autocommit=True) as connection:
                connection.execute(function_with_offset(OFFSET))
            clock.write_offset(self.directory / clock.FILE_NAME, OFFSET)
            moved.add(TEMPLATE)
        return clone(self)

    Servers.clone = moved_clone  # type: ignore[method-assign]


def _move_processes() -> None:
    """Put the offset where each test's processes look."""
    from tests.processes import Processes

    begin = Processes.__init__

    @wraps(begin)
    def moved_begin(self: Processes, directory: Path) -> None:
        begin(self, directory)
        clock.write_offset(directory / clock.FILE_NAME, OFFSET)

    Processes.__init__ = moved_begin  # type: ignore[method-assign]
