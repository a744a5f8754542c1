"""The first steps: begun once, taken in their order, resumed where they were left, reminded of once."""

from datetime import datetime, timedelta

from django.db import transaction

from apps.users import events as facts
from apps.users import preferences
from apps.users.models import ONBOARDING_STEPS, Onboarding, Person
from apps.users.services.rows import about, lock_people, lock_person
from diana.events import Event, Publication, publish_many

DONE = "done"
REMIND_AFTER = timedelta(hours=24)
# The task reminds so many in one transaction, and comes again.
MOST_AT_ONCE = 100


def begin_onboarding(*, person_id: int, now: datetime) -> str:
    """Return the step that waits, "done" if none does; who comes for the first time begins: user.onboarding_started.

    Locks the person. Raises PersonGone.
    """
    with transaction.atomic():
        person = lock_person(person_id)
        begun = Onboarding.objects.filter(person=person).first()
        if begun is None:
            begun = Onboarding.objects.create(person=person, step=ONBOARDING_STEPS[0], started_at=now, moved_at=now)
            publish_many([about(person, facts.OnboardingStarted(user_id=person_id), now)])
    return begun.step


def take_onboarding_step(*, person_id: int, step: str, now: datetime) -> str:
    """Note that the step is done, if it is the one that waits, and return the one that waits then, "done" after the last.

    Publishes user.onboarding_step_completed, and after the last user.onboarding_completed. A step that was done, one that
    is not its turn, and who has not begun change nothing. Locks the person. Raises PersonGone.
    """
    with transaction.atomic():
        person = lock_person(person_id)
        begun = Onboarding.objects.filter(person=person).first()
        if begun is None:
            return DONE
        if begun.step != step or step == DONE:
            return begun.step
        begun.step, begun.moved_at = [*ONBOARDING_STEPS[1:], DONE][ONBOARDING_STEPS.index(step)], now
        told: list[Event] = [facts.OnboardingStepCompleted(user_id=person_id, step=step)]
        if begun.step == DONE:
            begun.completed_at = now
            seconds = max(0, int((now - begun.started_at).total_seconds()))
            told.append(facts.OnboardingCompleted(user_id=person_id, seconds=seconds))
        begun.save(update_fields=["step", "moved_at", "completed_at"])
        publish_many([about(person, event, now) for event in told])
    return begun.step


def remind_onboarding(*, now: datetime) -> int:
    """Publish user.onboarding_abandoned for first steps that wait since a day, at most 100; return how many.

    Once for each person: whoever comes second finds it done. Only people who are active are told, and who wants no
    reminders is passed over for good. Locks the people.
    """
    due = Onboarding.objects.filter(
        completed_at__isnull=True,
        reminded_at__isnull=True,
        moved_at__lte=now - REMIND_AFTER,
        person__status=Person.Status.ACTIVE,
    )
    with transaction.atomic():
        people = lock_people(list(due.order_by("moved_at").values_list("pk", flat=True)[:MOST_AT_ONCE]))
        left = list(due.filter(pk__in=people).order_by("pk"))
        Onboarding.objects.filter(pk__in=[row.pk for row in left]).update(reminded_at=now)
        told = [_abandoned(people[row.pk], row.step, now) for row in left if _wants_reminders(people[row.pk])]
        publish_many(told)
    return len(told)


def _wants_reminders(person: Person) -> bool:
    return preferences.read(person.preferences).reminders


def _abandoned(person: Person, step: str, now: datetime) -> Publication:
    return about(person, facts.OnboardingAbandoned(user_id=person.pk, step=step), now)
