"""Calls of the Bot API whose results stay the bytes that Telegram sent. The Telegram library would lose what it does not know.

The token is part of every address: errors are told without the address, and never chained to those of the HTTP client.
"""

from typing import Any

import httpx
import msgspec

from apps.bot.certificates import tls_context
from apps.bot.polling.cutting import cut

CALL_SECONDS = 10.0


class TelegramAway(Exception):
    """Telegram does not answer, or not properly: try again, after `retry_after` seconds if it said so."""

    def __init__(self, message: str, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TelegramRefused(Exception):
    """Telegram refuses the call; `status` as in HTTP, the text in Telegram's words."""

    def __init__(self, status: int, description: str) -> None:
        super().__init__(description)
        self.status = status


class _Parameters(msgspec.Struct):
    retry_after: int | None = None


class _Answer(msgspec.Struct):
    ok: bool
    result: msgspec.Raw = msgspec.Raw(b"null")
    error_code: int = 0
    description: str = ""
    parameters: _Parameters = msgspec.field(default_factory=_Parameters)


class BotApi:
    """One bot at one address. Used by several threads at once."""

    def __init__(self, url: str, token: str) -> None:
        self._address = f"{url}/bot{token}/"
        self._http = httpx.Client(verify=tls_context())

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def call(self, method: str, *, seconds: float = CALL_SECONDS, **parameters: Any) -> msgspec.Raw:
        """Return the result as it was sent, within about that many seconds. Raises TelegramAway and TelegramRefused."""
        return _result(self._post(method, seconds, parameters))

    def get_updates(self, *, seconds: float, **parameters: Any) -> list[bytes]:
        """Return the updates that wait, each as it was sent, in their order. Raises what call() does."""
        content = self._post("getUpdates", seconds, parameters)
        if found := cut(content):
            return found
        _result(content)
        return []

    def _post(self, method: str, seconds: float, parameters: dict[str, Any]) -> bytes:
        try:
            return self._http.post(self._address + method, json=parameters, timeout=seconds).content
        except httpx.HTTPError as error:
            raise TelegramAway(f"{type(error).__name__}: Telegram cannot be reached") from None


def _result(content: bytes) -> msgspec.Raw:
    """Return what stands in an answer, or raise what it says."""
    try:
        answer = _decoder.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise TelegramAway("the answer is none of the Bot API") from None
    if answer.ok:
        return answer.result
    if answer.error_code == 429 or answer.error_code >= 500:
        raise TelegramAway(f"Telegram answered {answer.error_code}", answer.parameters.retry_after)
    raise TelegramRefused(answer.error_code, answer.description)


_decoder = msgspec.json.Decoder(_Answer)
