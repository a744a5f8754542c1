"""The envelope of the Bot API's answers, and the error that a method raises to refuse a call."""

from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec

_encode = msgspec.json.Encoder().encode


class RefusalError(Exception):
    """Raised to answer a call with an error in Telegram's words."""

    def __init__(self, status: int, description: str, *, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.retry_after = retry_after


class Answer(NamedTuple):
    """What goes back over HTTP; `retry_after` in seconds becomes a header as well."""

    status: int
    body: bytes
    retry_after: int | None = None


def bad_request(reason: str) -> RefusalError:
    """Return the refusal of a request whose content is wrong."""
    return RefusalError(400, f"Bad Request: {reason}")


def answer_result(result: Any, description: str | None = None) -> Answer:
    """Wrap what a method returned."""
    body: dict[str, Any] = {"ok": True, "result": result}
    if description:
        body["description"] = description
    return Answer(200, _encode(body))


def answer_refusal(refusal: RefusalError) -> Answer:
    """Wrap an error; ResponseParameters only carry `retry_after`."""
    body: dict[str, Any] = {"ok": False, "error_code": refusal.status, "description": refusal.description}
    if refusal.retry_after is not None:
        body["parameters"] = {"retry_after": refusal.retry_after}
    return Answer(refusal.status, _encode(body), refusal.retry_after)


def ordered_failure(status: int, retry_after: int | None, description: str | None) -> RefusalError:
    """Return the failure that somebody asked for, in Telegram's words where none were given."""
    words = description or HTTPStatus(status).phrase
    if status == 429 and retry_after is not None and not description:
        words = f"Too Many Requests: retry after {retry_after}"
    return RefusalError(status, words, retry_after=retry_after)
