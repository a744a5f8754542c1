"""manage.py rights: the page of who may what."""

from typing import Any

from django.core.management.base import BaseCommand

from apps.staff.rights_page import markdown


class Command(BaseCommand):
    """Prints docs/rights.md; reads no database."""

    help = "Print docs/rights.md: each page and act of the admin with the least role, and each command."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        self.stdout.write(markdown(), ending="")
