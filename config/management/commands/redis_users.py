"""manage.py redis_users: the users of Redis as an ACL file."""

import os
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.redis_access import acl_file, compose_lines, markdown


class Command(BaseCommand):
    """Prints the file; asks no server and no database."""

    help = (
        "Print the ACL file for Redis or Valkey, with digests of the passwords in REDIS_URL, REDIS_WORKER_URL,"
        " REDIS_TELEGRAM_URL, REDIS_FLOWER_URL and CACHE_URL. Asks no server and no database."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--page", action="store_true", help="print docs/redis-users.md instead")
        parser.add_argument("--compose", action="store_true", help="print the lines of docker-compose.yml instead")

    def handle(self, *args: Any, page: bool, compose: bool, **options: Any) -> None:
        """Run."""
        if compose:
            self.stdout.write("\n".join(compose_lines()))
            return
        try:
            self.stdout.write(markdown() if page else acl_file(os.environ), ending="")
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
