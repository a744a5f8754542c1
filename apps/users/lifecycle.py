"""What a person's status is and may become: one table, and the one place where the status follows from the facts. Pure."""

ACTIVE, SUSPENDED, DEACTIVATED = "active", "suspended", "deactivated"
DELETION_REQUESTED, ERASED = "deletion_requested", "erased"

# The database refuses what is not here too (migrations/sql/departures.sql). A request of deletion is taken back to active:
# whoever takes it back is there again.
ALLOWED: dict[str, frozenset[str]] = {
    ACTIVE: frozenset({SUSPENDED, DEACTIVATED, DELETION_REQUESTED, ERASED}),
    SUSPENDED: frozenset({ACTIVE, DEACTIVATED, DELETION_REQUESTED, ERASED}),
    DEACTIVATED: frozenset({ACTIVE, SUSPENDED, DELETION_REQUESTED, ERASED}),
    DELETION_REQUESTED: frozenset({ACTIVE, SUSPENDED, ERASED}),
    ERASED: frozenset(),
}


class ForbiddenTransition(RuntimeError):
    """A person cannot go from the one status to the other: look at ALLOWED in apps/users/lifecycle.py."""


def status_of(*, suspended: bool, away: bool, deletion_requested: bool) -> str:
    """Return the status of somebody who is not erased. Suspension shows first: staff must see it, whatever the person does."""
    if suspended:
        return SUSPENDED
    if deletion_requested:
        return DELETION_REQUESTED
    return DEACTIVATED if away else ACTIVE


def check_transition(old: str, new: str) -> None:
    """Raise ForbiddenTransition unless the status may change so; staying is no change."""
    if new != old and new not in ALLOWED[old]:
        raise ForbiddenTransition(f"Nobody goes from {old} to {new}: see ALLOWED in apps/users/lifecycle.py.")
