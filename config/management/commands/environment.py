"""manage.py environment: the page of all variables."""

from typing import Any

from django.core.management.base import BaseCommand

from config.documentation import markdown


class Command(BaseCommand):
    """Prints docs/environment.md; reads no environment and no database."""

    help = "Print docs/environment.md: all variables, their bounds, and the processes that need them."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        self.stdout.write(markdown(), ending="")
