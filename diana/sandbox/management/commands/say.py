"""`manage.py say`: talk to the bot in the sandbox of `make run` from a terminal."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from diana.sandbox.access import HOSTS, TOKEN_VARIABLE
from diana.sandbox.chat.client import ChatClient, ChatRefused, SandboxAway
from diana.sandbox.chat.conversation import Conversation, Turn, find_group, find_person
from diana.sandbox.chat.printing import render_turn
from diana.sandbox.safety import StartRefusedError, check_environment, check_token

CURE = "Start everything with `make run` in this checkout, in another terminal, and leave it running."
HINT = (
    "Write to the bot, a line at a time. A number presses the button of that number, >LABEL the button of that label."
    " Ctrl-D ends."
)


class Command(BaseCommand):
    """Say something as a person, or converse line by line."""

    help = "Talk to the bot as a person of the sandbox: `say ada /daily`; without a text, line by line."
    # It needs no database.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("person", help="a name, or an id at Telegram; who is not there is added")
        parser.add_argument("text", nargs="?", help="what to say; without it a conversation begins")
        parser.add_argument("--lang", metavar="CODE", help="the language of somebody new (default: en)")
        parser.add_argument("--group", metavar="TITLE", help="say it in this group, made if it is not there")
        parser.add_argument("--press", metavar="LABEL", help="then press the button of this label or number")
        parser.add_argument("--json", action="store_true", help="print one JSON object a turn, for machines")

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Return a parser that takes the text also after an option: `say ada --lang es "/help"`."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.parse_args = parser.parse_intermixed_args  # type: ignore[method-assign]
        return parser

    def handle(self, *args: Any, **options: Any) -> None:
        """Talk; what the sandbox refuses becomes an error of the command."""
        client = ChatClient(*find_sandbox(os.environ, Path(settings.BASE_DIR)))
        try:
            with client.listening():
                self._talk(client, options)
        except SandboxAway as error:
            raise CommandError(f"No sandbox answers at {settings.TELEGRAM_API_URL}. {CURE}") from error
        except ChatRefused as refusal:
            raise CommandError(str(refusal)) from refusal

    def _talk(self, client: ChatClient, options: Mapping[str, Any]) -> None:
        person = find_person(client, options["person"], options["lang"])
        chat = find_group(client, options["group"], person["id"]) if options["group"] else person["id"]
        conversation = Conversation(client, person, chat)
        if options["text"] is None and options["press"] is None:
            self._converse(conversation, options["json"])
            return
        turns = self._acts(conversation, options)
        for turn in turns:
            self._print(turn, options["json"])
            if turn.failed:
                sys.exit(1)

    def _acts(self, conversation: Conversation, options: Mapping[str, Any]) -> Iterator[Turn]:
        if options["text"] is not None:
            yield conversation.say(options["text"])
        if options["press"] is not None:
            yield conversation.press(options["press"])

    def _converse(self, conversation: Conversation, as_json: bool) -> None:
        """Take lines until there are no more; what is refused does not end the conversation."""
        if not as_json:
            self.stdout.write(HINT)
        for line in lines("" if as_json else f"{conversation.person['first_name']}> "):
            try:
                self._print(self._turn(conversation, line), as_json)
            except ChatRefused as refusal:
                self.stderr.write(str(refusal))

    def _turn(self, conversation: Conversation, line: str) -> Turn:
        if line.startswith(">"):
            return conversation.press(line[1:].strip())
        if line.isascii() and line.isdigit():
            return conversation.press(line)
        return conversation.say(line)

    def _print(self, turn: Turn, as_json: bool) -> None:
        self.stdout.write(json.dumps(msgspec.to_builtins(turn), ensure_ascii=False) if as_json else render_turn(turn))
        self.stdout.flush()


def find_sandbox(environment: Mapping[str, str], root: Path) -> tuple[str, str]:
    """Return the address and the token of the running sandbox; raise CommandError for none, a real bot, or production.

    Both stand in the instance's `env`, which only its owner can read; the process's own variables win.
    """
    try:
        check_environment(environment)
        check_token(settings.TELEGRAM_BOT_TOKEN)
    except StartRefusedError as refusal:
        raise CommandError(f"`say` speaks to the sandbox only. {refusal}") from refusal
    values = read_variables(root / ".diana" / environment.get("DIANA_INSTANCE", "run") / "env")
    values |= {name: value for name, value in environment.items() if value}
    url, token = values.get("TELEGRAM_API_URL", ""), values.get(TOKEN_VARIABLE, "")
    if url and urlsplit(url).hostname not in HOSTS:
        raise CommandError("`say` speaks to the sandbox only, and TELEGRAM_API_URL is another server: unset it.")
    if not url or not token:
        raise CommandError(f"There is no sandbox of `make run`. {CURE}")
    return url, token


def read_variables(path: Path) -> dict[str, str]:
    """Return the variables of a file of `NAME=value` lines, none where there is no file."""
    rows = path.read_text().splitlines() if path.exists() else []
    return {name: value for name, separator, value in (row.partition("=") for row in rows) if separator}


def lines(prompt: str) -> Iterator[str]:
    """Yield what is typed or piped in, without blank lines; what is piped in is shown."""
    typed = sys.stdin.isatty()
    while True:
        try:
            line = input(prompt if typed else "").strip()
        except (EOFError, KeyboardInterrupt):
            return
        if line:
            if prompt and not typed:
                print(f"{prompt}{line}", flush=True)
            yield line
