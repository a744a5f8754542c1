"""Knows how long the press of a button may still be answered."""

from diana.sandbox.answers import bad_request

LIVES_SECONDS = 150
KEPT_QUERIES = 100_000


class CallbackQueries:
    """When each callback query was opened; one that nobody opened begins to live with its first answer."""

    def __init__(self) -> None:
        self._opened_at: dict[str, float] = {}

    def open(self, query: str, *, at: float) -> None:
        """Start the 150 seconds of a query at this time (seconds of the epoch), again if it was open."""
        self._opened_at[query] = at
        if len(self._opened_at) > KEPT_QUERIES:
            del self._opened_at[next(iter(self._opened_at))]

    def check_answerable(self, query: str, *, now: float) -> None:
        """Raise RefusalError for an identifier that Telegram could not have made and for a query that is too old."""
        valid = query.isascii() and query.isdigit()
        if valid and query not in self._opened_at:
            self.open(query, at=now)
        if not valid or now - self._opened_at[query] > LIVES_SECONDS:
            raise bad_request("query is too old and response timeout expired or query ID is invalid")
