"""Reading stories: begun, page after page, decided, ended, and read again. Where a reader is follows from rows alone.

Buttons name the chapter for which they were drawn: pressed twice or late they change nothing.
"""

from datetime import datetime

from django.db import transaction

from apps.content import events as facts
from apps.content import reading, stories
from apps.content.library import library
from apps.content.models import Decision, Discovery, StoryRun
from apps.content.reading import Place, place_of
from apps.content.services.errors import NotThere
from apps.content.shapes import Choice, Story
from apps.users.services import about, lock_person
from diana.events import Event, publish_many

Keyed = tuple[str, Event]


def open_story(*, person_id: int, story: str, now: datetime, again: bool = False) -> Place:
    """Return where the person is in the story; begin it if they never have, or, with `again`, if they came to an end.

    Locks the person. Publishes narrative.story_started and chapter_started for a new reading. Raises NotThere, PersonGone.
    """
    with transaction.atomic():
        person = lock_person(person_id)
        told = _story(story)
        run = _latest(person_id, told)
        if run is None or (again and run.completed_at is not None):
            run = StoryRun.objects.create(
                person_id=person_id, story=story, chapter=told.first, started_at=now, chapter_started_at=now
            )
            publish_many([about(person, event, now, key) for key, event in _begun(run)])
        elif run.completed_at is None:
            _mend(run, told, now)
        return place_of(run)


def turn_page(*, person_id: int, story: str, chapter: str, page: int, now: datetime) -> Place:
    """Turn this page of this chapter over, if the person is there. Locks the person. Raises NotThere, PersonGone."""
    with transaction.atomic():
        lock_person(person_id)
        run = _run(person_id, story, now)
        if _is_in(run, chapter) and run.page == page < _last_page(run):
            run.page += 1
            run.save(update_fields=["page"])
        return place_of(run)


def look_back(*, person_id: int, story: str, chapter: str, page: int, now: datetime) -> Place:
    """Return a page as the person read it on the way here, or where they are if they did not read it in this reading.

    What was decided stays, and nothing is published. Locks the person. Raises NotThere, PersonGone.
    """
    with transaction.atomic():
        lock_person(person_id)
        return reading.look_back(_run(person_id, story, now), reading.Leaf(chapter, page))


def look_closer(*, person_id: int, story: str, chapter: str, now: datetime) -> Place:
    """Press the hint beside this chapter's decision, if the person is there; publishes narrative.secret_found once.

    Locks the person. Raises NotThere, PersonGone.
    """
    with transaction.atomic():
        person = lock_person(person_id)
        run = _run(person_id, story, now)
        hint = _story(story).chapters[run.chapter].hint if _is_in(run, chapter) else None
        if hint is not None and run.page == _last_page(run):
            publish_many([about(person, event, now, key) for key, event in _secret(run, hint.secret, now)])
        return place_of(run)


def choose(*, person_id: int, story: str, chapter: str, choice: str, now: datetime) -> tuple[Place, bool]:
    """Decide in this chapter, if the person has read it to the decision; return where they are and whether they decided.

    Publishes narrative.decision_made, chapter_completed and what follows: secret_found, chapter_started, story_completed,
    ending_discovered. Locks the person. Raises NotThere for a choice that is not offered, PersonGone.
    """
    with transaction.atomic():
        person = lock_person(person_id)
        run = _run(person_id, story, now)
        if not _is_in(run, chapter) or run.page < _last_page(run):
            return place_of(run), False
        told = _story(story)
        flags = stories.flags_of(told, run.decisions.values_list("chapter", "choice"), chapter)
        chosen = stories.offered(told.chapters[chapter], flags).get(choice)
        if chosen is None:
            raise NotThere(NotThere.__doc__)
        Decision.objects.create(run=run, chapter=chapter, choice=choice, decided_at=now)
        publish_many([about(person, event, now, key) for key, event in _decided(run, choice, chosen, now)])
        return place_of(run), True


def _story(key: str) -> Story:
    try:
        return library().stories[key]
    except KeyError:
        raise NotThere(NotThere.__doc__) from None


def _latest(person_id: int, told: Story) -> StoryRun | None:
    """Return the newest reading, which is the open one if there is any; None if its ending is no longer in the story."""
    run = StoryRun.objects.filter(person_id=person_id, story=told.key).order_by("pk").last()
    return None if run is not None and run.completed_at and run.ending not in told.endings else run


def _run(person_id: int, story: str, now: datetime) -> StoryRun:
    """Return the newest reading; in an open one the reader stands where there is still something. Raises NotThere."""
    told = _story(story)
    run = _latest(person_id, told)
    if run is None:
        raise NotThere(NotThere.__doc__)
    if run.completed_at is None:
        _mend(run, told, now)
    return run


def _is_in(run: StoryRun, chapter: str) -> bool:
    """Say whether the reader is in this chapter just now."""
    return run.completed_at is None and run.chapter == chapter


def _last_page(run: StoryRun) -> int:
    return stories.last_page(_story(run.story).chapters[run.chapter])


def _mend(run: StoryRun, told: Story, now: datetime) -> None:
    """Put a reader whose chapter a new edition has taken away at the beginning, with nothing decided yet."""
    chapter, page = stories.place(told, run.chapter, run.page)
    if chapter != run.chapter:
        run.decisions.all().delete()
        run.chapter_started_at = now
    if (chapter, page) != (run.chapter, run.page):
        run.chapter, run.page = chapter, page
        run.save(update_fields=["chapter", "page", "chapter_started_at"])


def _begun(run: StoryRun) -> list[Keyed]:
    started = ("started", facts.StoryStarted(user_id=run.person_id, story=run.story))
    return [(f"story:{run.pk}:{name}", event) for name, event in (started, _chapter_started(run))]


def _chapter_started(run: StoryRun) -> Keyed:
    event = facts.ChapterStarted(user_id=run.person_id, story=run.story, chapter=run.chapter)
    return f"{run.chapter}:started", event


def _decided(run: StoryRun, key: str, chosen: Choice, now: datetime) -> list[Keyed]:
    """Move the reader to where the choice leads; return what happened, in its order."""
    person_id, story, left = run.person_id, run.story, run.chapter
    seconds = max(int((now - run.chapter_started_at).total_seconds()), 0)
    happened: list[Keyed] = [
        (f"{left}:decided", facts.DecisionMade(user_id=person_id, story=story, chapter=left, choice=key)),
        (f"{left}:completed", facts.ChapterCompleted(user_id=person_id, story=story, chapter=left, seconds=seconds)),
    ]
    if chosen.ending:
        run.completed_at, run.ending = max(now, run.chapter_started_at), chosen.ending
        happened.append(("completed", facts.StoryCompleted(user_id=person_id, story=story, ending=chosen.ending)))
    else:
        run.chapter, run.page, run.chapter_started_at = chosen.to, 0, max(now, run.chapter_started_at)
        happened.append(_chapter_started(run))
    run.save(update_fields=["chapter", "page", "chapter_started_at", "completed_at", "ending"])
    keyed = [(f"story:{run.pk}:{name}", event) for name, event in happened]
    found = _secret(run, chosen.secret, now) if chosen.secret else []
    return keyed + found + (_ending(run, chosen.ending, now) if chosen.ending else [])


def _secret(run: StoryRun, key: str, now: datetime) -> list[Keyed]:
    if not _discover(run, Discovery.Kind.SECRET, key, now):
        return []
    return [(f"secret:{run.person_id}:{key}", facts.SecretFound(user_id=run.person_id, secret=key))]


def _ending(run: StoryRun, key: str, now: datetime) -> list[Keyed]:
    if not _discover(run, Discovery.Kind.ENDING, key, now):
        return []
    event = facts.EndingDiscovered(user_id=run.person_id, story=run.story, ending=key)
    return [(f"ending:{run.person_id}:{run.story}:{key}", event)]


def _discover(run: StoryRun, kind: str, key: str, now: datetime) -> bool:
    """Keep what was found and say whether it is new to the person."""
    _row, new = Discovery.objects.get_or_create(
        person_id=run.person_id, story=run.story, kind=kind, key=key, defaults={"found_at": now}
    )
    return new
