"""The HTTP face of the sandbox: the Bot API under /bot<token>/, its controls under /sandbox/, a page at the root."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, HTTPError, RequestHandler

from diana import clock
from diana.sandbox.answers import RefusalError, answer_refusal
from diana.sandbox.behaviour import Change
from diana.sandbox.bot_api import not_found
from diana.sandbox.page import render_page
from diana.sandbox.recording import CallFilter, Moment
from diana.sandbox.safety import LOOPBACK, StartRefusedError
from diana.sandbox.service import Service
from diana.sandbox.stars import Payment, Question

MAX_WAIT_SECONDS = 60.0
T = TypeVar("T")


class OpenCallbackQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A button was pressed that many seconds ago; its query may be answered for 150 seconds from then."""

    id: str
    age_seconds: float = 0.0


class Handler(RequestHandler):
    """What all handlers share."""

    def initialize(self, service: Service) -> None:
        """Take the service from the routing table."""
        self.service = service
        self.gone = asyncio.Event()

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
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise HTTPError(400, reason="Bad Request", log_message=f"Send a JSON object: {error}") from error

    def read_number(self, name: str, default: float | None = None) -> float | None:
        """Return a number of the query string, or answer 400."""
        value = self.get_query_argument(name, None)
        try:
            return default if value is None else float(value)
        except ValueError:
            raise HTTPError(400, reason="Bad Request", log_message=f"{name} must be a number.") from None

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Say what was wrong as JSON."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        message = error.log_message if isinstance(error, HTTPError) and error.log_message else self._reason
        self.finish_json({"error": message})


class BotHandler(Handler):
    """One call of the Bot API."""

    async def post(self, token: str, name: str) -> None:
        """Answer the call, later or never where so ordered."""
        moment = Moment(clock.now().timestamp(), time.monotonic_ns())
        answer, delay_seconds = self.service.receive(token, name, self.request, moment)
        if answer is None:
            await self.gone.wait()
            return
        if delay_seconds:
            await asyncio.sleep(delay_seconds)
        if self.gone.is_set():
            return
        self.set_status(answer.status)
        self.set_header("Content-Type", "application/json")
        if answer.retry_after is not None:
            self.set_header("Retry-After", str(answer.retry_after))
        self.finish(answer.body)

    get = post


class CallsHandler(Handler):
    """The recorded calls."""

    async def get(self) -> None:
        """Answer with the calls after a sequence number, waiting for the first if there is none."""
        chat = self.read_number("chat")
        wanted = CallFilter(self.get_query_argument("method", None), None if chat is None else int(chat))
        after = int(self.read_number("after", 0) or 0)
        wait_seconds = min(self.read_number("wait", 0) or 0, MAX_WAIT_SECONDS)
        page = await self.service.recorder.next_page(after, wanted, wait_seconds)
        if not self.gone.is_set():
            self.finish_json(page)


class CountHandler(Handler):
    """How much there was."""

    def get(self) -> None:
        """Answer with the number of calls since the last reset, also per method, and the last sequence number."""
        recorder = self.service.recorder
        self.finish_json({"total": recorder.counts.total(), "methods": recorder.counts, "last": recorder.last})


class BehaviourHandler(Handler):
    """Orders to misbehave."""

    def post(self) -> None:
        """Change the behaviour towards one chat or all."""
        self.service.behaviours.change(self.read_body(Change))
        self.finish_json({"ok": True})

    def delete(self) -> None:
        """Behave well again, towards the chat that is named or altogether."""
        chat = self.read_number("chat")
        self.service.behaviours.reset(None if chat is None else int(chat))
        self.finish_json({"ok": True})


class CallbackQueryHandler(Handler):
    """Callback queries that the test or the person at the page opens."""

    def post(self) -> None:
        """Start the life of a callback query."""
        query = self.read_body(OpenCallbackQuery)
        self.service.bot_api.callback_queries.open(query.id, at=clock.now().timestamp() - query.age_seconds)
        self.finish_json({"ok": True})


class QuestionHandler(Handler):
    """Questions before paying, which the bot must answer in time."""

    def get(self) -> None:
        """Tell what the bot answered to the query that is named; null for nothing."""
        self.finish_json({"ok": self.service.bot_api.stars.answered(self.get_query_argument("id"))})

    def post(self) -> None:
        """Start the ten seconds of a query."""
        question = self.read_body(Question)
        self.service.bot_api.stars.ask(question.id, at=clock.now().timestamp() - question.age_seconds)
        self.finish_json({"ok": True})


class PaymentHandler(Handler):
    """People who pay."""

    def post(self) -> None:
        """Take the Stars and answer with the SuccessfulPayment that the bot is to be told."""
        try:
            told = self.service.bot_api.stars.pay(self.read_body(Payment), seconds=int(clock.now().timestamp()))
        except RefusalError as refusal:
            raise HTTPError(400, reason="Bad Request", log_message=refusal.description) from refusal
        self.finish_json(told)


class ResetHandler(Handler):
    """A new beginning."""

    def post(self) -> None:
        """Forget calls, messages, settings and orders."""
        self.service.forget()
        self.finish_json({"ok": True})


class HealthHandler(Handler):
    """A sign of life."""

    def get(self) -> None:
        """Answer that the sandbox is there."""
        self.finish_json({"ok": True, "service": "diana-sandbox"})


class PageHandler(Handler):
    """The page for people."""

    def get(self) -> None:
        """Show the last messages."""
        self.set_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
        self.finish(render_page(self.service.bot_api.messages))


class NothingHere(RequestHandler):
    """Every other path, and every request that came under another host's name."""

    def prepare(self) -> None:
        """Answer as the Bot API does."""
        self.set_status(404)
        self.set_header("Content-Type", "application/json")
        self.finish(answer_refusal(not_found()).body)


def application(service: Service) -> Application:
    """Return the routes. Requests for other hosts are not answered: a web page must not reach the sandbox by a
    name of its own that points to this machine."""
    # The access log would show the token as part of the path.
    app = Application(default_handler_class=NothingHere, log_function=lambda _: None)
    routes: list[tuple[str, type[Handler]]] = [
        (r"/bot([^/]+)/([^/]+)", BotHandler),
        (r"/sandbox/calls", CallsHandler),
        (r"/sandbox/count", CountHandler),
        (r"/sandbox/behaviour", BehaviourHandler),
        (r"/sandbox/callback-queries", CallbackQueryHandler),
        (r"/sandbox/pre-checkout-queries", QuestionHandler),
        (r"/sandbox/payments", PaymentHandler),
        (r"/sandbox/reset", ResetHandler),
        (r"/sandbox/health", HealthHandler),
        (r"/", PageHandler),
    ]
    app.add_handlers(r"127\.0\.0\.1|localhost", [(path, handler, {"service": service}) for path, handler in routes])
    return app


async def serve(
    token: str, port: int, record: Path | None, *, stop: asyncio.Event, on_ready: Callable[[int], None]
) -> None:
    """Serve on the loopback address until `stop` is set; port 0 takes a free one, `on_ready` is told which.

    Open connections are cut at the end, so that nothing holds it up.
    """
    service = Service(token, record)
    server = HTTPServer(application(service))
    try:
        sockets = bind_sockets(port, LOOPBACK)
    except OSError as error:
        raise StartRefusedError(
            f"Port {port} cannot be used ({error.strerror}). Choose another with --port."
        ) from error
    server.add_sockets(sockets)
    on_ready(sockets[0].getsockname()[1])
    try:
        await stop.wait()
    finally:
        server.stop()
        await server.close_all_connections()
        service.recorder.close()
