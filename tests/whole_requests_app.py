"""A WSGI application that says what it was given, served by the RSGI interface; for tests of what stands between."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from diana import whole_requests

whole_requests.BODY_SECONDS = 1.0


class Parts:
    """A body in two parts, which must be closed."""

    closed = 0

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __iter__(self) -> Iterator[bytes]:
        yield self._content[:3]
        yield self._content[3:]

    def close(self) -> None:
        """Count it."""
        Parts.closed += 1


def application(environ: dict[str, Any], start: Callable[..., object]) -> Parts:
    """Answer with the environ and the body; raise an error, or rest for a while, where the path says so."""
    if environ["PATH_INFO"] == "/error":
        raise RuntimeError("an error of the application")
    if environ["PATH_INFO"] == "/rest":
        time.sleep(0.3)
    body = environ["wsgi.input"].read()
    said = {key: value for key, value in environ.items() if isinstance(value, str)}
    start("201 Created", [("Content-Type", "application/json"), ("Server", "")])
    return Parts(json.dumps(said | {"body": body.decode(), "closed": Parts.closed}).encode())


server = whole_requests.WholeRequests(
    application, wants_body=lambda environ: environ["PATH_INFO"] != "/unread", largest_body=1000
)
