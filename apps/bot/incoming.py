"""What the way in must know of a body before it keeps it, and the document that is kept of it. No ORM here."""

from datetime import UTC, datetime
from typing import Annotated, Any, NamedTuple

import msgspec

from apps.bot import authors, reading
from apps.bot.command_words import command_of
from apps.bot.reading import LARGEST_TIME, Identifier, PositiveIdentifier, Unreadable
from apps.bot.repair import needs_repair, repair
from apps.bot.salvage import salvage

Amount = Annotated[int, msgspec.Meta(ge=0, le=2**62)]
# PostgreSQL's texts hold everything but NUL.
Text = Annotated[str, msgspec.Meta(max_length=300, pattern=r"\A[^\x00]*\Z")]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=300, pattern=r"\A[^\x00]*\Z")]


class Malformed(ValueError):
    """The body is no update: send what Telegram sends, JSON in UTF-8 with an update_id."""


class SuccessfulPayment(msgspec.Struct):
    """Somebody has paid a bill of the bot."""

    telegram_payment_charge_id: Name
    invoice_payload: Text
    currency: Text
    total_amount: Amount
    is_recurring: bool = False
    is_first_recurring: bool = False
    subscription_expiration_date: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_TIME)] | None = None


class RefundedPayment(msgspec.Struct):
    """Somebody has their Stars back."""

    telegram_payment_charge_id: Name
    total_amount: Amount | None = None


class _Payer(msgspec.Struct):
    """Who pays. The language only chooses words: an odd one leaves no question about money unanswered."""

    id: PositiveIdentifier
    language_code: Any = None

    @property
    def language(self) -> str | None:
        """Return the language's code, None for one that is none."""
        return self.language_code if isinstance(self.language_code, str) else None


class PreCheckoutQuery(msgspec.Struct):
    """Telegram asks whether somebody may pay; it takes no money without a yes within ten seconds."""

    id: Name
    from_: _Payer = msgspec.field(name="from")
    currency: Text
    total_amount: Amount
    invoice_payload: Text


class SubscriptionUpdated(msgspec.Struct):
    """Somebody cancelled the subscription of a bill, took it up again, or could not pay for it."""

    user: _Payer
    invoice_payload: Text
    state: Text


class _There(msgspec.Struct):
    """Something of which nothing is read but that it is there."""


class _Sent(reading.Message):
    """A message with what a person can send besides a text."""

    animation: _There | None = None
    audio: _There | None = None
    checklist: _There | None = None
    contact: _There | None = None
    dice: _There | None = None
    document: _There | None = None
    game: _There | None = None
    live_photo: _There | None = None
    location: _There | None = None
    paid_media: _There | None = None
    photo: list[_There] | None = None
    poll: _There | None = None
    rich_message: _There | None = None
    sticker: _There | None = None
    story: _There | None = None
    venue: _There | None = None
    video: _There | None = None
    video_note: _There | None = None
    voice: _There | None = None


_MEDIA = tuple(name for name in _Sent.__struct_fields__ if name not in reading.Message.__struct_fields__)


class _Message(_Sent):
    """A message with what is looked at when it comes in, and not kept in the document."""

    sender_chat: Any = None
    is_automatic_forward: Any = None
    sender_business_bot: Any = None
    forward_origin: Any = None
    forward_date: Any = None
    forward_from: Any = None
    forward_from_chat: Any = None
    forward_sender_name: Any = None
    via_bot: Any = None
    is_from_offline: Any = None
    successful_payment: SuccessfulPayment | None = None
    refunded_payment: RefundedPayment | None = None
    migrate_to_chat_id: Identifier | None = None
    migrate_from_chat_id: Identifier | None = None


class _Edited(reading.Edited):
    """An edited message with what is looked at when it comes in, and not kept in the document."""

    sender_chat: Any = None
    is_automatic_forward: Any = None
    sender_business_bot: Any = None


class _Reaction(reading.Reaction):
    """A reaction with the chat for which it was given, which is not kept in the document."""

    actor_chat: Any = None


class _Numbered(msgspec.Struct):
    update_id: Annotated[int, msgspec.Meta(ge=0, le=2**62)]


class _Body(_Numbered):
    message: _Message | None = None
    edited_message: _Edited | None = None
    callback_query: reading.Pressed | None = None
    my_chat_member: reading.Membership | None = None
    chat_member: reading.Change | None = None
    message_reaction: _Reaction | None = None
    pre_checkout_query: PreCheckoutQuery | None = None
    subscription: SubscriptionUpdated | None = None


# The kinds of updates that are taken; Telegram is asked for these (set_webhook).
KINDS = tuple(name for name in _Body.__struct_fields__ if name != "update_id")

# What has to do with money is read whole or not at all.
WHOLE = ("pre_checkout_query", "successful_payment", "refunded_payment", "subscription")

PRIVATE = "private"

# Kept, and nothing else: an edit is no act and gets no answer, and a live location is edited every few seconds.
IGNORED = ("edited_message",)
# Taken by the batch: nobody gets an answer to them.
UNANSWERED = ("chat_member", "message_reaction")


class Move(NamedTuple):
    """A group got another id at Telegram, because it became a supergroup."""

    old: int
    new: int


class Incoming(NamedTuple):
    """An update's outside. `kind` is None for one that we do not know; `sender` is a person at Telegram, None if there is
    none behind it (authors.py); `only_told_of` that the sender did nothing: they left a group, or stand there otherwise now;
    `answered` is false for a message that is no command, a reaction, a change of membership: they get no reply. `asked`,
    `paid`, `refunded` and `subscribed` are what payments have to do with; `sent_at` is the time of a payment's message.
    `document` is what is kept of it (reading.py), `moved` what the service message of a group that moved says.
    `chat_kind` and `title` are the chat's.
    """

    update_id: int
    kind: str | None
    sender: int | None
    chat: int | None
    answered: bool = True
    asked: PreCheckoutQuery | None = None
    paid: SuccessfulPayment | None = None
    refunded: RefundedPayment | None = None
    subscribed: SubscriptionUpdated | None = None
    sent_at: datetime | None = None
    document: bytes = b""
    moved: Move | None = None
    chat_kind: str = ""
    title: str | None = None
    only_told_of: bool = False

    @property
    def adds_sender(self) -> bool:
        """Whether an unknown sender becomes somebody known: not by what others did to them, nor by what is told of a payment of
        before, whose payer may have been erased since.
        """
        return self.refunded is None and self.kind != "subscription" and not self.only_told_of

    @property
    def is_about_money(self) -> bool:
        """Whether it tells of a payment, which is booked wherever it is told."""
        return self.paid is not None or self.refunded is not None


def decode(body: bytes) -> Incoming:
    """Read an update. Raises Malformed for what is none, and Unreadable for one of a known kind of which a part is missing
    or wrong without which nothing can be done.
    """
    decoded = _decode(body)
    for kind in KINDS:
        part = getattr(decoded, kind)
        match part:
            case None:
                continue
            case PreCheckoutQuery():
                return Incoming(decoded.update_id, kind, part.from_.id, None, asked=part)
            case SubscriptionUpdated():
                return Incoming(
                    decoded.update_id, kind, part.user.id, None, subscribed=part, document=_encoder.encode({})
                )
            case _Message():
                return _message(decoded.update_id, part)
        return _done(decoded.update_id, kind, part)
    return Incoming(decoded.update_id, None, None, None)


def _decode(body: bytes) -> _Body:
    """Return the body's parts, of which those that nobody needs and that are not as documented are left out."""
    try:
        if needs_repair(body):
            raise msgspec.DecodeError
        # The text goes in, not the bytes: msgspec does not look at the UTF-8 of what it skips.
        return _decoder.decode(body.decode())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _decode_odd(body)


def _decode_odd(body: bytes) -> _Body:
    try:
        text = repair(body)
        return _decoder.decode(text)
    except msgspec.ValidationError:
        return _salvaged(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Malformed(Malformed.__doc__) from error


def _salvaged(text: str) -> _Body:
    try:
        return salvage(text, _Body, head=_Numbered, whole=WHOLE)
    except Unreadable:
        raise
    except (ValueError, RecursionError) as error:
        raise Malformed(Malformed.__doc__) from error


def _done(update_id: int, kind: str, part: Any) -> Incoming:
    """Return the outside of what somebody did otherwise than by a message."""
    sender = authors.author(part)
    authors.forget_marks(part, authors.MARKS)
    return _incoming(
        update_id,
        kind,
        part,
        sender,
        answered=kind not in UNANSWERED,
        only_told_of=isinstance(part, reading.Change) and not part.joined,
    )


def _message(update_id: int, part: _Message) -> Incoming:
    """Return a message's outside, with what it says of payments and moves; the document does without those, and without
    words that are not those of who sent it.
    """
    paid, refunded, moved = part.successful_payment, part.refunded_payment, _move(part)
    part.media = _takes_media(part)
    part.successful_payment = part.refunded_payment = part.migrate_to_chat_id = part.migrate_from_chat_id = None
    # Who has paid has paid, whatever else the message says.
    sender = authors.person(part.from_) if paid or refunded else authors.author(part)
    if paid and sender is None and part.chat.id < 0:
        raise Unreadable("message.successful_payment does not say who paid")
    if sender is None or authors.is_marked(part, authors.BORROWED):
        # In somebody's own chat that is no message of theirs, which would be answered.
        by_bot = part.chat.type == PRIVATE and authors.is_marked(part, authors.BY_BOTS)
        part.media = (part.media or part.text is not None) and not by_bot
        part.text = part.caption = None
    authors.forget_marks(part, authors.MARKS + authors.BORROWED)
    answered = part.text is not None and _asks(part, part.text)
    part.entities = _commands(part.entities)[:1] if answered and part.entities else None
    return _incoming(
        update_id,
        "message",
        part,
        sender,
        answered=answered,
        paid=paid,
        refunded=refunded,
        sent_at=datetime.fromtimestamp(part.date, UTC) if (paid or refunded) and part.date else None,
        moved=moved,
    )


def _asks(part: _Message, text: str) -> bool:
    """Say whether the text is a command, or in somebody's own chat the name of one."""
    return text.startswith("/") or (part.chat.type == PRIVATE and command_of(text) is not None)


def _takes_media(part: _Message) -> bool:
    """Say whether there is something besides a text, and forget what it was."""
    sent = [name for name in _MEDIA if getattr(part, name)]
    for name in sent:
        setattr(part, name, None)
    return bool(sent)


def _incoming(update_id: int, kind: str, part: Any, sender: int | None, **more: Any) -> Incoming:
    """Return the outside of an update with a document. The title goes from it: the chat has it, for staff."""
    chat, title = authors.chat_of(part), None
    if chat is not None:
        title, chat.title = chat.title, None
    return Incoming(
        update_id,
        kind,
        sender,
        chat.id if chat else None,
        document=_document(kind, part),
        chat_kind=chat.type if chat else "",
        title=title,
        **more,
    )


def _commands(entities: list[reading.Entity]) -> list[reading.Entity]:
    """Return those that say that the text is a command; longer ones that begin with it, a bold line, stand before them."""
    return [entity for entity in entities if entity.type == "bot_command" and entity.offset == 0]


def _move(part: _Message) -> Move | None:
    """Return from where to where the message says that its group has moved."""
    if part.migrate_to_chat_id is not None:
        return Move(part.chat.id, part.migrate_to_chat_id)
    return None if part.migrate_from_chat_id is None else Move(part.migrate_from_chat_id, part.chat.id)


def _document(kind: str, part: msgspec.Struct) -> bytes:
    return _encoder.encode({kind: part})


_decoder = msgspec.json.Decoder(_Body)
_encoder = msgspec.json.Encoder()
