"""Finds entries for acts of people that no update of theirs led to: who writes into the log forges an event out of nothing.

An event that somebody forges together with the update that it follows on is not told from a true one.
"""

from django.db import connection

from apps.gamification.proof.verifying import snapshot
from apps.gamification.verify import Fault, Report

# What people do: published where one of their updates is handled, and nowhere else. Other events may begin by the clock,
# by staff or by a payment.
ACTS = (
    "game.challenge_completed",
    "game.community_participation",
    "game.daily_login",
    "game.login",
    "game.message_sent",
    "game.trivia_completed",
    "narrative.chapter_completed",
    "narrative.decision_made",
    "narrative.ending_discovered",
    "narrative.secret_found",
    "narrative.story_completed",
    "user.onboarding_completed",
    "user.personality_detected",
    "user.tutorial_completed",
    "user.tutorial_step_completed",
)

_QUERY = """
SELECT e.account_id, e.id, coalesce(l.type, 'an event') || CASE
    WHEN l.id IS NULL THEN ' that is not in the log'
    WHEN l.user_id IS DISTINCT FROM e.account_id THEN ' of somebody else'
    WHEN c.id IS NULL OR r.id IS NULL THEN ' that no update led to'
    ELSE ' that an update of somebody else led to' END
FROM gamification_entry e
LEFT JOIN event_log l ON l.event_id = e.event_id
LEFT JOIN event_log c ON c.event_id = l.causation_id AND c.id < l.id AND c.correlation_id = l.correlation_id
LEFT JOIN event_log r ON r.event_id = l.correlation_id AND r.type IN ('bot.update_received', 'bot.message_received')
WHERE e.event_id IS NOT NULL AND (
    l.id IS NULL OR l.user_id IS DISTINCT FROM e.account_id
    OR l.type = ANY(%s) AND (c.id IS NULL OR r.id IS NULL OR r.user_id IS DISTINCT FROM e.account_id))
ORDER BY e.id
"""


def check_origins(report: Report) -> None:
    """Report the entries without an origin; reads the whole ledger and its events, each by an index."""
    with snapshot(), connection.chunked_cursor() as cursor:
        cursor.execute(_QUERY, [list(ACTS)])
        for account, entry, found in cursor:
            report.add(Fault(account, entry, "origin", found))
