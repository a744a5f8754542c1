"""Approves the groups that are there, which counted before, and those that DIANA_GROUPS names.

What processes of the release before add from now on waits for staff: groups that count for them are there by this.
"""

import sys
from typing import Any

from django.conf import settings
from django.db import migrations
from django.db.models import Q

GROUP, SUPERGROUP = "group", "supergroup"


def approve(apps: Any, schema_editor: Any) -> None:
    """Approve them. Where there is a list, a group that is not on it and was told that nothing counts there waits for staff."""
    chats, named = apps.get_model("bot", "Chat").objects, set(settings.DIANA_GROUPS)
    on_the_list = Q(telegram_id__in=named) | Q(moved_from__in=named)
    present = chats.filter(kind__in=[GROUP, SUPERGROUP])
    strange = present.filter(told_unpaid_at__isnull=False).exclude(
        pk__in=list(chats.filter(on_the_list).values_list("pk", flat=True))
    )
    waiting = list(strange.values_list("pk", flat=True)) if named else []
    present.exclude(pk__in=waiting).update(state="approved")
    known = {
        telegram_id for ids in chats.filter(on_the_list).values_list("telegram_id", "moved_from") for telegram_id in ids
    }
    chats.bulk_create(
        [
            chats.model(telegram_id=chat, kind=SUPERGROUP if chat < -1_000_000_000_000 else GROUP, state="approved")
            for chat in sorted(named - known)
            if chat < 0
        ],
        ignore_conflicts=True,
    )
    if named:
        sys.stdout.write(
            f"\n    Took over {len(named)} groups of DIANA_GROUPS as approved: it may go now."
            f" {len(waiting)} other groups wait for a decision (manage.py groups list).\n   "
        )


class Migration(migrations.Migration):
    dependencies = [("bot", "0057_states_of_groups")]

    operations = [migrations.RunPython(approve, migrations.RunPython.noop)]
