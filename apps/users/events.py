"""What can happen to a person, as typed events; no names, no texts, no Telegram ids."""

from typing import Any

from diana.events import Event, upcaster
from diana.events.fields import LocalDate, Moment


class Registered(Event, type="user.registered"):
    """Somebody said hello for the first time, in this language (ISO 639); `referrer` is the person whose link they came by."""

    language: str
    referrer: int | None = None


class ProfileUpdated(Event, type="user.profile_updated"):
    """These fields of the person changed; their values are not told."""

    fields: list[str]


class TimezoneChanged(Event, type="user.timezone_changed", version=2):
    """The person chose another time zone; both are IANA names. It takes the place of a change that did not count yet.

    Dates count by it from `counts_from` on (empty: at once). `skipped` are those that never begin by it, `shortened` is one
    that began with it and not at its midnight.
    """

    old: str
    new: str
    counts_from: Moment | None
    skipped: list[LocalDate]
    shortened: LocalDate | None


@upcaster("user.timezone_changed", from_version=1)
def count_at_once(fields: dict[str, Any]) -> dict[str, Any]:
    """In version 1 every change counted at once, and the offsets of the dates told what it cut."""
    return fields | {"counts_from": None, "skipped": [], "shortened": None}


class ActiveDay(Event, type="user.active_day"):
    """The first act of a local day."""

    local_date: LocalDate


class Returned(Event, type="user.returned"):
    """An act after at least a week without one; `days_away` counts local days since the last."""

    days_away: int


class LoggedIn(Event, type="game.login"):
    """The first act after half an hour of silence."""


class VipGranted(Event, type="vip.granted"):
    """VIP was granted to somebody who had none; `until` is the end of effective VIP after it, `source` where it comes from."""

    grant: int
    source: str
    until: Moment | None


class VipRevoked(Event, type="vip.revoked"):
    """A grant was taken back; `until` is the end of the VIP that others still give, if any."""

    grant: int
    until: Moment | None


class Reactivated(Event, type="user.reactivated"):
    """A person who had left is back."""


class Deactivated(Event, type="user.deactivated"):
    """A person does not want to be written to or ranked any more."""


class OnboardingStarted(Event, type="user.onboarding_started"):
    """The first steps were offered."""


class OnboardingStepCompleted(Event, type="user.onboarding_step_completed"):
    """One of the first steps was taken; `step` is its name."""

    step: str


class OnboardingCompleted(Event, type="user.onboarding_completed"):
    """All first steps were taken, `seconds` after the first was offered."""

    seconds: int


class OnboardingAbandoned(Event, type="user.onboarding_abandoned"):
    """The first steps were left at this one."""

    step: str


class PersonalityQuizStarted(Event, type="user.personality_quiz_started"):
    """The quiz of this version was begun."""

    quiz_version: int


class PersonalityDetected(Event, type="user.personality_detected"):
    """How somebody likes to play: four numbers from 0 to 100, the archetype they make, and how sure that is (0 to 100)."""

    exploration: int
    competition: int
    narrative: int
    social: int
    archetype: str
    confidence: int
    quiz_version: int


class TutorialStarted(Event, type="user.tutorial_started"):
    """The tutorial was begun."""


class TutorialStepCompleted(Event, type="user.tutorial_step_completed"):
    """A step of the tutorial was done; `step` is its name."""

    step: str


class TutorialCompleted(Event, type="user.tutorial_completed"):
    """All steps of the tutorial were done, `seconds` after it was begun."""

    seconds: int


class TutorialSkipped(Event, type="user.tutorial_skipped"):
    """The tutorial was left at this step."""

    step: str


class PreferencesChanged(Event, type="user.preferences_changed"):
    """These preferences changed; their values are not told."""

    keys: list[str]


class VisibilityChanged(Event, type="user.visibility_changed"):
    """How a person is shown on boards from now on: name, alias or hidden."""

    mode: str


class ConsentGiven(Event, type="user.consent_given"):
    """The person agreed to a document, in this version of it."""

    document: str
    document_version: str


class Referred(Event, type="user.referred"):
    """The person came by the link of another, whose id is `referrer`."""

    referrer: int


class ReferralQualified(Event, type="user.referral_qualified"):
    """Somebody whom the person invited has stayed; `invitee` is their id."""

    invitee: int


class ReferralCompleted(Event, type="user.referral_completed"):
    """The person was invited, and has stayed; `referrer` is the id of who invited them."""

    referrer: int


class DataExported(Event, type="user.data_exported"):
    """The person took a copy of all that is known about them."""


class DeletionRequested(Event, type="user.deletion_requested"):
    """The person asked to be forgotten; it happens at `due`."""

    due: Moment


class DeletionCancelled(Event, type="user.deletion_cancelled"):
    """The person stays after all."""


class Erased(Event, type="user.erased"):
    """All that said who the person is was removed; the number remains."""


class UserSuspended(Event, type="admin.user_suspended"):
    """Staff suspended the person until a moment, or until further notice; `audit` and `actor` say who and why."""

    until: Moment | None
    actor: int | None
    audit: int


class UserUnsuspended(Event, type="admin.user_unsuspended"):
    """Staff ended a suspension; `audit` and `actor` say who and why."""

    actor: int | None
    audit: int


class VipRenewed(Event, type="vip.renewed"):
    """A grant continues one that lasts or is in its grace; `until` is the end of effective VIP after it."""

    grant: int
    until: Moment | None


class VipExpiring(Event, type="vip.expiring"):
    """Effective VIP ends in about so many hours, at `until`."""

    hours: int
    until: Moment | None


class VipGraceEntered(Event, type="vip.grace_entered"):
    """VIP has ended, and what it gave is kept until `until`."""

    until: Moment | None


class VipExpired(Event, type="vip.expired"):
    """VIP is over; `until` is empty, or the end of what others still give."""

    until: Moment | None


class VipOverridden(Event, type="admin.vip_overridden"):
    """What staff force from now on: on, off, or none any more; `audit` and `actor` say who and why.

    `until` is the end of effective VIP after it; for off, when that ends.
    """

    mode: str
    until: Moment | None
    actor: int | None
    audit: int
