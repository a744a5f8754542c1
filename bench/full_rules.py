"""All default rules and achievements at once: through Diana's workers, and the very same rows by plain set-based SQL.

The rows that Diana has written are laid out in a database of their own, in the batches in which they could be written;
then two connections write them: same tables, triggers and constraints. Nothing is decided there, all answers are known.
"""

import json
import sys
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from django.db import connection, transaction

from bench import world

SUBSCRIBER = "gamification.award_points"
BATCH = 500
LANES = 16
FIRST_PERSON = 30_000_000

# What thirty acts of a community are, by the names of their types. Not /daily: it is answered, which is no row.
_MESSAGE = ("game.message_sent", {"chat": 1, "length": 12})
_MIX: Sequence[tuple[str, dict[str, Any]]] = (
    ("user.active_day", {"local_date": "{day}"}),
    ("game.login", {}),
    ("game.action_performed", {"action": "quiz", "reference": "a-{n}", "value": 1}),
    _MESSAGE,
    _MESSAGE,
    _MESSAGE,
    ("game.trivia_completed", {"question": "q-{n}", "correct": True, "milliseconds": 6_000}),
    _MESSAGE,
    ("game.community_participation", {"kind": "reaction", "chat": 1}),
    ("narrative.story_started", {"story": "s-{n}"}),
    ("narrative.decision_made", {"story": "s-{n}", "chapter": "1", "choice": "a"}),
    ("narrative.chapter_completed", {"story": "s-{n}", "chapter": "1", "seconds": 90}),
    _MESSAGE,
    ("game.trivia_completed", {"question": "p-{n}", "correct": False, "milliseconds": 6_000}),
    _MESSAGE,
    ("game.challenge_completed", {"challenge": "c-{n}", "score": 3}),
    _MESSAGE,
    ("game.community_participation", {"kind": "join", "chat": 1}),
    _MESSAGE,
    ("user.tutorial_step_completed", {"step": "daily"}),
    _MESSAGE,
    ("game.trivia_completed", {"question": "r-{n}", "correct": True, "milliseconds": 9_000}),
    ("narrative.secret_found", {"secret": "x-{n}"}),
    _MESSAGE,
    _MESSAGE,
    ("user.onboarding_completed", {"seconds": 60}),
    _MESSAGE,
    ("vip.granted", {"grant": 1, "source": "gift", "until": "{later}"}),
    _MESSAGE,
    ("narrative.ending_discovered", {"story": "s-{n}", "ending": "e-{n}"}),
)


def measure(url: str, count: int, people: int = 5_000) -> dict[str, float]:
    """Return events per second of both, the statements of a batch, and how many rows were written.

    `url` leads, as the superuser, to an empty released database `raw_full` of the same cluster.
    """
    persons = _add_people(people)
    _open_accounts(persons)
    start, entries_before = _newest(), _number("SELECT coalesce(max(id), 0) FROM gamification_entry")
    inputs = _publish(persons, count)
    world.wait_until_at_rest(300)
    seconds = _seconds(start, inputs, entries_before)
    with psycopg.connect(url, autocommit=True) as raw:
        _lay_out(raw, persons, start, entries_before)
    raw_seconds = _write_raw(url)
    with psycopg.connect(url) as raw:
        _compare(raw, start, entries_before)
    return {
        "full_rules_per_second": round(count / seconds),
        "full_rules_raw_per_second": round(count / raw_seconds),
        "full_rules_to_raw": round(raw_seconds / seconds, 2),
        "full_rules_entries": _number("SELECT count(*) FROM gamification_entry WHERE id > %s", entries_before),
        "full_rules_unlocks": _number("SELECT count(*) FROM gamification_unlock"),
    }


def _add_people(number: int) -> list[int]:
    from apps.users.models import Person
    from diana import clock

    made = Person.objects.bulk_create(
        [Person(telegram_id=FIRST_PERSON + n, created_at=clock.now()) for n in range(number)], batch_size=2_000
    )
    return [person.pk for person in made]


def _open_accounts(persons: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO gamification_account (person_id) SELECT unnest(%s::bigint[])", [persons])
        cursor.execute("INSERT INTO gamification_progress (account_id) SELECT unnest(%s::bigint[])", [persons])


def _publish(persons: list[int], count: int) -> int:
    """Write the mix into the log in one commit, the people taking turns; return the position of the last event."""
    from diana.events import Publication, publish_many
    from diana.events.catalogue import event_class

    now = datetime.now(UTC)
    with transaction.atomic():
        for start in range(0, count, 5_000):
            publish_many(
                [
                    Publication(
                        event=event_class(kind)(user_id=persons[n % len(persons)], **_filled(fields, n, kind, now)),
                        occurred_at=now + timedelta(milliseconds=n),
                    )
                    for n in range(start, min(count, start + 5_000))
                    for kind, fields in [_MIX[(n // len(persons) + n) % len(_MIX)]]
                ]
            )
        return _number("SELECT max(id) FROM event_log")


def _filled(fields: dict[str, Any], number: int, kind: str, now: datetime) -> dict[str, Any]:
    """Return the fields of one act; nobody plays the same question or chapter twice."""
    words = {"n": number, "day": now.date().isoformat(), "later": (now + timedelta(days=30)).isoformat()}
    filled = {name: value.format(**words) if isinstance(value, str) else value for name, value in fields.items()}
    return filled | ({"content_digest": f"{number:032x}"} if kind == "game.message_sent" else {})


def _newest() -> int:
    return _number("SELECT coalesce(max(id), 0) FROM event_log")


def _number(query: str, *parameters: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return int(cursor.fetchone()[0])


def _seconds(start: int, inputs: int, entries_before: int) -> float:
    """Return the seconds from the commit of the inputs to that of the last entry."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM (SELECT max(pg_xact_commit_timestamp(xmin)) FROM gamification_entry WHERE id > %s)"
            " - (SELECT pg_xact_commit_timestamp(xmin) FROM event_log WHERE id = %s))::float",
            [entries_before, inputs],
        )
        return float(cursor.fetchone()[0])


# How the rows travel to the other database: a query here, a table there, and the columns of both.
_HANDLED = """
SELECT event_id, lane, (row_number() OVER (PARTITION BY lane ORDER BY id) - 1) / {batch} AS batch, user_id AS account_id
FROM event_log WHERE id > {start} AND type = ANY('{{{types}}}') AND user_id = ANY('{{{persons}}}')
"""
_TABLES = ("gamification_entry", "gamification_unlock", "gamification_boardrow", "gamification_boardperson")


def _lay_out(raw: psycopg.Connection, persons: list[int], start: int, entries_before: int) -> None:
    """Bring people, empty accounts and all rows that Diana wrote into the other database, in batches."""
    from apps.gamification.handlers import AWARDED_TYPES

    mine = ",".join(map(str, persons))
    handled = _HANDLED.format(batch=BATCH, start=start, types=",".join(AWARDED_TYPES), persons=mine)
    raw.execute("CREATE UNLOGGED TABLE handled (event_id uuid PRIMARY KEY, lane int, batch int, account_id bigint)")
    _copy(raw, handled, "handled")
    _copy(raw, f"SELECT * FROM users_person WHERE id = ANY('{{{mine}}}')", "users_person")
    raw.execute("INSERT INTO gamification_account (person_id) SELECT id FROM users_person")
    raw.execute("INSERT INTO gamification_progress (account_id) SELECT id FROM users_person")
    outcomes = f"SELECT * FROM event_log WHERE id > {start} AND causation_id IN (SELECT event_id FROM ({handled}) h)"
    _stage(raw, outcomes, "event_log", "staged_outcome")
    for table in _TABLES:
        column = "id" if table == "gamification_entry" else "account_id"
        lowest = f"id > {entries_before} AND " if table == "gamification_entry" else ""
        account = "account_id" if column == "id" else column
        query = f"SELECT * FROM {table} WHERE {lowest}{account} = ANY('{{{mine}}}')"
        _stage(raw, query, table, table.replace("gamification_", "staged_"))
    documents = f"SELECT account_id, document::text FROM gamification_progress WHERE account_id = ANY('{{{mine}}}')"
    raw.execute("CREATE UNLOGGED TABLE staged_document (account_id bigint PRIMARY KEY, document text)")
    _copy(raw, documents, "staged_document")
    raw.execute("CREATE INDEX ON handled (lane, batch)")
    for table, column in (("outcome", "causation_id"), ("entry", "event_id"), ("unlock", "event_id")):
        raw.execute(f"CREATE INDEX ON staged_{table} ({column})")
    raw.execute("CREATE INDEX ON staged_boardrow (account_id)")
    raw.execute("CREATE INDEX ON staged_boardperson (account_id)")
    # The event of an unlock is an outcome: the unlock is written with what caused that.
    raw.execute("ANALYZE")


def _stage(raw: psycopg.Connection, query: str, like: str, table: str) -> None:
    raw.execute(f"CREATE UNLOGGED TABLE {table} (LIKE {like})")
    _copy(raw, query, table)


def _copy(raw: psycopg.Connection, query: str, table: str) -> None:
    """Pipe the rows of a query from Diana's database into a table of the other."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM ({query}) q LIMIT 0")
        columns = ", ".join(column.name for column in cursor.description)
        out = cursor.copy(f"COPY ({query}) TO STDOUT")
        into = raw.cursor().copy(f"COPY {table} ({columns}) FROM STDIN")
        with out as source, into as sink:
            for data in source:
                sink.write(data)


_LOCK = """
SELECT count(*) FROM (SELECT FROM gamification_progress WHERE account_id IN (
    SELECT account_id FROM handled WHERE lane = %(lane)s AND batch = %(batch)s) ORDER BY account_id FOR NO KEY UPDATE) l
"""
_ENTRIES = """
INSERT INTO gamification_entry ({columns}) SELECT {columns} FROM staged_entry s
WHERE event_id IN (SELECT event_id FROM handled WHERE lane = %(lane)s AND batch = %(batch)s) ORDER BY id
"""
_DOCUMENTS = """
UPDATE gamification_progress p SET document = s.document::json FROM staged_document s
WHERE p.account_id = s.account_id AND s.account_id IN (
    SELECT account_id FROM handled WHERE lane = %(lane)s AND batch = %(batch)s)
"""
_UNLOCKS = """
INSERT INTO gamification_unlock ({columns}) SELECT {columns} FROM staged_unlock WHERE event_id IN (
    SELECT o.event_id FROM staged_outcome o JOIN handled h ON h.event_id = o.causation_id
    WHERE h.lane = %(lane)s AND h.batch = %(batch)s)
"""
_LOOKS = """
INSERT INTO gamification_boardperson SELECT * FROM staged_boardperson WHERE account_id IN (
    SELECT account_id FROM handled WHERE lane = %(lane)s AND batch = %(batch)s) ORDER BY account_id
ON CONFLICT (account_id) DO UPDATE SET shown = excluded.shown, alias = excluded.alias, vip_until = excluded.vip_until,
    archetype = excluded.archetype
"""
# The rows of points are the trigger's, in both.
_SCORES = """
INSERT INTO gamification_boardrow SELECT * FROM staged_boardrow WHERE board > 4 AND account_id IN (
    SELECT account_id FROM handled WHERE lane = %(lane)s AND batch = %(batch)s) ORDER BY account_id, board
ON CONFLICT (account_id, board, period) DO UPDATE SET score = excluded.score, reached_at = excluded.reached_at
"""
_OUTCOMES = """
INSERT INTO event_log ({columns}) SELECT {columns} FROM staged_outcome WHERE causation_id IN (
    SELECT event_id FROM handled WHERE lane = %(lane)s AND batch = %(batch)s) ORDER BY id
"""
_MOVE = """
UPDATE event_cursor SET position = position + 1, handled = handled + %(count)s, moved_at = now()
WHERE subscriber = 'gamification.award_points' AND lane = %(lane)s
"""


def _write_raw(url: str) -> float:
    """Write all rows on two connections, each with half of the lanes; return the seconds it took."""
    with psycopg.connect(url) as raw:
        batches = raw.execute("SELECT lane, batch, count(*) FROM handled GROUP BY 1, 2 ORDER BY 2, 1").fetchall()
        statements = [
            _ENTRIES.format(columns=_columns(raw, "gamification_entry")),
            _DOCUMENTS,
            _UNLOCKS.format(columns=_columns(raw, "gamification_unlock")),
            _LOOKS,
            _SCORES,
            # New ids, as they come.
            _OUTCOMES.format(columns=_columns(raw, "event_log", without=("id",))),
            _MOVE,
        ]
    started = time.monotonic()
    halves = [
        threading.Thread(target=_work, args=(url, [b for b in batches if b[0] % 2 == half], statements))
        for half in (0, 1)
    ]
    for half in halves:
        half.start()
    for half in halves:
        half.join()
    return time.monotonic() - started


def _columns(raw: psycopg.Connection, table: str, without: Sequence[str] = ()) -> str:
    names = raw.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
        " AND attname <> ALL(%s) ORDER BY attnum",
        [table, list(without)],
    ).fetchall()
    return ", ".join(name for (name,) in names)


def _work(url: str, batches: Sequence[tuple[int, int, int]], statements: Sequence[str]) -> None:
    with psycopg.connect(url, autocommit=True, prepare_threshold=1) as raw:
        for lane, batch, count in batches:
            which = {"lane": lane, "batch": batch, "count": count}
            with raw.transaction():
                raw.execute(_LOCK, which)
                for statement in statements:
                    raw.execute(statement, which)


def _compare(raw: psycopg.Connection, start: int, entries_before: int) -> None:
    """End the benchmark if plain SQL did not write the same rows."""
    for query, expected in (
        ("SELECT count(*), sum(amount) FROM gamification_entry", ("entry", entries_before)),
        ("SELECT count(*) FROM event_log", None),
    ):
        found = raw.execute(query).fetchone()
        staged = "staged_entry" if expected else "staged_outcome"
        wanted = raw.execute(query.replace("gamification_entry", staged).replace("event_log", staged)).fetchone()
        if found != wanted:
            raise SystemExit(f"plain SQL wrote {found} instead of {wanted} ({query})")


def main() -> None:
    """Measure this alone, with workers and relay."""
    from diana.local.supervise import Stack

    here = world.instance()
    world.fresh_start(here)
    with Stack(here, procfile=world.without_watchers(here), report=lambda what, seconds: None):
        world.set_up_django(here)
        world.add_database(here, "raw_full")
        assert here.postgres is not None
        print(json.dumps(measure(here.postgres.admin_url("raw_full"), int(sys.argv[1]) if sys.argv[1:] else 40_000)))


if __name__ == "__main__":
    main()
