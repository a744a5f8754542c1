"""Puts boards right: their rows from the ledger and the states, their cache from the rows; or says what is wrong."""

import json
import sys
import time
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.gamification.boards import cache, recount, refreshing
from apps.gamification.decide.boards import BOARDS
from diana import clock


class Command(BaseCommand):
    """Awards may go on meanwhile."""

    help = (
        "Count the boards anew: correct rows that differ from ledger and states, then build the cache of ranks anew."
        " With --verify nothing is changed; status 1 if something differs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the choice of boards and of what to do."""
        parser.add_argument("--board", choices=BOARDS, action="append", help="this board only; may be repeated")
        parser.add_argument("--verify", "--dry-run", action="store_true", help="compare and report, change nothing")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON document")

    def handle(self, **options: Any) -> None:
        """Compare, correct, build, report."""
        now, boards, started = clock.now(), tuple(options["board"] or BOARDS), time.monotonic()
        rows = recount.compare_rows(now, boards)
        result: dict[str, Any] = {"rows": rows.rows, "different": rows.different}
        differences = rows.differences
        try:
            if options["verify"]:
                compared = recount.compare_cache(now, boards)
                differences = [*differences, *compared.differences]
                result |= {"members": compared.members, "different": rows.different + compared.different}
                result["lost_sets"] = compared.lost_sets
            else:
                result["repaired"] = recount.repair_rows(now, rows.accounts)
                result["members"] = refreshing.rebuild(now, boards, self._show if sys.stderr.isatty() else None)
        except cache.Unavailable as error:
            raise CommandError(
                f"The rows were looked at ({rows.different} differ), the cache was not: {error}. Start the Redis of CACHE_URL;"
                " until then ranks are counted in PostgreSQL."
            ) from error
        except (cache.Late, refreshing.Busy) as error:
            raise CommandError(f"Another process works on the cache ({error}): try again in a minute.") from error
        result |= {"seconds": round(time.monotonic() - started, 2), "differences": [asdict(d) for d in differences]}
        self._report(result, as_json=options["as_json"])
        if options["verify"] and result["different"]:
            sys.exit(1)

    def _report(self, result: dict[str, Any], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(result))
            return
        for found in result["differences"]:
            self.stdout.write("{place} {board}, person {account}: {found}, not {wanted}".format(**found))
        for key in result.get("lost_sets", []):
            self.stdout.write(f"{key} is not in the cache: the next pass of gamification.refresh_boards builds it.")
        done = f"; {result['repaired']} people corrected" if "repaired" in result else ""
        self.stdout.write(
            f"{result['rows']} rows looked at, {result['different']} differ{done}; {result['members']} members in the"
            f" cache, {result['seconds']} s."
        )

    def _show(self, board: str, members: int) -> None:
        self.stderr.write(f"{board}: {members} members so far")
