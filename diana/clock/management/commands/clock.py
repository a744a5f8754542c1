"""manage.py clock: show domain time, or move it outside production."""

import json
import re
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from diana import clock
from diana.clock import offset

DURATION = re.compile(
    r"(?P<sign>[+-]?)(?=\d)"
    + "".join(rf"(?:(?P<{unit}>\d{{1,6}}){unit[0]})?" for unit in ("weeks", "days", "hours", "minutes", "seconds")),
    re.ASCII,
)


class Command(BaseCommand):
    """Parses what is asked and leaves it to diana.clock.offset."""

    help = "Show domain time and how far it is ahead of real time; move it (never in production)."
    # The clock is shown, and set right, also where a check complains about it.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Take one movement at most, and --json."""
        moved = parser.add_mutually_exclusive_group()
        moved.add_argument("--to", type=moment, metavar="TIME", help="the time it is to be now: 2026-12-31T23:50Z")
        moved.add_argument(
            "--by", type=duration, metavar="TIME", help="so much later than now: 8d, 1d12h, 90m; --by=-1h"
        )
        moved.add_argument("--reset", action="store_true", help="back to real time; only without events")
        parser.add_argument("--json", action="store_true", help="one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        try:
            found = self._move(options)
        except (offset.ClockRefused, clock.UnreadableOffset) as error:
            raise CommandError(str(error)) from error
        now = clock.real_now() + found.database
        if options["json"]:
            seconds = {f"{where}_offset_seconds": value.total_seconds() for where, value in found._asdict().items()}
            self.stdout.write(json.dumps({"now": now.isoformat(), **seconds}))
            return
        self.stdout.write(f"{now:%Y-%m-%d %H:%M:%S} UTC, {offset.describe(found.database)}")
        if found.file != found.database:
            said = f"The file {offset.offset_file()} says: {offset.describe(found.file)}."
            self.stdout.write(f"{said} It belongs to another database; `manage.py release` brings it in line.")

    def _move(self, options: dict[str, Any]) -> offset.Offsets:
        if options["to"] is not None:
            return offset.set_offset(options["to"] - clock.real_now())
        if options["by"] is not None:
            return offset.set_offset(offset.database_offset() + options["by"])
        return offset.set_offset(timedelta()) if options["reset"] else offset.read_offsets()


def moment(text: str) -> datetime:
    """Return the moment of an ISO 8601 text with its zone; raises ValueError, and CommandError without a zone."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise CommandError(f"{text} has no zone: write {text}Z for UTC.")
    return found


def duration(text: str) -> timedelta:
    """Return the duration of a text such as 8d or 1d12h; raises ValueError."""
    match = DURATION.fullmatch(text)
    if match is None:
        raise ValueError(text)
    sign, *_ = match.groups()
    numbers = {unit: int(number or 0) for unit, number in match.groupdict().items() if unit != "sign"}
    found = timedelta(**numbers)
    return -found if sign == "-" else found
