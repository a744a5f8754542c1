"""What the webhook must know of a body before it keeps it: decoded strictly, and only so much. No ORM here."""

from datetime import UTC, datetime
from typing import Annotated, NamedTuple

import msgspec

# Telegram's ids have at most 52 significant bits; PostgreSQL's bigint takes these.
Identifier = Annotated[int, msgspec.Meta(ge=-(2**62), le=2**62)]
PositiveIdentifier = Annotated[int, msgspec.Meta(gt=0, le=2**62)]
Amount = Annotated[int, msgspec.Meta(ge=0, le=2**62)]
# PostgreSQL's texts hold everything but NUL.
Text = Annotated[str, msgspec.Meta(max_length=300, pattern=r"\A[^\x00]*\Z")]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=300, pattern=r"\A[^\x00]*\Z")]
LARGEST_TIME = 2**33


class Malformed(ValueError):
    """The body is no update: send what Telegram sends, JSON in UTF-8 with an update_id."""


class _Sender(msgspec.Struct):
    id: PositiveIdentifier
    is_bot: bool = False


class _Chat(msgspec.Struct):
    id: Identifier


class _Pressed(msgspec.Struct):
    chat: _Chat | None = None


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
    id: PositiveIdentifier
    language_code: str | None = None


class PreCheckoutQuery(msgspec.Struct):
    """Telegram asks whether somebody may pay; it takes no money without a yes within ten seconds."""

    id: Name
    from_: _Payer = msgspec.field(name="from")
    currency: Text
    total_amount: Amount
    invoice_payload: Text


class SubscriptionUpdated(NamedTuple):
    """Somebody cancelled the subscription of a bill, took it up again, or could not pay for it."""

    payer: int
    payload: str
    state: str


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
    # Read only where it is the time of a payment.
    date: msgspec.Raw = msgspec.Raw(b"")
    successful_payment: SuccessfulPayment | None = None
    refunded_payment: RefundedPayment | None = None
    # Read only of a subscription, and only if they are texts.
    invoice_payload: msgspec.Raw = msgspec.Raw(b"")
    state: msgspec.Raw = msgspec.Raw(b"")
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
    pre_checkout_query: PreCheckoutQuery | None = None
    subscription: _Part | None = None


# The kinds of updates that are taken; Telegram is asked for these (set_webhook).
KINDS = tuple(name for name in _Body.__struct_fields__ if name != "update_id")


# Kept, and nothing else: an edit is no act and gets no answer, and a live location is edited every few seconds.
IGNORED = ("edited_message",)
# Taken by the batch: nobody gets an answer to them.
UNANSWERED = ("chat_member", "message_reaction")
# What may tell of a payment or a subscription.
PAID = ("message", "subscription")


class Incoming(NamedTuple):
    """An update's outside. `kind` is None for one that we do not know; `sender` is a person at Telegram, never a bot;
    `answered` is false for a message that is no command, a reaction, a change of membership: they get no reply. `asked`,
    `paid`, `refunded` and `subscribed` are what payments have to do with; `sent_at` is the time of a payment's message.
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

    @property
    def adds_sender(self) -> bool:
        """Whether an unknown sender becomes somebody known: not by what is told of a payment of before, whose payer may have
        been erased since.
        """
        return self.refunded is None and self.kind != "subscription"


def decode(body: bytes) -> Incoming:
    """Read the outside of an update; raises Malformed for whatever is none, however it is broken."""
    try:
        # The text goes in, not the bytes: msgspec does not look at the UTF-8 of what it skips.
        decoded = _decoder.decode(body.decode())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(Malformed.__doc__) from error
    for kind in KINDS:
        part: _Part | PreCheckoutQuery | None = getattr(decoded, kind)
        if isinstance(part, PreCheckoutQuery):
            return Incoming(decoded.update_id, kind, part.from_.id, None, asked=part)
        if part is not None:
            sender = _member(part) if kind == "chat_member" else _person(part)
            found = Incoming(decoded.update_id, kind, sender, _chat(part), _is_answered(kind, part))
            return _with_payment(found, part) if kind in PAID else found
    return Incoming(decoded.update_id, None, None, None)


def _with_payment(found: Incoming, part: _Part) -> Incoming:
    if found.kind == "subscription":
        return found._replace(subscribed=_subscribed(found.sender, part))
    if part.successful_payment is None and part.refunded_payment is None:
        return found
    return found._replace(paid=part.successful_payment, refunded=part.refunded_payment, sent_at=_time(bytes(part.date)))


def _subscribed(payer: int | None, part: _Part) -> SubscriptionUpdated | None:
    """Return what became of a subscription; None where that cannot be read, which Telegram need not send again."""
    try:
        payload, state = (msgspec.json.decode(raw, type=Text) for raw in (part.invoice_payload, part.state))
    except msgspec.DecodeError:
        return None
    return SubscriptionUpdated(payer, payload, state) if payer is not None else None


def _time(text: bytes) -> datetime | None:
    """Return the moment of a message, None for what is no time."""
    if not text.isdigit() or len(text) > 10 or int(text) > LARGEST_TIME:
        return None
    return datetime.fromtimestamp(int(text), UTC)


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
