"""Everything that changes a person. Each act locks the person's row first, then writes, then publishes."""

from apps.users.services.acts import Act, act, act_many, touch
from apps.users.services.grants import LONGEST, GrantOver, InvalidGrant, grant_vip, revoke_grant
from apps.users.services.people import (
    InvalidTelegramId,
    UnknownLanguage,
    UnknownTimezone,
    find_or_add_person,
    register,
    set_language,
    set_timezone,
)
from apps.users.services.rows import PersonGone, about, lock_person
from apps.users.services.staff import UsernameTaken, ensure_superuser
from apps.users.services.suspension import (
    InvalidSuspension,
    NotSuspended,
    end_suspensions,
    preview_suspension,
    suspend,
    unsuspend,
)

__all__ = [
    "LONGEST",
    "Act",
    "GrantOver",
    "InvalidGrant",
    "InvalidSuspension",
    "InvalidTelegramId",
    "NotSuspended",
    "PersonGone",
    "UnknownLanguage",
    "UnknownTimezone",
    "UsernameTaken",
    "about",
    "act",
    "act_many",
    "end_suspensions",
    "ensure_superuser",
    "find_or_add_person",
    "grant_vip",
    "lock_person",
    "preview_suspension",
    "register",
    "revoke_grant",
    "set_language",
    "set_timezone",
    "suspend",
    "touch",
    "unsuspend",
]
