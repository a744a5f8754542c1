"""How far people are with what they are asked once: first steps, quiz, tutorial, invitations. Read through selectors."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q

from apps.users import personality
from apps.users.models import Onboarding, Person, QuizAttempt, Referral, Tutorial


@dataclass(frozen=True, slots=True)
class QuizStanding:
    """What the quiz has found, and the attempt that runs: its id, and how many answers it has."""

    archetype: str = ""
    finished_at: datetime | None = None
    attempt_id: int | None = None
    answered: int = 0


@dataclass(frozen=True, slots=True)
class TutorialStanding:
    """The tutorial's steps in the person's order, and which are done; not begun while `started` is false."""

    steps: tuple[str, ...]
    done: frozenset[str] = frozenset()
    started: bool = False
    skipped: bool = False

    @property
    def next_step(self) -> str | None:
        """The first step that is not done."""
        return next((step for step in self.steps if step not in self.done), None)


@dataclass(frozen=True, slots=True)
class Invitations:
    """How many came by the person's link, how many of them have stayed, how many were paid for."""

    came: int = 0
    stayed: int = 0
    paid: int = 0


@dataclass(frozen=True, slots=True)
class LostReferral:
    """An invitation that is to be taken back, and the events that paid for it."""

    invitee_id: int
    events: tuple[UUID, ...]


def onboarding_step(person_id: int) -> str | None:
    """Return the first step that waits, "done" if none does, None for who has not begun."""
    return Onboarding.objects.filter(pk=person_id).values_list("step", flat=True).first()


def visibility(person_id: int) -> str:
    """Return how boards show the person: name, alias or hidden."""
    return Person.objects.filter(pk=person_id).values_list("visibility", flat=True).first() or "name"


def archetype(person_id: int) -> str:
    """Return what the person's last finished quiz has found, as in "Explorer with a Connector side"; "" without one."""
    return quiz_standing(person_id).archetype


def quiz_standing(person_id: int) -> QuizStanding:
    """Return how the person stands with the quiz; one query."""
    found = QuizAttempt.objects.filter(person_id=person_id).order_by("-finished_at")
    finished = next((attempt for attempt in found if attempt.finished_at), None)
    running = next((attempt for attempt in found if attempt.finished_at is None), None)
    return QuizStanding(
        finished.archetype if finished else "",
        finished.finished_at if finished else None,
        running.pk if running else None,
        len(running.answers) if running else 0,
    )


def tutorial_standing(person_id: int) -> TutorialStanding:
    """Return how the person stands with the tutorial, its steps in the order that suits them; two queries."""
    steps = personality.tutorial_order(archetype(person_id))
    tutorial = Tutorial.objects.filter(pk=person_id).first()
    if tutorial is None:
        return TutorialStanding(steps)
    return TutorialStanding(steps, frozenset(tutorial.done), True, tutorial.skipped_at is not None)


def invitations(person_id: int) -> Invitations:
    """Return what came of the person's invitations; one query."""
    paid = Q(status=Referral.Status.PAID)
    counted = Referral.objects.filter(referrer_id=person_id).aggregate(
        came=Count("pk"), stayed=Count("pk", Q(status=Referral.Status.QUALIFIED) | paid), paid=Count("pk", paid)
    )
    return Invitations(**counted)


def lost_referrals(since: datetime) -> list[LostReferral]:
    """Return invitations that were paid for and lost since then: whoever paid takes it back."""
    lost = Referral.objects.filter(status=Referral.Status.LOST, lost_at__gte=since, paid_at__isnull=False)
    return [
        LostReferral(row.invitee_id, tuple(e for e in (row.paid_event, row.welcome_event) if e is not None))
        for row in lost.order_by("pk")
    ]


def archetypes(ids: Iterable[int]) -> dict[int, str]:
    """Return by id what the last finished quiz has found; one query, who has finished none is missing."""
    found = QuizAttempt.objects.filter(person_id__in=set(ids), finished_at__isnull=False).order_by("finished_at")
    return dict(found.values_list("person_id", "archetype"))
