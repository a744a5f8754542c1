"""The address that a request came from, for the records of what is done in it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse

_address: ContextVar[str | None] = ContextVar("remote_address", default=None)


def remote_address(request: HttpRequest) -> str | None:
    """Return the sender's address, None if it is unreadable.

    Each of TRUSTED_PROXIES adds the address of its own sender at the end of X-Forwarded-For; everything before those
    was written by the sender and says nothing. Without a proxy, or past it, the connection's own address counts.
    """
    told = str(request.META.get("REMOTE_ADDR", ""))
    proxies: int = settings.TRUSTED_PROXIES
    forwarded = request.headers.get("X-Forwarded-For", "").split(",")
    if 0 < proxies <= len(forwarded) and forwarded != [""]:
        told = forwarded[-proxies]
    try:
        return str(ip_address(told.strip().partition("%")[0]))
    except ValueError:
        return None


def current_address() -> str | None:
    """Return the address of the request that is answered; None outside requests."""
    return _address.get()


@contextmanager
def answering(request: HttpRequest) -> Iterator[None]:
    """Have the records of this block carry the request's address."""
    token = _address.set(remote_address(request))
    try:
        yield
    finally:
        _address.reset(token)


class AddressMiddleware:
    """Has all records of a request carry its address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with answering(request):
            return self.get_response(request)
