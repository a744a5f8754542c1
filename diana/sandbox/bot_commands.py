"""The lists of commands that the bot has set, per scope and language."""

import re
from typing import Any

import msgspec

from diana.sandbox.answers import bad_request
from diana.sandbox.parameters import Parameters, text_of

MAX_COMMANDS = 100
MAX_DESCRIPTION_CHARACTERS = 256
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_LANGUAGE = re.compile(r"([a-z]{2})?")
_SCOPES = frozenset(
    {"default", "all_private_chats", "all_group_chats", "all_chat_administrators", "chat", "chat_administrators"}
    | {"chat_member"}
)

Command = dict[str, str]


class BotCommands:
    """What setMyCommands keeps and getMyCommands returns."""

    def __init__(self) -> None:
        self._lists: dict[tuple[str, str], list[Command]] = {}

    def set(self, parameters: Parameters) -> None:
        """Replace the list of one scope and language."""
        given = parameters.get("commands")
        if isinstance(given, str) and given:
            raise bad_request("can't parse commands JSON object")
        if given and not isinstance(given, list):
            raise bad_request("expected an Array of BotCommand")
        commands = [_read_command(one) for one in given or []]
        if len(commands) > MAX_COMMANDS:
            raise bad_request("BOT_COMMANDS_TOO_MUCH")
        self._lists[_key(parameters)] = commands

    def get(self, parameters: Parameters) -> list[Command]:
        """Return the list of exactly this scope and language; no list is an empty one."""
        return self._lists.get(_key(parameters), [])


def _read_command(given: Any) -> Command:
    if not isinstance(given, dict):
        raise bad_request("can't parse BotCommand: expected an Object")
    for name in ("command", "description"):
        if not isinstance(given.get(name), str):
            raise bad_request(f"can't parse BotCommand: Can't find field \"{name}\"")
    command, description = given["command"].strip().removeprefix("/"), given["description"].strip()
    if not command:
        raise bad_request("command must be non-empty")
    if len(command) > 32:
        raise bad_request("command length must not exceed 32")
    if not description:
        raise bad_request("command description must be non-empty")
    if len(description) > MAX_DESCRIPTION_CHARACTERS:
        raise bad_request(f"command description length must not exceed {MAX_DESCRIPTION_CHARACTERS}")
    if not _COMMAND.fullmatch(command):
        raise bad_request("BOT_COMMAND_INVALID")
    return {"command": command, "description": description}


def _key(parameters: Parameters) -> tuple[str, str]:
    scope = parameters.get("scope") or {"type": "default"}
    if not isinstance(scope, dict):
        raise bad_request("can't parse BotCommandScope JSON object")
    if scope.get("type") not in _SCOPES:
        raise bad_request("can't parse BotCommandScope: Unsupported type specified")
    language = text_of(parameters, "language_code")
    if not _LANGUAGE.fullmatch(language):
        raise bad_request("invalid language code specified")
    return msgspec.json.encode(scope, order="sorted").decode(), language
