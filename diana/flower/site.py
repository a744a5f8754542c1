"""Flower's application with accounts that may only read, and with the security headers."""

import base64
import copy
from hashlib import sha256
from typing import Any

from flower.app import Flower
from flower.views.tasks import TasksDataTable
from tornado.httputil import HTTPServerRequest
from tornado.options import OptionParser
from tornado.web import HTTPError, RequestHandler

from diana.flower.accounts import Accounts
from diana.security_headers import content_policy
from diana.security_headers.transform import security_headers

READING = ("GET", "HEAD", "OPTIONS")
# Reads tasks for the list, with a POST because the question is long.
READING_BY_POST = (TasksDataTable,)
# The one script within its pages, as it is sent.
SCRIPTS = ("\nvar autorefresh = 1;\n", "\nvar autorefresh = 0;\n")


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
    """A request that its sender may not make: 403 for a viewer, 401 for a stranger."""

    def initialize(self, status: int) -> None:
        """Take the status."""
        self._status = status

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
        self.finish("This account may only read.\n" if status_code == 403 else "Access denied.\n")


class Site(Flower):  # type: ignore[misc]  # it has no types
    """Flower for operators and viewers. Without viewers it is Flower as it comes, with the headers."""

    def __init__(self, *, accounts: Accounts, hsts: str = "", **more: Any) -> None:
        super().__init__(**more)
        self._accounts = accounts
        self.add_transform(security_headers(PAGES, hsts=hsts))
        self._read_only = copy.copy(self)
        self._read_only.options = ReadOnlyOptions(self.options)

    def get_handler_delegate(
        self, request: HTTPServerRequest, target_class: type[RequestHandler], *more: Any, **named: Any
    ) -> Any:
        """Return what serves the request: for all but operators only what reads."""
        shown = request.headers.get("Authorization", "")
        if not self._accounts.viewers or self._accounts.is_operator(shown):
            return super().get_handler_delegate(request, target_class, *more, **named)
        reads = request.method in READING or (request.method == "POST" and target_class in READING_BY_POST)
        # Flower itself asks for the account.
        serve = super(Site, self._read_only).get_handler_delegate
        if reads:
            return serve(request, target_class, *more, **named)
        return serve(request, Refused, {"status": 403 if self._accounts.is_viewer(shown) else 401})
