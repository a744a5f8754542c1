"""Records of logins, failures, wrong codes, logouts. Nothing that is typed is kept: it may be a password in the wrong field."""

from django.db import transaction
from django.http import HttpRequest

from apps.users.models import Staff
from apps.users.services import record_change_of_login
from diana import audit

REASON = "On the login page, where no reason is asked for."
# The target of a failure whose name is no login here.
UNKNOWN = "unknown"


def record_login(request: HttpRequest) -> None:
    """Record that somebody was let in."""
    _record(audit.Actor.staff(request.user), "log_in", request.user.pk)


def record_wrong_code(login: Staff) -> None:
    """Record that a code was wrong, or used already."""
    _record(audit.Actor.staff(login), "second_factor_refused", login.pk)


def record_failure(request: HttpRequest) -> None:
    """Record that the form of the login page let nobody in; one that was not filled in is no attempt."""
    if request.POST.get("username") and request.POST.get("password"):
        login = find_login(request.POST["username"])
        actor = audit.Actor(None, login.username if login else UNKNOWN, "admin")
        _record(actor, "log_in_failed", login.pk if login else None)


def record_logout(request: HttpRequest) -> None:
    """Record that somebody logs out."""
    _record(audit.Actor.staff(request.user), "log_out", request.user.pk)


def record_own_password(request: HttpRequest) -> None:
    """Record that a login changed its own password. Raises OutsideTransaction."""
    actor = audit.Actor.staff(request.user)
    record_change_of_login(actor, "change_password", request.user.pk or 0, None, {"password": "changed"})


def find_login(name: str) -> Staff | None:
    """Return the login of this name, active or not."""
    # PostgreSQL takes no NUL, and no login's name has one.
    return None if "\0" in name else Staff.objects.filter(username=name).first()


def _record(actor: audit.Actor, act: str, staff_id: int | None) -> None:
    with transaction.atomic():
        audit.record(
            actor=actor,
            act=act,
            target=("users.Staff", staff_id or UNKNOWN),
            before=None,
            after=None,
            reason=REASON,
        )
