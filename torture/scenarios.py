"""Short scenarios, each directed at what some planted bugs break. Without a bug every one of them must end clean."""

import functools
import random
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psycopg
from django.db import transaction

from torture import updates
from torture.ground import Ground, die_sending, install_accidents, install_meanwhile, replace
from torture.model import Kind, Operation, Outcome

Scenario = Callable[[Ground], None]
POINTS = "gamification.award_points"
LINES = ("good morning", "/daily", "how is everybody", "well", "/help", "see you", "and again", "/points")


def conversation(ground: Ground, person: int, *, copies: float = 0.2, lines: tuple[str, ...] = LINES) -> None:
    """Let a person say their lines, some of them delivered twice."""
    for line in lines:
        kind = Kind.DAILY if line == "/daily" else Kind.SCREEN if line.startswith("/") else Kind.MESSAGE
        ground.say(person, line, kind=kind, copies=2 if ground.chance.random() < copies else 1)


def deaths(ground: Ground) -> None:
    """Workers and senders die at every place; people go on."""
    install_accidents()
    with_people(ground, 8, lambda person: conversation(ground, person, copies=0.3, lines=LINES[:5]))


def senders(ground: Ground) -> None:
    """Senders die when they have done what was asked and not written down that it is done."""
    from apps.bot import services

    original, chance = services.finish_updates, random.Random(9)

    def finish(**given: object) -> None:
        if chance.random() < 0.4:
            die_sending()
        original(**given)  # type: ignore[arg-type]

    replace(services, "finish_updates", finish)
    with_people(ground, 6, lambda person: conversation(ground, person, copies=0, lines=LINES[:3]))


def with_people(ground: Ground, count: int, act: Callable[[int], None]) -> None:
    """Let so many people act, a few at a time."""
    ground.all_at_once(*(lambda person=person: act(person) for person in range(count)))


def edits(ground: Ground) -> None:
    """People write and correct what they wrote."""

    def act(person: int) -> None:
        for text in LINES[:1] + LINES[2:4]:
            ground.say(person, text)
            ground.say(person, text + "!", kind=Kind.EDIT)

    with_people(ground, 4, act)


def open_publisher(ground: Ground) -> None:
    """An update is taken in by a transaction that stays open while a later one of the same lane is handled."""
    from apps.bot import incoming, services
    from diana import clock

    with_people(ground, 20, lambda person: ground.say(person, "hello"))
    handle_all_but_points()
    for first, second in _in_one_lane(ground)[:3]:
        update = updates.message(10_000 + first, first, updates.group(0), "late")
        with transaction.atomic():
            body = updates.encode(update)
            services.receive_update(incoming=incoming.decode(body), body=body, now=clock.now())
            ground.all_at_once(functools.partial(_overtake, ground, second - updates.FIRST_PERSON))
        origin, said_at = str(update["update_id"]), update["message"]["date"]
        ground.keep(Operation(first, Kind.MESSAGE, origin, Outcome.OK, said_at))


def _in_one_lane(ground: Ground) -> list[tuple[int, int]]:
    """Return pairs of people whose events go the same way."""
    from apps.users.models import Person
    from diana.events.lanes import lane_of

    lanes: dict[int, list[int]] = {}
    telegram_id: Any
    for telegram_id, pk in Person.objects.order_by("pk").values_list("telegram_id", "pk"):
        lanes.setdefault(lane_of(str(pk)), []).append(telegram_id)
    return [(people[0], people[1]) for people in lanes.values() if len(people) > 1]


def _overtake(ground: Ground, person: int) -> None:
    ground.say(person, "early")
    handle_all_but_points()


def handle_all_but_points() -> None:
    """Handle what there is, one after the other, and leave the points for later."""
    from diana.events import subscriptions
    from diana.events.testing import drain

    drain(*(s.name for s in subscriptions.subscribers() if s.name != POINTS))


def bursts(ground: Ground) -> None:
    """Much of everybody waits when the points begin to be worked on."""
    with_people(ground, 4, lambda person: conversation(ground, person, copies=0, lines=LINES[:6]))
    handle_all_but_points()


def retried(ground: Ground) -> None:
    """A third of the events cannot be handled at first."""
    from diana.events import Retry, subscriptions

    award = subscriptions.subscriber(POINTS)
    original, refused, chance = award.function, set[int](), random.Random(4)

    def unwilling(envelopes: list[object]) -> None:
        for envelope in envelopes:
            position = envelope.position  # type: ignore[attr-defined]  # an Envelope
            if position not in refused and position % 3 == 0:
                if len(envelopes) == 1:
                    refused.add(position)
                raise Retry("not now", after=chance.uniform(0.05, 0.2))
        original(envelopes)

    award.function = unwilling
    with_people(ground, 4, lambda person: conversation(ground, person, copies=0, lines=LINES[:6]))


def close_together(ground: Ground) -> None:
    """A second message comes in when the first was read already; nobody else looks after what was not woken."""
    from apps.users.models import Person

    answered = set[int]()

    def second(envelope: Any) -> None:
        if envelope.type == "bot.message_received" and envelope.user_id not in answered:
            answered.add(envelope.user_id)
            who: Any = Person.objects.values_list("telegram_id", flat=True).get(pk=envelope.user_id)
            ground.say(who - updates.FIRST_PERSON, "two")

    install_meanwhile(second)
    with_people(ground, 12, lambda person: ground.say(person, "one"))


def lost_wakes(ground: Ground) -> None:
    """Half of the wake-ups never arrive."""
    ground.loses_wakes = 0.5
    with_people(ground, 4, lambda person: conversation(ground, person, lines=LINES[:4]))


def long_transaction(ground: Ground) -> None:
    """Somebody elsewhere has written something and does not commit until all is judged."""
    elsewhere = psycopg.connect(ground.url)
    elsewhere.execute("CREATE TABLE elsewhere (n int)")
    with_people(ground, 4, lambda person: conversation(ground, person, lines=LINES[:4]))
    ground.kept_open = elsewhere


def cut_sessions(ground: Ground) -> None:
    """The webhook loses its session before it can commit."""
    from apps.bot import services
    from diana.events import publishing

    chance = random.Random(6)

    def publish(*given: Any, **named: Any) -> Any:
        from django.db import connection

        result = publishing.publish(*given, **named)
        if chance.random() < 0.3:
            with psycopg.connect(ground.url, autocommit=True) as admin:
                admin.execute("SELECT pg_terminate_backend(%s, 1000)", [connection.connection.info.backend_pid])
        return result

    replace(services, "publish", publish)
    with_people(ground, 4, lambda person: conversation(ground, person, copies=0))


def two_codes(ground: Ground) -> None:
    """For a while the points are in the hands of older code, which does not know messages."""
    from diana.events import cursors, subscriptions
    from diana.events.testing import drain

    award = subscriptions.subscriber(POINTS)
    known = award.types
    with_people(ground, 4, lambda person: conversation(ground, person, copies=0, lines=LINES[:4]))
    handle_all_but_points()
    award.__dict__["types"] = tuple(t for t in known if t != "game.message_sent")
    award.__dict__.pop("fingerprint", None)
    with suppress(cursors.UnknownCursor):
        drain(award.name)
    award.__dict__["types"] = known
    award.__dict__.pop("fingerprint", None)


def staff_at_once(ground: Ground) -> None:
    """Staff give points to people while they earn some."""
    from apps.gamification import services as points
    from apps.users.models import Person
    from diana import audit, clock

    with_people(ground, 4, lambda person: conversation(ground, person, copies=0, lines=LINES[:1]))
    people = dict(Person.objects.values_list("telegram_id", "pk"))

    def give(person: int, number: int) -> None:
        who = updates.FIRST_PERSON + person
        key = f"gift-{person}-{number}"
        for _ in range(20):
            try:
                points.award(
                    person_id=people[who],
                    amount=7,
                    reason="gift",
                    key=key,
                    actor=audit.Actor.command(),
                    now=clock.now(),
                )
                ground.keep(Operation(who, Kind.AWARD, key, Outcome.OK, amount=7))
                return
            except Exception:
                time.sleep(0.02)

    def staff() -> None:
        for number in range(12):
            for person in range(4):
                give(person, number)

    ground.all_at_once(
        staff, *(lambda p=p: conversation(ground, p, copies=0, lines=("a", "b", "c", "d") * 3) for p in range(4))
    )


SCENARIOS: dict[str, Scenario] = {
    scenario.__name__: scenario
    for scenario in (
        deaths,
        senders,
        edits,
        open_publisher,
        bursts,
        retried,
        close_together,
        lost_wakes,
        long_transaction,
        cut_sessions,
        two_codes,
        staff_at_once,
    )
}
# These have no relay: what they ask is whether wake-ups alone suffice.
WITHOUT_RELAY = {"close_together"}
# These do their own work first; tasks are carried only afterwards.
QUIET = {"two_codes", "open_publisher", "bursts"}
