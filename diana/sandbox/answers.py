"""The envelope of the Bot API's answers, and the error that a method raises to refuse a call."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec

_encode = msgspec.json.Encoder().encode


class RefusalError(Exception):
    """Raised to answer a call with an error in Telegram's words; `parameters` are its ResponseParameters."""

    def __init__(self, status: int, description: str, parameters: Mapping[str, int] | None = None) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.parameters = dict(parameters or {})


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
    """Wrap an error."""
    body: dict[str, Any] = {"ok": False, "error_code": refusal.status, "description": refusal.description}
    if refusal.parameters:
        body["parameters"] = refusal.parameters
    return Answer(refusal.status, _encode(body), refusal.parameters.get("retry_after"))


def ordered_failure(status: int, description: str | None, parameters: Mapping[str, int]) -> RefusalError:
    """Return the failure that somebody asked for, in Telegram's words where none were given."""
    words = description or HTTPStatus(status).phrase
    if not description and status == 429 and "retry_after" in parameters:
        words = f"Too Many Requests: retry after {parameters['retry_after']}"
    if not description and "migrate_to_chat_id" in parameters:
        words = "Bad Request: group chat was upgraded to a supergroup chat"
    return RefusalError(status, words, parameters)
