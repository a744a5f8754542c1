"""How commands of the bus print: a table for people, one JSON document for machines."""

import json
from collections.abc import Sequence
from typing import Any

from django.core.management.base import OutputWrapper


def print_rows(out: OutputWrapper, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, as_json: bool) -> None:
    """Print the rows as a table, or as a JSON list of objects; an empty table says so."""
    if as_json:
        out.write(json.dumps([dict(zip(columns, row, strict=True)) for row in rows], default=str))
        return
    if not rows:
        out.write("(none)")
        return
    texts = [list(columns), *([str(value) for value in row] for row in rows)]
    widths = [max(len(row[i]) for row in texts) for i in range(len(columns))]
    for row in texts:
        out.write("  ".join(value.ljust(width) for value, width in zip(row, widths, strict=True)).rstrip())


def print_kinds(out: OutputWrapper, what: str, kinds: Sequence[tuple[str, str, int]]) -> None:
    """Print how many there are in all, and of each subscriber and type."""
    out.write(f"{what} {sum(count for _, _, count in kinds)}")
    for subscriber, event_type, count in kinds:
        out.write(f"  {subscriber}  {event_type}  {count}")
