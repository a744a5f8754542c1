"""Who may do what over HTTP: the sandbox acts for whoever reaches it, and a browser on this machine reaches it for any page.

Requests under another host's name (DNS rebinding), requests that another page's script sends, bodies that a form could send,
and requests of the chat without the run's token are refused.
"""

import hmac
import os
import secrets

from tornado.httputil import HTTPServerRequest, split_host_and_port

from diana.security_headers import content_policy

TOKEN_VARIABLE = "SANDBOX_PAGE_TOKEN"  # noqa: S105  # the variable's name
HOSTS = frozenset({"127.0.0.1", "localhost"})
SCHEME = "Bearer "
# What a page may send anywhere without asking first.
SIMPLE_TYPES = frozenset({"text/plain", "application/x-www-form-urlencoded", "multipart/form-data"})
PAGE_POLICY = content_policy(
    script_src="'self'", style_src="'self'", img_src="'self' data:", font_src="'self'", connect_src="'self'"
)


def run_token() -> str:
    """Return the token of this run: given by the environment, else made now."""
    return os.environ.get(TOKEN_VARIABLE) or secrets.token_urlsafe(24)


def is_own_host(host: str, port: int | None = None) -> bool:
    """Say whether a Host header names this machine, with exactly this port where one is given."""
    try:
        name, named_port = split_host_and_port(host.lower())
    except ValueError:
        return False
    return name in HOSTS and (port is None or (named_port or 80) == port)


def is_foreign(request: HTTPServerRequest) -> bool:
    """Say whether a script of another origin sent the request; programs that are no browsers name none."""
    origin = request.headers.get("Origin")
    if origin is not None:
        return origin != f"http://{request.host}"
    return request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin")


def has_simple_body(request: HTTPServerRequest) -> bool:
    """Say whether the body is of a type that any page may send."""
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return kind in SIMPLE_TYPES


def is_token(request: HTTPServerRequest, token: str) -> bool:
    """Say whether the request shows the run's token, in a time that does not tell how much of it is right."""
    given = request.headers.get("Authorization", "")
    expected = SCHEME + token
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode())
