"""Finds SQL that asks PostgreSQL what time it is: domain time is diana_now(), and work that needs real time is listed here.

Part of `make lint`. It reads the strings of Python files (not their docstrings) and SQL files; ruff looks at calls in Python.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOOKED_AT = ("apps", "config", "demo", "diana", "calendar_runs")
ASKS = re.compile(
    r"\b(?:now\(\s*\)|(?:clock|statement|transaction)_timestamp\(\s*\)|timeofday\(\s*\)"
    r"|current_(?:timestamp|date|time)\b|localtimestamp\b)",
    re.IGNORECASE,
)
# How often a file may, and what for. Tests, torture and bench fill columns and measure work: they may.
REAL = {
    "diana/clock/offset.py": (2, "what domain time is made of"),
    "diana/clock/migrations/0001_domain_now.py": (1, "what domain time is made of"),
    "diana/events/presence.py": (2, "ages of statements in PostgreSQL's own views"),
    "diana/events/cursors.py": (3, "moved_at, paused_until, trial_at"),
    "diana/events/relay.py": (1, "paused_until"),
    "diana/events/delivery_claims.py": (9, "leases, next_attempt_at and the start of PostgreSQL"),
    "diana/events/visits.py": (1, "the age of visits, which are work"),
    "diana/events/overview.py": (2, "ages of transactions in PostgreSQL's own views, paused_until"),
    "diana/audit/migrations/sql/rights.sql": (
        2,
        "the beginning of the transaction, moved like domain time",
    ),
    "diana/audit/migrations/sql/own_transaction.sql": (4, "the beginning of the transaction, moved like domain time"),
    "diana/audit/migrations/sql/stamps.sql": (1, "the database's own time, to compare the told one with"),
    "diana/audit/migrations/sql/walls.sql": (1, "was replaced by walls_in_domain_time.sql"),
    "diana/audit/migrations/sql/walls_in_domain_time.sql": (
        2,
        "the beginning of the transaction, moved like domain time",
    ),
    "apps/gamification/boards/refreshing.py": (1, "which of two passes over a cache was later"),
    "apps/gamification/migrations/0031_boards_follow_the_ledger.py": (1, "ran once, before there was domain time"),
    "apps/users/migrations/sql/vip.sql": (2, "ran once, before there was domain time"),
}


def main() -> int:
    """Write each place that is not listed, or is listed for nothing; return the exit status."""
    problems = [problem for directory in LOOKED_AT for problem in _problems(ROOT / directory)]
    sys.stdout.write("\n".join(problems or ["SQL takes domain time."]) + "\n")
    return 1 if problems else 0


def _problems(directory: Path) -> Iterator[str]:
    for path in sorted([*directory.rglob("*.py"), *directory.rglob("*.sql")]):
        name = path.relative_to(ROOT).as_posix()
        lines = list(asking_lines(path))
        allowed, _ = REAL.get(name, (0, ""))
        if len(lines) > allowed:
            yield f"{name}, lines {lines}: take diana_now(), or list the place in .ci/sql_clock.py if it is work."
        elif len(lines) < allowed:
            yield f"{name} asks {len(lines)} times, not {allowed}: correct the list in .ci/sql_clock.py."


def asking_lines(path: Path) -> Iterator[int]:
    """Yield a line number for each place in the file's SQL that asks for real time; of a formatted string, about where."""
    text = path.read_text()
    if path.suffix == ".sql":
        text = re.sub(r"--[^\n]*", "", text)
        yield from (text.count("\n", 0, found.start()) + 1 for found in ASKS.finditer(text))
        return
    tree = ast.parse(text)
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield from (node.lineno + node.value.count("\n", 0, found.start()) for found in ASKS.finditer(node.value))


if __name__ == "__main__":
    sys.exit(main())
