"""What is known from a person's first steps, quiz, tutorial, preferences and invitations."""

from datetime import datetime
from typing import Any

from apps.users.models import Consent, Onboarding, Person, QuizAttempt, Referral, Tutorial
from apps.users.services.rows import iso

# How somebody plays and what they set goes; that a number agreed to a document, came by another's link and took a
# step at a time stays: it says nothing about who they were, and what was paid for it can be explained.
PERSONAL = (
    "users_person.preferences",
    "users_person.visibility",
    "users_person.invite_code",
    "users_quizattempt.*",
)
OTHER = ("users_onboarding.*", "users_consent.*", "users_tutorial.*", "users_referral.*")


def export(person_id: int) -> dict[str, Any]:
    """Return it as JSON types; people whom somebody invited, or who invited them, are not named."""
    person = Person.objects.get(pk=person_id)
    consents = Consent.objects.filter(person=person).order_by("pk")
    attempts = QuizAttempt.objects.filter(person=person).order_by("pk")
    return {
        "preferences": person.preferences,
        "visibility": person.visibility,
        "invite_code": person.invite_code,
        "first_steps": _first_steps(person_id),
        "consents": [{"document": c.document, "version": c.version, "given_at": iso(c.given_at)} for c in consents],
        "quiz": [
            {
                "version": a.version,
                "answers": a.answers,
                "started_at": iso(a.started_at),
                "finished_at": iso(a.finished_at),
                "archetype": a.archetype,
            }
            for a in attempts
        ],
        "tutorial": _tutorial(person_id),
        "was_invited_at": _moment(Referral.objects.filter(invitee=person)),
        "invited": Referral.objects.filter(referrer=person).count(),
    }


def erase(person_id: int, now: datetime) -> None:
    """Delete the quiz and blank what was set; a second call changes nothing."""
    QuizAttempt.objects.filter(person_id=person_id).delete()
    Person.objects.filter(pk=person_id).update(preferences={}, visibility="hidden", invite_code=None)


def _first_steps(person_id: int) -> dict[str, Any] | None:
    begun = Onboarding.objects.filter(pk=person_id).first()
    if begun is None:
        return None
    return {"step": begun.step, "started_at": iso(begun.started_at), "completed_at": iso(begun.completed_at)}


def _tutorial(person_id: int) -> dict[str, Any] | None:
    tutorial = Tutorial.objects.filter(pk=person_id).first()
    if tutorial is None:
        return None
    return {"done": list(tutorial.done), "started_at": iso(tutorial.started_at), "skipped_at": iso(tutorial.skipped_at)}


def _moment(referrals: Any) -> str | None:
    return iso(referrals.values_list("referred_at", flat=True).first())
