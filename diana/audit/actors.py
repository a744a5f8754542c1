"""Who acts: a staff login in the admin, somebody at a shell, a command, or the bot for a person."""

import getpass
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser

Origin = Literal["admin", "shell", "command", "bot"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever answers for an act. `id` is the staff login's, None for those who have none; `name` outlives the login."""

    id: int | None
    name: str
    origin: Origin

    @classmethod
    def staff(cls, user: "AbstractBaseUser | AnonymousUser") -> "Actor":
        """Return the actor of a request in the admin, which lets nobody in who has no login."""
        return cls(user.pk, user.get_username(), "admin")

    @classmethod
    def command(cls) -> "Actor":
        """Return the actor of a manage.py command: the operating system's user who runs it."""
        return cls(None, _system_user(), "command")


def _system_user() -> str:
    """Return the user's name; containers run under numbers that have none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
