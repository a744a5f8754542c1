"""`manage.py groups list|approve|refuse|leave`: what staff decide about groups in the admin, from the command line."""

import json
from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.db.models import Q

from apps.bot.decisions import DecidedAlready, UnknownGroup, decide_group
from apps.bot.models import Addition, Group
from diana import clock
from diana.audit import Actor, ReasonMissing

STATES = {"approve": Group.State.APPROVED, "refuse": Group.State.REFUSED, "leave": Group.State.LEFT}
SAID = {
    (Group.State.APPROVED, False): "Group %s is approved.",
    (Group.State.APPROVED, True): "Group %s would be approved.",
    (Group.State.REFUSED, False): "Group %s is refused.",
    (Group.State.REFUSED, True): "Group %s would be refused.",
    (Group.State.LEFT, False): "The bot leaves group %s.",
    (Group.State.LEFT, True): "The bot would leave group %s.",
}
HELP = {
    "approve": "let acts in the group count from now on",
    "refuse": "let nothing count in the group, and say nothing there",
    "leave": "have the bot leave the group",
}


def group_id(text: str) -> int:
    """Return the id; for argparse."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal()) or not 0 < int(digits) < 2**63:
        raise ArgumentTypeError(f"{text!r} is no id of a group: it is a whole number, those at Telegram below zero")
    return int(text)


class Command(BaseCommand):
    """List groups and decide about them."""

    help = "List the groups that the bot has met, approve or refuse one, or have the bot leave it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the acts and their options."""
        acts = parser.add_subparsers(dest="act", required=True)
        listing = acts.add_parser("list", help="list the groups that the bot has met, those that wait first")
        listing.add_argument("--state", choices=Group.State.values, help="only groups of this state")
        listing.add_argument("--json", action="store_true", help="print a JSON array for machines")
        for act, what in HELP.items():
            deciding = acts.add_parser(act, help=what)
            deciding.add_argument("group", type=group_id, help="the group's id, or its id at Telegram (below zero)")
            deciding.add_argument("--reason", required=True, help="why; kept in the audit record")
            deciding.add_argument("--dry-run", action="store_true", help="do everything, then undo it")
            deciding.add_argument("--json", action="store_true", help="print one JSON object for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        """List, or decide and print what came of it."""
        if options["act"] == "list":
            self._list(options["state"], options["json"])
        else:
            self._decide(STATES[options["act"]], options)

    def _list(self, state: str | None, as_json: bool) -> None:
        groups = Group.objects.filter(**({"state": state} if state else {})).order_by("pk")
        found = sorted(groups, key=lambda group: group.state != Group.State.PENDING)
        adders = {addition.chat_id: addition for addition in Addition.objects.all()}
        lines = [_line(group, adders.get(group.pk)) for group in found]
        if as_json:
            self.stdout.write(json.dumps(lines))
            return
        for line in lines:
            members = "?" if line["members"] is None else line["members"]
            self.stdout.write(
                f"{line['id']}\t{line['telegram_id']}\t{line['state']}\t{members} members\tadded by {_by(line)}"
                f"\tseen {line['seen_at'] or 'never'}\t{line['title']}"
            )
        if not lines:
            self.stdout.write("There are none.")

    def _decide(self, state: Group.State, options: dict[str, Any]) -> None:
        asked, dry_run = options["group"], options["dry_run"]
        which = Q(pk=asked) if asked > 0 else Q(telegram_id=asked) | Q(moved_from=asked)
        try:
            with transaction.atomic():
                found = Group.objects.filter(which).values_list("pk", flat=True).first()
                if found is None:
                    raise UnknownGroup
                group = decide_group(
                    group_id=found, state=state, reason=options["reason"], actor=Actor.command(), now=clock.now()
                )
                transaction.set_rollback(dry_run)
        except UnknownGroup as error:
            raise CommandError(f"There is no group {asked}: `manage.py groups list` shows those there are.") from error
        except (DecidedAlready, ReasonMissing) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps({"group": found, "state": state, "dry_run": dry_run}))
        else:
            self.stdout.write(SAID[state, dry_run] % f"{found} ({group.name})")


def _line(group: Group, addition: Addition | None) -> dict[str, Any]:
    return {
        "id": group.pk,
        "telegram_id": group.telegram_id,
        "kind": group.kind,
        "title": group.title,
        "state": group.state,
        "decided_at": _iso(group.decided_at),
        "added_by_person": addition.person_id if addition else None,
        "added_by_telegram_id": addition.telegram_id if addition else None,
        "members": group.members,
        "seen_at": _iso(group.seen_at),
        "gone_at": _iso(group.gone_at),
    }


def _by(line: dict[str, Any]) -> str:
    if line["added_by_person"]:
        return f"person {line['added_by_person']}"
    return f"Telegram id {line['added_by_telegram_id']}" if line["added_by_telegram_id"] else "?"


def _iso(moment: Any) -> str | None:
    return moment.isoformat(timespec="minutes") if moment else None
