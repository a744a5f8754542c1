"""Taking messages that nobody answers: a batch of them at once, as acts of those who wrote them."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from apps.bot import selectors, services
from apps.bot.digests import content_digest
from apps.bot.events import MessageSent
from apps.bot.models import Update
from apps.bot.turns import act_time
from apps.users import services as users
from diana.events import Envelope, Event

# The longest text Telegram lets through; a body that says more is none of Telegram's.
MOST_CHARACTERS = 100_000


class _Chat(msgspec.Struct):
    id: int
    type: str


class _Message(msgspec.Struct):
    date: int
    chat: _Chat
    text: str | None = None
    caption: str | None = None

    @property
    def written(self) -> str:
        """What the person wrote: in a private chat a text, in a group also what stands below a picture."""
        return self.text or ("" if self.chat.type == "private" else self.caption) or ""


class _Body(msgspec.Struct):
    message: _Message


def take(envelopes: Sequence[Envelope], *, now: datetime) -> None:
    """Note each message's act and that it is done, in the caller's transaction; those done before change nothing.

    Locks the people in ascending order. A body that cannot be read is told by bot.update_failed.
    """
    rows = selectors.unhandled_updates(envelope.fields["update"] for envelope in envelopes)
    read = [(envelope, row, _read(row)) for envelope in envelopes if (row := rows.get(envelope.fields["update"]))]
    chats = services.chats_of({m.chat.id: m.chat.type for _, row, m in read if m and m.written and row.person_id})
    users.act_many(
        [
            users.Act(
                row.person_id, _moment(message, row), _sent(row.person_id, chats[message.chat.id], message), envelope
            )
            for envelope, row, message in read
            if message and message.written and row.person_id
        ]
    )
    for _, row, message in read:
        if message is None:
            reason = "the body is no message that can be read"
            services.fail_update(update=row.pk, reason=reason, person_id=row.person_id, now=now)
    services.finish_messages(updates=list(rows), now=now)


def _read(row: Update) -> _Message | None:
    """Return the message; None for a body that is none."""
    try:
        message = _decoder.decode(row.body).message
        datetime.fromtimestamp(message.date, UTC)
    except (msgspec.DecodeError, UnicodeDecodeError, OverflowError, ValueError, OSError):
        return None
    in_bounds = len(message.written) <= MOST_CHARACTERS and abs(message.chat.id) < 2**62
    return message if in_bounds and message.chat.type in ("private", "group", "supergroup", "channel") else None


def _moment(message: _Message, row: Update) -> datetime:
    return act_time(datetime.fromtimestamp(message.date, UTC), row.received_at)


def _sent(person_id: int, chat: int, message: _Message) -> Event:
    text = message.written
    return MessageSent(user_id=person_id, chat=chat, length=len(text), content_digest=content_digest(person_id, text))


_decoder = msgspec.json.Decoder(_Body)
