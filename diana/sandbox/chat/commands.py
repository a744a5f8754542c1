"""Which of the bot's lists of commands somebody sees in a chat."""

from collections.abc import Iterator
from typing import Any

from diana.sandbox.bot_commands import BotCommands, Command
from diana.sandbox.chat.people import Person


def commands_for(commands: BotCommands, person: Person, chat: int) -> list[Command]:
    """Return the first list that is not empty: the narrower scope first, and there the person's language first."""
    language = person.language_code[:2]
    for scope in _scopes(person.id, chat):
        for language_code in (language, ""):
            if found := commands.get({"scope": scope, "language_code": language_code}):
                return found
    return []


def _scopes(person: int, chat: int) -> Iterator[dict[str, Any]]:
    """Yield the scopes in Telegram's order; nobody but the bot is an administrator here."""
    if chat < 0:
        yield {"type": "chat_member", "chat_id": chat, "user_id": person}
    yield {"type": "chat", "chat_id": chat}
    yield {"type": "all_group_chats" if chat < 0 else "all_private_chats"}
    yield {"type": "default"}
