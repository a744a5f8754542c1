"""Levels by lifetime points: versioned tables, because what somebody has reached once must stay explainable."""

from bisect import bisect_right

LEVELS = 50

# Version -> the lifetime points that level 1, 2, 3 … needs.
TABLES: dict[int, tuple[int, ...]] = {1: tuple(50 * n * (n - 1) for n in range(1, LEVELS + 1))}
CURRENT_TABLE = 1


def level_of(lifetime: int, table: int = CURRENT_TABLE) -> int:
    """Return the level, 1 to LEVELS, of that many lifetime points."""
    return bisect_right(TABLES[table], lifetime)


def points_for(level: int, table: int = CURRENT_TABLE) -> int | None:
    """Return the lifetime points at which the level begins; None above the last."""
    return TABLES[table][level - 1] if 1 <= level <= len(TABLES[table]) else None
