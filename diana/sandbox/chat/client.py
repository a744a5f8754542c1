"""Speaks to the chat of a running sandbox, as its page does: requests with the run's token, and the news as they come."""

import contextlib
import queue
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx
import msgspec

from diana.sandbox.client import NO_AUTHORITIES


class SandboxAway(Exception):
    """Nothing answers there."""


class ChatRefused(Exception):
    """The sandbox refused; the message is its own."""


class News(NamedTuple):
    """One piece of news."""

    kind: str
    data: dict[str, Any]


class ChatClient:
    """The chat of the sandbox at `url`; close it, or use `listening`."""

    def __init__(self, url: str, token: str) -> None:
        self._http = httpx.Client(
            base_url=f"{url.rstrip('/')}/chat",
            headers={"Authorization": f"Bearer {token}"},
            trust_env=False,
            verify=NO_AUTHORITIES,
            timeout=30.0,
        )
        self._news: queue.SimpleQueue[News] = queue.SimpleQueue()
        self._opened = threading.Event()
        self._socket: socket.socket | None = None

    def close(self) -> None:
        """Hang up."""
        self._http.close()

    def get(self, path: str, **query: Any) -> Any:
        """Return what is there. Raises ChatRefused and SandboxAway."""
        return self._checked("GET", path, params=query)

    def post(self, path: str, **body: Any) -> Any:
        """Do something and return the answer. Raises ChatRefused and SandboxAway."""
        return self._checked("POST", path, json=body)

    def _checked(self, method: str, path: str, **given: Any) -> Any:
        try:
            answer = self._http.request(method, f"/{path}", **given)
        except httpx.TransportError as error:
            raise SandboxAway(str(error)) from error
        if answer.is_success:
            return answer.json()
        try:
            words = str(answer.json()["error"])
        except (ValueError, KeyError, TypeError):
            words = f"it answered {answer.status_code}"
        raise ChatRefused(words)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take in the news from now on; ends with the client closed."""
        try:
            after = self.get("state")["last"]
            listener = threading.Thread(target=self._listen, args=(after,), name="news", daemon=True)
            listener.start()
            try:
                yield
            finally:
                self._hang_up()
                listener.join(5)
        finally:
            self.close()

    def _hang_up(self) -> None:
        """Wake the thread that reads the news: nothing else ends its wait."""
        self._opened.wait(5)
        with contextlib.suppress(OSError):
            if self._socket is not None:
                self._socket.shutdown(socket.SHUT_RDWR)

    def _listen(self, after: int) -> None:
        # When the sandbox or the client goes away, no more news come.
        with contextlib.suppress(httpx.HTTPError):
            self._read_news(after)
        self._opened.set()

    def _read_news(self, after: int) -> None:
        with self._http.stream("GET", "/news", params={"after": after}) as answer:
            self._socket = answer.extensions["network_stream"].get_extra_info("socket")
            self._opened.set()
            kind = ""
            for line in answer.iter_lines():
                name, _, value = line.partition(": ")
                if name == "event":
                    kind = value
                elif name == "data":
                    self._news.put(News(kind, msgspec.json.decode(value)))

    def next_news(self, seconds: float) -> News | None:
        """Return the next piece of news; None if there is none within the time."""
        try:
            return self._news.get(timeout=seconds)
        except queue.Empty:
            return None
