"""What the commands that change points share: options, the reason, and how the outcome is printed."""

import json
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from apps.gamification.models import Entry, StaffRequest
from apps.gamification.services import PointsError
from apps.users.selectors import UnknownPerson
from diana import audit


def add_options(parser: CommandParser) -> None:
    """Add what every act of staff needs."""
    parser.add_argument("--reason", required=True, help="why; kept in the audit record")
    parser.add_argument("--key", required=True, help="a name of this act: with it a second call changes nothing")
    parser.add_argument("--dry-run", action="store_true", help="do everything, then undo it")
    parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON document")


def add_emergency(parser: CommandParser) -> None:
    """Add the way past the second person."""
    parser.add_argument(
        "--emergency",
        action="store_true",
        help="above STAFF_APPROVAL_ABOVE do it at once instead of asking a second person; the audit record says so",
    )


def run(command: BaseCommand, options: dict[str, Any], act: Callable[[], object]) -> None:
    """Do it, print the entry, or the request that was made instead; refused acts end the command with their message."""
    try:
        with transaction.atomic():
            entry = act()
            if options["dry_run"]:
                transaction.set_rollback(True)
    except (PointsError, UnknownPerson, audit.ReasonMissing) as error:
        raise CommandError(str(error)) from error
    if isinstance(entry, StaffRequest):
        _print_request(command, options, entry)
        return
    assert isinstance(entry, Entry)
    outcome = {
        "entry": None if options["dry_run"] else entry.pk,
        "person": entry.account_id,
        "kind": entry.kind,
        "amount": entry.amount,
        "note": entry.note,
        "balance": entry.balance_after,
        "lifetime": entry.lifetime_after,
        "dry_run": options["dry_run"],
    }
    if options["as_json"]:
        command.stdout.write(json.dumps(outcome))
    else:
        command.stdout.write(
            "  ".join(f"{name}: {value}" for name, value in outcome.items() if value not in (None, ""))
        )


def _print_request(command: BaseCommand, options: dict[str, Any], request: StaffRequest) -> None:
    """Say that nothing was done yet, and who can have it done."""
    number = None if options["dry_run"] else request.pk
    if options["as_json"]:
        outcome = {"request": number, "points": request.points, "dry_run": options["dry_run"]}
        command.stdout.write(json.dumps(outcome))
    else:
        command.stdout.write(
            f"{request.points} points are more than one person may move: request {number or 'not made'}"
            f" waits until {request.expires_at:%Y-%m-%d %H:%M} UTC for somebody else to approve it in the admin."
        )
