"""What came of each posting: what stands in the database, and what the sandbox was called for."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from apps.bot.models import Unreadable, Update
from apps.gamification.models import Entry
from apps.payments.models import Payment
from apps.users.models import Person
from diana.events.models import StoredEvent
from diana.sandbox.recording import Call
from fuzz.postings import FIRST_UPDATE
from fuzz.worlds import FIRST, SIZE

ACTS = ("game.message_sent", "game.community_participation", "game.daily_login")
COMES = "user.active_day"
RULES = ("message_sent", "community_participation", "group_joined", "daily_login")
FOR_COMING = "login"


@dataclass
class Seen:
    """What came of one posting."""

    kept: bool = False
    handled: bool = False
    failed: bool = False
    set_aside: bool = False
    people: dict[int, str] = field(default_factory=dict)
    events: list[str] = field(default_factory=list)
    paid: list[str] = field(default_factory=list)
    charges: int = 0
    calls: list[Call] = field(default_factory=list)


@dataclass
class Observed:
    """What came of all postings, by the numbers of their worlds; `strangers` are people of no world."""

    worlds: defaultdict[int, Seen] = field(default_factory=lambda: defaultdict(Seen))
    strangers: list[int] = field(default_factory=list)


def observe(calls: Iterable[Call]) -> Observed:
    """Read the database and sort it and the calls by worlds."""
    found = Observed()
    _updates(found)
    worlds_of_people = _people(found)
    told = StoredEvent.objects.filter(type__in=(*ACTS, COMES)).values_list("type", "user_id").order_by("id")
    for type_, person in told:
        _of(found, worlds_of_people, person).events.append(type_)
    paid = Entry.objects.filter(rule__in=(*RULES, FOR_COMING), amount__gt=0).values_list("rule", "account_id")
    for rule, person in paid:
        _of(found, worlds_of_people, person).paid.append(rule)
    for (charge,) in Payment.objects.values_list("charge"):
        number = charge.rpartition("-")[2]
        if number.isdigit():
            found.worlds[int(number)].charges += 1
    for call in calls:
        called = _world_of_call(call.parameters)
        if called is not None:
            found.worlds[called].calls.append(call)
    return found


def _updates(found: Observed) -> None:
    rows = Update.objects.values_list("update_id", "handled_at", "failed_at")
    for update_id, handled_at, failed_at in rows:
        seen = found.worlds[update_id - FIRST_UPDATE]
        seen.kept, seen.handled, seen.failed = True, handled_at is not None, failed_at is not None
    # Another body under a known id is kept, too, and says nothing of the first one.
    for (unreadable,) in Unreadable.objects.exclude(reason=Unreadable.Reason.CONFLICT).values_list("update_id"):
        if unreadable is not None:
            found.worlds[unreadable - FIRST_UPDATE].set_aside = True


def _people(found: Observed) -> dict[int, int]:
    """Note the people and return the worlds of them, by our ids."""
    worlds = {}
    for person, telegram_id, name in Person.objects.values_list("id", "telegram_id", "first_name"):
        world = world_of(telegram_id or 0)
        if world is None:
            found.strangers.append(telegram_id or 0)
        else:
            worlds[person] = world
            found.worlds[world].people[telegram_id or 0] = name
    return worlds


def _of(found: Observed, worlds: dict[int, int], person: int | None) -> Seen:
    return found.worlds[worlds[person]] if person in worlds else Seen()


def world_of(telegram_id: int) -> int | None:
    """Return the number of the world in which a person or chat stands, None for none."""
    return (abs(telegram_id) - FIRST) // SIZE if abs(telegram_id) >= FIRST else None


def _world_of_call(parameters: dict[str, Any]) -> int | None:
    if isinstance(chat := parameters.get("chat_id"), int):
        return world_of(chat)
    query = str(parameters.get("callback_query_id", ""))
    return world_of(int(query)) if query.isdigit() else None
