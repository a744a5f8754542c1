"""Clients that never finish: half headers, and bodies of one byte each half second; who is hung up on comes again."""

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

PAUSE_SECONDS = 0.5


def beginnings(path: str, *headers: str) -> tuple[bytes, bytes]:
    """Return the beginning of a request whose headers never end, and of one whose body does not."""
    head = "\r\n".join([f"POST {path} HTTP/1.1", "Host: 127.0.0.1", *headers])
    return f"{head}\r\nX-Slow: ".encode(), f"{head}\r\nContent-Length: 1000\r\n\r\n".encode()


class SlowClients:
    """So many clients of each kind at one port."""

    def __init__(self, port: int, begin: Sequence[bytes], count: int) -> None:
        self._port, self._begin = port, [begin[number % len(begin)] for number in range(count)]
        self._connections: dict[int, socket.socket] = {}
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="slow clients", daemon=True)
        # What was answered to those who were hung up on: the first bytes of each.
        self.answers: list[bytes] = []

    @property
    def connected(self) -> int:
        """How many hold a connection."""
        return len(self._connections)

    def start(self) -> None:
        """Connect all of them and go on."""
        self._send()
        self._thread.start()

    def stop(self) -> None:
        """Hang up."""
        self._ending.set()
        self._thread.join()
        for connection in self._connections.values():
            connection.close()

    def _run(self) -> None:
        while not self._ending.wait(PAUSE_SECONDS):
            self._send()

    def _send(self) -> None:
        for number, begin in enumerate(self._begin):
            connection = self._connections.get(number)
            try:
                if connection is None:
                    connection = socket.create_connection(("127.0.0.1", self._port), timeout=5)
                    connection.sendall(begin)
                    connection.setblocking(False)
                    self._connections[number] = connection
                elif self._is_over(connection):
                    self._connections.pop(number).close()
                else:
                    connection.send(b"x")
            except OSError:
                if gone := self._connections.pop(number, None):
                    gone.close()

    def _is_over(self, connection: socket.socket) -> bool:
        try:
            self.answers.append(connection.recv(4096)[:12])
        except BlockingIOError:
            return False
        return True


@contextmanager
def slow_clients(port: int, begin: Sequence[bytes], count: int = 100) -> Iterator[SlowClients]:
    """Have so many slow clients meanwhile."""
    clients = SlowClients(port, begin, count)
    clients.start()
    try:
        yield clients
    finally:
        clients.stop()
