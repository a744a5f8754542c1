"""The same rows by plain set-based SQL: what PostgreSQL could do if nothing but it took part.

Same tables, triggers, constraints and outcome events, in a loop on two connections, each with half of the lanes.
It decides nothing: it knows that every message earns five points. Each batch has a person at most once.
"""

import threading
import time

import psycopg

from bench.world import add_people, database, publish_messages

BATCH = 500
LANES = 16

TEMPORARY = """
CREATE TEMPORARY TABLE batch (
    id bigint, event_id uuid, person bigint, occurred_at timestamptz, correlation_id uuid, entry bigint, sequence bigint,
    balance bigint, lifetime bigint, key text, previous_hash bytea, hash bytea, document text
) ON COMMIT DELETE ROWS
"""
CURSOR = "SELECT position FROM event_cursor WHERE subscriber = 'gamification.award_points' AND lane = %s FOR UPDATE"
READ = """
INSERT INTO batch
SELECT e.id, e.event_id, e.user_id, e.occurred_at, e.correlation_id, nextval('gamification_entry_id_seq'),
    a.sequence + 1, a.balance + 5, a.lifetime + 5, replace(e.event_id::text, '-', '') || ':message_sent', a.hash, NULL,
    json_build_object('position', e.id, 'swept', w.day,
        'hours', json_build_object('message_sent', json_build_object(w.hour,
            coalesce((p.document #>> ARRAY['hours', 'message_sent', w.hour::text])::int, 0) + 1)),
        'capped', json_build_object(w.day, coalesce((p.document #>> ARRAY['capped', w.day::text])::int, 0) + 5))
FROM (
    SELECT * FROM event_log WHERE lane = %(lane)s AND id > %(after)s AND type = 'game.message_sent'
    ORDER BY id LIMIT %(limit)s
) e
JOIN gamification_account a ON a.person_id = e.user_id
JOIN (SELECT * FROM gamification_progress) p ON p.account_id = e.user_id
CROSS JOIN LATERAL (SELECT (extract(epoch FROM e.occurred_at) / 3600)::bigint AS hour,
    (extract(epoch FROM e.occurred_at) / 86400)::bigint AS day) w
"""
LOCK = (
    "SELECT count(*) FROM (SELECT 1 FROM gamification_progress JOIN batch ON person = account_id FOR NO KEY UPDATE) l"
)
ENTRIES = """
INSERT INTO gamification_entry (id, account_id, sequence, amount, balance_after, lifetime_after, kind, rule, rule_version,
    base, multipliers, note, event_id, idempotency_key, reverses, actor, reason_hash, occurred_at, previous_hash, hash)
SELECT entry, person, sequence, 5, balance, lifetime, 'award', 'message_sent', 1, 5, '', '', event_id, key, NULL, NULL,
    NULL, occurred_at, previous_hash, gamification_entry_hash(person, sequence, 5, balance, lifetime, 'award',
    'message_sent', 1, 5, '', '', event_id, key, NULL, NULL, NULL, occurred_at, previous_hash)
FROM batch
"""
PROGRESS = "UPDATE gamification_progress SET document = b.document::json FROM batch b WHERE account_id = b.person"
OUTCOMES = """
INSERT INTO event_log (event_id, type, version, lane, key, user_id, occurred_at, utc_offset_minutes, correlation_id,
    causation_id, payload)
SELECT uuidv7(), 'game.points_awarded', 1, %(lane)s, person::text, person, occurred_at, 0, correlation_id,
    event_id, json_build_object('entry', entry, 'amount', 5, 'balance', balance, 'rule', 'message_sent', 'rule_version', 1)
FROM batch ORDER BY id
"""
MOVE = """
UPDATE event_cursor SET position = (SELECT max(id) FROM batch), handled = handled + (SELECT count(*) FROM batch),
    moved_at = now() WHERE subscriber = 'gamification.award_points' AND lane = %s RETURNING handled
"""


def measure(url: str, count: int) -> float:
    """Return messages per second, from the first statement to the last commit; `url` leads to the database `raw`."""
    with database("raw"):
        people = add_people()
        publish_messages(people, count)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("INSERT INTO gamification_account (person_id) SELECT id FROM users_person")
        connection.execute("INSERT INTO gamification_progress (account_id) SELECT id FROM users_person")
    started = time.monotonic()
    halves = [threading.Thread(target=_work, args=(url, range(half, LANES, 2))) for half in (0, 1)]
    for half in halves:
        half.start()
    for half in halves:
        half.join()
    seconds = time.monotonic() - started
    with psycopg.connect(url) as connection:
        entries = connection.execute("SELECT count(*) FROM gamification_entry").fetchone()
        outcomes = connection.execute("SELECT count(*) FROM event_log WHERE type = 'game.points_awarded'").fetchone()
    assert entries == outcomes == (count,), f"{entries} entries and {outcomes} events instead of {count}"
    return count / seconds


def _work(url: str, lanes: range) -> None:
    """Take batches of each lane in turn until none has anything left."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(TEMPORARY)
        left = list(lanes)
        while left:
            left = [lane for lane in left if _batch(connection, lane)]


def _batch(connection: psycopg.Connection, lane: int) -> bool:
    """Handle one batch in one transaction; return whether there was anything."""
    with connection.transaction():
        position = connection.execute(CURSOR, (lane,)).fetchone()
        assert position is not None
        read = connection.execute(READ, {"lane": lane, "after": position[0], "limit": BATCH}).rowcount
        if not read:
            return False
        connection.execute(LOCK)
        connection.execute(ENTRIES)
        connection.execute(PROGRESS)
        connection.execute(OUTCOMES, {"lane": lane})
        connection.execute(MOVE, (lane,))
    return True
