"""`manage.py sync_roles`: brings the groups of the roles in line with apps/staff/roles.py; every migration does so too."""

import json
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from apps.staff.services import UnknownPermission, sync_roles


class Command(BaseCommand):
    """Make and mend the roles."""

    help = "Make the roles viewer, moderator, manager and admin, and give each exactly what the code says."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--dry-run", action="store_true", help="show what would change, change nothing")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON document")

    def handle(self, **options: Any) -> None:
        """Sync, print what changed."""
        try:
            with transaction.atomic():
                changes = sync_roles()
                transaction.set_rollback(options["dry_run"])
        except UnknownPermission as error:
            raise CommandError(str(error)) from error
        if options["as_json"]:
            self.stdout.write(json.dumps([msgspec.to_builtins(change) for change in changes]))
            return
        for change in changes:
            what = [f"+{name}" for name in change.added] + [f"-{name}" for name in change.removed]
            self.stdout.write(f"{change.role}: {' '.join(what) or 'as it should be'}")
