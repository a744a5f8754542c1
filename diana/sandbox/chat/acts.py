"""What people do in their chats: each act changes the chat, makes the update that Telegram would make, and is news."""

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from diana.sandbox.chat import bodies
from diana.sandbox.chat.errors import ChatError
from diana.sandbox.chat.news import News
from diana.sandbox.chat.payments import Payments
from diana.sandbox.chat.people import Group, NewPerson, Person, seconds_since_epoch
from diana.sandbox.chat.world import World
from diana.sandbox.formatting import MAX_TEXT_UTF16_UNITS
from diana.sandbox.found_entities import find_entities, utf16_length
from diana.sandbox.messages import Message
from diana.sandbox.topics import in_thread

if TYPE_CHECKING:
    from diana.sandbox.bot_api import BotApi

Answer = dict[str, Any]
MAX_START_PAYLOAD = 64


class Acts:
    """The acts of the people of one sandbox. Each raises ChatError where Telegram's app would not offer it."""

    def __init__(self, bot_api: "BotApi", world: World, news: News) -> None:
        self._bot_api, self._world, self._news = bot_api, world, news
        # The bot remembers the queries from before a restart.
        self._query_ids = itertools.count(seconds_since_epoch() * 1_000)
        self.payments = Payments(bot_api, world, news, self._next_query)

    def add_person(self, new: NewPerson) -> Person:
        """Add somebody, who has not met the bot yet."""
        person = self._world.add_person(new)
        self._news.add("people")
        return person

    def add_group(self, title: str, members: Sequence[int], *, now: float) -> Group:
        """Have the first of these people make a group with the others and the bot."""
        group = self._world.add_group(title, members)
        self._news.add("groups")
        maker = self._world.people[group.members[0]]
        self._change("my_chat_member", group, maker, self._world.bot, ("left", "administrator"), now)
        for member in group.members[1:]:
            self._change("chat_member", group, maker, self._world.people[member].user(), ("left", "member"), now)
        return group

    def set_membership(self, group_id: int, who: int, member: bool, *, now: float) -> Group:
        """Let somebody, or the bot, join a group or leave it; nothing happens where they already have."""
        group = self._world.group(group_id)
        if who == self._world.bot["id"]:
            self._set_bot_membership(group, member, now)
        elif (who in group.members) != member:
            self._set_person_membership(group, self._world.person(who), member, now)
        return group

    def _set_bot_membership(self, group: Group, member: bool, now: float) -> None:
        if group.bot_is_member == member:
            return
        if not group.members:
            raise ChatError(409, "Nobody is in this group who could do it: let somebody join first.")
        group.bot_is_member = member
        self._news.add("groups")
        steps = ("kicked", "administrator") if member else ("administrator", "kicked")
        self._change("my_chat_member", group, self._world.people[group.members[0]], self._world.bot, steps, now)

    def _set_person_membership(self, group: Group, person: Person, member: bool, now: float) -> None:
        (group.members.append if member else group.members.remove)(person.id)
        self._news.add("groups")
        user = person.user()
        content = {"new_chat_members": [user]} if member else {"left_chat_member": user}
        self._post(group.id, person, content, now)
        self._change("chat_member", group, person, user, ("left", "member") if member else ("member", "left"), now)

    def _change(
        self, kind: str, group: Group, by: Person, member: dict[str, Any], steps: tuple[str, str], now: float
    ) -> None:
        if group.bot_is_member or kind == "my_chat_member":
            content = bodies.membership(group.chat(), by.user(), member, *steps, seconds=int(now))
            self._bot_api.updates.add(kind, content, lane=group.id)

    def say(
        self, person_id: int, chat: int, text: str, reply_to: int | None, *, now: float, topic: int | None = None
    ) -> Answer:
        """Send a text, to a topic or to the whole chat."""
        person, text = self._world.enter(person_id, chat), text.strip()
        if not text or utf16_length(text) > MAX_TEXT_UTF16_UNITS:
            raise ChatError(400, f"A message has 1 to {MAX_TEXT_UTF16_UNITS} characters: shorten it.")
        if topic is not None and not self._world.topics.has(chat, topic):
            raise ChatError(404, f"There is no topic {topic} in this chat: describe it under /sandbox/topics.")
        content: Message = {"text": text} | _with_entities(text) | in_thread(topic)
        if reply_to is not None:
            answered = self._find(chat, reply_to)
            content["reply_to_message"] = {name: answered[name] for name in answered if name != "reply_to_message"}
        update_id, message = self._post(chat, person, content, now)
        return {"update_id": update_id, "message": self._world.shown(message)}

    def _post(self, chat: int, person: Person, content: Message, now: float) -> tuple[int | None, Message]:
        """Add a person's message to the chat and make its update."""
        if chat == person.id:
            person.started = True
        message = self._bot_api.messages.add(chat, content, seconds=int(now), sender=person.user())
        update_id = self._update("message", message, chat, now)
        if update_id is not None:
            self._world.updates[chat, message["message_id"]] = update_id
        return update_id, message

    def _update(self, kind: str, content: Any, chat: int, now: float) -> int | None:
        if not self._world.hears(chat):
            return None
        return self._bot_api.updates.add(kind, content, lane=chat)

    def edit(self, person_id: int, chat: int, message_id: int, text: str, *, now: float) -> Answer:
        """Replace the text of a message of one's own."""
        self._world.enter(person_id, chat)
        message, text = self._find(chat, message_id), text.strip()
        if message["from"]["id"] != person_id or "text" not in message:
            raise ChatError(403, "Only a text of one's own can be edited.")
        if not text or utf16_length(text) > MAX_TEXT_UTF16_UNITS:
            raise ChatError(400, f"A message has 1 to {MAX_TEXT_UTF16_UNITS} characters: shorten it.")
        kept = {name: value for name, value in message.items() if name != "entities"}
        edited = kept | {"edit_date": int(now), "text": text} | _with_entities(text)
        self._bot_api.messages.replace(edited)
        return {"update_id": self._update("edited_message", edited, chat, now)}

    def press(self, person_id: int, chat: int, message_id: int, place: tuple[int, int], *, now: float) -> Answer:
        """Press the button at (row, column) of a message's keyboard."""
        person, message = self._world.enter(person_id, chat), self._find(chat, message_id)
        button = _button(message, *place)
        if "callback_data" not in button:
            raise ChatError(400, "This button tells the bot nothing: open its link, or pay the bill.")
        query = self._next_query()
        self._bot_api.callback_queries.open(query, at=now)
        self._world.press(query, person_id)
        content = bodies.callback_query(query, person, message, button["callback_data"])
        # Telegram orders presses by person, beside the messages of the chat.
        lane = "press", person_id
        heard = self._world.hears(chat)
        update_id = self._bot_api.updates.add("callback_query", content, lane=lane) if heard else None
        return {"update_id": update_id, "query_id": query}

    def react(self, person_id: int, chat: int, message_id: int, emoji: str | None, *, now: float) -> Answer:
        """Set the reaction to a message, or with None take it away."""
        person, message = self._world.enter(person_id, chat), self._find(chat, message_id)
        if emoji is not None and not 0 < len(emoji) <= 8:
            raise ChatError(400, "A reaction is one emoji, or null for none.")
        before = self._world.react(chat, message_id, person_id, emoji)
        if before == emoji:
            return {"update_id": None}
        self._news.add("edited", {"chat": chat, "message": self._world.shown(message)})
        place = self._world.describe(chat)
        content = bodies.reaction(place, message_id, person, before, emoji, seconds=int(now))
        return {"update_id": self._update("message_reaction", content, chat, now)}

    def open_link(self, person_id: int, link: str, *, now: float) -> Answer:
        """Open a deep link to the bot, or the link of a bill, as Telegram's app does."""
        person = self._world.enter(person_id, person_id)
        if bill := self._bot_api.stars.bill_of(link):
            self.payments.show(bill, person_id, now=now)
            return {"person": person_id, "chat": person_id, "update_id": None}
        payload = start_payload(link, self._world.bot["username"])
        text = f"/start {payload}".strip()
        update_id, _ = self._post(person.id, person, {"text": text} | _with_entities(text), now)
        return {"person": person_id, "chat": person_id, "update_id": update_id}

    def block(self, person_id: int, blocked: bool, *, now: float) -> Person:
        """Let somebody block the bot, or unblock it."""
        person = self._world.person(person_id)
        if person.blocked != blocked:
            person.blocked = blocked
            self._news.add("people")
            steps = ("member", "kicked") if blocked else ("kicked", "member")
            content = bodies.membership(person.chat(), person.user(), self._world.bot, *steps, seconds=int(now))
            self._bot_api.updates.add("my_chat_member", content, lane=person_id)
        return person

    def _find(self, chat: int, message_id: int) -> Message:
        message = self._bot_api.messages.find(chat, message_id)
        if message is None:
            raise ChatError(404, f"There is no message {message_id} in this chat any more: read the messages again.")
        return message

    def _next_query(self) -> str:
        return str(next(self._query_ids))


def start_payload(link: str, username: str) -> str:
    """Return what a deep link to the bot passes to /start; raise ChatError for any other link."""
    parts = urlsplit(link if "://" in link else f"https://{link}")
    words = parse_qs(parts.query)
    is_bots = parts.scheme in ("http", "https") and parts.hostname in ("t.me", "telegram.me")
    is_bots = is_bots and parts.path.strip("/").lower() == username.lower()
    if parts.scheme == "tg":
        is_bots = parts.hostname == "resolve" and words.get("domain", [""])[0].lower() == username.lower()
    payload = words.get("start", [""])[0]
    allowed = all(character.isascii() and (character.isalnum() or character in "_-") for character in payload)
    if not is_bots or len(payload) > MAX_START_PAYLOAD or not allowed:
        raise ChatError(400, f"Only links to this bot open here: https://t.me/{username}?start=… and its bills.")
    return payload


def _with_entities(text: str) -> Message:
    entities = find_entities(text)
    return {"entities": entities} if entities else {}


def _button(message: Message, row: int, column: int) -> dict[str, Any]:
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    if not 0 <= row < len(rows) or not 0 <= column < len(rows[row]):
        raise ChatError(404, "The message has no such button any more: read the messages again.")
    button: dict[str, Any] = rows[row][column]
    return button
