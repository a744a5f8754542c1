"""What the webhook must know of a body before it keeps it: decoded strictly, and only so much. No ORM here."""

from typing import Annotated, NamedTuple

import msgspec

# Telegram's ids have at most 52 significant bits; PostgreSQL's bigint takes these.
Identifier = Annotated[int, msgspec.Meta(ge=-(2**62), le=2**62)]
PositiveIdentifier = Annotated[int, msgspec.Meta(gt=0, le=2**62)]


class Malformed(ValueError):
    """The body is no update: send what Telegram sends, JSON in UTF-8 with an update_id."""


class _Sender(msgspec.Struct):
    id: PositiveIdentifier
    is_bot: bool = False


class _Chat(msgspec.Struct):
    id: Identifier


class _Pressed(msgspec.Struct):
    chat: _Chat | None = None


class _Member(msgspec.Struct):
    user: _Sender


class _Part(msgspec.Struct):
    """What the kinds of updates have in common. `user` is the sender of a reaction, `message` what a button hangs on."""

    from_: _Sender | None = msgspec.field(default=None, name="from")
    user: _Sender | None = None
    chat: _Chat | None = None
    message: _Pressed | None = None
    # Read only if it is a text: what stands there may be anything.
    text: msgspec.Raw = msgspec.Raw(b"")
    # Of a change of membership: whom it is about, who need not be who made it.
    new_chat_member: msgspec.Raw = msgspec.Raw(b"")


class _Body(msgspec.Struct):
    update_id: Annotated[int, msgspec.Meta(ge=0, le=2**62)]
    message: _Part | None = None
    edited_message: _Part | None = None
    callback_query: _Part | None = None
    my_chat_member: _Part | None = None
    chat_member: _Part | None = None
    message_reaction: _Part | None = None


# The kinds of updates that are taken; Telegram is asked for these (set_webhook).
KINDS = tuple(name for name in _Body.__struct_fields__ if name != "update_id")


# Taken by the batch: nobody gets an answer to them.
UNANSWERED = ("chat_member", "message_reaction")


class Incoming(NamedTuple):
    """An update's outside. `kind` is None for one that we do not know; `sender` is a person at Telegram, never a bot;
    `answered` is false for a message that is no command, a reaction, a change of membership: they get no reply.
    """

    update_id: int
    kind: str | None
    sender: int | None
    chat: int | None
    answered: bool = True


def decode(body: bytes) -> Incoming:
    """Read the outside of an update; raises Malformed for whatever is none, however it is broken."""
    try:
        # The text goes in, not the bytes: msgspec does not look at the UTF-8 of what it skips.
        decoded = _decoder.decode(body.decode())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(Malformed.__doc__) from error
    for kind in KINDS:
        part: _Part | None = getattr(decoded, kind)
        if part is not None:
            sender = _member(part) if kind == "chat_member" else _person(part)
            return Incoming(decoded.update_id, kind, sender, _chat(part), _is_answered(kind, part))
    return Incoming(decoded.update_id, None, None, None)


def _is_answered(kind: str, part: _Part) -> bool:
    if kind == "message":
        return _is_command(bytes(part.text))
    return kind not in UNANSWERED


def _is_command(text: bytes) -> bool:
    """Say whether the JSON is a text that begins with a slash, which may be escaped."""
    if not text.startswith(b'"'):
        return False
    try:
        return msgspec.json.decode(text, type=str).startswith("/")
    except msgspec.DecodeError as error:
        raise Malformed(Malformed.__doc__) from error


def _person(part: _Part) -> int | None:
    sender = part.from_ or part.user
    return sender.id if sender and not sender.is_bot else None


def _member(part: _Part) -> int | None:
    """Return the person whose membership changed; None for a bot, and where that cannot be read."""
    try:
        member = msgspec.json.decode(part.new_chat_member, type=_Member).user
    except msgspec.DecodeError:
        return None
    return None if member.is_bot else member.id


def _chat(part: _Part) -> int | None:
    chat = part.chat or (part.message.chat if part.message else None)
    return chat.id if chat else None


_decoder = msgspec.json.Decoder(_Body)
