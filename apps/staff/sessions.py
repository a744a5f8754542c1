"""How long a session of staff lasts: half an hour without a request, twelve hours in all; never without its second factor.

Switching a login off, or changing its password, ends its sessions by Django's own means.
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from apps.staff import second_factor
from diana import clock, password_again

# A session that is used is written so often, and not with every request.
WRITTEN_EVERY_SECONDS = 60


def begin(request: HttpRequest, **_kwargs: Any) -> None:
    """Note when the session began and the password was given; Django calls it with each login."""
    now = _now()
    request.session["signed_in_at"] = request.session["seen_at"] = now
    password_again.note(request)


class SessionLimits:
    """Ends sessions that are too old or were not used; what has no beginning is of a release without limits."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Telegram and probes bring no cookie: their requests ask nothing of the database.
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            self._limit(request)
        return self.get_response(request)

    def _limit(self, request: HttpRequest) -> None:
        now = _now()
        began, seen = request.session.get("signed_in_at", 0), request.session.get("seen_at", 0)
        if now - began > settings.STAFF_SESSION_SECONDS or now - seen > settings.STAFF_IDLE_SECONDS:
            logout(request)
            messages.info(
                request, _("You were logged out: a session lasts for half an hour unused, for 12 hours in all.")
            )
        elif not second_factor.is_enough(request):
            logout(request)
            messages.info(request, _("The password alone is no longer enough: log in again."))
        elif now - seen >= WRITTEN_EVERY_SECONDS:
            request.session["seen_at"] = now


def _now() -> int:
    """Return real time: a moved clock ends no sessions."""
    return int(clock.real_now().timestamp())
