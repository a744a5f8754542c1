"""`manage.py ensure_staff`: makes sure that somebody can log in to a new installation."""

import json
import secrets
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.users import services


class Command(BaseCommand):
    """Make the superuser `staff` with a random password where there is no superuser yet."""

    help = "Make the superuser `staff` if there is none, and print its password, which is shown this once."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--json", action="store_true", help="print one JSON object for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the login; the password is null where nothing was made."""
        password = secrets.token_urlsafe(18)
        try:
            username, made = services.ensure_superuser(username="staff", password=password)
        except services.UsernameTaken as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            print(json.dumps({"username": username, "password": password if made else None}))
        elif made:
            print(f"Log in as {username} with the password {password}. It is not shown again.")
        else:
            print(f"{username} can log in; the password is unchanged.")
