"""The last days: somebody goes, somebody has gone, and at the very end there is work that nobody has done yet."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from playing import talk
from world import END, Calendar, actor, come_by, person, sender, telegram_id

from apps.bot.models import Notice
from apps.gamification import services as game
from apps.users.models import Person
from diana import clock
from diana.events import deferring, limiting
from diana.events.drain import drain_lane
from diana.events.lanes import lane_of
from diana.events.locks import lane_lock
from diana.events.models import Delivery, Failure
from diana.events.subscriptions import subscriber
from diana.events.testing import drain
from diana.sandbox.running import Sandbox
from tests.bot.updates import answer, say
from tests.flows import test_a_life as life
from tests.flows.test_people import join

UPDATES = "bot.handle_update"


def ask_to_be_forgotten(sandbox: Sandbox, number: int) -> None:
    """Let somebody join, earn something, and ask to be erased: seven days later that is done."""
    who = sender(number)
    join(who)
    say("/daily", sender=who)
    drain()
    say("/deleteme", sender=who)
    drain()
    assert life.push(sandbox, who, "yes")
    drain()


def leave_unfinished_work(sandbox: Sandbox, calendar: Calendar) -> None:
    """Let things happen that only the next version will finish."""
    come_by(21, 22, 23, 24, 25, 26, 30)
    fail_for_good(sandbox)
    say("/trivia", sender=sender(5))
    drain()
    earn_a_level()
    leave_unsealed()
    calendar.go_to(END)
    lose_an_answer_to_an_outage(sandbox)
    with deferring_after(3):
        talk(25, 6)
        drain("bot.take_messages", "gamification.award_points")
    assert deferring.waiting() == {"telegram": 3}, deferring.waiting()
    die_before_sending()
    say("/help", sender=sender(24))


def fail_for_good(sandbox: Sandbox) -> None:
    """Have Telegram refuse two answers, one to a command and one that follows from an award: dead letters."""
    for number, command in ((21, "/help"), (22, "/daily")):
        sandbox.behave(chat=telegram_id(number), fail_next=[{"status": 400, "description": "Bad Request: a refusal"}])
        say(command, sender=sender(number))
        drain()
    sandbox.behave_well()
    dead = Failure.objects.filter(status="dead").order_by("id").values_list("subscriber", flat=True)
    assert list(dead) == [UPDATES, "bot.answer_daily"], dead


def earn_a_level() -> None:
    """Give somebody a level, of which they are to be told ten minutes later."""
    game.award(
        person_id=person(26),
        amount=500,
        reason="A prize.",
        actor=actor("moderator"),
        key="prize-26",
        now=clock.now(),
    )
    drain()
    assert Notice.objects.filter(person_id=person(26), outcome=None).exists()


def leave_unsealed() -> None:
    """Let a few things be earned after the last seal."""
    for number in (1, 2):
        say("/daily", sender=sender(number))
    drain()


def lose_an_answer_to_an_outage(sandbox: Sandbox) -> None:
    """Ask while Telegram is away: the answer waits for another attempt."""
    sandbox.behave(chat=telegram_id(23), fail_next=[{"status": 502, "description": "Bad Gateway"}] * 5)
    say("/profile", sender=sender(23))
    answer()
    assert Delivery.objects.get().attempts > 0


@contextmanager
def deferring_after(events: int) -> Iterator[None]:
    """Let through so many events a minute of one person, and defer the others."""
    before: dict[str, Any] = settings.EVENTS_RATE_LIMITS
    limit = {"person": f"{events}/minute", "source": "1000/second", "over": "defer"}
    settings.EVENTS_RATE_LIMITS = before | {"telegram": limit}
    # as in a process that has just started
    limiting._limiters = {}
    try:
        yield
    finally:
        settings.EVENTS_RATE_LIMITS = before


def die_before_sending() -> None:
    """Claim an answer as a process does that ends before it calls Telegram."""
    say("/profile", sender=sender(30))
    key = str(person(30))
    with lane_lock(UPDATES, lane_of(key)) as held:
        assert held
        drained = drain_lane(subscriber(UPDATES), lane_of(key))
    assert len(drained.claims) == 1
    assert Delivery.objects.count() == 2


def check_departures() -> None:
    """Say that one person has gone and another one is going."""
    statuses = Counter(Person.objects.values_list("status", flat=True))
    assert (statuses["erased"], statuses["deletion_requested"], statuses["suspended"]) == (1, 1, 1), statuses
