"""Taking messages that nobody answers: a batch of them at once, as acts of those who wrote them."""

from collections.abc import Sequence
from datetime import UTC, datetime

from apps.bot import selectors, services
from apps.bot.digests import content_digest
from apps.bot.events import MessageSent
from apps.bot.models import Update
from apps.bot.reading import Message, Unreadable, read
from apps.bot.turns import act_time
from apps.users import services as users
from diana.events import Envelope, Event


def take(envelopes: Sequence[Envelope], *, now: datetime) -> None:
    """Note each message's act and that it is done, in the caller's transaction; those done before change nothing.

    Locks the people in ascending order. A body that cannot be read is told by bot.update_failed.
    """
    rows = selectors.unhandled_updates(envelope.fields["update"] for envelope in envelopes)
    seen = [(envelope, row, _read(row)) for envelope in envelopes if (row := rows.get(envelope.fields["update"]))]
    written = [(e, row, m) for e, row, m in seen if isinstance(m, Message) and _text(m)]
    written = _without_the_erased(written)
    chats = services.chats_of({message.chat.id: message.chat.type for _, _, message in written})
    users.act_many(
        [
            users.Act(
                person,
                _moment(message, row),
                _sent(person, chats[message.chat.id], message),
                envelope,
                comes_back=_private(message),
            )
            for envelope, row, message in written
            if (person := row.person_id) is not None
        ]
    )
    for _, row, found in seen:
        if isinstance(found, Unreadable):
            services.fail_update(update=row.pk, reason=str(found), person_id=row.person_id, now=now)
    services.finish_messages(updates=list(rows), now=now)


Written = tuple[Envelope, Update, Message]


def _without_the_erased(written: list[Written]) -> list[Written]:
    """Leave out messages of the erased: to note their own chat would bring their id back. Locks all people of the batch if
    somebody wrote in their own chat; in groups alone nothing is asked, acts of the erased are left out anyway.
    """
    if not any(_private(message) for _, _, message in written):
        return written
    there = users.lock_people(row.person_id for _, row, _ in written if row.person_id is not None)
    return [(envelope, row, message) for envelope, row, message in written if row.person_id in there]


def _private(message: Message) -> bool:
    return message.chat.type == "private"


def _read(row: Update) -> Message | Unreadable:
    """Return the message, or why there is none."""
    try:
        return read(bytes(row.body)).message or Unreadable("$.message is not there")
    except Unreadable as error:
        return error


def _text(message: Message) -> str:
    """Return what the person wrote: in a private chat a text, in a group also what stands below a picture."""
    return message.text or ("" if message.chat.type == "private" else message.caption) or ""


def _moment(message: Message, row: Update) -> datetime:
    return act_time(datetime.fromtimestamp(message.date, UTC), row.received_at)


def _sent(person_id: int, chat: int, message: Message) -> Event:
    text = _text(message)
    return MessageSent(user_id=person_id, chat=chat, length=len(text), content_digest=content_digest(person_id, text))
