"""Points for an act that no update of the person led to are told by verify_ledger --origins."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from apps.bot.events import DailyLogin, UpdateReceived
from apps.gamification.models import Entry
from diana.events import publish
from diana.events.causes import caused_by
from diana.events.testing import drain
from tests.gamification.acts import person

FORGE = """
INSERT INTO event_log (event_id, type, version, lane, key, user_id, occurred_at, utc_offset_minutes, correlation_id,
    causation_id, payload)
SELECT gen_random_uuid(), type, version, lane, key, user_id, occurred_at + interval '1 day', 0, {correlation}, {causation},
    '{{"local_date": "2026-03-12"}}'
FROM event_log WHERE type = 'game.daily_login'
"""
STRANGER = "(SELECT event_id FROM event_log WHERE type = 'bot.update_received' AND user_id <> {})"
FORGERIES = {
    "out of nothing": ("gen_random_uuid()", "NULL"),
    "by a cause that is not there": ("correlation_id", "gen_random_uuid()"),
    "by somebody else's update": (STRANGER, STRANGER),
}


def run() -> str:
    out = StringIO()
    try:
        call_command("verify_ledger", "--origins", stdout=out)
    except SystemExit as ended:
        out.write(f"status {ended.code}")
    return out.getvalue()


@pytest.mark.django_db
@pytest.mark.parametrize("forgery", FORGERIES)
def test_points_for_a_forged_act_are_told(forgery: str) -> None:
    somebody, other = person(), person()
    for user_id in (somebody, other):
        update = publish(UpdateReceived(user_id=user_id, update=user_id, kind="message"))
    with caused_by(publish(UpdateReceived(user_id=somebody, update=-1, kind="message"))):
        publish(DailyLogin(user_id=somebody, local_date="2026-03-11"))
    assert update.user_id == other
    drain("gamification.award_points")
    assert "status 1" not in run(), "an update led to it"
    with connection.cursor() as cursor:
        correlation, causation = (text.format(somebody) for text in FORGERIES[forgery])
        cursor.execute(FORGE.format(correlation=correlation, causation=causation))
    drain("gamification.award_points")
    forged = Entry.objects.latest("id")
    assert forged.amount > 0
    told = run()
    assert f"person {somebody}, entry {forged.pk}: origin: game.daily_login" in told
    assert "status 1" in told
