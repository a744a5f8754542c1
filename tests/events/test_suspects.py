"""Suspects: an event that ends its process ends as a dead letter, and nobody else is charged."""

import os
import subprocess
import sys

import pytest
from django.conf import settings as configured
from django.db import OperationalError

from diana.events import Envelope, cursors
from diana.events.models import Cursor, Failure, StoredEvent
from diana.events.subscriptions import Subscriber
from tests.events.conftest import Notes, Register
from tests.events.people import LANE, drain, publish_numbers

# When to try again


class Killed(BaseException):
    """Stands for the end of the process: nothing catches it."""


class Killer:
    """A handler that ends the process at one number and notes the others."""

    __name__ = "killer"

    def __init__(self, notes: Notes) -> None:
        self.notes, self.kills = notes, 0

    def __call__(self, envelope: Envelope) -> None:
        if envelope.fields["number"] == 3:
            self.kills += 1
            raise Killed
        self.notes.add(envelope.fields["number"])


def make_suspect(subscriber: Subscriber) -> None:
    """Do what the relay does after a lane stood still on trial."""
    cursors.begin_trials(subscriber, [LANE])
    position = Cursor.objects.get(subscriber=subscriber.name, lane=LANE).position
    cursors.suspect(subscriber, LANE, position, events=100)


def drain_dying(subscriber: Subscriber, times: int) -> None:
    for _ in range(times):
        try:
            drain(subscriber)
        except Killed:
            continue


def test_it_ends_as_a_dead_letter_what_ends_its_process_three_times(notes: Notes, register: Register):
    handler = Killer(notes)
    subscriber = register(handler)
    publish_numbers(range(6))
    make_suspect(subscriber)
    drain_dying(subscriber, 4)
    failure = Failure.objects.get()
    assert (notes.all(), handler.kills) == ([0, 1, 2, 4, 5], 3)
    assert (failure.status, failure.attempts) == ("dead", 3)
    assert StoredEvent.objects.filter(type="system.delivery_dead").count() == 1


def test_it_trusts_the_lane_again_once_the_suspects_are_behind_it(notes: Notes, register: Register):
    subscriber = register(Killer(notes))
    publish_numbers(range(6))
    make_suspect(subscriber)
    drain_dying(subscriber, 4)
    publish_numbers([7])
    drain(subscriber)
    cursor = Cursor.objects.get(subscriber=subscriber.name, lane=LANE)
    assert (cursor.suspect_until, cursor.suspect_position, cursor.suspect_attempts) == (None, None, 0)


def test_it_would_die_for_ever_if_the_attempt_were_not_committed_first(
    notes: Notes, register: Register, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(cursors, "note_attempt", lambda *_: 1)
    handler = Killer(notes)
    subscriber = register(handler)
    publish_numbers(range(6))
    make_suspect(subscriber)
    drain_dying(subscriber, 8)
    assert (notes.all(), handler.kills) == ([0, 1, 2], 8)


def test_it_charges_no_suspect_with_what_passes(notes: Notes, register: Register):
    reasons: list[Exception] = [OperationalError("away")] * 6

    def unlucky(envelope: Envelope) -> None:
        if reasons:
            raise reasons.pop()
        notes.add(envelope.fields["number"])

    subscriber = register(unlucky)
    publish_numbers(range(3))
    make_suspect(subscriber)
    for _ in range(6):
        with pytest.raises(OperationalError):
            drain(subscriber)
    drain(subscriber)
    assert notes.all() == [0, 1, 2]
    assert not Failure.objects.exists()


def test_it_would_never_get_past_it_in_a_lane_that_nobody_suspects(notes: Notes, register: Register):
    handler = Killer(notes)
    subscriber = register(handler)
    publish_numbers(range(6))
    drain_dying(subscriber, 8)
    assert (notes.all(), handler.kills) == ([], 8)


DYING = """
import os, django
django.setup()
from django.db import connection
from diana.events import subscribe
from diana.events.subscriptions import subscriber
from tests.events.people import drain

@subscribe("test.happened", name="test.dying")
def dying(envelope):
    if envelope.fields["number"] == 1:
        os._exit(9)

for _ in range(4):
    child = os.fork()
    if not child:
        drain(subscriber("test.dying"))
        connection.close()
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_it_survives_real_processes_that_end_during_an_attempt(committed_db: str, register: Register):
    subscriber = register(Killer(Notes()), name="test.dying")
    publish_numbers(range(3))
    make_suspect(subscriber)
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": configured.SETTINGS_MODULE}
    ended = subprocess.run(
        [sys.executable, "-c", DYING], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    assert ended.stdout.split() == ["9", "9", "9", "0"]
    assert Failure.objects.get().status == "dead"
    assert Cursor.objects.get(subscriber=subscriber.name, lane=LANE).handled == 2
