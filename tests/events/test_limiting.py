"""Limits of publishing: who may publish how much, and what is said to those who publish more."""

import os
import time
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from config import settings as shipped
from diana.events import Publication, RateLimited, checks, limiting, publish, publish_many
from diana.events.models import EventKey, StoredEvent
from tests.events.declared import Happened
from tests.events.people import ANNA, BORIS


@pytest.fixture(autouse=True)
def limits(settings: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, str]]:
    """Low limits for one source, counted from nothing."""
    settings.EVENTS_RATE_LIMITS = {"program": {"person": "2/hour", "source": "5/hour"}}
    monkeypatch.setattr(limiting, "_limiters", {})
    monkeypatch.setattr(limiting, "counts", limiting.Counter())
    return settings.EVENTS_RATE_LIMITS


def publish_for(user_id: int | None, times: int = 1, source: str | None = "program") -> None:
    with transaction.atomic():
        publish_many([Publication(event=Happened(user_id=user_id), source=source) for _ in range(times)])


def logged() -> int:
    return StoredEvent.objects.filter(type="test.happened").count()


@pytest.mark.django_db
def test_it_refuses_what_is_over_the_limit_of_a_person_and_says_when_to_come_back():
    publish_for(ANNA, 2)
    with pytest.raises(
        RateLimited, match=r"^program publishes more than EVENTS_RATE_LIMITS allows: try again"
    ) as caught:
        publish_for(ANNA)
    assert 3590 < caught.value.after <= 3600
    publish_for(BORIS)
    assert (logged(), limiting.counts) == (3, {("program", "refused"): 1})


@pytest.mark.django_db
def test_it_refuses_what_is_over_the_limit_of_the_source():
    for user_id in range(1, 6):
        publish_for(user_id)
    with pytest.raises(RateLimited):
        publish_for(6)


@pytest.mark.django_db
def test_it_counts_what_concerns_nobody_for_the_source_alone():
    publish_for(None, 5)
    with pytest.raises(RateLimited):
        publish_for(None)


@pytest.mark.django_db
def test_it_writes_nothing_of_what_it_refuses():
    with pytest.raises(RateLimited):
        publish_for(ANNA, 3)
    assert logged() == 0


@pytest.mark.django_db
def test_it_claims_no_idempotency_key_for_what_it_refuses():
    publish_for(ANNA, 2)
    with transaction.atomic(), pytest.raises(RateLimited):
        publish(Happened(user_id=ANNA), source="program", idempotency_key="k")
    assert not EventKey.objects.filter(key="k").exists()


@pytest.mark.django_db
def test_it_takes_nothing_from_the_others_for_a_person_over_the_limit():
    publish_for(ANNA, 2)
    for _ in range(10):
        with pytest.raises(RateLimited):
            publish_for(ANNA)
    for user_id in range(1, 4):
        publish_for(user_id)


@pytest.mark.django_db
def test_it_never_limits_what_names_no_source():
    publish_for(ANNA, 50, source=None)
    assert logged() == 50


@pytest.mark.django_db
def test_it_lets_a_person_go_on_in_the_next_window(limits: dict[str, dict[str, str]]):
    limits["program"] = {"person": "1/second"}
    publish_for(ANNA)
    with pytest.raises(RateLimited) as caught:
        publish_for(ANNA)
    time.sleep(caught.value.after + 0.01)
    publish_for(ANNA)


@pytest.mark.django_db
def test_it_does_not_know_a_source_that_has_no_limits():
    with pytest.raises(limiting.UnknownSource, match=r"^another: .* add one, or correct the name\.$"):
        publish_for(ANNA, source="another")


def test_it_counts_anew_in_a_forked_process():
    assert [limiting.ask("program", ANNA) for _ in range(2)] == [0, 0]
    child = os.fork()
    if not child:
        os._exit(0 if limiting.ask("program", ANNA) == 0 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert limiting.ask("program", ANNA) > 0


@pytest.mark.django_db
def test_publish_event_says_that_it_was_refused():
    command = ("publish_event", "test.happened", "--user", str(ANNA), "--source", "program")
    for _ in range(2):
        call_command(*command)
    with pytest.raises(CommandError, match="try again after 3600 s"):
        call_command(*command)
    with pytest.raises(CommandError, match="EVENTS_RATE_LIMITS"):
        call_command("publish_event", "test.happened", "--source", "another")


@pytest.mark.parametrize(
    "wrong", [{"person": "many"}, {"source": "5/fortnight"}, {"over": "drop"}, {"persons": "5/second"}], ids=str
)
def test_the_checks_find_limits_that_make_no_sense(limits: dict[str, dict[str, str]], wrong: dict[str, str]):
    assert checks.check_rate_limits() == []
    limits["program"] = wrong
    [found] = checks.check_rate_limits()
    assert (found.id, "'program'" in found.msg) == ("events.E010", True)


# The limits that stand in the settings are for storms, not for people.


def test_the_limits_of_telegram_let_ordinary_loads_through(settings: Any):
    settings.EVENTS_RATE_LIMITS = shipped.EVENTS_RATE_LIMITS
    limits = limiting.limits_of("telegram")
    # 200 updates a second over 1,000 people, and 50 a second over 40, each for a minute
    assert not any(limiting._ask(limits.person, "telegram", str(number % 1000)) for number in range(12_000))
    assert not any(limiting._ask(limits.person, "telegram", str(5000 + number % 40)) for number in range(3_000))
    assert limits.source
    assert limits.source.events / limits.source.seconds >= 1000
