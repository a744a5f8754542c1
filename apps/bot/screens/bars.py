"""A bar of cells: how far somebody has come."""

CELLS = 8


def bar(value: int, target: int) -> str:
    """Return a progress bar; full only when the target is reached."""
    full = max(min(CELLS * value // max(target, 1), CELLS), 0)
    return "▰" * full + "▱" * (CELLS - full)


def way_up(in_level: int, to_next_level: int | None) -> str:
    """Return the bar of a level; a full one at the highest."""
    return bar(in_level, in_level + to_next_level) if to_next_level is not None else bar(1, 1)
