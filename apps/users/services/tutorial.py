"""The tutorial: four steps in any order, each done once; it can be skipped and asked for again."""

from datetime import datetime

from django.db import transaction

from apps.users import events as facts
from apps.users.models import TUTORIAL_STEPS, Tutorial
from apps.users.services.rows import about, lock_person
from diana.events import Event, publish_many


def begin_tutorial(*, person_id: int, now: datetime) -> bool:
    """Begin the tutorial, or go on with one that was skipped, and say whether it was the first time: user.tutorial_started.

    Locks the person. Raises PersonGone.
    """
    with transaction.atomic():
        person = lock_person(person_id)
        tutorial, first = Tutorial.objects.get_or_create(person=person, defaults={"started_at": now})
        if first:
            publish_many([about(person, facts.TutorialStarted(user_id=person_id), now)])
        elif tutorial.skipped_at is not None:
            tutorial.skipped_at = None
            tutorial.save(update_fields=["skipped_at"])
    return first


def take_tutorial_step(*, person_id: int, step: str, now: datetime) -> bool:
    """Note that the step was done and say whether it was new; publishes user.tutorial_step_completed, at last _completed.

    Does nothing for who has not begun the tutorial, has skipped it or has done the step: then it takes one query. Locks
    the person. Raises ValueError for what is no step, and PersonGone.
    """
    if step not in TUTORIAL_STEPS:
        raise ValueError(f"{step!r} is no step of the tutorial: use one of {', '.join(TUTORIAL_STEPS)}.")
    waiting = Tutorial.objects.filter(pk=person_id, skipped_at__isnull=True, **{f"{step}_at__isnull": True})
    if not waiting.exists():
        return False
    with transaction.atomic():
        person = lock_person(person_id)
        tutorial = waiting.first()
        if tutorial is None:
            return False
        setattr(tutorial, f"{step}_at", now)
        told: list[Event] = [facts.TutorialStepCompleted(user_id=person_id, step=step)]
        if len(tutorial.done) == len(TUTORIAL_STEPS):
            tutorial.completed_at = now
            seconds = max(0, int((now - tutorial.started_at).total_seconds()))
            told.append(facts.TutorialCompleted(user_id=person_id, seconds=seconds))
        tutorial.save(update_fields=[f"{step}_at", "completed_at"])
        publish_many([about(person, event, now) for event in told])
    return True


def skip_tutorial(*, person_id: int, step: str, now: datetime) -> bool:
    """Leave the tutorial at this step, and say whether it was under way; publishes user.tutorial_skipped.

    Locks the person. A second call does nothing. Raises PersonGone.
    """
    with transaction.atomic():
        person = lock_person(person_id)
        running = Tutorial.objects.filter(pk=person_id, skipped_at__isnull=True, completed_at__isnull=True)
        if step not in TUTORIAL_STEPS or not running.update(skipped_at=now):
            return False
        publish_many([about(person, facts.TutorialSkipped(user_id=person_id, step=step), now)])
    return True
