"""All default rules and achievements at once: through Diana's workers, and the very same rows by plain set-based SQL.

How plain SQL does it stands in same_rows.py.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from django.db import connection, transaction

from bench import arguments, same_rows, world

SUBSCRIBER = "gamification.award_points"
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
    (
        "game.trivia_completed",
        {"question": "q-{n}", "correct": True, "milliseconds": 6_000, "shortest_milliseconds": 1_000},
    ),
    _MESSAGE,
    ("game.community_participation", {"kind": "reaction", "chat": 1}),
    ("narrative.story_started", {"story": "s-{n}"}),
    ("narrative.decision_made", {"story": "s-{n}", "chapter": "1", "choice": "a"}),
    ("narrative.chapter_completed", {"story": "s-{n}", "chapter": "1", "seconds": 90}),
    _MESSAGE,
    (
        "game.trivia_completed",
        {"question": "p-{n}", "correct": False, "milliseconds": 6_000, "shortest_milliseconds": 1_000},
    ),
    _MESSAGE,
    ("game.challenge_completed", {"challenge": "c-{n}", "score": 3}),
    _MESSAGE,
    ("game.community_participation", {"kind": "join", "chat": 1}),
    _MESSAGE,
    ("user.tutorial_step_completed", {"step": "daily"}),
    _MESSAGE,
    (
        "game.trivia_completed",
        {"question": "r-{n}", "correct": True, "milliseconds": 9_000, "shortest_milliseconds": 1_000},
    ),
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
    """Return events per second of both, their ratio, and how many entries and unlocks there were.

    `url` leads, as the superuser, to an empty released database `raw_full` of the same cluster.
    """
    persons = world.add_people(people, first=FIRST_PERSON)
    _open_accounts(persons)
    start, entries_before = _newest(), _number("SELECT coalesce(max(id), 0) FROM gamification_entry")
    inputs = _publish(persons, count)
    world.wait_until_at_rest(300)
    seconds = _seconds(start, inputs, entries_before)
    with psycopg.connect(url, autocommit=True) as raw:
        same_rows.lay_out(raw, persons, start, entries_before)
    raw_seconds = same_rows.write(url)
    with psycopg.connect(url) as raw:
        same_rows.compare(raw)
    return {
        "full_rules_per_second": round(count / seconds),
        "full_rules_raw_per_second": round(count / raw_seconds),
        "full_rules_to_raw": round(raw_seconds / seconds, 2),
        "full_rules_entries": _number("SELECT count(*) FROM gamification_entry WHERE id > %s", entries_before),
        "full_rules_unlocks": _number("SELECT count(*) FROM gamification_unlock"),
    }


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


def main() -> None:
    """Measure this alone, with workers and relay."""
    from diana.local.supervise import Stack

    acts = arguments.one_number("bench.full_rules", __doc__, "ACTS", 40_000)
    here = world.instance()
    world.fresh_start(here)
    with Stack(here, procfile=world.without_watchers(here), report=lambda what, seconds: None):
        world.set_up_django(here)
        world.add_database(here, "raw_full")
        assert here.postgres is not None
        print(json.dumps(measure(here.postgres.admin_url("raw_full"), acts)))


if __name__ == "__main__":
    main()
