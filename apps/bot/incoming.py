"""What the way in must know of a body before it keeps it, and the document that is kept of it. No ORM here."""

from datetime import UTC, datetime
from typing import Annotated, Any, NamedTuple

import msgspec

from apps.bot import reading
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


class _Message(reading.Message):
    """A message with what is done when it comes in, and not kept in the document."""

    successful_payment: SuccessfulPayment | None = None
    refunded_payment: RefundedPayment | None = None
    migrate_to_chat_id: Identifier | None = None
    migrate_from_chat_id: Identifier | None = None


class _Numbered(msgspec.Struct):
    update_id: Annotated[int, msgspec.Meta(ge=0, le=2**62)]


class _Body(_Numbered):
    message: _Message | None = None
    edited_message: reading.Edited | None = None
    callback_query: reading.Pressed | None = None
    my_chat_member: reading.Membership | None = None
    chat_member: reading.Change | None = None
    message_reaction: reading.Reaction | None = None
    pre_checkout_query: PreCheckoutQuery | None = None
    subscription: SubscriptionUpdated | None = None


# The kinds of updates that are taken; Telegram is asked for these (set_webhook).
KINDS = tuple(name for name in _Body.__struct_fields__ if name != "update_id")

# What has to do with money is read whole or not at all.
WHOLE = ("pre_checkout_query", "successful_payment", "refunded_payment", "subscription")

# Kept, and nothing else: an edit is no act and gets no answer, and a live location is edited every few seconds.
IGNORED = ("edited_message",)
# Taken by the batch: nobody gets an answer to them.
UNANSWERED = ("chat_member", "message_reaction")


class Move(NamedTuple):
    """A group got another id at Telegram, because it became a supergroup."""

    old: int
    new: int


class Incoming(NamedTuple):
    """An update's outside. `kind` is None for one that we do not know; `sender` is a person at Telegram, never a bot;
    `answered` is false for a message that is no command, a reaction, a change of membership: they get no reply. `asked`,
    `paid`, `refunded` and `subscribed` are what payments have to do with; `sent_at` is the time of a payment's message.
    `document` is what is kept of it (reading.py), `moved` what the service message of a group that moved says.
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

    @property
    def adds_sender(self) -> bool:
        """Whether an unknown sender becomes somebody known: not by what is told of a payment of before, whose payer may have
        been erased since.
        """
        return self.refunded is None and self.kind != "subscription"


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
        return Incoming(
            decoded.update_id, kind, _sender(part), _chat(part), kind not in UNANSWERED, document=_document(kind, part)
        )
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


def _message(update_id: int, part: _Message) -> Incoming:
    """Return a message's outside, with what it says of payments and moves; the document does without those."""
    paid, refunded, moved = part.successful_payment, part.refunded_payment, _move(part)
    part.successful_payment = part.refunded_payment = part.migrate_to_chat_id = part.migrate_from_chat_id = None
    answered = part.text is not None and part.text.startswith("/")
    part.entities = _commands(part.entities)[:1] if answered and part.entities else None
    return Incoming(
        update_id,
        "message",
        _sender(part),
        part.chat.id,
        answered,
        paid=paid,
        refunded=refunded,
        sent_at=datetime.fromtimestamp(part.date, UTC) if (paid or refunded) and part.date else None,
        document=_document("message", part),
        moved=moved,
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


def _sender(part: Any) -> int | None:
    """Return who did it; of a membership whom it is about, who need not be who changed it."""
    user: reading.User | None
    match part:
        case reading.Change():
            user = part.new_chat_member.user
        case reading.Reaction():
            user = part.user
        case _:
            user = part.from_
    return None if user is None or user.is_bot else user.id


def _chat(part: Any) -> int | None:
    chat = (part.message and part.message.chat) if isinstance(part, reading.Pressed) else part.chat
    return chat.id if chat else None


_decoder = msgspec.json.Decoder(_Body)
_encoder = msgspec.json.Encoder()
