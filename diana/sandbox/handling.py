"""What all handlers of requests share: who may come in, JSON in and out, errors as JSON."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec
from tornado.web import RequestHandler

from diana.sandbox import access
from diana.sandbox.chat.errors import ChatError
from diana.sandbox.chat.extensions import Extensions
from diana.sandbox.service import Service

T = TypeVar("T")


@dataclass
class Site:
    """Where the sandbox is reached and what its page needs to know; `port` is known once it listens."""

    token: str = field(default_factory=access.run_token)
    port: int | None = None
    admin: str = ""
    flower: str = ""
    extensions: Extensions = field(default_factory=lambda: Extensions(with_django=False))


class Handler(RequestHandler):
    """A request to the sandbox. `acts` names the methods that another page's script may not call."""

    acts: tuple[str, ...] = ("POST", "DELETE", "PUT", "PATCH")

    def initialize(self, service: Service, site: Site) -> None:
        """Take the service from the routing table."""
        self.service, self.site = service, site
        self.gone = asyncio.Event()

    def set_default_headers(self) -> None:
        """Have no answer stored."""
        self.set_header("Cache-Control", "no-store")

    def prepare(self) -> None:
        """Refuse what comes from another page."""
        if self.request.method not in self.acts:
            return
        if access.is_foreign(self.request):
            raise ChatError(403, "Only the sandbox's own page may do this: open the address that it printed.")
        if self.refuses_simple_bodies and access.has_simple_body(self.request):
            raise ChatError(415, "Send JSON with Content-Type: application/json.")

    refuses_simple_bodies = True

    def on_connection_close(self) -> None:
        """Notice that nobody waits for the answer any more."""
        self.gone.set()

    def finish_json(self, body: Any) -> None:
        """End the answer with this object."""
        self.set_header("Content-Type", "application/json")
        self.finish(msgspec.json.encode(body))

    def read_body(self, kind: type[T]) -> T:
        """Return the JSON body as this type, or answer 400 saying what is wrong with it."""
        try:
            return msgspec.json.decode(self.request.body, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ChatError(400, f"Send a JSON object: {error}") from error

    def read_number(self, name: str, default: float | None = None) -> float | None:
        """Return a number of the query string, or answer 400."""
        value = self.get_query_argument(name, None)
        try:
            return default if value is None else float(value)
        except ValueError:
            raise ChatError(400, f"{name} must be a number.") from None

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Say what was wrong as JSON, with the status of what was refused."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, ChatError):
            self.set_status(error.status)
            self.finish_json({"error": error.message})
        else:
            self.finish_json({"error": self._reason})

    def log_exception(self, kind: Any, error: Any, trace: Any) -> None:
        """Log bugs, not refusals."""
        if not isinstance(error, ChatError):
            super().log_exception(kind, error, trace)
