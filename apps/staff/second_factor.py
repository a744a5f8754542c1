"""Whether a login needs its second factor, and whether a session has it. Between password and code nobody is logged in:
the session holds only whose password was right."""

import base64
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth import login as log_in
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from apps.staff import codes, devices, logins
from apps.users.models import Staff
from diana import clock, password_again
from diana.events.sealing import Sealed

# So long after the password the code is taken, or a device enrolled; then the password is asked for again.
KEPT_SECONDS = 15 * 60
REQUIRED, OFF = "required", "off"
_GIVEN, _PASSWORD, _ENROLMENT, _CHANGE = "second_factor_at", "password_step", "enrolment", "device_change_at"


def is_required() -> bool:
    """Say whether staff need a second factor here."""
    return bool(settings.STAFF_SECOND_FACTOR == REQUIRED)


def time_left_until(login: Staff) -> datetime | None:
    """Return until when the password is enough for a login that has no device; None if it is not, or no more."""
    due = login.second_factor_due_at
    waits = is_required() and login.second_factor_at is None and due is not None and clock.real_now() < due
    return due if waits else None


def is_enough(request: HttpRequest) -> bool:
    """Say whether the session of a login has what is required of it: the code was given, or there is time left."""
    if not is_required() or _GIVEN in request.session:
        return True
    return isinstance(request.user, Staff) and time_left_until(request.user) is not None


def is_next(login: Staff) -> bool:
    """Say whether, after the password, something is to come before the login is let in."""
    return is_required() and time_left_until(login) is None


def begin(request: HttpRequest, login: Staff, target: str) -> None:
    """Note whose password was right and where they wanted to go; nobody is logged in."""
    # Whatever another login left here, and a session that somebody knows of.
    request.session.flush()
    request.session[_PASSWORD] = {
        "login": login.pk,
        "hash": login.get_session_auth_hash(),
        "at": _now(),
        "target": target,
    }


def waiting_login(request: HttpRequest) -> Staff | None:
    """Return the login whose password was given in this session, lately, and which may still log in with it."""
    step = request.session.get(_PASSWORD)
    if step is None or _now() - step["at"] > KEPT_SECONDS:
        return None
    login = Staff.objects.filter(pk=step["login"], is_active=True, is_staff=True).first()
    if login is None or not constant_time_compare(step["hash"], login.get_session_auth_hash()):
        return None
    return login


def let_in(request: HttpRequest, login: Staff) -> str:
    """Log the waiting login in, record it, and return where it wanted to go."""
    step = request.session.pop(_PASSWORD)
    request.session.pop(_ENROLMENT, None)
    log_in(request, login, backend=settings.SESSION_BACKEND)
    request.session[password_again.GIVEN_AT] = step["at"]
    keep(request)
    logins.record_login(request)
    return str(step["target"])


def keep(request: HttpRequest) -> None:
    """Note that this session has the second factor."""
    request.session[_GIVEN] = _now()


def enrolment_secret(request: HttpRequest, login: Staff) -> str:
    """Return the secret that this session shows to the login; sealed in the session, of no other session.

    Whoever saw the page in another session does not know it.
    """
    kept = request.session.get(_ENROLMENT)
    if kept is not None and kept["login"] == login.pk:
        known = devices.open_secret(login, Sealed(base64.b64decode(kept["sealed"]), kept["key_id"]))
        if known is not None:
            return known
    secret = codes.new_secret()
    sealed = devices.seal_secret(login, secret)
    encoded = base64.b64encode(sealed.payload).decode()
    request.session[_ENROLMENT] = {"login": login.pk, "sealed": encoded, "key_id": sealed.key_id}
    return secret


def end_enrolment(request: HttpRequest) -> None:
    """Forget the secret that was shown."""
    for name in (_ENROLMENT, _CHANGE):
        request.session.pop(name, None)


def allow_change(request: HttpRequest) -> None:
    """Note that password and code were given just now, for another device."""
    request.session[_CHANGE] = _now()


def may_enrol(request: HttpRequest, login: Staff) -> bool:
    """Say whether the login of this session may enrol a device: it has none, or gave password and code for another."""
    given: Any = request.session.get(_CHANGE, 0)
    return login.second_factor_at is None or _now() - given <= KEPT_SECONDS


def _now() -> int:
    return int(clock.real_now().timestamp())
