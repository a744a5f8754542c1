"""Flower's application with accounts that may only read, and with the security headers."""

import base64
import copy
import logging
import time
from hashlib import sha256
from typing import Any

from flower.app import Flower
from flower.views.monitor import Metrics
from flower.views.tasks import TasksDataTable
from tornado.httputil import HTTPServerRequest
from tornado.options import OptionParser
from tornado.web import HTTPError, RequestHandler

from diana.flower.accounts import Accounts, is_token
from diana.flower.tries import Tries
from diana.security_headers import content_policy
from diana.security_headers.transform import security_headers

logger = logging.getLogger(__name__)

READING = ("GET", "HEAD", "OPTIONS")
# Reads tasks for the list, with a POST because the question is long.
READING_BY_POST = (TasksDataTable,)
# The one script within its pages, as it is sent.
SCRIPTS = ("\nvar autorefresh = 1;\n", "\nvar autorefresh = 0;\n")


WORDS = {403: "This account may only read.\n", 429: "Too many wrong passwords: wait a minute.\n"}


def _digest(script: str) -> str:
    return f"'sha256-{base64.b64encode(sha256(script.encode()).digest()).decode()}'"


# Its tables write style attributes.
PAGES = content_policy(
    script_src=" ".join(["'self'", *map(_digest, SCRIPTS)]),
    style_src="'self'",
    style_src_attr="'unsafe-inline'",
    img_src="'self' data:",
    font_src="'self'",
    connect_src="'self'",
    form_action="'self'",
)


class ReadOnlyOptions:
    """Flower's options in its read-only mode, in which its pages have no buttons and its requests change nothing."""

    read_only = True

    def __init__(self, options: OptionParser) -> None:
        self._options = options

    def __getattr__(self, name: str) -> Any:
        """Return the option."""
        return getattr(self._options, name)


class Refused(RequestHandler):
    """A request that its sender may not make: 403 for a viewer, 401 for a stranger, 429 for one who guesses."""

    def initialize(self, status: int, wait_seconds: int = 0) -> None:
        """Take the status, and how long the sender has to wait."""
        self._status, self._wait_seconds = status, wait_seconds

    def check_xsrf_cookie(self) -> None:
        """Pass: nothing is done."""

    def prepare(self) -> None:
        """Refuse."""
        raise HTTPError(self._status)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Say so in words."""
        self.set_header("Content-Type", "text/plain; charset=UTF-8")
        if status_code == 401:
            self.set_header("WWW-Authenticate", 'Basic realm="flower"')
        if self._wait_seconds:
            self.set_header("Retry-After", str(self._wait_seconds))
        self.finish(WORDS.get(status_code, "Access denied.\n"))


class Site(Flower):  # type: ignore[misc]  # it has no types
    """Flower for operators and viewers; `metrics_token` opens its numbers without an account.

    Without accounts it is Flower as it comes, with the headers. Passwords that are wrong in a row are slowed down.
    """

    def __init__(self, *, accounts: Accounts, hsts: str = "", metrics_token: str = "", **more: Any) -> None:
        super().__init__(**more)
        self._accounts, self._metrics_token, self._tries = accounts, metrics_token, Tries()
        self.add_transform(security_headers(PAGES, hsts=hsts))
        self._read_only = copy.copy(self)
        self._read_only.options = ReadOnlyOptions(self.options)

    def get_handler_delegate(
        self, request: HTTPServerRequest, target_class: type[RequestHandler], *more: Any, **named: Any
    ) -> Any:
        """Return what serves the request: for all but operators only what reads."""
        serve = super().get_handler_delegate
        if not self._accounts:
            return serve(request, target_class, *more, **named)
        shown, sender = request.headers.get("Authorization", ""), request.remote_ip or ""
        reads_numbers = issubclass(target_class, Metrics)
        if reads_numbers and is_token(shown, self._metrics_token):
            return serve(request, target_class, *more, **named)
        if shown and (wait := self._tries.seconds_to_wait(sender, time.monotonic())):
            return serve(request, Refused, {"status": 429, "wait_seconds": wait})
        operator, viewer = self._accounts.is_operator(shown), self._accounts.is_viewer(shown)
        if operator:
            # A viewer's own password makes no guess at an operator's good.
            self._tries.succeeded(sender)
            return serve(request, target_class, *more, **named)
        if shown and not viewer:
            self._count_wrong(sender)
            return serve(request, Refused, {"status": 401})
        if reads_numbers and not viewer:
            return serve(request, Refused, {"status": 401})
        reads = request.method in READING or (request.method == "POST" and target_class in READING_BY_POST)
        if not reads:
            return serve(request, Refused, {"status": 403 if viewer else 401})
        # Flower itself asks for the account.
        return super(Site, self._read_only).get_handler_delegate(request, target_class, *more, **named)

    def _count_wrong(self, address: str) -> None:
        if self._tries.failed(address, time.monotonic()):
            logger.warning("too many wrong passwords for Flower from one address: it may try once a minute")
