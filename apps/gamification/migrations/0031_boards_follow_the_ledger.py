"""Has entries move the rows of boards, and fills these with what there is."""

from pathlib import Path

from django.db import migrations

from diana.privileges import restrict_application

SQL = Path(__file__).with_name("sql")

# Points from the ledger; streaks and VIP from the states. As many days as apps.gamification.boards.scope.KEPT_DAYS.
FILL = """
INSERT INTO gamification_boardperson (account_id, shown, alias, vip_until, archetype)
    SELECT account_id, true, false,
        timestamptz 'epoch' + (document ->> 'vip_until')::bigint * interval '1 microsecond', ''
    FROM gamification_progress WHERE (document ->> 'vip_until')::bigint > 0;
INSERT INTO gamification_boardrow (account_id, board, period, score, reached_at, shown, vip_until, archetype)
    SELECT r.account_id, r.board, r.period, r.score, r.reached_at, true, p.vip_until, ''
    FROM gamification_recount_boards((now() AT TIME ZONE 'UTC')::date - 100) r
    LEFT JOIN gamification_boardperson p ON p.account_id = r.account_id;
INSERT INTO gamification_boardrow (account_id, board, period, score, reached_at, shown, vip_until, archetype)
    SELECT g.account_id, 5, DATE '1970-01-01', (g.document ->> 'streak_days')::bigint,
        timestamptz 'epoch' + (g.document ->> 'streak_day')::int * interval '1 day', true, p.vip_until, ''
    FROM gamification_progress g LEFT JOIN gamification_boardperson p ON p.account_id = g.account_id
    WHERE (g.document ->> 'streak_days')::bigint > 0;
"""

DROP = """
DROP TRIGGER gamification_entry_scores ON gamification_entry;
DROP TRIGGER gamification_boardperson_shows ON gamification_boardperson;
DROP FUNCTION gamification_score_entries();
DROP FUNCTION gamification_show_person();
DROP FUNCTION gamification_recount_boards(date, bigint[]);
DROP FUNCTION gamification_board_periods(timestamptz);
DELETE FROM gamification_boardrow;
DELETE FROM gamification_boardperson;
DELETE FROM gamification_boardchange;
ALTER TABLE gamification_boardrow RESET (fillfactor);
"""


def posting_with_day_scores() -> str:
    """Return the function of entries as it was before, cut out of the file that made it."""
    text = (SQL / "ledger.sql").read_text()
    begin, end = (
        text.index("CREATE FUNCTION gamification_post_entries"),
        text.index("CREATE TRIGGER gamification_entry_posts"),
    )
    return text[begin:end].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


class Migration(migrations.Migration):
    dependencies = [("gamification", "0030_boards")]
    operations = [
        migrations.RunSQL((SQL / "boards.sql").read_text(), DROP),
        migrations.RunSQL((SQL / "post_entries_without_boards.sql").read_text(), posting_with_day_scores()),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        restrict_application(
            "gamification_boardperson",
            insert=("account_id", "shown", "alias", "vip_until", "archetype"),
            update=("shown", "alias", "vip_until", "archetype"),
        ),
        # Derived, so the application may put rows right; how people look on them is the trigger's alone.
        restrict_application(
            "gamification_boardrow",
            insert=("account_id", "board", "period", "score", "reached_at", "shown", "vip_until", "archetype"),
            update=("score", "reached_at"),
            delete=True,
        ),
        restrict_application("gamification_boardchange", insert=("account_id", "look"), delete=True),
    ]
