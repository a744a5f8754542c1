"""The tutorial: steps in any order, each once."""

from datetime import timedelta

import pytest
from pytest_django.fixtures import DjangoAssertNumQueries

from apps.users import selectors, services
from apps.users.models import TUTORIAL_STEPS, Person
from diana.events.models import StoredEvent
from tests.gamification.test_concurrency import at_once
from tests.users.conftest import NOW, Published


def begin(person: Person) -> bool:
    return services.begin_tutorial(person_id=person.pk, now=NOW)


def take(person: Person, step: str) -> bool:
    return services.take_tutorial_step(person_id=person.pk, step=step, now=NOW + timedelta(minutes=1))


def test_four_steps_in_any_order_complete_it(person: Person, published: Published) -> None:
    assert begin(person)
    assert not begin(person)
    for step in ("board", "story", "daily", "achievement"):
        assert take(person, step)
        assert not take(person, step)
    assert [type_ for type_, _ in published(person.pk)] == [
        "user.tutorial_started", *["user.tutorial_step_completed"] * 4, "user.tutorial_completed",
    ]  # fmt: skip
    assert published(person.pk)[-1][1] == {"seconds": 60}
    assert selectors.tutorial_standing(person.pk).next_step is None


def test_who_has_not_begun_it_pays_one_query(person: Person, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        assert not take(person, "daily")
    assert selectors.tutorial_standing(person.pk).next_step == "daily"


def test_it_is_skipped_and_goes_on_when_asked_for(person: Person, published: Published) -> None:
    begin(person)
    take(person, "daily")
    assert services.skip_tutorial(person_id=person.pk, step="story", now=NOW)
    assert not services.skip_tutorial(person_id=person.pk, step="story", now=NOW)
    assert selectors.tutorial_standing(person.pk).skipped
    assert not take(person, "story")
    assert not begin(person)
    assert take(person, "story")
    assert published(person.pk, "user.tutorial_skipped") == [("user.tutorial_skipped", {"step": "story"})]


def test_what_is_no_step_is_refused_or_does_nothing(person: Person) -> None:
    begin(person)
    with pytest.raises(ValueError, match="use one of daily, story, board, achievement"):
        take(person, "dance")
    assert not services.skip_tutorial(person_id=person.pk, step="dance", now=NOW)


def test_a_completed_one_cannot_be_skipped(person: Person) -> None:
    begin(person)
    for step in TUTORIAL_STEPS:
        take(person, step)
    assert not services.skip_tutorial(person_id=person.pk, step="story", now=NOW)


def test_steps_at_the_same_time_count_once_and_complete_once(committed_db: str) -> None:
    person = Person.objects.create(telegram_id=4242, created_at=NOW)
    begin(person)
    at_once(*[lambda s=s: take(person, s) for s in (*TUTORIAL_STEPS, *TUTORIAL_STEPS)])
    assert StoredEvent.objects.filter(type="user.tutorial_step_completed").count() == 4
    assert StoredEvent.objects.filter(type="user.tutorial_completed").count() == 1
