"""manage.py database_roles: shows what the roles of the database may do otherwise than they should, and mends it."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from diana.database_roles import catalogue, comparison, documentation, granting, matrix
from diana.database_roles.comparison import Difference


class Command(BaseCommand):
    """Compares config/database_rights.toml with the catalogue, for the roles of all addresses; grants as the owner."""

    help = (
        "Show what the roles of the database may do otherwise than config/database_rights.toml says (status 1), or grant"
        " exactly that. Needs DATABASE_OWNER_URL."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--grant", action="store_true", help="bring the rights in line; the release does so, too")
        parser.add_argument(
            "--narrow",
            action="store_true",
            help="and take back what DATABASE_URL's role had in the release before, whose processes must have ended",
        )
        parser.add_argument(
            "--former",
            action="store_true",
            help="and give that back, before processes of the release before are started again",
        )

        parser.add_argument("--page", action="store_true", help="print docs/database-roles.md, and nothing else")

    def handle(self, *args: Any, grant: bool, narrow: bool, former: bool, page: bool, **options: Any) -> None:
        """Run."""
        if page:
            self.stdout.write(documentation.markdown(matrix.read(settings.DATABASE_RIGHTS)), ending="")
            return
        if narrow and former:
            raise CommandError("--narrow takes back what --former gives: choose one of them.")
        if "owner" not in connections:
            raise CommandError("Set DATABASE_OWNER_URL: rights are granted by the owner of the tables.")
        owner = connections["owner"].settings_dict["USER"]
        roles = {role: parts for role, parts in settings.DATABASE_ROLES.items() if role != owner}
        if not roles:
            self.stdout.write("Owner and application are one role, which may do everything.")
            return
        wanted = matrix.read(settings.DATABASE_RIGHTS)
        try:
            granting.refuse_missing(connections["owner"], roles)
            if grant or narrow or former:
                keep = False if narrow else True if former else None
                granting.grant(connections["owner"], wanted, roles, former=keep)
        except (granting.RoleMissing, granting.NotGranted) as error:
            raise CommandError(str(error)) from error
        found = catalogue.ask(connections["owner"], list(roles))
        self._say(comparison.compare(wanted, roles, found), shown=not grant)

    def _say(self, differences: list[Difference], *, shown: bool) -> None:
        wrong = [one for one in differences if one.missing or one.surplus]
        for one in differences if shown else ():
            self.stdout.write(f"{one}.")
        if wrong:
            raise CommandError("The roles may do otherwise than they should: `manage.py database_roles --grant`.")
        if any(one.former for one in differences):
            self.stdout.write(
                "The application's role has rights of the release before: once no process of it runs, `manage.py"
                " database_roles --narrow`."
            )
        elif shown:
            self.stdout.write("All roles may do what they should, and nothing else.")
