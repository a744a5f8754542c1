"""How long one message takes: from the POST to the entry's commit and to the bot's answer."""

from typing import Any, NamedTuple

from django.db import connection

from bench.load import UPDATES_OF_A_LOAD, Crowd, Load
from bench.world import percentiles, wait_until_at_rest
from diana.sandbox.client import SandboxClient

# Each by a scan of its own: a log that has grown in seconds has no statistics to plan a join by.
_UPDATES = "SELECT event_id, update_id FROM bot_update WHERE update_id >= %s AND update_id < %s"
_ACTS = """
SELECT event_id, correlation_id, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float FROM event_log
WHERE type = 'game.message_sent' AND id > %s
"""
_ENTRIES = """
SELECT event_id, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float FROM gamification_entry
WHERE rule = 'message_sent' AND id > %s
"""


def warm_up(port: int, secret: str, crowd: Crowd) -> None:
    """Open everybody's account and have every process see an update."""
    Load(port, secret, crowd).run(max(3.0, crowd.people / crowd.rate))
    wait_until_at_rest()


def measure(port: int, secret: str, sandbox_url: str, crowd: Crowd, *, seconds: float) -> dict[str, dict[str, float]]:
    """Return the percentiles in milliseconds under the crowd's load; raises AssertionError if anything was lost."""
    load = Load(port, secret, crowd)
    with SandboxClient(sandbox_url) as sandbox:
        before = max((call.sequence for call in sandbox.calls()), default=0)
        marks = _marks()
        load.run(seconds)
        wait_until_at_rest()
        rows = _commits(crowd, marks)
        calls = sandbox.calls(method="sendMessage", after=before)
    assert set(load.statuses) == {200}, set(load.statuses)
    assert len(calls) == load.commands, f"{len(calls)} answers to {load.commands} commands"
    messages = len(load.posted) - load.commands
    assert len(rows) == messages, f"{len(rows)} entries of {messages} messages"
    return {
        "post_ms": percentiles([answered - load.posted[update] for update, answered in load.answered.items()]),
        "post_to_entry_ms": percentiles([entry - load.posted[update] for update, _, entry in rows]),
        "commit_to_entry_ms": percentiles([entry - event for _, event, entry in rows]),
        "post_to_answer_ms": percentiles(_answer_seconds(load, calls)),
    }


def _answer_seconds(load: Load, calls: list[Any]) -> list[float]:
    """Pair each person's commands with the answers they got, in order."""
    asked: dict[int, list[float]] = {}
    for update, posted in sorted(load.posted.items()):
        number = update - load.crowd.first_update
        if load.crowd.is_command(number):
            asked.setdefault(load.crowd.person(number), []).append(posted)
    return [call.received_at - asked[call.chat].pop(0) for call in calls]


class _Marks(NamedTuple):
    """Where log and ledger ended before the load."""

    event: int
    entry: int


def _marks() -> _Marks:
    with connection.cursor() as cursor:
        cursor.execute("SELECT (SELECT max(id) FROM event_log), (SELECT max(id) FROM gamification_entry)")
        event, entry = cursor.fetchone()
        return _Marks(event or 0, entry or 0)


def _commits(crowd: Crowd, marks: _Marks) -> list[tuple[int, float, float]]:
    """Return for each message its update id and when its event and its entry were committed."""
    with connection.cursor() as cursor:
        cursor.execute(_UPDATES, [crowd.first_update, crowd.first_update + UPDATES_OF_A_LOAD])
        updates = dict(cursor.fetchall())
        cursor.execute(_ENTRIES, [marks.entry])
        entries = dict(cursor.fetchall())
        cursor.execute(_ACTS, [marks.event])
        acts = cursor.fetchall()
    return [(updates[c], at, entries[e]) for e, c, at in acts if c in updates and e in entries]
