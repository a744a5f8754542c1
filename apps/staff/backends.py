"""The second step of a login, behind the same limits as the first: django-axes counts wrong codes as wrong passwords."""

from typing import Any

from django.http import HttpRequest

from apps.staff import devices
from apps.staff.logins import find_login
from apps.users.models import Staff
from diana import clock


class CodeBackend:
    """Lets a login in by a code; Django asks it only where a code was given."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str,
        code: str,
        secret: str | None = None,
        salt: str | None = None,
    ) -> Staff | None:
        """Return the login if the code is one of its device or its recovery codes, and use it up.

        With `secret` a device is enrolled, if the code is that device's. With `salt`, the login's own when the page looked
        at it, nothing is done for a login whose sessions have ended since: somebody else has just enrolled a device.
        """
        login, now = find_login(username), clock.real_now()
        if login is None or salt not in (None, login.session_salt):
            return None
        right = devices.use_code(login, code, now) if secret is None else devices.enrol(login, secret, code, now)
        return login if right else None

    def get_user(self, user_id: Any) -> None:
        """Return nobody: sessions name Django's own backend."""
        return
