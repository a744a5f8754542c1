"""First steps: begun once, resumed, completed once, reminded of once."""

from datetime import timedelta

import pytest

from apps.users import consent, selectors, services, tasks
from apps.users.models import ONBOARDING_STEPS, Consent, Onboarding, Person
from diana import clock
from diana.events.models import StoredEvent
from tests.gamification.test_concurrency import at_once
from tests.users.conftest import NOW, Published

DAY = timedelta(hours=24)


def begin(person: Person) -> str:
    return services.begin_onboarding(person_id=person.pk, now=NOW)


def take(person: Person, step: str, seconds: int = 0) -> str:
    return services.take_onboarding_step(person_id=person.pk, step=step, now=NOW + timedelta(seconds=seconds))


def test_it_begins_once(person: Person, published: Published) -> None:
    assert selectors.onboarding_step(person.pk) is None
    assert (begin(person), begin(person)) == ("language", "language")
    assert published(person.pk) == [("user.onboarding_started", {})]


def test_all_steps_in_their_order_complete_it(person: Person, published: Published) -> None:
    begin(person)
    waiting = [take(person, step, seconds=n) for n, step in enumerate(ONBOARDING_STEPS, start=1)]
    assert waiting == ["timezone", "visibility", "consent", "quiz", "done"]
    steps = [("user.onboarding_step_completed", {"step": step}) for step in ONBOARDING_STEPS]
    assert published(person.pk)[1:] == [*steps, ("user.onboarding_completed", {"seconds": 5})]
    assert begin(person) == "done"


def test_a_step_taken_twice_or_out_of_turn_changes_nothing(person: Person, published: Published) -> None:
    begin(person)
    take(person, "language")
    before = published(person.pk)
    for step in ("language", "consent", "quiz", "done", "nonsense"):
        assert take(person, step) == "timezone"
    assert published(person.pk) == before


def test_who_has_not_begun_takes_no_steps(person: Person, published: Published) -> None:
    assert take(person, "language") == "done"
    assert published(person.pk) == []


def test_it_reminds_once_after_a_day(person: Person, published: Published) -> None:
    begin(person)
    take(person, "language")
    assert services.remind_onboarding(now=NOW + DAY - timedelta(seconds=1)) == 0
    assert services.remind_onboarding(now=NOW + DAY) == 1
    assert services.remind_onboarding(now=NOW + 3 * DAY) == 0
    assert published(person.pk, "user.onboarding_abandoned") == [("user.onboarding_abandoned", {"step": "timezone"})]


def test_each_step_gives_a_day_more_and_a_reminder_does_not_end_it(person: Person, published: Published) -> None:
    begin(person)
    take(person, "language", seconds=3600)
    assert services.remind_onboarding(now=NOW + DAY) == 0
    assert services.remind_onboarding(now=NOW + 2 * DAY) == 1
    take(person, "timezone", seconds=300_000)
    assert services.remind_onboarding(now=NOW + 9 * DAY) == 0


@pytest.mark.parametrize("change", [{"status": "suspended"}, {"status": "deactivated"}])
def test_only_the_active_are_reminded(person: Person, change: dict[str, str]) -> None:
    begin(person)
    Person.objects.update(**change)
    assert services.remind_onboarding(now=NOW + DAY) == 0


def test_who_is_done_or_wants_no_reminders_is_not_reminded(person: Person) -> None:
    begin(person)
    services.change_preferences(person_id=person.pk, changes={"reminders": False}, now=NOW)
    done = Person.objects.create(telegram_id=5, created_at=NOW)
    begin(done)
    for step in ONBOARDING_STEPS:
        take(done, step)
    assert services.remind_onboarding(now=NOW + DAY) == 0
    services.change_preferences(person_id=person.pk, changes={"reminders": True}, now=NOW)
    assert services.remind_onboarding(now=NOW + 2 * DAY) == 0, "passed over for good"


def test_two_tasks_at_the_same_time_remind_once(committed_db: str) -> None:
    begin(Person.objects.create(telegram_id=4242, created_at=NOW))
    told = list[int]()
    at_once(*[lambda: told.append(services.remind_onboarding(now=NOW + DAY))] * 4)
    assert sorted(told) == [0, 0, 0, 1]
    assert StoredEvent.objects.filter(type="user.onboarding_abandoned").count() == 1


def test_a_step_taken_twice_at_the_same_time_is_taken_once(committed_db: str) -> None:
    person = Person.objects.create(telegram_id=4242, created_at=NOW)
    at_once(*[lambda: begin(person)] * 3)
    at_once(*[lambda: take(person, "language")] * 3)
    types = list(StoredEvent.objects.order_by("id").values_list("type", flat=True))
    assert types == ["user.onboarding_started", "user.onboarding_step_completed"]


def test_the_task_does_a_slot_once(person: Person) -> None:
    begin(person)
    Onboarding.objects.update(moved_at=clock.now() - DAY)
    assert tasks.remind_onboarding() == 1
    assert tasks.remind_onboarding() is None
    assert tasks.pay_referrals() == 0


def test_consent_is_kept_with_its_version_once(
    person: Person, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert services.give_consent(person_id=person.pk, now=NOW) == ["privacy", "terms"]
    assert services.give_consent(person_id=person.pk, now=NOW) == []
    monkeypatch.setitem(consent.DOCUMENTS, "terms", "2027-01")
    assert services.give_consent(person_id=person.pk, now=NOW) == ["terms"]
    given = [fields for _type, fields in published(person.pk, "user.consent_given")]
    assert [(f["document"], f["document_version"]) for f in given] == [
        ("privacy", "2026-11"), ("terms", "2026-11"), ("terms", "2027-01"),
    ]  # fmt: skip
    assert Consent.objects.filter(person=person, given_at=NOW).count() == 3


def test_boards_are_told_how_somebody_wants_to_be_seen(person: Person, published: Published) -> None:
    assert services.set_visibility(person_id=person.pk, mode="alias", now=NOW)
    assert not services.set_visibility(person_id=person.pk, mode="alias", now=NOW)
    assert selectors.visibility(person.pk) == "alias"
    assert published(person.pk) == [("user.visibility_changed", {"mode": "alias"})]
    with pytest.raises(services.UnknownVisibility, match="choose one"):
        services.set_visibility(person_id=person.pk, mode="famous", now=NOW)
