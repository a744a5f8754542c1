"""What the bot's handlers rely on in an update, typed: whatever else a body holds is the library's affair. No ORM here.

The library takes any value for a text or a number and fails where it is used; a body that is wrong will stay wrong.
"""

from typing import Annotated, Any, Literal

import msgspec

from apps.bot.incoming import Identifier, PositiveIdentifier

Whole = Annotated[int, msgspec.Meta(ge=0, le=2**31)]


class Unreadable(ValueError):
    """The update has a part that is not as Telegram documents it; the text says which, and never what stood there."""


class _User(msgspec.Struct):
    id: PositiveIdentifier
    first_name: str
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None


class _Chat(msgspec.Struct):
    id: Identifier
    type: Literal["private", "group", "supergroup", "channel"]


class _Entity(msgspec.Struct):
    type: str
    offset: Whole
    length: Whole


class Message(msgspec.Struct):
    """A message, of which the handlers read this much. `date` counts seconds since 1970."""

    message_id: int
    date: Whole
    chat: _Chat
    from_: _User | None = msgspec.field(default=None, name="from")
    text: str | None = None
    caption: str | None = None
    entities: list[_Entity] | None = None
    caption_entities: list[_Entity] | None = None


class _Pressed(msgspec.Struct):
    id: str
    from_: _User = msgspec.field(name="from")
    message: Message | None = None
    data: str | None = None


class _Member(msgspec.Struct):
    status: str
    user: _User


class _Membership(msgspec.Struct):
    chat: _Chat
    date: Whole
    new_chat_member: _Member
    from_: _User = msgspec.field(name="from")


class _Standing(msgspec.Struct):
    """How somebody stands in a chat; who is restricted may be a member or not."""

    status: str
    user: _User
    is_member: bool = False

    @property
    def is_in(self) -> bool:
        return self.status in ("member", "administrator", "creator") or (self.status == "restricted" and self.is_member)


class Change(msgspec.Struct):
    """A change of somebody's membership."""

    chat: _Chat
    date: Whole
    old_chat_member: _Standing
    new_chat_member: _Standing

    @property
    def joined(self) -> bool:
        """Say whether they came in by it."""
        return self.new_chat_member.is_in and not self.old_chat_member.is_in


class Reaction(msgspec.Struct):
    """A reaction that somebody gave, changed or took away; of anonymous ones `user` is missing."""

    chat: _Chat
    date: Whole
    message_id: int
    new_reaction: list[dict[str, Any]]
    user: _User | None = None


class Update(msgspec.Struct):
    """An update of the kinds that are taken; of others nothing is read."""

    message: Message | None = None
    edited_message: Message | None = None
    callback_query: _Pressed | None = None
    my_chat_member: _Membership | None = None
    chat_member: Change | None = None
    message_reaction: Reaction | None = None


def read(body: bytes) -> Update:
    """Return what the handlers read of the update; raises Unreadable unless all of it is there and of its type."""
    try:
        return _decoder.decode(body.decode())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        place = str(error).rpartition(" - at ")[2] if isinstance(error, msgspec.ValidationError) else "the text"
        raise Unreadable(f"{place} is not as Telegram documents it") from None


def message_below(body: bytes) -> tuple[int, int] | None:
    """Return which message the pressed button hangs on: its chat and its number there; None if that cannot be read."""
    try:
        below = read(body).callback_query
    except Unreadable:
        return None
    return (below.message.chat.id, below.message.message_id) if below and below.message else None


_decoder = msgspec.json.Decoder(Update)
