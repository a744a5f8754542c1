"""`manage.py revoke_vip --grant 12 --reason …`: takes VIP back from the command line, with the same record as the admin."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from apps.users import selectors, services
from apps.users.management.commands.grant_vip import positive
from apps.users.models import Grant
from diana import clock
from diana.audit import Actor, ReasonMissing


class Command(BaseCommand):
    """Revoke one grant, or all that a person has."""

    help = "Take a VIP grant back, or all that count for a person."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--grant", type=positive, help="the grant's id")
        what.add_argument("--person", type=positive, help="the person's id: all grants that count now")
        parser.add_argument("--reason", required=True, help="why; kept in the audit record")
        parser.add_argument("--dry-run", action="store_true", help="do everything, then undo it")
        parser.add_argument("--json", action="store_true", help="print one JSON object for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        """Revoke, print what is left."""
        now = clock.now()
        wanted = Grant.objects.filter(pk=options["grant"])
        if options["person"]:
            wanted = Grant.objects.filter(pk__in=selectors.lasting_grants(options["person"], now))
        grants = list(wanted.order_by("pk"))
        if not grants:
            raise CommandError("There is no such grant that counts: look at the person's page in the admin.")
        try:
            with transaction.atomic():
                for grant in grants:
                    services.revoke_grant(grant_id=grant.pk, reason=options["reason"], actor=Actor.command(), now=now)
                until = selectors.effective_vip(grants[0].person_id, now)
                transaction.set_rollback(options["dry_run"])
        except (services.GrantOver, services.PersonGone, ReasonMissing) as error:
            raise CommandError(str(error)) from error
        outcome = {
            "person": grants[0].person_id,
            "revoked": [grant.pk for grant in grants],
            "vip_until": until and until.isoformat(),
            "dry_run": options["dry_run"],
        }
        if options["json"]:
            self.stdout.write(json.dumps(outcome))
            return
        would = "would be" if options["dry_run"] else "were"
        left = f"VIP until {until:%Y-%m-%d %H:%M} UTC" if until else "VIP no more"
        numbers = ", ".join(str(grant.pk) for grant in grants)
        self.stdout.write(f"Grants that {would} revoked: {numbers}. Person {grants[0].person_id}: {left}.")
