"""The kind of an update: its part, its content, its place and its author. Pure, and without the bot's own reader: what is
read wrongly there must not be read wrongly here.
"""

from collections.abc import Iterator, Mapping
from typing import Any

# Telegram's own accounts that stand in `from` of messages nobody wrote: its service, anonymous admins, channels.
SERVICE, ANONYMOUS_ADMIN, CHANNEL_BOT = 777000, 1087968824, 136817688
ACCOUNTS_OF_TELEGRAM = frozenset({SERVICE, ANONYMOUS_ADMIN, CHANNEL_BOT})
BOT_NAME = "dianabot"
# Commands that show a page.
PAGES = frozenset(
    {"menu", "trivia", "story", "challenge", "points", "profile", "streak", "top", "achievements", "quiz", "tutorial"}
    | {"invite", "vip", "settings", "export", "deleteme", "privacy", "terms", "paysupport", "help"}
)
# Texts of the corpus that are the name of a command in some language: what they ask for is shown.
WORDS = frozenset({"test", "menu", "help", "points"})
PLACES = ("private", "group", "supergroup", "channel")
FORWARDED = ("forward_origin", "forward_from", "forward_from_chat", "forward_sender_name", "forward_date")

Update = Mapping[str, Any]


def part_of(update: Update) -> tuple[str, Any]:
    """Return the name and the value of the update's part; an empty name if there is none."""
    return next(((name, value) for name, value in update.items() if name != "update_id"), ("", None))


def kind_of(update: Update) -> str:
    """Return the kind, a key of the table of expectations."""
    name, part = part_of(update)
    match name:
        case "message":
            return f"message/{_message(part)}"
        case "edited_message":
            return f"edited_message/{_author(part) if _place(part) != 'channel' else 'person in a channel'}"
        case "callback_query":
            return f"callback_query/{_pressed(part)}"
        case "my_chat_member":
            return f"my_chat_member/{'person' if _is_human(part.get('from')) else 'nobody'}@{_place(part)}"
        case "chat_member":
            return f"chat_member/{_change(part)}@{_place(part)}"
        case "message_reaction":
            human = _is_human(part.get("user")) and not part.get("actor_chat")
            return f"message_reaction/{'person' if human else 'nobody'}@{_place(part)}"
        case "subscription":
            return f"subscription/{part.get('state')}"
    return name


def _message(part: Mapping[str, Any]) -> str:
    if not part.get("chat"):
        return "without a chat"
    content, place, author = content_of(part), _place(part), _author(part)
    if content in ("payment", "refund", "move"):
        return f"{content}@{place}"
    if author != "person" or place == "channel":
        return f"{author}@{place}"
    extras = list(_extras(part))
    if content == "text" and "private" in place and not extras:
        if part["chat"]["id"] != part["from"]["id"]:
            extras = ["another's chat"]
        elif part["text"].casefold() in WORDS:
            content = "page"
    return "".join([content, "@", place, *(f"+{extra}" for extra in extras)])


def content_of(message: Mapping[str, Any]) -> str:
    """Return what the message is about, as far as the bot makes a difference."""
    for name, content in (("successful_payment", "payment"), ("refunded_payment", "refund")):
        if message.get(name):
            return content
    if message.get("migrate_to_chat_id") or message.get("migrate_from_chat_id"):
        return "move"
    text = message.get("text")
    if text and any(e.get("type") == "bot_command" and e.get("offset") == 0 for e in message.get("entities") or ()):
        return _command(text)
    if text:
        return "text"
    return "caption" if message.get("caption") else "no text"


def _command(text: str) -> str:
    name, _, bot = text.split()[0].removeprefix("/").lower().partition("@")
    if bot not in ("", BOT_NAME):
        return "command of another bot"
    if name in ("start", "daily"):
        return name
    return "page" if name in PAGES else "unknown command"


def _author(message: Mapping[str, Any]) -> str:
    user = message.get("from")
    if user is None:
        return "nobody"
    if user.get("id") in ACCOUNTS_OF_TELEGRAM:
        return "account of Telegram"
    if not _is_human(user):
        return "bot"
    if message.get("sender_chat"):
        return "chat"
    return "business bot" if message.get("sender_business_bot") else "person"


def _is_human(user: Any) -> bool:
    """Say whether it is a person's account; old ones do not say that they are no bots."""
    if not isinstance(user, dict) or user.get("is_bot", False) is not False:
        return False
    return user["id"] > 0 and user["id"] not in ACCOUNTS_OF_TELEGRAM


def _place(part: Mapping[str, Any]) -> str:
    chat = part.get("chat")
    if not chat:
        return "nowhere"
    kind = chat.get("type")
    if kind not in PLACES:
        kind = "private" if chat["id"] > 0 else "supergroup"
    place = "group" if kind in ("group", "supergroup") else kind
    if chat.get("is_direct_messages"):
        return "direct messages"
    return f"topic of a {place}" if part.get("is_topic_message") else place


def _extras(message: Mapping[str, Any]) -> Iterator[str]:
    if any(message.get(name) for name in FORWARDED):
        yield "forwarded"
    if message.get("via_bot"):
        yield "via a bot"
    if message.get("is_from_offline"):
        yield "automatic"
    if message.get("message_id") == 0:
        yield "ephemeral"


def _pressed(part: Mapping[str, Any]) -> str:
    if not part.get("data"):
        return "no data"
    content = "screen" if part["data"].startswith("v1|") else "unknown data"
    below = part.get("message")
    if not below:
        return f"{content}@nowhere"
    return f"{content}@{_place(below)}" + ("" if below.get("date") else "+inaccessible")


def _change(part: Mapping[str, Any]) -> str:
    if not _is_human(part["new_chat_member"]["user"]):
        return "of a bot"
    return "join" if _is_in(part["new_chat_member"]) and not _is_in(part["old_chat_member"]) else "other"


def _is_in(member: Mapping[str, Any]) -> bool:
    if member["status"] == "restricted":
        return bool(member.get("is_member"))
    return member["status"] in ("creator", "administrator", "member")
