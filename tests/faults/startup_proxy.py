"""A stand-in for a pooler in front of PostgreSQL that refuses or drops the startup parameter `options`."""

import socket
import struct
import threading
from contextlib import suppress
from typing import Literal

SSL_REQUEST = struct.pack("!i", 80_877_103)
Manner = Literal["refuses", "drops"]


class StartupProxy:
    """Passes bytes on both ways, but for `options` in the first message of a client."""

    def __init__(self, port: int, manner: Manner) -> None:
        self._target, self._manner = port, manner
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError, struct.error):
            body = _first_message(client)
            while body == SSL_REQUEST:
                client.sendall(b"N")
                body = _first_message(client)
            words = body[4:-1].split(b"\0")[:-1]
            given = dict(zip(words[::2], words[1::2], strict=True))
            if b"options" in given and self._manner == "refuses":
                text = b"SFATAL\0C08P01\0Munsupported startup parameter: options\0\0"
                client.sendall(b"E" + struct.pack("!i", len(text) + 4) + text)
                return
            given.pop(b"options", None)
            rest = b"".join(name + b"\0" + value + b"\0" for name, value in given.items()) + b"\0"
            with socket.create_connection(("127.0.0.1", self._target)) as server:
                server.sendall(struct.pack("!i", len(rest) + 8) + body[:4] + rest)
                threading.Thread(target=_copy, args=(server, client), daemon=True).start()
                _copy(client, server)


def _first_message(client: socket.socket) -> bytes:
    (length,) = struct.unpack("!i", client.recv(4, socket.MSG_WAITALL))
    return client.recv(length - 4, socket.MSG_WAITALL)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
