"""What wrong passwords and codes lead to. django-axes locks a login for an address; here unknown addresses are slowed down.

Beside that, what axes is told: who sends, under which name a try is counted, and what is said to whoever is locked out.
"""

from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil
from typing import Any

from axes.helpers import get_client_username
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import QuerySet
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.staff.logins import find_login
from diana import clock
from diana.audit.addresses import remote_address
from diana.lock_classes import LockClass

# More failures than this within the window, from wherever, and unknown addresses may try once in a pause.
SLOW_ABOVE = 20
# The same for one address, whatever names it tries: it cannot fill tables and records with names.
ADDRESS_SLOW_ABOVE = 50
WINDOW = timedelta(hours=1)
PAUSE = timedelta(minutes=1)
# How an IPv6 customer is told apart: who has one such network has all addresses in it.
IPV6_PREFIX = 64
# An address from which the login came in so lately is known.
KNOWN_FOR = timedelta(days=30)


class SlowedDown(PermissionDenied):
    """Too many wrong passwords for this login or from here: wait a minute, or come from where the login is known."""


class OutsideTransaction(RuntimeError):
    """A try was made outside a transaction: wrap authenticate() in `transaction.atomic()`, so that tries are counted singly."""


class SlowingBackend:
    """Refuses tries before password or code is looked at; lets nobody in itself."""

    def authenticate(self, request: HttpRequest | None, username: str | None = None, **_kwargs: Any) -> None:
        """Raise SlowedDown where the login is to be tried once a minute and was; a try without a request is no page's.

        To the end of the transaction no other try of this login, or from this address, is looked at. Raises OutsideTransaction.
        """
        if request is None:
            return
        name, address = counted_name(request, {"username": username}), counted_address(request)
        _take_turn(name, address)
        wait = _wait(name, address, clock.real_now())
        if wait > timedelta():
            request.axes_locked_out = True  # type: ignore[attr-defined]
            request.retry_after = wait  # type: ignore[attr-defined]
            raise SlowedDown


def counted_name(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """Return what tries are counted under: the login, or a digest of what was typed: it may have been a password."""
    typed = str((credentials or request.POST).get("username") or "")
    # axes asks for it several times in a request.
    found: dict[str, str] = request.__dict__.setdefault("counted_names", {})
    if typed not in found:
        found[typed] = typed if find_login(typed) else "?" + salted_hmac("diana.login_limits", typed).hexdigest()
    return found[typed]


def counted_address(request: HttpRequest) -> str | None:
    """Return what tries are counted under beside the name: the address, of IPv6 its network; None if it is unreadable."""
    told = remote_address(request)
    if told is None or not isinstance(ip_address(told), IPv6Address):
        return told
    return str(ip_network((told, IPV6_PREFIX), strict=False).network_address)


def was_looked_at(request: HttpRequest) -> bool:
    """Say whether password or code of this try was looked at; one that is refused unseen could fill the record."""
    locked = getattr(request, "axes_locked_out", False)
    # The one that locks was.
    return not locked or bool(getattr(request, "axes_failures_since_start", None))


def forget_old() -> int:
    """Delete what counts no more, return how many rows; axes keeps it for good, of a thousand failures deletes the newest."""
    now = clock.real_now()
    old = (
        AccessFailureLog.objects.filter(attempt_time__lt=now - WINDOW),
        AccessLog.objects.filter(attempt_time__lt=now - KNOWN_FOR),
        AccessAttempt.objects.filter(attempt_time__lt=now - settings.AXES_COOLOFF_TIME),
    )
    return sum(rows.delete()[0] for rows in old)


def refuse(request: HttpRequest, response: TemplateResponse, form: BaseForm) -> None:
    """Tell whoever is locked out so, in the form of a page before it is rendered."""
    wait = getattr(request, "retry_after", None) or _lock_left(request)
    seconds = max(1, ceil(wait.total_seconds()))
    minutes = ceil(seconds / 60)
    left = ngettext("Try again in %(count)s minute.", "Try again in %(count)s minutes.", minutes) % {"count": minutes}
    form.errors.clear()
    form.add_error(None, f"{_('Too many failed logins.')} {left}")
    response.status_code = 429
    response["Retry-After"] = str(seconds)


def keep_response(request: HttpRequest, response: HttpResponse, credentials: dict[str, Any] | None) -> HttpResponse:
    """Return what the login page has answered already, in place of axes' own page."""
    return response


def _wait(name: str, address: str | None, now: datetime) -> timedelta:
    """Return how long this login must not be tried from this address."""
    failures = AccessFailureLog.objects.filter(attempt_time__gt=now - WINDOW)
    wait = max(
        _pause(failures.filter(username=name), SLOW_ABOVE, now),
        _pause(failures.filter(ip_address=address), ADDRESS_SLOW_ABOVE, now),
    )
    if wait <= timedelta():
        return timedelta()
    known = AccessLog.objects.filter(username=name, ip_address=address, attempt_time__gt=now - KNOWN_FOR)
    return timedelta() if known.exists() else wait


def _pause(failures: QuerySet[Any], above: int, now: datetime) -> timedelta:
    """Return how long after the newest of more failures than these the next try comes; nothing where there are fewer."""
    times = list(failures.order_by("-attempt_time").values_list("attempt_time", flat=True)[: above + 1])
    pause: timedelta = times[0] + PAUSE - now if len(times) > above else timedelta()
    return pause


def _take_turn(name: str, address: str | None) -> None:
    """Wait until nobody else tries this login, or from this address; always in this order."""
    if not connection.in_atomic_block:
        raise OutsideTransaction(OutsideTransaction.__doc__)
    with connection.cursor() as cursor:
        for lock, of in ((LockClass.LOGIN, name), (LockClass.LOGIN_ADDRESS, address or "")):
            cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [lock, of])


def _lock_left(request: HttpRequest) -> timedelta:
    """Return how long axes keeps this login locked for this address."""
    name = get_client_username(request, getattr(request, "axes_credentials", None))
    tries = AccessAttempt.objects.filter(username=name, ip_address=counted_address(request))
    last = tries.order_by("-attempt_time").values_list("attempt_time", flat=True).first() or clock.real_now()
    left: timedelta = last + settings.AXES_COOLOFF_TIME - clock.real_now()
    return left
