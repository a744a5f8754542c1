"""A WSGI application served by granian's RSGI interface: it is given whole requests only, in a bounded number of threads.

Headers and bodies are awaited on the event loop, where a slow sender costs memory and no thread.
"""

import asyncio
import logging
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any, NamedTuple

from granian.rsgi import (  # type: ignore[attr-defined]  # its names are not marked as exported
    HTTPProtocol,
    ProtocolClosed,
    ProtocolError,
    Scope,
)

from diana.security_headers import HEADERS, NO_PAGE, POLICY

logger = logging.getLogger(__name__)

# A body arrives within this time, or its sender is hung up on. As many seconds the server gives to the headers.
BODY_SECONDS = 10.0
THREADS = 8
PLAIN = list((HEADERS | {POLICY: NO_PAGE, "Server": "", "Content-Type": "text/plain", "Connection": "close"}).items())

Headers = list[tuple[str, str]]


class Answer(NamedTuple):
    """A complete response."""

    status: int
    headers: Headers
    body: bytes = b""


class WholeRequests:
    """An RSGI application on top of a WSGI application.

    `wants_body` is asked with the environ before the body arrives: whether the application is going to read it. A request
    whose body it does not want is handed over without one. Bodies of more than `largest_body` bytes, if it is given, are
    refused with 413. Bodies without a declared length (chunks) are never read. `at_end` is called when the server stops.
    """

    def __init__(
        self,
        application: Callable[..., Iterable[bytes]],
        *,
        wants_body: Callable[[dict[str, Any]], bool] = lambda wsgi: True,
        largest_body: int | None = None,
        at_end: Callable[[], None] = lambda: None,
    ) -> None:
        self._application = application
        self._wants_body, self._largest_body, self._at_end = wants_body, largest_body, at_end
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="request")

    def __rsgi_del__(self, _loop: asyncio.AbstractEventLoop) -> None:
        """End the threads after what they are at, then do what was asked for at the end."""
        self._pool.shutdown()
        self._at_end()

    async def __rsgi__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        """Await the request, have a thread answer it, send the response."""
        wsgi = wsgi_environ(scope)
        length = declared_length(wsgi)
        if self._largest_body is not None and length > self._largest_body:
            respond(protocol, Answer(413, PLAIN))
            return
        if length and self._wants_body(wsgi):
            try:
                async with asyncio.timeout(BODY_SECONDS):
                    wsgi["wsgi.input"] = BytesIO(await protocol())
            except TimeoutError:
                respond(protocol, Answer(408, PLAIN))
                return
            except (ProtocolClosed, ProtocolError):
                pass  # the sender hung up: an empty body is shorter than declared
        loop = asyncio.get_running_loop()
        respond(protocol, await loop.run_in_executor(self._pool, self._answer, wsgi))

    def _answer(self, wsgi: dict[str, Any]) -> Answer:
        started: list[tuple[str, Headers]] = []
        try:
            parts = self._application(wsgi, lambda status, headers, *_: started.append((status, headers)))
            try:
                body = b"".join(parts)
            finally:
                if close := getattr(parts, "close", None):
                    close()
        except Exception:
            logger.exception("a request ended with an error outside of the application's own handling")
            return Answer(500, PLAIN)
        status, headers = started[-1]
        return Answer(int(status[:3]), headers, body)


def wsgi_environ(scope: Scope) -> dict[str, Any]:
    """Return WSGI's environ, without a body. Headers with an underscore are left out: they would pass for others."""
    wsgi = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        # WSGI has bytes as characters of Latin-1.
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "SERVER_SOFTWARE": "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    wsgi["SERVER_NAME"], _, wsgi["SERVER_PORT"] = scope.server.rpartition(":")
    wsgi["REMOTE_ADDR"], _, wsgi["REMOTE_PORT"] = scope.client.rpartition(":")
    for name, value in scope.headers.items():
        if "_" in name:
            continue
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
        if key in wsgi:
            value = f"{wsgi[key]}{';' if key == 'HTTP_COOKIE' else ','}{value}"
        wsgi[key] = value
    return wsgi


def declared_length(wsgi: dict[str, Any]) -> int:
    """Return how many bytes the body has as its sender says, 0 where nothing is said."""
    length = wsgi.get("CONTENT_LENGTH", "")
    return int(length) if length.isdecimal() else 0


def respond(protocol: HTTPProtocol, answer: Answer) -> None:
    """Send the response; one without a body has the length that its headers say."""
    try:
        protocol.response_bytes(answer.status, answer.headers, answer.body)
    except (ProtocolClosed, ProtocolError):
        logger.info("a response (%d) found nobody who waits for it", answer.status)
