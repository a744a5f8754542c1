"""What other rules would have paid: `manage.py whatif --days 30 --rules changed.json [--multipliers bonuses.json]`."""

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.gamification import whatif
from diana import clock


class Command(BaseCommand):
    """Reads only, in a transaction in which nothing can be written."""

    help = "Fold the last days of the log under other rules: totals, winners, losers, distribution; nothing is written."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the span and the files."""
        parser.add_argument("--days", type=int, default=30, help="how many days back from now (default 30)")
        parser.add_argument(
            "--rules",
            type=Path,
            help='JSON: {"message_sent": {"base": 10}, "login": null}: what is different, null switches a rule off',
        )
        parser.add_argument(
            "--multipliers", type=Path, help='JSON: {"vip": 2500, "daily_cap": 1000}: what is different'
        )
        parser.add_argument("--people", type=int, help="only so many people, drawn evenly")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON document")

    def handle(self, **options: Any) -> None:
        """Compare and report."""
        if options["days"] < 1:
            raise CommandError("--days: at least 1.")
        if not options["rules"] and not options["multipliers"]:
            raise CommandError("Say what is different: --rules FILE, --multipliers FILE, or both.")
        until = clock.now()
        since = until - timedelta(days=options["days"])
        try:
            other = whatif.other_rulebook(_read(options["rules"]) or {}, _read(options["multipliers"]), since)
        except whatif.InvalidChange as error:
            raise CommandError(str(error)) from error
        show = self._show if sys.stderr.isatty() else None
        found = whatif.compare(other, since=since, until=until, most=options["people"], progress=show)
        self.stdout.write(whatif.as_json(found) if options["as_json"] else _text(found))

    def _show(self, people: int) -> None:
        self.stderr.write(f"\r{people} people", ending="")


def _read(path: Path | None) -> dict[str, Any] | None:
    if path is None:
        return None
    try:
        value = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise CommandError(f"{path}: {error}") from error
    if not isinstance(value, dict):
        raise CommandError(f"{path}: the file must hold one JSON object.")
    return value


def _text(found: whatif.Comparison) -> str:
    lines = [
        f"{found.since:%Y-%m-%d %H:%M} to {found.until:%Y-%m-%d %H:%M} UTC, {found.people} people, {found.facts} events"
        + (", not all of them" if found.partial else ""),
    ]
    if not found.people:
        return lines[0] + "\nNothing happened in that time: there is nothing to compare."
    lines.append(
        f"points: {found.total_before} before, {found.total_after} after ({found.total_after - found.total_before:+d});"
        f" {found.better} people would have more, {found.worse} less"
    )
    for title, named in (("winners", found.winners), ("losers", found.losers)):
        lines.append(f"{title}: " + (", ".join(f"{m.person_id} {m.change:+d}" for m in named) or "none"))
    lines.append("a person's points by percentile, before and after:")
    lines += [f"  {p:>3} %  {before:>8} {after:>8}" for p, (before, after) in found.distribution.items()]
    lines.append("entries and points by rule, before and after:")
    for rule in sorted(found.entries_before | found.entries_after):
        lines.append(
            f"  {rule:<26} {found.entries_before[rule]:>7} {found.entries_after[rule]:>7}"
            f"   {found.points_before[rule]:>9} {found.points_after[rule]:>9}"
        )
    return "\n".join(lines)
