"""Leaves the functions that act as the owner to the triggers that were made with them.

Who may run them may hang them on a table of their own, such as a temporary one, and feed them what the ledger would refuse.
Triggers that are there go on: the right is looked at when a trigger is made.
"""

from django.db import migrations

FUNCTIONS = "gamification_post_entries(), gamification_score_entries(), gamification_show_person(), gamification_revise_rulebook()"


class Migration(migrations.Migration):
    dependencies = [("gamification", "0051_checkpoint_walls")]
    operations = [
        migrations.RunSQL(
            f"REVOKE EXECUTE ON FUNCTION {FUNCTIONS} FROM PUBLIC",
            f"GRANT EXECUTE ON FUNCTION {FUNCTIONS} TO PUBLIC",
        ),
    ]
