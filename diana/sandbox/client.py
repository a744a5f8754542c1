"""Speaks to a running sandbox, in this process or another: what was it sent, and how is it to behave?"""

import ssl
from collections import Counter
from collections.abc import Callable, Sequence
from time import monotonic
from types import TracebackType
from typing import Any, Self

import httpx
import msgspec

from diana.sandbox.recording import PAGE_CALLS, Call, CallPage

_POLL_SECONDS = 10.0
NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class SandboxClient:
    """A connection to the sandbox at `url`, for one thread at a time. Close it, or use it in a `with`."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        # Proxies of the environment are for the outside; without TLS there are no authorities to load (50 ms a client).
        self._http = httpx.Client(base_url=self.url, trust_env=False, verify=NO_AUTHORITIES, timeout=30.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; the sandbox goes on."""
        self._http.close()

    @property
    def base_url(self) -> str:
        """What python-telegram-bot takes as `base_url`."""
        return f"{self.url}/bot"

    @property
    def base_file_url(self) -> str:
        """What python-telegram-bot takes as `base_file_url`; the sandbox has no files."""
        return f"{self.url}/file/bot"

    def is_healthy(self) -> bool:
        """Say whether a sandbox answers there."""
        try:
            return self._http.get("/sandbox/health").is_success
        except httpx.TransportError:
            return False

    def calls(self, *, method: str | None = None, chat: int | None = None, after: int = 0) -> list[Call]:
        """Return all calls that are still kept, in the order of arrival, after a sequence number."""
        found: list[Call] = []
        while True:
            page = self.page(after=after, method=method, chat=chat)
            found += page.calls
            if page.last - after < PAGE_CALLS:
                return found
            after = page.last

    def page(
        self, *, after: int = 0, method: str | None = None, chat: int | None = None, wait_seconds: float = 0.0
    ) -> CallPage:
        """Return one page of calls; wait up to that long (60 s at most) for the first. Go on from its `last`."""
        wanted = {"after": after, "wait": wait_seconds, "method": method, "chat": chat}
        query = {name: value for name, value in wanted.items() if value is not None}
        answer = self._http.get("/sandbox/calls", params=query, timeout=wait_seconds + 30.0)
        return msgspec.json.decode(_checked(answer).content, type=CallPage)

    def wait_for(self, predicate: Callable[[Call], bool], timeout: float = 5.0, *, after: int = 0) -> Call:
        """Return the first call after `after` for which the predicate holds, past or to come.

        Raises TimeoutError, with what was called instead, when there is none within that many seconds.
        """
        deadline = monotonic() + timeout
        seen: Counter[str] = Counter()
        while True:
            left = deadline - monotonic()
            page = self.page(after=after, wait_seconds=min(max(left, 0.0), _POLL_SECONDS))
            for call in page.calls:
                if predicate(call):
                    return call
                seen[f"{call.method} {call.status}"] += 1
            if left <= 0:
                raise TimeoutError(f"No such call within {timeout:g} s. Seen instead: {dict(seen) or 'nothing'}.")
            after = page.last

    def count(self) -> dict[str, Any]:
        """Return `total`, `methods` (calls per method) and `last` (sequence number) since the last reset."""
        counted: dict[str, Any] = _checked(self._http.get("/sandbox/count")).json()
        return counted

    def behave(self, chat: int | None = None, **changes: Any) -> None:
        """Change how calls of that chat, or all calls, are treated.

        Changes: `block`, `unknown`, `hang` (bool), `delay_seconds`, `fail_next` (a list such as
        `[{"status": 429, "retry_after": 3}]`, used up call by call; with a `method` only by its calls, `times` for more
        than one).
        What is not named stays as it is.
        """
        _checked(self._http.post("/sandbox/behaviour", json={"chat": chat, **changes}))

    def behave_well(self, chat: int | None = None) -> None:
        """Take back what was ordered for that chat, or everything."""
        _checked(self._http.delete("/sandbox/behaviour", params={} if chat is None else {"chat": chat}))

    def have_topics(
        self,
        chat: int,
        *,
        topics: Sequence[int] = (),
        closed: Sequence[int] = (),
        direct_messages: Sequence[int] | None = None,
    ) -> None:
        """Let the chat have these topics, some of them closed, or be a channel's direct messages with these topics.

        From then on messages to other topics are refused, as they are in the sandbox's own chats; in chats of which
        nothing was told any topic is taken.
        """
        told = {"chat": chat, "topics": topics, "closed": closed, "direct_messages": direct_messages}
        _checked(self._http.post("/sandbox/topics", json=told))

    def open_callback_query(self, query: str, *, age_seconds: float = 0.0) -> None:
        """Let a callback query have been pressed that many seconds ago; it can be answered for 150."""
        _checked(self._http.post("/sandbox/callback-queries", json={"id": query, "age_seconds": age_seconds}))

    def ask_pre_checkout(self, query: str, *, age_seconds: float = 0.0) -> None:
        """Let somebody be about to pay since that many seconds; the bot may answer for 10."""
        _checked(self._http.post("/sandbox/pre-checkout-queries", json={"id": query, "age_seconds": age_seconds}))

    def pre_checkout_answer(self, query: str) -> bool | None:
        """Return what the bot answered to the question, None for nothing."""
        answer: dict[str, bool | None] = _checked(
            self._http.get("/sandbox/pre-checkout-queries", params={"id": query})
        ).json()
        return answer["ok"]

    def pay(self, user: int, payload: str, *, stars: int | None = None, charge: str | None = None) -> dict[str, Any]:
        """Let somebody pay a bill of the bot; return the SuccessfulPayment to tell it.

        `charge` is the first one of a subscription that is renewed; `stars` another amount than the bill's.
        """
        wanted = {"user": user, "payload": payload, "stars": stars, "charge": charge}
        told: dict[str, Any] = _checked(self._http.post("/sandbox/payments", json=wanted)).json()
        return told

    def refund(self, user: int, charge: str) -> dict[str, Any]:
        """Give a payment back as Telegram's support does; return the RefundedPayment to tell the bot, whenever that is."""
        wanted = {"user": user, "charge": charge}
        told: dict[str, Any] = _checked(self._http.post("/sandbox/refunds", json=wanted)).json()
        return told

    def change_subscription(self, user: int, charge: str, state: str) -> dict[str, Any]:
        """Let somebody cancel ("canceled"), take up again ("active") or not pay for ("failed") the subscription that a charge
        began; return the BotSubscriptionUpdated to tell the bot, but for its user.
        """
        wanted = {"user": user, "charge": charge, "state": state}
        told: dict[str, Any] = _checked(self._http.post("/sandbox/subscriptions", json=wanted)).json()
        return told

    def reset(self) -> None:
        """Make the sandbox forget everything but its sequence numbers."""
        _checked(self._http.post("/sandbox/reset"))


def _checked(answer: httpx.Response) -> httpx.Response:
    if answer.is_error:
        raise ValueError(f"The sandbox refused: {answer.text}")
    return answer
