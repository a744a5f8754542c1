"""Everything that changes a person. Each act locks the person's row first, then writes, then publishes."""

from apps.users.names import Names
from apps.users.preferences import InvalidPreferences, Preferences
from apps.users.referrals import code_in
from apps.users.services.acts import Act, act, act_many, touch
from apps.users.services.bulk import Newcomer, TooMany, register_many
from apps.users.services.consent import give_consent
from apps.users.services.departures import TIME_TO_UNDO, cancel_deletion, deactivate, request_deletion
from apps.users.services.erasing import ReasonNamesPerson, erase_due, erase_person, preview_erasure
from apps.users.services.exporting import export_for_staff, export_person
from apps.users.services.grants import (
    LONGEST,
    GrantOver,
    InvalidGrant,
    NothingToExtend,
    extend_vip,
    grant_vip,
    preview_extension,
    preview_grant,
    preview_revocation,
    revoke_grant,
)
from apps.users.services.many_grants import grant_to_many, preview_many
from apps.users.services.naming import release_usernames
from apps.users.services.onboarding import begin_onboarding, remind_onboarding, take_onboarding_step
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
    UnknownVisibility,
    find_or_add_person,
    find_person,
    register,
    set_language,
    set_timezone,
    set_visibility,
)
from apps.users.services.preferences import change_preferences
from apps.users.services.quiz import NoSuchAnswer, QuizTooEarly, answer_quiz, begin_quiz
from apps.users.services.referrals import follow_referrals, invite_code, pay_referrals
from apps.users.services.rows import PersonGone, about, lock_people, lock_person
from apps.users.services.staff import (
    UsernameTaken,
    ensure_superuser,
    record_change_of_group,
    record_change_of_login,
    rights_of_group,
    rights_of_login,
)
from apps.users.services.standings import Passed, expire_all_vip, expire_vip
from apps.users.services.suspension import (
    InvalidSuspension,
    NotSuspended,
    end_suspensions,
    preview_suspension,
    suspend,
    unsuspend,
)
from apps.users.services.tutorial import begin_tutorial, skip_tutorial, take_tutorial_step

__all__ = [
    "LONGEST",
    "TIME_TO_UNDO",
    "Act",
    "GrantOver",
    "InvalidGrant",
    "InvalidOverride",
    "InvalidPreferences",
    "InvalidSuspension",
    "InvalidTelegramId",
    "Names",
    "Newcomer",
    "NoOverride",
    "NoSuchAnswer",
    "NotSuspended",
    "NothingToExtend",
    "Passed",
    "PersonGone",
    "Preferences",
    "QuizTooEarly",
    "ReasonNamesPerson",
    "TooMany",
    "UnknownLanguage",
    "UnknownTimezone",
    "UnknownVisibility",
    "UsernameTaken",
    "about",
    "act",
    "act_many",
    "answer_quiz",
    "begin_onboarding",
    "begin_quiz",
    "begin_tutorial",
    "cancel_deletion",
    "change_preferences",
    "clear_overrides",
    "code_in",
    "deactivate",
    "end_suspensions",
    "ensure_superuser",
    "erase_due",
    "erase_person",
    "expire_all_vip",
    "expire_vip",
    "export_for_staff",
    "export_person",
    "extend_vip",
    "find_or_add_person",
    "find_person",
    "follow_referrals",
    "give_consent",
    "grant_to_many",
    "grant_vip",
    "invite_code",
    "lock_people",
    "lock_person",
    "override_vip",
    "pay_referrals",
    "preview_clearing",
    "preview_erasure",
    "preview_extension",
    "preview_grant",
    "preview_many",
    "preview_override",
    "preview_revocation",
    "preview_suspension",
    "record_change_of_group",
    "record_change_of_login",
    "register",
    "register_many",
    "release_usernames",
    "remind_onboarding",
    "request_deletion",
    "revoke_grant",
    "rights_of_group",
    "rights_of_login",
    "set_language",
    "set_timezone",
    "set_visibility",
    "skip_tutorial",
    "suspend",
    "take_onboarding_step",
    "take_tutorial_step",
    "touch",
    "unsuspend",
]
