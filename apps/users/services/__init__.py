"""Everything that changes a person. Each act locks the person's row first, then writes, then publishes."""

from apps.users.preferences import InvalidPreferences, Preferences
from apps.users.services.acts import Act, act, act_many, touch
from apps.users.services.grants import (
    LONGEST,
    GrantOver,
    InvalidGrant,
    NothingToExtend,
    extend_vip,
    grant_vip,
    preview_extension,
    preview_revocation,
    revoke_grant,
)
from apps.users.services.many_grants import grant_to_many, preview_many
from apps.users.services.overrides import (
    InvalidOverride,
    NoOverride,
    clear_overrides,
    override_vip,
    preview_clearing,
    preview_override,
)
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
from apps.users.services.standings import Passed, expire_all_vip, expire_vip
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
    "InvalidOverride",
    "InvalidPreferences",
    "InvalidSuspension",
    "InvalidTelegramId",
    "NoOverride",
    "NotSuspended",
    "NothingToExtend",
    "Passed",
    "PersonGone",
    "Preferences",
    "UnknownLanguage",
    "UnknownTimezone",
    "UsernameTaken",
    "act",
    "act_many",
    "change_preferences",
    "clear_overrides",
    "end_suspensions",
    "ensure_superuser",
    "expire_all_vip",
    "expire_vip",
    "extend_vip",
    "find_or_add_person",
    "grant_to_many",
    "grant_vip",
    "override_vip",
    "preview_clearing",
    "preview_extension",
    "preview_many",
    "preview_override",
    "preview_revocation",
    "preview_suspension",
    "register",
    "revoke_grant",
    "set_language",
    "set_timezone",
    "suspend",
    "touch",
    "unsuspend",
]
