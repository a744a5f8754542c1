"""What Flower saw of the work, asked as any program may: over its HTTP API."""

from collections import Counter
from types import TracebackType
from typing import Any, Self

import httpx

# As many as the Procfile has Flower keep; the demo makes about a hundred.
TASKS_AT_MOST = 2_000


class FlowerClient:
    """A connection to Flower with the account of its operators. Close it, or use it in a `with`."""

    def __init__(self, url: str, account: str) -> None:
        user, _, password = account.partition(":")
        self._http = httpx.Client(base_url=url, auth=(user, password), trust_env=False, timeout=10.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def workers(self) -> set[str]:
        """Return the names of the workers from which it hears: what they do from now on it sees."""
        data = self._get("/workers", json="1")["data"]
        return {str(worker["hostname"]).partition("@")[0] for worker in data if worker["status"]}

    def finished_tasks(self) -> Counter[str]:
        """Return how many tasks of each name it saw succeed."""
        tasks = self._get("/api/tasks", limit=str(TASKS_AT_MOST))
        return Counter(task["name"] for task in tasks.values() if task["name"] and task["state"] == "SUCCESS")

    def _get(self, path: str, **parameters: str) -> Any:
        return self._http.get(path, params=parameters).raise_for_status().json()
