"""How the sandbox misbehaves on order: blocked and unknown chats, delays, failures to come, calls never answered."""

from collections import deque
from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from diana.sandbox.answers import RefusalError, bad_request, ordered_failure


class Failure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One call to fail: with this status, in these words, and with the parameters that Telegram adds to some errors.

    `retry_after`: after how many seconds to come back; `migrate_to_chat_id`: the supergroup that the group has become.
    `method`: the next call of this one fails, and others pass before it. `times`: so many calls fail.
    """

    status: Annotated[int, Meta(ge=400, le=599)]
    retry_after: Annotated[int, Meta(ge=1)] | None = None
    migrate_to_chat_id: int | None = None
    description: str | None = None
    method: str | None = None
    times: Annotated[int, Meta(ge=1, le=10_000)] = 1

    def concerns(self, method: str) -> bool:
        """Say whether a call of this method is to fail so."""
        return self.method is None or self.method.lower() == method.lower()

    def refusal(self) -> RefusalError:
        """Return the error as Telegram puts it."""
        given = {"retry_after": self.retry_after, "migrate_to_chat_id": self.migrate_to_chat_id}
        parameters = {name: value for name, value in given.items() if value is not None}
        return ordered_failure(self.status, self.description, parameters)


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to change for a chat, or with None for every call; fields left out stay as they are."""

    chat: int | None = None
    block: bool | UnsetType = UNSET
    unknown: bool | UnsetType = UNSET
    delay_seconds: Annotated[float, Meta(ge=0, le=3600)] | UnsetType = UNSET
    fail_next: list[Failure] | UnsetType = UNSET
    hang: bool | UnsetType = UNSET


class Behaviour(msgspec.Struct):
    """How calls of one chat, or all calls, are treated."""

    block: bool = False
    unknown: bool = False
    delay_seconds: float = 0.0
    hang: bool = False
    fail_next: deque[Failure] = msgspec.field(default_factory=deque)

    def apply(self, change: Change) -> None:
        """Take over the fields that were given; `fail_next` replaces what was still to come."""
        for name in ("block", "unknown", "delay_seconds", "hang"):
            value = getattr(change, name)
            if value is not UNSET:
                setattr(self, name, value)
        if not isinstance(change.fail_next, UnsetType):
            self.fail_next = deque(failure for failure in change.fail_next for _ in range(failure.times))


class Behaviours:
    """The behaviour of every chat that has one; None stands for all calls, with a chat or without."""

    def __init__(self) -> None:
        self._of: dict[int | None, Behaviour] = {}

    def change(self, change: Change) -> None:
        """Change one chat's behaviour, or everyone's."""
        self._of.setdefault(change.chat, Behaviour()).apply(change)

    def reset(self, chat: int | None = None) -> None:
        """Behave well again: towards this chat, or altogether."""
        if chat is None:
            self._of.clear()
        else:
            self._of.pop(chat, None)

    def _for(self, chat: int | None) -> Iterator[Behaviour]:
        if not self._of:
            return
        if chat is not None and chat in self._of:
            yield self._of[chat]
        if None in self._of:
            yield self._of[None]

    def hangs(self, chat: int | None) -> bool:
        """Say whether this call is never to be answered."""
        return any(one.hang for one in self._for(chat))

    def delay_seconds(self, chat: int | None) -> float:
        """Return how long the answer is held back; the call itself is carried out at once."""
        return max((one.delay_seconds for one in self._for(chat)), default=0.0)

    def take_failure(self, chat: int | None, method: str) -> RefusalError | None:
        """Return the failure that is due for this call, once; the chat's own come before everyone's."""
        for one in self._for(chat):
            due = next((failure for failure in one.fail_next if failure.concerns(method)), None)
            if due is not None:
                one.fail_next.remove(due)
                return due.refusal()
        return None

    def check_reachable(self, chat: int) -> None:
        """Raise RefusalError for a chat that was made unknown or that has blocked the bot."""
        if any(one.unknown for one in self._for(chat)):
            raise bad_request("chat not found")
        if any(one.block for one in self._for(chat)):
            raise RefusalError(403, "Forbidden: bot was blocked by the user")
