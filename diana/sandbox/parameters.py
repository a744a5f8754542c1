"""Reads the parameters of a call from wherever the Bot API allows them: query string, form, multipart or JSON."""

import re
from typing import Any

import msgspec
from tornado.httputil import HTTPFile, HTTPServerRequest

from diana.sandbox.answers import bad_request

Parameters = dict[str, Any]

_INTEGERS = frozenset(
    {"chat_id", "message_id", "message_thread_id", "cache_time", "max_connections", "timeout"}
    | {"user_id", "offset", "limit", "subscription_period", "max_tip_amount"}
    | {"direct_messages_topic_id", "receiver_user_id"}
)
_BOOLEANS = frozenset(
    {"show_alert", "drop_pending_updates", "disable_notification", "protect_content", "disable_web_page_preview"}
    | {"ok", "is_canceled", "is_flexible", "disable_content_type_detection", "drop_pending_updates"}
)
_JSON = frozenset(
    {"reply_markup", "entities", "link_preview_options", "reply_parameters", "commands", "scope", "allowed_updates"}
    | {"caption_entities", "prices", "suggested_tip_amounts", "ephemeral_message_parameters"}
)
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_decode_json = msgspec.json.Decoder().decode
_UNKNOWN_TYPES = ("", "application/unknown")


class Upload(dict[str, Any]):
    """A file of a call: recorded as its name and size; what is in it is there until `release`."""

    def __init__(self, file: HTTPFile) -> None:
        super().__init__(file_name=file.filename, size_bytes=len(file.body))
        self.content: bytes = file.body
        known = file.content_type not in _UNKNOWN_TYPES
        self.mime_type: str = file.content_type if known else "application/octet-stream"

    def release(self) -> None:
        """Let go of the content: the record of calls must not keep it."""
        self.content = b""


def read_parameters(request: HTTPServerRequest) -> Parameters:
    """Return the parameters under their names, typed: identifiers as int, flags as bool, structures decoded.

    What cannot be read as its type stays a string, for the method to refuse; files are reduced to name and size. The
    body wins over the query string. Raises RefusalError for what no method could read.
    """
    raw: Parameters = {name: _text(values[-1]) for name, values in request.arguments.items()}
    if request.headers.get("Content-Type", "").startswith("application/json") and request.body:
        raw |= _json_object(request.body)
    for name, files in request.files.items():
        raw[name] = Upload(files[-1])
    return typed(raw)


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise bad_request("strings must be encoded in UTF-8") from None


def _json_object(body: bytes) -> Parameters:
    try:
        decoded = _decode_json(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise bad_request(f"can't parse parameter value: {error}") from None
    if not isinstance(decoded, dict):
        raise bad_request("JSON object expected")
    return decoded


def _typed(name: str, value: Any) -> Any:
    if name in _BOOLEANS:
        return value if isinstance(value, bool) else str(value).lower() in {"true", "yes", "1"}
    if not isinstance(value, str):
        # A JSON body may send a number where the API wants a string.
        return value if name in _INTEGERS or isinstance(value, dict | list | bool | None) else str(value)
    if name in _INTEGERS and _INTEGER.fullmatch(value):
        return int(value)
    return _structure(value) if name in _JSON else value


def _structure(value: str) -> Any:
    try:
        return _decode_json(value)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return value


def typed(parameters: Parameters) -> Parameters:
    """Return decoded parameters with each value as its type."""
    return {name: _typed(name, value) for name, value in parameters.items()}


def text_of(parameters: Parameters, name: str) -> str:
    """Return a parameter that is a string, empty where it is missing."""
    value = parameters.get(name)
    return value if isinstance(value, str) else ""


def chat_of(parameters: Parameters) -> int:
    """Return the chat that a call names; user names and other texts are chats nobody knows."""
    chat = parameters.get("chat_id")
    if chat is None or chat == "":
        raise bad_request("chat_id is empty")
    if not isinstance(chat, int) or isinstance(chat, bool) or chat == 0:
        raise bad_request("chat not found")
    return chat
