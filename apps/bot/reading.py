"""What the bot's handlers read of an update, typed: its *document*, which is all that is kept for long. No ORM here.

Telegram's server sends more than this, and later versions send more still: none of it can make a document unreadable.
A field that has no default is one without which nothing can be done.
"""

from typing import Annotated, Any, Literal

import msgspec

# Telegram's ids have at most 52 significant bits; PostgreSQL's bigint takes these.
Identifier = Annotated[int, msgspec.Meta(ge=-(2**62), le=2**62)]
PositiveIdentifier = Annotated[int, msgspec.Meta(gt=0, le=2**62)]
LARGEST_TIME = 2**33
# Seconds since 1970.
Time = Annotated[int, msgspec.Meta(ge=0, le=LARGEST_TIME)]
Whole = Annotated[int, msgspec.Meta(ge=0, le=2**62)]
# PostgreSQL's texts hold everything but NUL.
Title = Annotated[str, msgspec.Meta(max_length=300, pattern=r"\A[^\x00]*\Z")]


class Unreadable(ValueError):
    """The update lacks something without which nothing can be done; the text says what, and never what stood there."""


class User(msgspec.Struct, omit_defaults=True):
    """A user. Old bodies do not say of people that they are no bots."""

    id: PositiveIdentifier
    is_bot: bool = False
    first_name: str = ""
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None


class Chat(msgspec.Struct, omit_defaults=True):
    """A chat. One of an unknown type is taken for what its id says: people have positive ones. Documents have no titles. A
    channel's direct messages are a supergroup to Telegram, in which each person talks with the administrators alone.
    """

    id: Identifier
    type: Literal["", "private", "group", "supergroup", "channel"] = ""
    title: Title | None = None
    is_direct_messages: bool = False

    def __post_init__(self) -> None:
        if not self.type:
            self.type = "private" if self.id > 0 else "supergroup"


class Entity(msgspec.Struct, omit_defaults=True):
    """A part of a text that means something; of these only commands are kept."""

    type: str
    offset: Whole
    length: Whole


class DirectTopic(msgspec.Struct, omit_defaults=True):
    """A topic of a channel's direct messages."""

    topic_id: Identifier


class Located(msgspec.Struct, omit_defaults=True, kw_only=True):
    """Where in its chat a message is. A thread is a topic only where the message says so; an ephemeral message, which the bot
    and one person see, has the number 0 and another one of its own.
    """

    message_id: Whole = 0
    message_thread_id: Whole | None = None
    is_topic_message: bool = False
    direct_messages_topic: DirectTopic | None = None
    ephemeral_message_id: Whole | None = None


class Message(Located, omit_defaults=True):
    """A new message. `date` is 0 where nobody told it; `media`: there is something to look at besides a text."""

    chat: Chat
    date: Time = 0
    from_: User | None = msgspec.field(default=None, name="from")
    text: str | None = None
    caption: str | None = None
    entities: list[Entity] | None = None
    media: bool = False


class Edited(msgspec.Struct, omit_defaults=True):
    """An edited message, of which nothing is read but where and by whom it was."""

    chat: Chat
    from_: User | None = msgspec.field(default=None, name="from")


class Below(Located, omit_defaults=True):
    """The message below which a button hangs; one with the date 0 is too old to be edited, and its topic is not told."""

    chat: Chat
    date: Time = 1


class Pressed(msgspec.Struct, omit_defaults=True):
    """A button that was pressed. Games and inline messages have no data or no message."""

    id: str
    from_: User = msgspec.field(name="from")
    message: Below | None = None
    data: str | None = None


class Own(msgspec.Struct, omit_defaults=True, kw_only=True):
    """How the bot itself stands in a chat; who is restricted may be a member or not."""

    status: str
    is_member: bool = False

    @property
    def is_in(self) -> bool:
        """Say whether it is in the chat; of a status that is unknown nobody can say so."""
        return self.status in ("member", "administrator", "creator") or (self.status == "restricted" and self.is_member)


class Standing(Own, omit_defaults=True, kw_only=True):
    """How somebody stands in a chat."""

    user: User


class Membership(msgspec.Struct, omit_defaults=True):
    """A change of the bot's own membership. Who made it may be anonymous, a bot, or not told; old documents do not tell how
    the bot stood before.
    """

    chat: Chat
    new_chat_member: Own
    date: Time = 0
    old_chat_member: Own | None = None
    from_: User | None = msgspec.field(default=None, name="from")

    @property
    def came_in(self) -> bool:
        """Say whether the bot was let in by it."""
        return self.new_chat_member.is_in and self.old_chat_member is not None and not self.old_chat_member.is_in


class Change(msgspec.Struct, omit_defaults=True):
    """A change of somebody's membership."""

    chat: Chat
    old_chat_member: Standing
    new_chat_member: Standing
    date: Time = 0

    @property
    def joined(self) -> bool:
        """Say whether they came in by it."""
        return self.new_chat_member.is_in and not self.old_chat_member.is_in


class Reaction(msgspec.Struct, omit_defaults=True):
    """A reaction that somebody gave, changed or took away; of anonymous ones `user` is missing."""

    chat: Chat
    message_id: Whole
    date: Time = 0
    new_reaction: list[Any] = []
    user: User | None = None


class Update(msgspec.Struct, omit_defaults=True):
    """An update of the kinds that are taken."""

    message: Message | None = None
    edited_message: Edited | None = None
    callback_query: Pressed | None = None
    my_chat_member: Membership | None = None
    chat_member: Change | None = None
    message_reaction: Reaction | None = None


def read(document: bytes) -> Update:
    """Return the update of a document; raises Unreadable for what is none."""
    try:
        return _decoder.decode(document)
    except msgspec.DecodeError:
        raise Unreadable("the document is none of this version") from None


_decoder = msgspec.json.Decoder(Update)
