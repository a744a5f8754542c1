"""Everything that changes a person. Each act locks the person's row first, then writes, then publishes."""

from apps.users.services.acts import Act, act, act_many, touch
from apps.users.services.departures import TIME_TO_UNDO, cancel_deletion, deactivate, request_deletion
from apps.users.services.erasing import ReasonNamesPerson, erase_due, erase_person, preview_erasure
from apps.users.services.exporting import export_for_staff, export_person
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
from apps.users.services.rows import PersonGone, lock_people, lock_person
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
    "TIME_TO_UNDO",
    "Act",
    "GrantOver",
    "InvalidGrant",
    "InvalidSuspension",
    "InvalidTelegramId",
    "NotSuspended",
    "PersonGone",
    "ReasonNamesPerson",
    "UnknownLanguage",
    "UnknownTimezone",
    "UsernameTaken",
    "act",
    "act_many",
    "cancel_deletion",
    "deactivate",
    "end_suspensions",
    "ensure_superuser",
    "erase_due",
    "erase_person",
    "export_for_staff",
    "export_person",
    "find_or_add_person",
    "grant_vip",
    "lock_people",
    "lock_person",
    "preview_erasure",
    "preview_suspension",
    "register",
    "request_deletion",
    "revoke_grant",
    "set_language",
    "set_timezone",
    "suspend",
    "touch",
    "unsuspend",
]
