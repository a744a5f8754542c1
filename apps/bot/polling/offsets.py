"""How far updates were fetched. It lives in memory only: whoever begins anew fetches again what was not confirmed, as copies."""

from collections.abc import Sequence
from datetime import datetime, timedelta

# After a week without updates Telegram begins at a random number, which may be lower: everything below an offset is
# forgotten there, so an old offset would throw new updates away.
FORGOTTEN_AFTER = timedelta(days=6)


class Offset:
    """The number of the next update: naming it to Telegram confirms all before it."""

    def __init__(self) -> None:
        self._next: int | None = None
        self._moved_at: datetime | None = None

    def value(self, *, now: datetime) -> int | None:
        """Return the number, None at the beginning and after six days without updates."""
        if self._moved_at is not None and now - self._moved_at >= FORGOTTEN_AFTER:
            self._next = self._moved_at = None
        return self._next

    def move(self, update_ids: Sequence[int | None], *, now: datetime) -> None:
        """Move past a batch whose updates are committed. One whose number cannot be read is taken for the next number."""
        known = [update_id for update_id in update_ids if update_id is not None]
        if known:
            self._next, self._moved_at = max(known) + 1, now
        elif self._next is not None:
            self._next += 1
