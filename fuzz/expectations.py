"""What must come of each kind of update: the table, complete for every kind of the corpus.

A new kind needs an entry here: kinds.kind_of() says its key, Expected what can be said of it. docs/updates.md is written from it.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from fuzz.kinds import ACCOUNTS_OF_TELEGRAM, Update, part_of
from fuzz.lines import NEVER_SENT, Line


class UnknownKind(LookupError):
    """A kind without an entry."""

    def __init__(self, line: Line) -> None:
        super().__init__(
            f"{line.name} is of the kind {line.kind!r}, of which fuzz/expectations.py says nothing: decide what must come "
            "of it, add an entry to TABLE, and write the page anew with `python -m fuzz --page > docs/updates.md`."
        )


class Way(StrEnum):
    """The way in that an update takes."""

    KEPT = "kept"
    COUNTED = "counted"
    SET_ASIDE = "set aside"
    QUESTION = "question"


class Person(StrEnum):
    """The one who becomes a person by it, if they are none."""

    NOBODY = "nobody"
    AUTHOR = "author"
    MEMBER = "member"


class Answer(StrEnum):
    """The calls of the Bot API that it leads to."""

    NONE = "none"
    REPLY = "message"
    IF_SENT = "message, unless nobody sent anything"
    NOTICE = "notice"
    SCREEN = "notice and screen"
    OWN_CHAT = "message in the person's own chat, or none"


class Expected(NamedTuple):
    """What must come of a kind: nothing, but for what is said. `acts` are the events of acts, `paid` the rules that award;
    `comes`: the person has come by, their day counts and is paid.
    """

    way: Way = Way.KEPT
    person: Person = Person.NOBODY
    answer: Answer = Answer.NONE
    comes: bool = False
    acts: frozenset[str] = frozenset()
    paid: frozenset[str] = frozenset()
    booked: bool = False


WRITTEN, TOOK_PART, DAILY = (
    frozenset({"game.message_sent"}),
    frozenset({"game.community_participation"}),
    frozenset({"game.daily_login"}),
)
NOTHING = Expected()
NOT_TAKEN = Expected(way=Way.COUNTED)
PRESENT = Expected(person=Person.AUTHOR)
PAGE = Expected(person=Person.AUTHOR, answer=Answer.REPLY, comes=True)
DAILY_REWARD = PAGE._replace(acts=DAILY, paid=frozenset({"daily_login"}))
PRIVATE_TEXT = Expected(person=Person.AUTHOR, comes=True, acts=WRITTEN)
GROUP_TEXT = PRIVATE_TEXT._replace(paid=frozenset({"message_sent"}))
NOT_OWN_WORDS = Expected(person=Person.AUTHOR)
# What is no command is answered in the person's own chat: each line has a person of its own, whose first it is.
GUIDED_TEXT = PRIVATE_TEXT._replace(answer=Answer.REPLY)
GUIDED = PRESENT._replace(answer=Answer.REPLY)
MONEY = Expected(person=Person.AUTHOR, answer=Answer.OWN_CHAT, booked=True)
NOTICED = Expected(person=Person.AUTHOR, answer=Answer.NOTICE)
PRESSED = Expected(person=Person.AUTHOR, answer=Answer.SCREEN, comes=True)
# A command in a group that is none of the bot's: not for the bot, and no words to the others.
PASSED_OVER = Expected(person=Person.AUTHOR)

TABLE: dict[str, Expected] = {
    # What people write.
    "message/start@private": PAGE,
    "message/start@topic of a private": PAGE,
    "message/start@group": PAGE,
    "message/start@topic of a group": PAGE,
    "message/daily@private": DAILY_REWARD,
    "message/daily@topic of a private": DAILY_REWARD,
    "message/daily@group": DAILY_REWARD,
    "message/daily@topic of a group": DAILY_REWARD,
    "message/daily@private+forwarded": GUIDED,
    "message/daily@group+forwarded": NOT_OWN_WORDS,
    "message/page@private": PAGE,
    "message/page@topic of a private": PAGE,
    "message/page@group": PAGE,
    "message/page@group+ephemeral": PAGE,
    "message/page@topic of a group": PAGE,
    "message/page@direct messages": PAGE,
    "message/daily@direct messages": DAILY_REWARD,
    "message/text@direct messages": PRIVATE_TEXT,
    "message/account of Telegram@direct messages": NOTHING,
    "callback_query/screen@direct messages": PRESSED,
    "chat_member/join@direct messages": PRESENT,
    "my_chat_member/person@direct messages": PRESENT,
    "message_reaction/person@direct messages": PRESENT,
    "callback_query/screen@channel+inaccessible": NOTHING,
    "callback_query/screen@nowhere": NOTICED,
    "message/daily@private+via a bot": NOT_OWN_WORDS,
    "message/page@group+forwarded": NOT_OWN_WORDS,
    "message/page@group+via a bot": NOT_OWN_WORDS,
    "message/unknown command@private": PAGE,
    "message/unknown command@group": PASSED_OVER,
    "message/command of another bot@private": PAGE,
    "message/command of another bot@group": PASSED_OVER,
    "message/text@private": GUIDED_TEXT,
    "message/text@topic of a private": GUIDED_TEXT,
    # Telegram has no such chats: it is nobody's own.
    "message/text@private+another's chat": PRIVATE_TEXT,
    "message/text@private+automatic": NOT_OWN_WORDS,
    "message/text@private+forwarded": GUIDED,
    "message/text@group": GROUP_TEXT,
    "message/text@topic of a group": GROUP_TEXT,
    "message/text@group+forwarded": NOT_OWN_WORDS,
    "message/text@group+via a bot": NOT_OWN_WORDS,
    "message/caption@private": GUIDED,
    "message/caption@group": GROUP_TEXT,
    "message/caption@group+forwarded": NOT_OWN_WORDS,
    "message/no text@private": PRESENT._replace(answer=Answer.IF_SENT),
    "message/no text@private+forwarded": GUIDED,
    "message/no text@private+via a bot": PRESENT,
    "message/no text@group": PRESENT,
    "message/no text@topic of a group": PRESENT,
    "message/no text@group+forwarded": PRESENT,
    # What nobody wrote, or no person.
    "message/nobody@private": NOTHING,
    "message/nobody@group": NOTHING,
    "message/bot@private": NOTHING,
    "message/bot@group": NOTHING,
    "message/chat@group": NOTHING,
    "message/account of Telegram@group": NOTHING,
    "message/business bot@private": NOTHING,
    "message/person@channel": NOTHING,
    "message/nobody@channel": NOTHING,
    "message/without a chat": Expected(way=Way.SET_ASIDE),
    # What a message tells of money and of groups.
    "message/payment@private": MONEY,
    "message/payment@group": MONEY,
    "message/refund@private": NOTHING,
    "message/refund@group": NOTHING,
    "message/move@private": PRESENT,
    "message/move@group": PRESENT,
    # What is changed later.
    "edited_message/person": PRESENT,
    "edited_message/person in a channel": NOTHING,
    "edited_message/chat": NOTHING,
    "edited_message/bot": NOTHING,
    "edited_message/nobody": NOTHING,
    # Buttons.
    "callback_query/screen@private": PRESSED,
    "callback_query/screen@group": PRESSED,
    "callback_query/screen@topic of a group": PRESSED,
    "callback_query/screen@group+inaccessible": PRESSED,
    "callback_query/screen@private+inaccessible": PRESSED,
    "callback_query/unknown data@private": NOTICED,
    "callback_query/unknown data@private+inaccessible": NOTICED,
    "callback_query/unknown data@group": NOTICED,
    "callback_query/unknown data@nowhere": NOTICED,
    "callback_query/no data": NOTICED,
    # Who is in a chat.
    "my_chat_member/person@private": PRESENT,
    "my_chat_member/nobody@private": NOTHING,
    "my_chat_member/person@group": PRESENT,
    "my_chat_member/nobody@group": NOTHING,
    "my_chat_member/person@channel": NOTHING,
    "chat_member/join@group": Expected(
        person=Person.MEMBER, comes=True, acts=TOOK_PART, paid=frozenset({"group_joined"})
    ),
    "chat_member/join@channel": NOTHING,
    "chat_member/other@group": NOTHING,
    "chat_member/other@channel": NOTHING,
    "chat_member/other@private": NOTHING,
    "chat_member/of a bot@group": NOTHING,
    "chat_member/of a bot@private": NOTHING,
    # Reactions. Those of the corpus are to messages that the bot has not seen.
    "message_reaction/person@group": PRESENT,
    "message_reaction/person@private": PRESENT,
    "message_reaction/person@channel": NOTHING,
    "message_reaction/nobody@group": NOTHING,
    "message_reaction/nobody@private": NOTHING,
    "message_reaction/nobody@channel": NOTHING,
    # Money.
    "pre_checkout_query": Expected(way=Way.QUESTION),
    "subscription/active": NOTHING,
    "subscription/canceled": NOTHING,
    "subscription/failed": NOTHING,
    # Kinds that the bot does not ask Telegram for, or that are unknown as yet.
    "business_connection": NOT_TAKEN,
    "business_message": NOT_TAKEN,
    "channel_post": NOT_TAKEN,
    "chat_boost": NOT_TAKEN,
    "chat_join_request": NOT_TAKEN,
    "chosen_inline_result": NOT_TAKEN,
    "deleted_business_messages": NOT_TAKEN,
    "edited_business_message": NOT_TAKEN,
    "edited_channel_post": NOT_TAKEN,
    "guest_message": NOT_TAKEN,
    "inline_query": NOT_TAKEN,
    "managed_bot": NOT_TAKEN,
    "message_reaction_count": NOT_TAKEN,
    "new_update_kind": NOT_TAKEN,
    "poll": NOT_TAKEN,
    "poll_answer": NOT_TAKEN,
    "purchased_paid_media": NOT_TAKEN,
    "removed_chat_boost": NOT_TAKEN,
    "shipping_query": NOT_TAKEN,
    "unknown": NOT_TAKEN,
}
# A reaction of the same kind to a message that the bot has seen, which somebody else wrote.
REACTION_TO_SEEN = Expected(
    person=Person.AUTHOR, comes=True, acts=TOOK_PART, paid=frozenset({"community_participation"})
)


def expected_of(line: Line) -> Expected:
    """Return what must come of the line's kind; raises UnknownKind."""
    if line.name in NEVER_SENT:
        return Expected(way=Way.SET_ASIDE)
    try:
        return TABLE[line.kind]
    except KeyError:
        raise UnknownKind(line) from None


def people_of(update: Update, person: Person) -> frozenset[int]:
    """Return whom the update must make a person, by their ids at Telegram."""
    subject = _subject(update)
    found = frozenset[int]() if subject is None else frozenset({subject}) - ACCOUNTS_OF_TELEGRAM
    return frozenset() if person is Person.NOBODY else found


def _subject(update: Update) -> int | None:
    """Return who did it; of a membership whom it is about. A payment's message without one stands in the payer's chat."""
    name, part = part_of(update)
    user: Mapping[str, Any] | None
    if name == "chat_member":
        user = part["new_chat_member"]["user"]
    else:
        user = part.get("from") or part.get("user")
    if user is None or user.get("is_bot", False) is not False:
        private = name == "message" and part.get("chat", {}).get("type") == "private"
        user = part["chat"] if private and part.get("successful_payment") else None
    return None if user is None else int(user["id"])
