"""Updates as Telegram sends them, made by a seeded hand: ids out of order, with gaps and jumps."""

import json
import random
import time
from collections.abc import Iterator
from typing import Any

FIRST_PERSON, FIRST_GROUP = 7_000_000, -100_900
GROUPS = 4
SCREENS = ("/points", "/help", "/profile", "/top")
WORDS = ("well", "good", "morning", "who", "has", "seen", "the", "cat", "today", "again", "¿qué?", "да", "🐈")


def update_ids(chance: random.Random) -> Iterator[int]:
    """Yield ids that never repeat: blocks of eight in disorder, gaps, and now and then a jump of 10^8 either way."""
    base, used = 500_000_000, set[int]()
    while True:
        block = [base + n for n in range(8)]
        chance.shuffle(block)
        for number in block:
            if number not in used:
                used.add(number)
                yield number
        base += 8 + chance.choice((0, 0, 0, 1, 17))
        if chance.random() < 0.03:
            base += chance.choice((-1, 1)) * 100_000_000 + chance.randrange(10_000)
        base = max(base, 1_000)


def user(person: int) -> dict[str, Any]:
    """A person at Telegram."""
    return {"id": person, "is_bot": False, "first_name": f"Member {person - FIRST_PERSON}", "language_code": "en"}


def private_chat(person: int) -> dict[str, Any]:
    """The chat of a person with the bot."""
    return {"id": person, "type": "private", "first_name": f"Member {person - FIRST_PERSON}"}


def group(number: int) -> dict[str, Any]:
    """A group."""
    return {"id": FIRST_GROUP - number, "type": "supergroup", "title": f"Group {number}"}


def message(update_id: int, person: int, chat: dict[str, Any], text: str, *, kind: str = "message") -> dict[str, Any]:
    """A text; a leading slash makes it a command."""
    body: dict[str, Any] = {
        "message_id": update_id,
        "from": user(person),
        "chat": chat,
        "date": int(time.time()),
        "text": text,
    }
    if text.startswith("/"):
        body["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text)}]
    if kind == "edited_message":
        body["edit_date"] = body["date"]
    return {"update_id": update_id, kind: body}


def press(update_id: int, person: int, page: str, owner: int) -> dict[str, Any]:
    """A button under a message of the bot; `owner` is Diana's id of whom it was drawn for."""
    hanging = message(update_id, 1, private_chat(person), "a screen")["message"]
    hanging["from"] = {"id": 1, "is_bot": True, "first_name": "Diana"}
    query = {
        "id": f"9{update_id}",
        "from": user(person),
        "message": hanging | {"message_id": 1},
        "chat_instance": "1",
        "data": f"v1|{page}|show|{owner}",
    }
    return {"update_id": update_id, "callback_query": query}


def text(chance: random.Random) -> str:
    """Something to say."""
    return " ".join(chance.choices(WORDS, k=chance.randint(1, 9)))


def encode(update: dict[str, Any]) -> bytes:
    """The body of the request."""
    return json.dumps(update).encode()


def malformed(chance: random.Random, update_id: int) -> bytes:
    """A body that must be refused."""
    return chance.choice(
        (b"", b"{", b"[]", b'{"update_id": "no"}', b'{"update_id": -1}', b'{"update_id": %d, "message": 3' % update_id)
    )
