"""The tables of people, their VIP grants and the staff's logins. What must hold is a constraint, not a habit."""

from apps.users.models.joining import (
    ONBOARDING_STEPS,
    TUTORIAL_STEPS,
    Consent,
    Onboarding,
    QuizAttempt,
    Tutorial,
)
from apps.users.models.leaving import Departure, Tombstone
from apps.users.models.people import (
    NAME_MAX_LENGTH,
    REASON_MAX_LENGTH,
    USERNAME_MAX_LENGTH,
    Grant,
    GrantQuerySet,
    Person,
    Staff,
    Suspension,
)
from apps.users.models.referrals import Referral
from apps.users.models.vip import VipOverride, VipStanding

__all__ = [
    "NAME_MAX_LENGTH",
    "ONBOARDING_STEPS",
    "REASON_MAX_LENGTH",
    "TUTORIAL_STEPS",
    "USERNAME_MAX_LENGTH",
    "Consent",
    "Departure",
    "Grant",
    "GrantQuerySet",
    "Onboarding",
    "Person",
    "QuizAttempt",
    "Referral",
    "Staff",
    "Suspension",
    "Tombstone",
    "Tutorial",
    "VipOverride",
    "VipStanding",
]
