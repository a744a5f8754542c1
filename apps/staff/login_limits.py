"""What wrong passwords lead to. django-axes locks a login for an address; here it is slowed down for unknown addresses.

Beside that, what axes is told: who sends, under which name a try is counted, and what is said to whoever is locked out.
"""

from datetime import datetime, timedelta
from math import ceil
from typing import Any

from axes.helpers import get_client_username
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.staff.logins import find_login
from diana import clock
from diana.audit.addresses import remote_address

# More failures than this within the window, from wherever, and unknown addresses may try once in a pause.
SLOW_ABOVE = 20
WINDOW = timedelta(hours=1)
PAUSE = timedelta(minutes=1)
# An address from which the login came in so lately is known.
KNOWN_FOR = timedelta(days=30)


class SlowedDown(PermissionDenied):
    """Too many wrong passwords for this login: wait a minute, or come from an address that it logs in from."""


class SlowingBackend:
    """Refuses tries before the password is looked at; lets nobody in itself."""

    def authenticate(self, request: HttpRequest | None, username: str | None = None, **_kwargs: Any) -> None:
        """Raise SlowedDown where the login is to be tried once a minute and was; a try without a request is no page's."""
        if request is None:
            return
        name, now = counted_name(request, {"username": username}), clock.real_now()
        wait = _wait(name, remote_address(request), now)
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


def forget_old() -> None:
    """Delete what counts no more; axes keeps it for good, and of a thousand failures of a login deletes the newest."""
    now = clock.real_now()
    AccessFailureLog.objects.filter(attempt_time__lt=now - WINDOW).delete()
    AccessLog.objects.filter(attempt_time__lt=now - KNOWN_FOR).delete()


def refuse(request: HttpRequest, response: TemplateResponse) -> None:
    """Tell whoever is locked out so, on the login page before it is rendered."""
    wait = getattr(request, "retry_after", None) or _lock_left(request)
    seconds = max(1, ceil(wait.total_seconds()))
    minutes = ceil(seconds / 60)
    form = response.context_data["form"]  # type: ignore[index]
    form.errors.clear()
    left = ngettext("Try again in %(count)s minute.", "Try again in %(count)s minutes.", minutes) % {"count": minutes}
    form.add_error(None, f"{_('Too many failed logins.')} {left}")
    response.status_code = 429
    response["Retry-After"] = str(seconds)


def keep_response(request: HttpRequest, response: HttpResponse, credentials: dict[str, Any] | None) -> HttpResponse:
    """Return what the login page has answered already, in place of axes' own page."""
    return response


def _wait(name: str, address: str | None, now: datetime) -> timedelta:
    """Return how long this login must not be tried from this address."""
    failures = AccessFailureLog.objects.filter(username=name, attempt_time__gt=now - WINDOW)
    times = list(failures.order_by("-attempt_time").values_list("attempt_time", flat=True)[: SLOW_ABOVE + 1])
    if len(times) <= SLOW_ABOVE:
        return timedelta()
    known = AccessLog.objects.filter(username=name, ip_address=address, attempt_time__gt=now - KNOWN_FOR)
    return timedelta() if known.exists() else times[0] + PAUSE - now


def _lock_left(request: HttpRequest) -> timedelta:
    """Return how long axes keeps this login locked for this address."""
    name = get_client_username(request, getattr(request, "axes_credentials", None))
    tries = AccessAttempt.objects.filter(username=name, ip_address=remote_address(request))
    last = tries.order_by("-attempt_time").values_list("attempt_time", flat=True).first() or clock.real_now()
    left: timedelta = last + settings.AXES_COOLOFF_TIME - clock.real_now()
    return left
