"""The HTTP face of the sandbox: the Bot API under /bot<token>/, its controls under /sandbox/, a page at the root."""

import asyncio
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler, StaticFileHandler

from diana.sandbox import access, wall_clock
from diana.sandbox.answers import RefusalError, answer_refusal
from diana.sandbox.behaviour import Change
from diana.sandbox.bot_api import not_found
from diana.sandbox.chat import handlers as chat
from diana.sandbox.chat.errors import ChatError
from diana.sandbox.handling import Handler, Site
from diana.sandbox.recording import CallFilter, Moment
from diana.sandbox.safety import LOOPBACK, StartRefusedError
from diana.sandbox.service import Service, Treatment
from diana.sandbox.stars import Payment, Question, Refund, SubscriptionChange, refunded_payment
from diana.sandbox.topics import ChatTopics
from diana.sandbox.webhook import Preset
from diana.security_headers import POLICY
from diana.security_headers.transform import security_headers

MAX_WAIT_SECONDS = 60.0
STATIC = Path(__file__).parent / "static"


class OpenCallbackQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A button was pressed that many seconds ago; its query may be answered for 150 seconds from then."""

    id: str
    age_seconds: float = 0.0


class BotHandler(Handler):
    """One call of the Bot API."""

    acts = ("GET", "POST")
    refuses_simple_bodies = False
    work: asyncio.Task[Treatment] | None = None

    async def post(self, token: str, name: str) -> None:
        """Answer the call, later or never where so ordered."""
        moment = Moment(wall_clock.seconds(), time.monotonic_ns())
        self.work = asyncio.create_task(self.service.receive(token, name, self.request, moment))
        try:
            answer, delay_seconds = await self.work
        except asyncio.CancelledError:
            return
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

    def on_connection_close(self) -> None:
        """Let a long poll that nobody waits for end, so that it takes no updates away."""
        super().on_connection_close()
        if self.work is not None:
            self.work.cancel()


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


class TopicsHandler(Handler):
    """Chats that have topics."""

    def post(self) -> None:
        """Take over what is told of a chat; from then on a message to a topic that it does not have is refused."""
        self.service.world.topics.describe(self.read_body(ChatTopics))
        self.finish_json({"ok": True})


class CallbackQueryHandler(Handler):
    """Callback queries that the test or the person at the page opens."""

    def post(self) -> None:
        """Start the life of a callback query."""
        query = self.read_body(OpenCallbackQuery)
        self.service.bot_api.callback_queries.open(query.id, at=wall_clock.seconds() - query.age_seconds)
        self.finish_json({"ok": True})


class QuestionHandler(Handler):
    """Questions before paying, which the bot must answer in time."""

    def get(self) -> None:
        """Tell what the bot answered to the query that is named; null for nothing."""
        self.finish_json({"ok": self.service.bot_api.stars.answered(self.get_query_argument("id"))})

    def post(self) -> None:
        """Start the ten seconds of a query."""
        question = self.read_body(Question)
        self.service.bot_api.stars.ask(question.id, at=wall_clock.seconds() - question.age_seconds)
        self.finish_json({"ok": True})


class PaymentHandler(Handler):
    """People who pay."""

    def post(self) -> None:
        """Take the Stars and answer with the SuccessfulPayment that the bot is to be told."""
        try:
            told = self.service.bot_api.stars.pay(self.read_body(Payment), seconds=int(wall_clock.seconds()))
        except RefusalError as refused:
            raise ChatError(400, refused.description) from refused
        self.finish_json(told)


class RefundHandler(Handler):
    """Payments that are given back."""

    def post(self) -> None:
        """Give it back and answer with the RefundedPayment that the bot is to be told, before its payment or after."""
        wanted = self.read_body(Refund)
        named = {"user_id": wanted.user, "telegram_payment_charge_id": wanted.charge}
        try:
            refunded = self.service.bot_api.stars.refund(named, seconds=int(wall_clock.seconds()))
        except RefusalError as refused:
            raise ChatError(400, refused.description) from refused
        self.finish_json(refunded_payment(refunded))


class SubscriptionHandler(Handler):
    """People who change their subscriptions."""

    def post(self) -> None:
        """Change it and answer with what the bot is to be told, but for the user."""
        try:
            told = self.service.bot_api.stars.change_subscription(self.read_body(SubscriptionChange))
        except RefusalError as refused:
            raise ChatError(400, refused.description) from refused
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
        """Show it; it asks for everything else under /chat."""
        if not access.is_own_host(self.request.host, self.site.port):
            raise ChatError(403, "Open the page under the address that the sandbox printed.")
        self.set_header(POLICY, access.PAGE_POLICY)
        self.set_header("Referrer-Policy", "no-referrer")
        page = STATIC / "index.html"
        if not page.exists():
            raise ChatError(404, f"The page's files are not in {STATIC}: take a complete checkout.")
        self.finish(page.read_bytes())


class PartHandler(StaticFileHandler):
    """The page's scripts and styles."""

    def set_extra_headers(self, path: str) -> None:
        """Have everything asked for anew after a change."""
        self.set_header("Cache-Control", "no-cache")


class NothingHere(RequestHandler):
    """Every other path, and every request that came under another host's name."""

    def prepare(self) -> None:
        """Answer as the Bot API does."""
        self.set_status(404)
        self.set_header("Content-Type", "application/json")
        self.finish(answer_refusal(not_found()).body)


def application(service: Service, site: Site) -> Application:
    """Return the routes. Requests for other hosts are not answered: a web page must not reach the sandbox by a
    name of its own that points to this machine."""
    # The access log would show the token as part of the path.
    app = Application(default_handler_class=NothingHere, log_function=lambda _: None)
    app.add_transform(security_headers())
    routes: list[tuple[str, type[RequestHandler]]] = [
        (r"/bot([^/]+)/([^/]+)", BotHandler),
        (r"/sandbox/calls", CallsHandler),
        (r"/sandbox/count", CountHandler),
        (r"/sandbox/behaviour", BehaviourHandler),
        (r"/sandbox/topics", TopicsHandler),
        (r"/sandbox/callback-queries", CallbackQueryHandler),
        (r"/sandbox/pre-checkout-queries", QuestionHandler),
        (r"/sandbox/payments", PaymentHandler),
        (r"/sandbox/refunds", RefundHandler),
        (r"/sandbox/subscriptions", SubscriptionHandler),
        (r"/sandbox/reset", ResetHandler),
        (r"/sandbox/health", HealthHandler),
        (r"/", PageHandler),
        *chat.routes(),
    ]
    given = {"service": service, "site": site}
    parts: list[Any] = [(r"/static/(.*)", PartHandler, {"path": str(STATIC)})]
    # The library adds a "$", which without the brackets would bind to the last name alone.
    hosts = f"(?:{'|'.join(map(re.escape, sorted(access.HOSTS)))})"
    app.add_handlers(hosts, [*((path, handler, given) for path, handler in routes), *parts])
    return app


async def serve(
    token: str,
    port: int,
    record: Path | None,
    *,
    stop: asyncio.Event,
    on_ready: Callable[[Site], None],
    preset: Preset = Preset(),  # noqa: B008  # immutable
    site: Site | None = None,
) -> None:
    """Serve on the loopback address until `stop` is set; port 0 takes a free one, `on_ready` is told which.

    Open connections are cut at the end, so that nothing holds it up.
    """
    service, site = Service(token, record, preset), site or Site()
    server = HTTPServer(application(service, site))
    try:
        sockets = bind_sockets(port, LOOPBACK)
    except OSError as error:
        raise StartRefusedError(
            f"Port {port} cannot be used ({error.strerror}). Choose another with --port."
        ) from error
    site.port = sockets[0].getsockname()[1]
    server.add_sockets(sockets)
    delivery = asyncio.create_task(service.delivery.run())
    on_ready(site)
    try:
        await stop.wait()
    finally:
        delivery.cancel()
        server.stop()
        await server.close_all_connections()
        site.extensions.close()
        service.recorder.close()
