"""The planted bugs: each patches the code at the start of a process. The code itself has no such places.

Everything that this names inside the application stands in this file: whoever renames it there is told here. A bug has
a scenario that is directed at it; without the bug that scenario ends clean.
"""

import functools
import random
import sys
import threading
import time
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


@bug("open_publisher", "lost")
def no_fence(ground: Ground) -> None:
    """Ids are read up to the last one given out, whoever is still open below."""
    _bound(ground, "last_value FROM event_log_id_seq")


@bug("open_publisher", "lost")
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


@bug("deaths", "doubled", "phantom")
def no_dedupe_of_updates(ground: Ground) -> None:
    """An update that is delivered again is another update."""
    from apps.bot import services

    original, numbers = services._insert_update, random.Random(8)

    def insert(incoming: Any, *more: Any) -> int | None:
        found = original(incoming, *more)
        return found or original(incoming._replace(update_id=numbers.randrange(2**50)), *more)

    replace(services, "_insert_update", insert)


@bug("bursts", "out_of_order")
def shuffled_batches(ground: Ground) -> None:
    """A batch is handled in any order."""

    def act(subscriber: Any, envelopes: Any, handle: Callable[[Any], None]) -> None:
        mixed = list(envelopes)
        random.shuffle(mixed)
        handle(mixed)

    _around_handle(act)


@bug("retried", "out_of_order")
def not_ordered(ground: Ground) -> None:
    """A failing event does not hold back the later ones of its person."""
    from diana.events import subscriptions

    subscriptions.subscriber("gamification.award_points").ordered = False


@bug("retried", "lost")
def failures_skipped(ground: Ground) -> None:
    """A failed event is passed over without a row that remembers it."""
    from diana.events import retries

    replace(retries, "store_outcome", lambda *given: None)


@bug("close_together", "lost")
def flag_lowered_after_the_read(ground: Ground) -> None:
    """The wake-up flag is deleted when the events have been read already."""
    from diana.events import wakeups

    original = wakeups.client

    late = threading.local()

    class Late:
        def __init__(self, client: Any) -> None:
            self._client = client

        def __getattr__(self, name: str) -> Any:
            return getattr(self._client, name)

        def delete(self, *keys: str) -> int:
            late.keys = [*getattr(late, "keys", ()), *keys]
            return len(keys)

        def mget(self, keys: list[str]) -> Any:
            if waiting := late.__dict__.pop("keys", None):
                self._client.delete(*waiting)
            return self._client.mget(keys)

    replace(wakeups, "client", lambda: Late(original()))


@bug("lost_wakes", "lost")
def no_relay(ground: Ground) -> None:
    """Nobody looks for lanes that were not woken."""
    from diana.events.relay import Relay

    replace(Relay, "pass_once", lambda self: None)


@bug("senders", "lost")
def delivery_removed_before_it_was_made(ground: Ground) -> None:
    """What has to go out is crossed off before it goes."""
    from diana.events import subscriptions
    from diana.events.loop import in_thread
    from diana.events.models import Delivery

    def first(subscriber: Any, function: Callable[..., Any]) -> Callable[..., Any]:
        async def call(envelope: Any) -> None:
            rows = Delivery.objects.filter(subscriber=subscriber.name, position=envelope.position)
            await in_thread(rows.delete)
            await function(envelope)

        return call

    for subscriber in subscriptions.subscribers():
        if subscriber.external:
            subscriber.function = first(subscriber, subscriber.function)


@bug("deaths", "uncaused")
def second_calls_unsaid(ground: Ground) -> None:
    """A delivery that its sender has lost is made again without a word."""
    from diana.events import delivery_claims

    replace(delivery_claims, "note_second", lambda *given: None)


@bug("staff_at_once", "mismatches")
def balance_read_then_written(ground: Ground) -> None:
    """The balance is read, raised and written without a lock, and no wall of the database stands."""
    from apps.gamification import loading, storing

    original = storing.write_entries
    _as_superuser(
        ground,
        "ALTER TABLE gamification_entry DISABLE TRIGGER gamification_entry_posts",
        "ALTER TABLE gamification_entry DROP CONSTRAINT gamification_entry_sequence_once",
        "GRANT UPDATE ON gamification_account TO diana_app",
    )
    replace(loading, "_LOCK", loading._LOCK.replace("FOR NO KEY UPDATE", ""))

    def write_entries(drafts: Any) -> list[int]:
        ids = original(drafts)
        time.sleep(0.02)
        with connection.cursor() as cursor:
            for draft in drafts:
                cursor.execute(
                    "UPDATE gamification_account SET balance = %s, lifetime = %s, sequence = %s, hash = %s"
                    " WHERE person_id = %s",
                    [draft.balance_after, draft.lifetime_after, draft.sequence, draft.hash, draft.account],
                )
        return ids

    replace(storing, "write_entries", write_entries)


@bug("two_codes", "lost")
def fingerprint_unchecked(ground: Ground) -> None:
    """Code that knows other types may move a cursor."""
    from diana.events.subscriptions import Subscriber

    replace(Subscriber, "fingerprint", "any")
    _as_superuser(ground, "UPDATE event_cursor SET fingerprint = 'any'")


@bug("cut_sessions", "lost")
def yes_without_a_commit(ground: Ground) -> None:
    """The webhook says yes although the database did not take the update."""
    from apps.bot import webhook

    original = webhook._answer
    replace(webhook, "_answer", lambda status: original(200 if status == 503 else status))


@bug("bursts", "lost", "out_of_order")
def lane_of_a_person_changes(ground: Ground) -> None:
    """The lane of an event is not a function of its key: as with Python's own hash in two processes."""
    from diana.events import lanes

    def lane_of(key: str) -> int:
        return random.randrange(lanes.LANES)

    for name, module in list(sys.modules.items()):
        if name.startswith(("diana.events", "apps.")) and hasattr(module, "lane_of"):
            replace(module, "lane_of", lane_of)


@bug("edits", "phantom")
def edits_earn(ground: Ground) -> None:
    """A corrected message counts as another one."""
    from apps.bot import intake

    original = intake.handle

    def handle(update: Any, body: bytes, **more: Any) -> Any:
        wrong = body.replace(b'"edited_message"', b'"message"')
        return original(intake.read(wrong), wrong, **more)

    replace(intake, "handle", handle)
