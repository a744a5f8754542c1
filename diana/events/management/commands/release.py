"""manage.py release: everything that a new version needs before its processes start. Safe to repeat."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection

from diana import start_checks
from diana.clock import offset
from diana.events import visits


class Command(BaseCommand):
    """Runs checks, migrations, cursors and static files in their order; the first error ends it."""

    help = "Check, migrate, grant rights, bring the cursors in line, collect static files. Run it before the new processes start."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        start_checks.refuse_on_errors()
        call_command("check", stdout=self.stdout)
        is_new = not self._has_tables()
        call_command("migrate", interactive=False, verbosity=0, stdout=self.stdout)
        call_command("database_roles", grant=True, narrow=is_new, stdout=self.stdout)
        self._align_clock()
        call_command("check", databases=["default"], stdout=self.stdout)
        call_command("check", tags=["broker"], deploy=True, stdout=self.stdout)
        call_command("sync_subscribers", stdout=self.stdout)
        visits.prune()
        if settings.PRODUCTION:
            call_command("collectstatic", interactive=False, verbosity=0, stdout=self.stdout)

    def _has_tables(self) -> bool:
        """Say whether a release was here before, whose processes may run now."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass('event_log') IS NOT NULL")
            return bool(cursor.fetchone()[0])

    def _align_clock(self) -> None:
        """Have the processes take the database's domain time, whatever another database has left in the file."""
        before = offset.align_file()
        if before.database != before.file and not settings.PRODUCTION:
            self.stdout.write(f"The clock is {offset.describe(before.database)}, as the database says.")
