"""The challenge of a day: begun, taken step by step, passed once."""

from datetime import date, datetime
from typing import NamedTuple

from django.db import transaction

from apps.content import challenges
from apps.content.events import ChallengeCompleted
from apps.content.library import library
from apps.content.models import ChallengeRun
from apps.content.services.errors import NotThere
from apps.content.shapes import Challenge
from apps.users import selectors as people
from apps.users.services import about, lock_person
from diana.events import publish_many

# What changes of a row after it was made.
SERIES = ("challenge", "attempt", "marks", "step_shown_at", "completed_at", "score")


class Standing(NamedTuple):
    """How somebody stands with a day's challenge. `marks` has 1 for a right step; `attempt` is 0 before the first.

    `score` is set once it was passed.
    """

    day: date
    key: str
    challenge: Challenge
    attempt: int
    marks: str
    score: int | None


def todays_challenge(*, person_id: int, now: datetime) -> Standing:
    """Return how the person stands with the challenge of the date on their clock. Changes nothing."""
    day = people.local_days([person_id], now)[person_id][1]
    return _standing(ChallengeRun.objects.filter(person_id=person_id, local_date=day).first(), day)


def begin_challenge(*, person_id: int, day: date, attempt: int, now: datetime) -> Standing:
    """Begin the attempt of this number at the challenge of this day, if it is the next one; else change nothing.

    Locks the person. Raises NotThere for a day that is not the person's today, PersonGone.
    """
    with transaction.atomic():
        lock_person(person_id)
        if day != people.local_days([person_id], now)[person_id][1]:
            raise NotThere(NotThere.__doc__)
        run = ChallengeRun.objects.filter(person_id=person_id, local_date=day).first()
        standing = _standing(run, day)
        if attempt != standing.attempt + 1 or not may_begin(standing):
            return standing
        if run is None:
            run = ChallengeRun(person_id=person_id, challenge=standing.key, local_date=day, started_at=now)
        run.challenge, run.attempt, run.marks, run.step_shown_at = standing.key, attempt, "", now
        run.completed_at = run.score = None
        run.save(update_fields=SERIES if run.pk else None)
    return _standing(run, day)


def take_step(
    *, person_id: int, day: date, attempt: int, step: int, place: int, at: datetime, now: datetime
) -> Standing:
    """Take the option at this place in this step; `at` is when the press arrived, `now` when the next step is shown.

    Publishes game.challenge_completed once, after the last step, if enough were right. A step that was taken stays as it
    was. Locks the person. A day's challenge may be finished after midnight. Raises NotThere, PersonGone.
    """
    with transaction.atomic():
        person = lock_person(person_id)
        run = ChallengeRun.objects.filter(person_id=person_id, local_date=day).first()
        if run is None or run.challenge not in library().challenges:
            raise NotThere(NotThere.__doc__)
        challenge = library().challenges[run.challenge]
        taken = steps_of(person_id, _standing(run, day), person.language)
        if (attempt, step) != (run.attempt, len(run.marks)) or step >= len(taken):
            return _standing(run, day)
        if not 0 <= place < len(taken[step].options):
            raise NotThere(NotThere.__doc__)
        right = place == taken[step].right and challenges.in_time(challenge, run.step_shown_at, at)
        run.marks += "1" if right else "0"
        run.step_shown_at = now
        if len(run.marks) == len(taken) and challenges.is_passed(run.marks):
            run.completed_at, run.score = at, challenges.score(run.marks)
            event = ChallengeCompleted(user_id=person_id, challenge=run.challenge, score=run.score)
            publish_many([about(person, event, at, f"challenge:{person_id}:{day.isoformat()}")])
        run.save(update_fields=SERIES)
    return _standing(run, day)


def may_begin(standing: Standing) -> bool:
    """Say whether another attempt can begin: none is under way, none was passed, and not all are used up."""
    return not is_under_way(standing) and standing.score is None and standing.attempt < challenges.MOST_ATTEMPTS


def is_under_way(standing: Standing) -> bool:
    """Say whether an attempt was begun that has steps left."""
    return standing.attempt > 0 and len(standing.marks) < number_of_steps(standing.challenge)


def attempts_left(standing: Standing) -> int:
    """Return how often the person may still try."""
    return challenges.MOST_ATTEMPTS - standing.attempt


def score_so_far(standing: Standing) -> int:
    """Return how many of a hundred of the steps taken were right."""
    return challenges.score(standing.marks)


def is_timed(standing: Standing) -> bool:
    """Say whether answers have to be quick."""
    return challenges.is_timed(standing.challenge)


def kind_of(standing: Standing) -> str:
    """Return the kind of the challenge, as the data files call it."""
    return str(standing.challenge.__struct_config__.tag)


def number_of_steps(challenge: Challenge) -> int:
    """Return how many steps a challenge has; as many in every language."""
    return len(challenges.steps(challenge, "en"))


def steps_of(person_id: int, standing: Standing, language: str) -> list[challenges.Step]:
    """Return the steps of the attempt that is under way, as this person sees them; every attempt is mixed anew."""
    return challenges.steps(standing.challenge, language, person_id, standing.day.isoformat(), standing.attempt)


def _standing(run: ChallengeRun | None, day: date) -> Standing:
    """Return how the run stands; one whose challenge is no longer in the data files begins anew."""
    known = library().challenges
    if run is None or run.challenge not in known:
        key = challenges.of_day(list(known), day)
        return Standing(day, key, known[key], 0, "", None)
    return Standing(day, run.challenge, known[run.challenge], run.attempt, run.marks, run.score)
