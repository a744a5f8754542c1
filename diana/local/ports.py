"""Free TCP ports of the loopback interface."""

import socket
from collections.abc import Collection

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


def free_port(*, without: Collection[int] = ()) -> int:
    """Return a port that nobody listens on; another process may still be faster to take it."""
    while True:
        with socket.socket() as candidate:
            candidate.bind((LOOPBACK, 0))
            port: int = candidate.getsockname()[1]
        if port not in without:
            return port


def first_free(*wanted: int | None, without: Collection[int] = ()) -> int:
    """Return the first of the wanted ports that is free, else any free one."""
    for port in wanted:
        if port and port not in without and is_free(port):
            return port
    return free_port(without=without)


def answers(port: int) -> bool:
    """Say whether something accepts connections on the port."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1):
            return True
    except OSError:
        return False
