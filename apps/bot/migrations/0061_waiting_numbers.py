"""Lets the message of a reaction be found by its number among those that wait to be taken: not all of its chat are read."""

from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations

from diana.indexes import build_index_on


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("bot", "0060_groups_found")]
    operations = [
        # read by: seen_messages.authors, which has the same expression
        *build_index_on(
            "bot_update_waiting_messages",
            "bot_update",
            "(chat_id, (substring(encode(document, 'escape'), '\"message_id\":([0-9]{1,18})')::bigint))"
            " WHERE handled_at IS NULL AND kind = 'message'",
        ),
        RemoveIndexConcurrently("update", "bot_update_waiting"),
    ]
