"""Free TCP ports of the loopback interface, and which of them a Diana that is starting has chosen."""

import socket
from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager

from diana.local.errors import LocalError

LOOPBACK = "127.0.0.1"


@contextmanager
def reserved(ports: Iterable[int]) -> Iterator[None]:
    """Keep other Dianas of this machine from the ports until the end: a process listens seconds after the choice.

    Raises LocalError where one was faster. Programs that are no Diana do not see it.
    """
    with ExitStack() as stack:
        for port in ports:
            try:
                stack.enter_context(socket.socket(socket.AF_UNIX)).bind(_sign(port))
            except OSError:
                raise LocalError(f"Another Diana has just taken port {port}: start again.") from None
        yield


def is_reserved(port: int) -> bool:
    """Say whether a Diana of this machine has reserved the port."""
    with socket.socket(socket.AF_UNIX) as candidate:
        try:
            candidate.bind(_sign(port))
        except OSError:
            return True
    return False


def _sign(port: int) -> str:
    # A name without a file: the kernel forgets it with the process, and every account sees it.
    return f"\0diana-port-{port}"


def is_free(port: int) -> bool:
    """Say whether a server could listen on the port now, and no Diana is about to."""
    if is_reserved(port):
        return False
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
