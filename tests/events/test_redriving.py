"""Redriving and discarding by command: what is chosen, what is said, who is written down, and that twice is once."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as configured
from django.core.management import CommandError, call_command

from diana import clock
from diana.audit.models import AuditRecord
from diana.events import Envelope, Permanent, Retry, retries, subscriptions
from diana.events.models import Cursor, Failure
from tests.events.conftest import Clock, Notes, Register
from tests.events.people import drain, publish_numbers


def said(*arguments: str, **options: Any) -> str:
    """Run a command and return what it printed."""
    out = io.StringIO()
    call_command(*arguments, stdout=out, **options)
    return out.getvalue()


@pytest.fixture
def dead(db: None, register: Register) -> list[Failure]:
    """Three dead letters of two subscribers, and one failure that is still tried."""

    def gives_up(envelope: Envelope) -> None:
        raise Permanent("never")

    def hopes(envelope: Envelope) -> None:
        raise Permanent("never") if envelope.event.number == 1 else Retry(after=60)

    both = [register(gives_up), register(hopes)]
    publish_numbers([1, 2])
    for subscriber in both:
        drain(subscriber)
    return list(Failure.objects.filter(status="dead").order_by("id"))


def statuses() -> list[str]:
    return sorted(Failure.objects.values_list("status", flat=True))


DONE = {"redrive": "redriven", "discard": "discarded"}


@pytest.mark.parametrize("command", DONE)
def test_it_takes_all_dead_letters_or_those_it_is_told(dead: list[Failure], command: str):
    assert statuses() == ["dead", "dead", "dead", "retrying"]
    done = DONE[command]
    assert said(command, "--reason", "mended", "--id", str(dead[0].id)) == f"{done}: 1\n"
    assert said(command, "--reason", "mended", "--subscriber", "test.gives_up") == f"{done}: 1\n"
    assert said(command, "--reason", "mended", "--type", "test.happened") == f"{done}: 1\n"
    after = Failure.objects.order_by("id").values()
    before = list(after)
    assert said(command, "--reason", "again") == f"nothing to {command}: no dead letter is chosen\n"
    assert list(after.all()) == before


@pytest.mark.parametrize("command", DONE)
def test_it_takes_what_failed_in_a_time(dead: list[Failure], command: str):
    now = clock.real_now()
    for hours, failure in zip((30, 20, 10), dead, strict=True):
        Failure.objects.filter(id=failure.id).update(failed_at=now - timedelta(hours=hours))
    since, until = (f"{now - timedelta(hours=hours):%Y-%m-%dT%H:%M}" for hours in (25, 15))
    assert said(command, "--reason", "mended", "--since", since, "--until", until) == f"{DONE[command]}: 1\n"
    assert Failure.objects.get(id=dead[1].id).status != "dead"
    assert said(command, "--reason", "m", "--until", "2020-01-01").startswith("nothing to ")
    assert said(command, "--reason", "m", "--since", "2020-01-01T00:00+03:00") == f"{DONE[command]}: 2\n"


@pytest.mark.parametrize("command", DONE)
def test_it_only_counts_in_a_dry_run(dead: list[Failure], command: str):
    assert said(command, "--reason", "mended", "--dry-run").splitlines() == [
        f"would {command} 3",
        "  test.gives_up  test.happened  2",
        "  test.hopes  test.happened  1",
    ]
    assert statuses() == ["dead", "dead", "dead", "retrying"]
    assert not AuditRecord.objects.exists()


@pytest.mark.parametrize("command", DONE)
def test_it_writes_down_who_and_why_for_each(dead: list[Failure], command: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(retries, "RECORDED_AT_ONCE", 2)
    said(command, "--reason", "mended")
    records = AuditRecord.objects.order_by("id")
    assert [r.after["failures"] for r in records] == [[d.id for d in dead[:2]], [dead[2].id]]
    assert {(r.act, r.origin, r.reason) for r in records} == {(f"{command}_deliveries", "command", "mended")}
    assert set(Failure.objects.exclude(status="retrying", resolution="").values_list("resolution", flat=True)) == {
        f"{DONE[command]}: mended"
    }


WRONG = {
    "--subscriber nobody": "There is no subscriber 'nobody': see manage.py bus_status.",
    "--type test.unknown": "There is no event type 'test.unknown': see manage.py events.",
    "--id 99": "There is no failure 99: the admin lists them.",
    "--since yesterday": "'yesterday' is no time: write it like",
    "--since 2026-02-30": "'2026-02-30' is no time",
    "--since 2026-02-02 --until 2026-02-01": "--since is not before --until",
}


@pytest.mark.django_db
@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("command", DONE)
def test_it_says_what_is_wrong_with_a_choice(command: str, wrong: str):
    with pytest.raises(CommandError) as caught:
        said(command, "--reason", "mended", *wrong.split())
    assert WRONG[wrong] in str(caught.value)


@pytest.mark.django_db
@pytest.mark.parametrize("command", DONE)
def test_it_wants_a_reason(command: str):
    with pytest.raises(CommandError, match="--reason"):
        said(command)
    with pytest.raises(CommandError, match="--reason is empty"):
        said(command, "--reason", " ")


def test_it_redrives_nothing_of_a_subscriber_that_is_gone(dead: list[Failure]):
    del subscriptions._subscribers["test.gives_up"]
    with pytest.raises(CommandError, match=r"Nobody is called test\.gives_up any more: manage\.py discard"):
        said("redrive", "--reason", "mended", "--subscriber", "test.gives_up")
    assert said("redrive", "--reason", "mended") == "redriven: 1\n"
    assert said("discard", "--reason", "gone", "--subscriber", "test.gives_up") == "discarded: 2\n"


# Fault 11: a bug in a handler


def test_f11_a_mended_handler_handles_what_was_dead_once_and_a_second_redrive_changes_nothing(
    notes: Notes, register: Register, still_clock: Clock
):
    bug = [True]

    def buggy(envelope: Envelope) -> None:
        notes.add(envelope.fields["number"])
        if bug and envelope.fields["number"] % 2:
            raise ZeroDivisionError

    subscriber = register(buggy)
    publish_numbers(range(6))
    for _ in range(configured.EVENTS_MAX_ATTEMPTS):
        drain(subscriber)
        still_clock.advance(configured.EVENTS_BACKOFF_MAX_SECONDS)
    assert (notes.all(), statuses()) == ([0, 2, 4], ["dead"] * 3)
    bug.clear()
    assert said("redrive", "--reason", "mended", "--subscriber", subscriber.name) == "redriven: 3\n"
    assert drain(subscriber) == 3
    assert (notes.all(), statuses()) == ([0, 2, 4, 1, 3, 5], ["done"] * 3)
    before = list(Failure.objects.order_by("id").values())
    assert said("redrive", "--reason", "mended", "--subscriber", subscriber.name).startswith("nothing to redrive")
    assert drain(subscriber) == 0
    assert (notes.all(), list(Failure.objects.order_by("id").values())) == ([0, 2, 4, 1, 3, 5], before)


# A thousand at once


@pytest.mark.django_db
def test_many_that_were_redriven_keep_no_other_lane_waiting(register: Register, settings: Any):
    ill, handled = [True], []

    def slow(envelope: Envelope) -> None:
        if ill:
            raise Permanent("ill")
        handled.append(envelope.fields["number"])

    subscriber = register(slow)
    publish_numbers(range(10))
    drain(subscriber)
    ill.clear()
    said("redrive", "--reason", "mended")
    settings.EVENTS_SLICE_SECONDS = 0
    assert retries.retry_due(subscriber, 3) == 1
    assert retries.open_lanes(clock.real_now()) == [(subscriber.name, 3)]
    drain(subscriber)
    assert handled == list(range(10))


@pytest.mark.django_db
def test_what_is_held_behind_nothing_any_more_is_found_by_the_relay(register: Register, still_clock: Clock):
    def fails(envelope: Envelope) -> None:
        if envelope.fields["number"] == 1:
            raise ValueError

    subscriber = register(fails, ordered=True)
    publish_numbers([1, 2])
    drain(subscriber)
    assert retries.open_lanes(clock.real_now()) == []
    # the process ended between the event and those that it held back
    Failure.objects.filter(status="retrying").update(status="done", next_attempt_at=None)
    assert retries.open_lanes(clock.real_now()) == [(subscriber.name, 3)]
    assert drain(subscriber) == 1


# What failed in an earlier life


@pytest.mark.django_db
def test_an_event_that_failed_in_an_earlier_life_of_the_subscriber_fails_anew(register: Register, still_clock: Clock):
    def fails(envelope: Envelope) -> None:
        raise ValueError("still")

    subscriber = register(fails, start="beginning")
    publish_numbers([1])
    drain(subscriber)
    Failure.objects.update(status="discarded", next_attempt_at=None)
    Cursor.objects.filter(subscriber=subscriber.name).update(position=0)
    drain(subscriber)
    assert (Failure.objects.get().status, Failure.objects.get().attempts) == ("retrying", 1)
