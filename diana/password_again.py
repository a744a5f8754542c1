"""Asking staff for their password again before an act that cannot be undone."""

from django.contrib import messages
from django.contrib.auth import authenticate
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from diana import audit, clock

# So long after the password was given it is not asked for.
KEPT_SECONDS = 15 * 60
# Where the session has when it was given.
GIVEN_AT = "password_at"


def note(request: HttpRequest) -> None:
    """Note that the password was given just now, in the session."""
    request.session[GIVEN_AT] = _now()


def is_needed(request: HttpRequest) -> bool:
    """Say whether the password was given too long ago."""
    given: int = request.session.get(GIVEN_AT, 0)
    return _now() - given > KEPT_SECONDS


def is_right(request: HttpRequest, field: str = "password") -> bool:
    """Say whether the form brings the right password; a wrong one is told, recorded, and counts as on the login page."""
    password = request.POST.get(field)
    if not password:
        return False
    # The try is looked at and counted in one transaction: no other one comes between.
    with transaction.atomic():
        login = authenticate(request, username=request.user.get_username(), password=password)
    if login is not None and login.pk == request.user.pk:
        note(request)
        return True
    locked = getattr(request, "axes_locked_out", False)
    messages.error(request, _("Too many failed logins.") if locked else _("The password is wrong. Nothing was done."))
    # The one that locks was looked at.
    if not locked or getattr(request, "axes_failures_since_start", None):
        _record(request)
    return False


def _record(request: HttpRequest) -> None:
    with transaction.atomic():
        audit.record(
            actor=audit.Actor.staff(request.user),
            act="password_refused",
            target=("users.Staff", request.user.pk),
            before=None,
            after=None,
            reason="On a page that asks for the password again.",
        )


def _now() -> int:
    return int(clock.real_now().timestamp())
