"""The planted bugs: each patches the code at the start of a process. The code itself has no such places.

Everything that this names inside the application stands in this file: whoever renames it there is told here. A bug has
a scenario that is directed at it; without the bug that scenario ends clean.
"""

import functools
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import connection

from torture.ground import Ground, replace

Plant = Callable[[Ground], None]


@dataclass(frozen=True)
class Bug:
    """A bug, the scenario that must find it, and as what: anything else that is wrong does not count."""

    name: str
    scenario: str
    finds: tuple[str, ...]
    plant: Plant

    @property
    def meaning(self) -> str:
        """What is wrong with the code now."""
        return (self.plant.__doc__ or "").strip().rstrip(".")


BUGS: dict[str, Bug] = {}


def bug(scenario: str, *finds: str) -> Callable[[Plant], Plant]:
    """Register a bug under its function's name."""

    def register(plant: Plant) -> Plant:
        BUGS[plant.__name__] = Bug(plant.__name__, scenario, finds, plant)
        return plant

    return register


def _around_handle(act: Callable[[Any, Any, Callable[[Any], None]], None]) -> None:
    """Put something around what every subscriber goes through."""
    from diana.events.subscriptions import Subscriber

    original = Subscriber.handle

    @functools.wraps(original)
    def handle(self: Subscriber, envelopes: Any) -> None:
        act(self, envelopes, functools.partial(original, self))

    replace(Subscriber, "handle", handle)


def _commit_now() -> None:
    """Commit what the transaction has done so far, behind Django's back."""
    connection.connection.commit()


def _as_superuser(ground: Ground, *statements: str) -> None:
    with psycopg.connect(ground.url, autocommit=True) as admin:
        for statement in statements:
            admin.execute(statement)


def _bound(ground: Ground, expression: str) -> None:
    """Have the log's bound be something else."""
    _as_superuser(
        ground,
        "CREATE OR REPLACE FUNCTION event_log_bound(own boolean DEFAULT false) RETURNS bigint LANGUAGE sql AS"
        f" $$ SELECT {expression} $$",
    )


@bug("deaths", "lost")
def early_position_move(ground: Ground) -> None:
    """The cursor is moved and committed before the effects."""
    from diana.events.lanes import lane_of

    def act(subscriber: Any, envelopes: Any, handle: Callable[[Any], None]) -> None:
        by_lane = {lane_of(envelope.key): envelope.position for envelope in envelopes}
        with connection.cursor() as cursor:
            for lane, position in by_lane.items():
                cursor.execute(
                    "UPDATE event_cursor SET position = %s WHERE subscriber = %s AND lane = %s",
                    [position, subscriber.name, lane],
                )
        _commit_now()
        handle(envelopes)

    _around_handle(act)


@bug("deaths", "lost")
def effect_outside_the_transaction(ground: Ground) -> None:
    """Entries are committed by themselves, before the account's state and the cursor."""
    from apps.gamification import storing

    original = storing.write_entries

    def write_entries(drafts: Any) -> list[int]:
        ids = original(drafts)
        _commit_now()
        return ids

    replace(storing, "write_entries", write_entries)


@bug("open_publishers", "lost")
def no_fence(ground: Ground) -> None:
    """Ids are read up to the last one given out, whoever is still open below."""
    _bound(ground, "last_value FROM event_log_id_seq")


@bug("open_publishers", "lost")
def bound_is_max_id(ground: Ground) -> None:
    """Ids are read up to the highest one that is visible."""
    _bound(ground, "coalesce(max(id), 1) FROM event_log")


@bug("long_transaction", "lost")
def bound_is_xmin(ground: Ground) -> None:
    """Events are read up to the oldest transaction that is open anywhere."""
    _bound(
        ground,
        "coalesce((SELECT min(id) - 1 FROM event_log WHERE xmin::text::bigint >="
        " pg_snapshot_xmin(pg_current_snapshot())::text::bigint % 4294967296), (SELECT last_value FROM event_log_id_seq))",
    )


@bug("senders", "doubled", "phantom")
def no_idempotency_key(ground: Ground) -> None:
    """Publishing again under a known key writes another event."""
    from diana.events import publishing

    replace(publishing, "_claim_keys", lambda publications, envelopes: {})


@bug("senders", "doubled", "phantom")
def retry_with_a_new_id(ground: Ground) -> None:
    """An act that is tried again gets keys of its own."""
    from apps.bot.turns import Turn

    replace(Turn, "key_prefix", property(lambda turn: f"update:{turn.update}:{uuid.uuid4()}"))
