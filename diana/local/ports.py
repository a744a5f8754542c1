"""Free TCP ports of the loopback interface."""

import socket
import sys
from collections.abc import Iterable, Iterator

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    """Say whether a server could listen on the port now."""
    with socket.socket() as candidate:
        # Servers set it too; without it a port in TIME_WAIT after a restart looks taken.
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Return a port that nobody listens on; another process may still be faster to take it."""
    with socket.socket() as candidate:
        candidate.bind((LOOPBACK, 0))
        port: int = candidate.getsockname()[1]
        return port


def first_free(*wanted: int | None) -> int:
    """Return the first of the wanted ports that is free, else any free one."""
    return next(port for port in _candidates(wanted) if is_free(port))


def reserve(port: int) -> socket.socket | None:
    """Reserve a free port among the Dianas of this machine until the socket is closed; None if it is taken or reserved.

    Web servers share a port with each other (SO_REUSEPORT): of two that start at the same time each would get half of the
    requests. The name of the socket is no file and ends with this process; other systems than Linux have none.
    """
    holder = socket.socket(socket.AF_UNIX)
    try:
        if sys.platform.startswith("linux"):
            holder.bind(f"\0diana-port-{port}")
        if is_free(port):
            return holder
    except OSError:
        # Another Diana has reserved it.
        pass
    holder.close()
    return None


def reserve_first(*wanted: int | None) -> tuple[int, socket.socket]:
    """Reserve the first of the wanted ports that can be had, else any other; return the port and what holds it."""
    return next((port, holder) for port in _candidates(wanted) if (holder := reserve(port)))


def _candidates(wanted: Iterable[int | None]) -> Iterator[int]:
    yield from filter(None, wanted)
    while True:
        yield free_port()


def answers(port: int) -> bool:
    """Say whether something accepts connections on the port."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1):
            return True
    except OSError:
        return False
