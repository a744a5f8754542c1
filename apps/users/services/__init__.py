"""Everything that changes a person. Each act locks the person's row first, then writes, then publishes."""

from apps.users.preferences import InvalidPreferences, Preferences
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
from apps.users.services.preferences import change_preferences
from apps.users.services.rows import PersonGone
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
    "InvalidPreferences",
    "InvalidSuspension",
    "InvalidTelegramId",
    "NotSuspended",
    "PersonGone",
    "Preferences",
    "UnknownLanguage",
    "UnknownTimezone",
    "UsernameTaken",
    "act",
    "act_many",
    "change_preferences",
    "end_suspensions",
    "ensure_superuser",
    "find_or_add_person",
    "grant_vip",
    "preview_suspension",
    "register",
    "revoke_grant",
    "set_language",
    "set_timezone",
    "suspend",
    "touch",
    "unsuspend",
]
