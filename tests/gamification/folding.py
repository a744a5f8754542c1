"""`python -m tests.gamification.folding`: award what the log holds in a process of its own, replay it, print what came of it.

Whatever a process has of its own (the seed of its hashes, above all) must not show in the result.
"""

import hashlib
import os
import sys

STATE = """
SELECT (SELECT array_agg(e::text ORDER BY e.account_id, e.sequence) FROM (
    SELECT account_id, sequence, amount, balance_after, lifetime_after, kind, rule, rule_version, base, multipliers, note,
        occurred_at FROM gamification_entry) e)::text
    || (SELECT array_agg(p::text ORDER BY p.account_id) FROM (
    SELECT account_id, document::jsonb - 'position' FROM gamification_progress) p)::text
    || (SELECT array_agg(b::text ORDER BY b.account_id, b.board, b.period) FROM gamification_boardrow b)::text
    || coalesce((SELECT array_agg(p::text ORDER BY p.account_id) FROM gamification_boardperson p)::text, '')
"""


def state() -> str:
    """Return all that the subscriber has made of the log, but the ids that are given out by chance."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(STATE)
        return str(cursor.fetchone()[0])


def main() -> None:
    """Award, replay, print a digest of the state and the new effects of the replay."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    from diana.events import replay, subscriptions, testing

    if "--replay-only" not in sys.argv:
        testing.drain("gamification.award_points")
    before = state()
    replayed = replay.replay(subscriptions.subscriber("gamification.award_points"))
    assert state() == before
    print(hashlib.sha256(before.encode()).hexdigest(), replayed.handled, replayed.new_effects)  # noqa: T201


if __name__ == "__main__":
    main()
