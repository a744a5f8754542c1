"""Who and what there is besides the bot: people, groups, reactions, who pressed which button."""

from collections.abc import Iterable
from typing import Any

from diana.sandbox.answers import RefusalError
from diana.sandbox.chat.errors import ChatError
from diana.sandbox.chat.people import (
    FIRST_MADE_GROUP,
    FIRST_MADE_PERSON,
    Group,
    NewPerson,
    Person,
    initial_groups,
    initial_people,
    seconds_since_epoch,
)
from diana.sandbox.messages import Message, describe_chat
from diana.sandbox.topics import Topics

MAX_PEOPLE = MAX_GROUPS = 1_000
MAX_PRESSES = 10_000


class World:
    """Everything of one sandbox that the bot has not made."""

    def __init__(self, bot: dict[str, Any]) -> None:
        self.bot = bot
        self._made_people = self._made_groups = seconds_since_epoch()
        self.forget()

    def forget(self) -> None:
        """Begin again with the initial people and groups; what is made later gets new identifiers."""
        self.people = {person.id: person for person in initial_people()}
        self.groups = {group.id: group for group in initial_groups()}
        self.reactions: dict[tuple[int, int], dict[int, str]] = {}
        # Which update told the bot of a message.
        self.updates: dict[tuple[int, int], int] = {}
        self.paid: set[tuple[int, int]] = set()
        self.topics = Topics()
        self._pressed: dict[str, int] = {}

    def add_person(self, new: NewPerson) -> Person:
        """Add somebody; raise ChatError where something is wrong with them."""
        if problem := new.problem():
            raise ChatError(400, problem)
        if len(self.people) >= MAX_PEOPLE:
            raise ChatError(409, "There are too many people: reset the sandbox.")
        if new.id in self.people:
            raise ChatError(409, f"Somebody has the id {new.id} already: choose another one.")
        if new.username and any(one.username == new.username for one in self.people.values()):
            raise ChatError(409, f"Somebody is called @{new.username} already: choose another username.")
        self._made_people += 1
        person = Person(
            id=new.id or FIRST_MADE_PERSON + self._made_people,
            first_name=new.first_name.strip(),
            last_name=new.last_name or None,
            username=new.username or None,
            language_code=new.language_code,
            time_zone=new.time_zone,
        )
        self.people[person.id] = person
        return person

    def add_group(self, title: str, members: Iterable[int]) -> Group:
        """Add a group of these people; raise ChatError for nobody or no title."""
        known = list(dict.fromkeys(self.person(one).id for one in members))
        if not title.strip() or len(title) > 128 or not known:
            raise ChatError(400, "A group has a title of at most 128 characters and at least one member.")
        if len(self.groups) >= MAX_GROUPS:
            raise ChatError(409, "There are too many groups: reset the sandbox.")
        self._made_groups += 1
        group = Group(id=FIRST_MADE_GROUP - self._made_groups, title=title.strip(), members=known)
        self.groups[group.id] = group
        return group

    def person(self, person_id: int) -> Person:
        """Return a person; raise ChatError where there is none."""
        if person_id not in self.people:
            raise ChatError(404, f"There is no person {person_id} here: read the state again.")
        return self.people[person_id]

    def group(self, group_id: int) -> Group:
        """Return a group; raise ChatError where there is none."""
        if group_id not in self.groups:
            raise ChatError(404, f"There is no group {group_id} here: read the state again.")
        return self.groups[group_id]

    def enter(self, person_id: int, chat: int) -> Person:
        """Return the person if they may act in the chat: their own with the bot, or a group that they are in."""
        person = self.person(person_id)
        if chat > 0:
            if chat != person_id:
                raise ChatError(403, "Nobody can act in another person's chat with the bot.")
            if person.blocked:
                raise ChatError(409, f"{person.first_name} has blocked the bot: unblock it first.")
        elif person_id not in self.group(chat).members:
            raise ChatError(403, f"{person.first_name} is not in this group: let them join first.")
        return person

    def hears(self, chat: int) -> bool:
        """Say whether the bot learns of what happens in the chat."""
        return chat > 0 or self.groups[chat].bot_is_member

    def knows(self, chat: int) -> bool:
        """Say whether the chat is one of the sandbox's own."""
        return chat in self.people or chat in self.groups

    def describe(self, chat: int) -> dict[str, Any]:
        """Return the Chat object of any identifier."""
        known = self.people.get(chat) or self.groups.get(chat)
        return (known.chat() if known else describe_chat(chat)) | self.topics.fields_of_chat(chat)

    def first_message_id(self, chat: int) -> int:
        """Return where the numbers of a chat begin: 0 but for the sandbox's own, whose numbers must not come again."""
        return seconds_since_epoch() if self.knows(chat) else 0

    def check_reachable(self, chat: int) -> None:
        """Raise RefusalError where Telegram would not let the bot write."""
        person, group = self.people.get(chat), self.groups.get(chat)
        if person and person.blocked:
            raise RefusalError(403, "Forbidden: bot was blocked by the user")
        if person and not person.started:
            raise RefusalError(403, "Forbidden: bot can't initiate conversation with a user")
        if group and not group.bot_is_member:
            raise RefusalError(403, "Forbidden: bot was kicked from the supergroup chat")

    def press(self, query: str, person: int) -> None:
        """Remember who pressed, so that the answer finds them."""
        self._pressed[query] = person
        if len(self._pressed) > MAX_PRESSES:
            del self._pressed[next(iter(self._pressed))]

    def presser(self, query: str) -> int | None:
        """Return who pressed."""
        return self._pressed.get(query)

    def react(self, chat: int, message_id: int, person: int, emoji: str | None) -> str | None:
        """Set or with None take away a person's reaction; return the one before."""
        given = self.reactions.setdefault((chat, message_id), {})
        before = given.pop(person, None)
        if emoji is not None:
            given[person] = emoji
        return before

    def shown(self, message: Message) -> dict[str, Any]:
        """Return a message as the page gets it."""
        place = message["chat"]["id"], message["message_id"]
        sender = {name: message["from"][name] for name in ("id", "first_name", "is_bot")}
        shown = {name: message[name] for name in _KEPT if name in message}
        shown |= {"chat": place[0], "from": sender}
        if "invoice" in message:
            shown["invoice"] = message["invoice"] | {"paid": place in self.paid}
        if "reply_to_message" in message:
            shown["reply_to_message_id"] = message["reply_to_message"]["message_id"]
        if "new_chat_members" in message or "left_chat_member" in message:
            shown["service"] = "joined" if "new_chat_members" in message else "left"
        if place in self.updates:
            shown["update_id"] = self.updates[place]
        given = self.reactions.get(place, {})
        return shown | {"reactions": [{"person": person, "emoji": emoji} for person, emoji in given.items()]}


_KEPT = (
    *("message_id", "date", "edit_date", "text", "entities", "caption", "caption_entities", "reply_markup"),
    *("document", "successful_payment", "refunded_payment", "message_thread_id"),
)
