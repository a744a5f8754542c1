"""Updates that Telegram's server can send and a strict reader stumbles over: invented ones, one for each kind met."""

import json
from typing import Any

from tests.bot.updates import ADA, GROUP, message, private_chat, update, user

BOT = {"id": 1, "is_bot": True, "first_name": "Diana"}
# Numbers and texts in place of what nobody reads, as JSON.
UNREAD = {
    "half a surrogate pair": rb'"\ud800"',
    "the other half": rb'"a\udc00b"',
    "an escaped NUL": rb'"\u0000"',
    "a control character": b'"\x01\x1f"',
    "bytes that are no UTF-8": b'"\xff\xc0\xaf"',
    "an encoded surrogate": b'"\xed\xa0\x80"',
    "a number of 5,000 digits": b"9" * 5000,
    "a number beyond any float": b"1e400",
    "brackets in brackets": b"[" * 20_000 + b"]" * 20_000,
    "objects in objects": b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
}


def _without(fields: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}


def _poll() -> dict[str, Any]:
    """A poll as servers of last year tell it, without persistent ids."""
    options = [{"text": text, "voter_count": 0} for text in "ab"]
    return {
        "id": "1",
        "question": "?",
        "options": options,
        "total_voter_count": 0,
        "is_closed": False,
        "type": "regular",
    }


def _pressed(**fields: Any) -> dict[str, Any]:
    return {"id": "77", "from": user(), "chat_instance": "1", "data": "v1|help|show|1"} | fields


# Each of them is answered as the same command in an ordinary update is.
COMMANDS: dict[str, dict[str, Any]] = {
    "in reply to an old poll": {"reply_to_message": message("", chat=GROUP, sender=BOT) | {"poll": _poll()}},
    "in reply to what is unknown": {"reply_to_message": {"new_thing": 1}},
    "by a user without is_bot": {"from": _without(user(), "is_bot")},
    "by a user without a name": {"from": _without(user(), "first_name")},
    "by a user with a number for a name": {"from": user(last_name=5)},
    "by a user with an odd language": {"from": user(language_code={"of": "a later version"})},
    "in a text that is bold": {
        "text": "/points please",
        "entities": [
            {"type": "bold", "offset": 0, "length": 14},
            {"type": "bot_command", "offset": 0, "length": 7},
            {"type": "url", "offset": 8, "length": 6},
        ],
    },
    "with an entity of another shape": {
        "entities": [{"type": "bot_command", "offset": 0, "length": 7}, {"type": "date_time"}, {"offset": "x"}]
    },
    "with a hundred entities of another shape": {
        "entities": [
            {"type": "bot_command", "offset": 0, "length": 7},
            *[{"type": "later", "at": n} for n in range(99)],
        ]
    },
    "with media of another shape": {"photo": {"later": True}, "dice": 5, "location": [], "contact": "x"},
    "with a time after 2038": {"date": 2**32},
    "with a time that is none": {"date": "yesterday"},
    "with a keyboard of another shape": {"reply_markup": {"inline_keyboard": [[{"later": 1}]]}},
    "with a quote of another shape": {"quote": 5, "external_reply": []},
    "with a chat of a later type": {"chat": GROUP | {"type": "gigagroup"}},
    "with a chat without a type": {"chat": _without(GROUP, "type")},
}

# Nobody answers these; they are kept and handled all the same.
OTHERS: dict[str, dict[str, Any]] = {
    "a button without a message": update("callback_query", _pressed()),
    "a button below an inline message": update("callback_query", _pressed(inline_message_id="abc")),
    "a button of a game": update("callback_query", _without(_pressed(game_short_name="g"), "data", "chat_instance")),
    "a button below a message too old": update(
        "callback_query", _pressed(message={"chat": private_chat(), "message_id": 3, "date": 0})
    ),
    "a button below what is unknown": update("callback_query", _pressed(message={"chat": private_chat(), "later": 1})),
    "an edit by a user without is_bot": update("edited_message", message("x", sender=_without(user(), "is_bot"))),
    "an edit in a channel": update(
        "edited_message", _without(message("x", chat={"id": -5, "type": "channel", "title": "C"}), "from")
    ),
    "an edited poll": update("edited_message", message("", chat=GROUP) | {"poll": _poll()}),
    "the bot muted, as old servers tell it": update(
        "my_chat_member",
        {
            "chat": GROUP,
            "from": user(),
            "date": 1_790_000_000,
            "old_chat_member": {"user": BOT, "status": "member"},
            "new_chat_member": {"user": BOT, "status": "restricted", "is_member": True, "until_date": 0},
        },
    ),
    "the bot in a state of a later version": update(
        "my_chat_member",
        {"chat": GROUP, "from": user(), "date": 1_790_000_000, "new_chat_member": {"user": BOT, "status": "visiting"}},
    ),
    "a reaction of a later kind": update(
        "message_reaction",
        {"chat": GROUP, "message_id": 5, "user": user(), "date": 1, "new_reaction": [{"type": "later"}, 5]},
    ),
    "a reaction by a user without is_bot": update(
        "message_reaction",
        {"chat": _without(GROUP, "type"), "message_id": 5, "user": _without(user(), "is_bot"), "new_reaction": []},
    ),
    "a message of an unknown kind": update(
        body={"message_id": 5, "date": 1, "chat": private_chat(), "later": {"x": 1}}
    ),
    "a text in a chat without a type": update(body=message("hello", chat={"id": ADA, "first_name": "Ada"})),
}


def with_unread(sent: dict[str, Any], value: bytes) -> bytes:
    """Return the update with the JSON in a field that nobody knows, in the message and beside it."""
    marked = json.dumps(sent | {"later": 0, "message": sent["message"] | {"later": 0}}).encode()
    return marked.replace(b'"later": 0', b'"later": ' + value)
