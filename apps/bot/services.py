"""The bot's business acts: keep an update, note what became of it, know the chats. Each opens its transaction."""

import logging
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import BinaryField, Case, Value, When

from apps.bot import additions, groups
from apps.bot.additions import Adder as Adder
from apps.bot.booking import book
from apps.bot.chats import chats_of as chats_of
from apps.bot.chats import has_moved
from apps.bot.chats import move_chat as move_chat
from apps.bot.digests import body_digest, is_body_of
from apps.bot.events import BlockedBot, GroupLeaveRequested, MessageReceived, ReplySent, UpdateFailed, UpdateReceived
from apps.bot.groups import KnownGroup
from apps.bot.incoming import Incoming
from apps.bot.models import Chat, Refusal, Unreadable, Update
from apps.bot.outcomes import records
from apps.bot.outcomes.records import Shown
from apps.payments.selectors import erased_payer_of
from apps.users.services import PersonGone, find_or_add_person, find_person, lock_person
from diana.bulk import delete_rows
from diana.events import Envelope, Event, Publication, publish, publish_many
from diana.events.causes import caused_by
from diana.events.identifiers import uuid7

logger = logging.getLogger(__name__)

# Telegram delivers an update again for 24 hours; after a week no copy can come and nothing is left to look up. The whole
# row goes, not only its body: ids begin anew at random after a quiet week, and an old row must not swallow a new update.
KEEP_UPDATES = timedelta(days=7)
# What comes from a group that is not approved: as long as Telegram may deliver it again.
KEEP_STRANGE = timedelta(days=1)
DELETE_AT_ONCE = 5_000
START_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


def bot_id() -> int:
    """Return the bot's own id at Telegram: what stands in its token before the colon."""
    return int(settings.TELEGRAM_BOT_TOKEN.partition(":")[0])


def receive_update(*, incoming: Incoming, body: bytes, now: datetime) -> int | None:
    """Keep the update and publish that it came; return our id of it, or None where it was only counted.

    Counted are unknown kinds, copies, and other bodies under a known id: the first one stays, others are set aside. Locks
    the person. What comes faster than EVENTS_RATE_LIMITS allows is kept as well, and published by the relay in its order. Of
    what is ignored nobody is told: it takes no place before anything else. A payment is booked at once, in the same
    transaction: what Telegram is told was taken has been credited. What comes from a group that is not approved is kept for
    a day, and makes nobody known.
    """
    if incoming.kind is None:
        count_refusal(Refusal.Reason.UNKNOWN, now=now)
        return None
    with transaction.atomic():
        # Before any person is locked (chats_of).
        if incoming.moved is not None:
            move_chat(old=incoming.moved.old, new=incoming.moved.new)
        group = groups.group_of(incoming, now=now)
        strange = group is not None and not group.is_approved and not incoming.is_about_money
        person_id = _sender(incoming, now, known_only=strange)
        event_id = uuid7() if groups.is_handled(incoming, strange=group if strange else None) else None
        delete_at = now + KEEP_STRANGE if strange else None
        update = _insert_update(incoming, person_id, body, event_id, now, delete_at)
        if update is None:
            transaction.set_rollback(True)  # a person or a group that was added for it is known by nothing else
        elif event_id is not None:
            with caused_by(_publish(incoming, incoming.kind, person_id, update, event_id, group)):
                book(incoming, now=now)
    if update is None:
        _note_known(incoming.update_id, body, now)
    else:
        logger.info("update kept", extra={"correlation_id": event_id, "update": update, "kind": incoming.kind})
    return update


def _sender(incoming: Incoming, now: datetime, *, known_only: bool) -> int | None:
    """Return our id of the sender, locked; None for nobody, and for who is not known and does not become so by this."""
    if incoming.sender is None:
        return None
    of_erased = incoming.paid is not None and erased_payer_of(incoming.paid.invoice_payload) is not None
    if known_only or of_erased or not incoming.adds_sender:
        return find_person(telegram_id=incoming.sender)
    return find_or_add_person(telegram_id=incoming.sender, now=now)


def _publish(
    incoming: Incoming, kind: str, person_id: int | None, update: int, event_id: UUID, group: KnownGroup | None
) -> Envelope:
    """Publish that the update came. A person's presses have an order and a limit of their own, and so has what gets no
    answer: nobody should wait for all the redraws, or all that they wrote, before a command is answered. What nobody known
    did in a group has the order of the group.
    """
    event = _received(incoming, kind, person_id, update)
    own = _OWN.get(kind) if incoming.answered else "messages"
    of_nobody = None if group is None else f"chat:{group.chat}"
    if own is None:
        key = of_nobody if person_id is None else None
        return publish(event, key=key, event_id=event_id, source="telegram")
    key = of_nobody if person_id is None else f"{person_id}:{own}"
    return publish(event, key=key, event_id=event_id, source=f"telegram_{own}")


# Kinds whose events have an order and a limit of their own, and the name of those.
_OWN = {"callback_query": "presses"}


def _received(incoming: Incoming, kind: str, person_id: int | None, update: int) -> Event:
    """Return the event that brings the update to whoever handles it."""
    if incoming.answered:
        return UpdateReceived(user_id=person_id, update=update, kind=kind)
    return MessageReceived(user_id=person_id, update=update)


def _insert_update(
    incoming: Incoming,
    person_id: int | None,
    body: bytes,
    event_id: UUID | None,
    now: datetime,
    delete_at: datetime | None,
) -> int | None:
    """Insert the row and return its id; None if there is one. Waits for whoever inserts the same one right now. What no event
    tells of is done.
    """
    handled_at = None if event_id else now
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO bot_update (bot_id, update_id, person_id, kind, chat_id, body, document, body_digest, event_id,"
            " received_at, handled_at, delete_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (bot_id, update_id) DO NOTHING RETURNING id",
            [
                bot_id(),
                incoming.update_id,
                person_id,
                incoming.kind,
                incoming.chat,
                b"" if handled_at else body,
                incoming.document,
                body_digest(body) if incoming.document else None,
                event_id,
                now,
                handled_at,
                delete_at,
            ],
        )
        row = cursor.fetchone()
    return row[0] if row else None


def _note_known(update_id: int, body: bytes, now: datetime) -> None:
    """Count a copy; set aside another update under a known id, which nobody will tell again."""
    if _why_known(update_id, body) == Refusal.Reason.COPY:
        count_refusal(Refusal.Reason.COPY, now=now)
        return
    kept = keep_unreadable(body=body, update_id=update_id, reason=Unreadable.Reason.CONFLICT, now=now)
    if kept is not None:
        logger.error("an update was set aside as unreadable %d (conflict): another one has its id", kept)


def _why_known(update_id: int, body: bytes) -> Refusal.Reason:
    """Say whether the known row is the same update or another one; one without a digest, of a release long ago, is taken for the
    same.
    """
    # The door's role may not read what others wrote.
    row = Update.objects.filter(bot_id=bot_id(), update_id=update_id).values_list("body_digest", flat=True)[:1]
    digest = next(iter(row), b"")
    if digest == b"":
        return Refusal.Reason.CONFLICT  # deleted at this moment: a week old, and no copy is
    same = digest is None or is_body_of(bytes(digest), body)
    return Refusal.Reason.COPY if same else Refusal.Reason.CONFLICT


def count_refusal(reason: Refusal.Reason, *, now: datetime) -> None:
    """Count one more of this reason on this day (UTC)."""
    count_refusals({(reason, now.date()): 1})


def count_refusals(counts: Mapping[tuple[Refusal.Reason, date], int]) -> None:
    """Count so many more of each reason and day (UTC), by one statement that locks the rows in one order."""
    rows = sorted((str(reason), day, number) for (reason, day), number in counts.items())
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO bot_refusal (reason, day, count) SELECT * FROM unnest(%s::text[], %s::date[], %s::bigint[])"
            " ON CONFLICT (reason, day) DO UPDATE SET count = bot_refusal.count + excluded.count",
            [list(column) for column in zip(*rows, strict=True)],
        )


# Under what they are counted, if not as no updates.
_COUNTED = {
    Unreadable.Reason.SIZE: Refusal.Reason.SIZE,
    Unreadable.Reason.CONFLICT: Refusal.Reason.CONFLICT,
}


def keep_unreadable(*, body: bytes, update_id: int | None, reason: Unreadable.Reason, now: datetime) -> int | None:
    """Keep a body that cannot be kept as an update, and count it; return our id of it, None for a copy."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO bot_unreadable (bot_id, update_id, reason, body, received_at) VALUES (%s, %s, %s, %s, %s)"
            # Of the same bot with the same body: to name what conflicts takes the right to read it.
            " ON CONFLICT DO NOTHING RETURNING id",
            [bot_id(), update_id, reason, body, now],
        )
        row = cursor.fetchone()
        if row:
            count_refusal(_COUNTED.get(reason, Refusal.Reason.BODY), now=now)
    return row[0] if row else None


# With its handling an update's body goes. One from before there were documents stays: it is all that is left to read.
_BODY_LEFT = Case(When(document=b"", then="body"), default=Value(b""), output_field=BinaryField())


class Finished(NamedTuple):
    """An update that is done: which screens were sent for it, to whom, the event that brought it, and what messages show."""

    update: int
    templates: Sequence[str]
    person_id: int | None
    cause: Envelope | None
    shown: Sequence[Shown] = ()


def finish_updates(*, finished: Sequence[Finished], now: datetime) -> None:
    """Note that the updates are done and which screens were sent, in a fixed number of statements; a second call changes
    nothing."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE bot_update SET handled_at = %s, body = CASE WHEN document = '' THEN body ELSE '' END,"
                " failed_at = NULL"
                " WHERE id = ANY(%s::bigint[]) AND (handled_at IS NULL OR failed_at IS NOT NULL) RETURNING id",
                [now, sorted(one.update for one in finished)],
            )
            fresh = {row[0] for row in cursor.fetchall()}
        done = [one for one in finished if one.update in fresh]
        publish_many(
            [
                Publication(event=ReplySent(user_id=one.person_id, template=template), cause=one.cause)
                for one in done
                for template in one.templates
            ]
            + records.note([shown for one in done for shown in one.shown], now=now)
        )


def finish_messages(*, updates: Sequence[int], now: datetime) -> None:
    """Note that these updates are done; a second call changes nothing."""
    Update.objects.filter(id__in=updates, handled_at=None).update(handled_at=now, body=_BODY_LEFT)


def fail_update(*, update: int, reason: str, person_id: int | None, now: datetime) -> None:
    """Note that the update could not be handled; a second call changes nothing. It is handled once more if it is redriven."""
    with transaction.atomic():
        failed = Update.objects.filter(id=update, handled_at=None)
        if failed.update(handled_at=now, failed_at=now, body=_BODY_LEFT):
            publish(UpdateFailed(user_id=person_id, update=update, reason=reason))


def note_reply(*, template: str, person_id: int | None, shown: Sequence[Shown] = (), now: datetime) -> None:
    """Publish that a message went out which answers no update directly, and note what it shows."""
    with transaction.atomic():
        reply = Publication(event=ReplySent(user_id=person_id, template=template))
        publish_many([reply, *records.note(shown, now=now)])


def chat_of(*, telegram_id: int, kind: str) -> int:
    """Return our id of the chat, which is there again if it was gone: somebody wrote in it."""
    return chats_of({telegram_id: kind})[telegram_id]


def claim_unpaid_notice(*, telegram_id: int, kind: str, language: str, now: datetime) -> bool:
    """Note that this group is told now that nothing counts there, and in which language; return whether it was not before."""
    chat = chat_of(telegram_id=telegram_id, kind=kind)
    return bool(Chat.objects.filter(id=chat, told_unpaid_at=None).update(told_unpaid_at=now, language=language))


def return_unpaid_notice(*, telegram_id: int) -> None:
    """Note that the group was not told after all."""
    Chat.objects.filter(telegram_id=telegram_id).update(told_unpaid_at=None)


def mark_gone(*, telegram_chat_id: int, person_id: int | None, now: datetime, blocked: bool = True) -> bool:
    """Note that the chat takes no messages; if it is a person's own and they have blocked the bot, publish user.blocked_bot.
    Once, until they write again; return whether it was noted now.

    Locks the person; of the erased nothing is noted: the chat's id is theirs.
    """
    private = telegram_chat_id > 0
    if not private and has_moved(telegram_chat_id):
        return False
    with transaction.atomic():
        if private and person_id is not None and not _is_there(person_id):
            return False
        kind = Chat.Kind.PRIVATE if private else Chat.Kind.GROUP
        chat, _ = Chat.objects.get_or_create(telegram_id=telegram_chat_id, defaults={"kind": kind})
        gone = Chat.objects.filter(id=chat.id, gone_at=None).update(gone_at=now)
        if gone and blocked and private and person_id is not None:
            publish(BlockedBot(user_id=person_id))
    return bool(gone)


def note_standing(
    *,
    telegram_chat_id: int,
    kind: str,
    is_in: bool,
    person_id: int | None,
    told_at: datetime,
    update_id: int,
    now: datetime,
    came_in: bool = False,
    by: Adder | None = None,
) -> None:
    """Note whether the chat takes messages since the bot was let in or thrown out, unless newer word of that is known: of a
    later second, or of a later update in the same one. Of a group note also by whom it was let in, if it came in by this.
    Where staff had it leave, it is to leave again.

    For a person's own chat publish user.blocked_bot. Locks the person; of the erased, and of private chats of nobody,
    nothing is noted that is not there: the chat's id is theirs.
    """
    private = kind == Chat.Kind.PRIVATE
    if not private and has_moved(telegram_chat_id):
        return
    with transaction.atomic():
        owned = private and person_id is not None and _is_there(person_id)
        if owned or not private:
            Chat.objects.get_or_create(telegram_id=telegram_chat_id, defaults={"kind": kind})
        chat = Chat.objects.select_for_update().filter(telegram_id=telegram_chat_id).first()
        if chat is None:
            return
        late = _is_older(told_at, update_id, chat)
        if came_in and not private and not (late and chat.gone_at is not None):
            additions.note(chat, person_id=person_id, by=by, told_at=told_at)
        if late:
            return
        if not is_in:
            additions.forget_unknown(chat.pk)
        blocked = not is_in and chat.gone_at is None
        chat.standing_at, chat.standing_update = told_at, update_id
        chat.gone_at = None if is_in else chat.gone_at or now
        if is_in:
            chat.closed_at = chat.closed_until = None
        chat.save(update_fields=["standing_at", "standing_update", "gone_at", "closed_at", "closed_until"])
        if blocked and owned:
            publish(BlockedBot(user_id=person_id))
        if is_in and not private and chat.state == Chat.State.LEFT:
            publish(GroupLeaveRequested(chat=chat.pk, actor=None, audit=None), key=f"chat:{chat.pk}")


def _is_older(told_at: datetime, update_id: int, chat: Chat) -> bool:
    """Say whether newer word is known of how the bot stands in the chat; numbers may begin anew, but not in one second."""
    if chat.standing_at is None or told_at != chat.standing_at:
        return chat.standing_at is not None and told_at < chat.standing_at
    return chat.standing_update is not None and update_id < chat.standing_update


def _is_there(person_id: int) -> bool:
    """Lock the person and say whether there is one to lock."""
    try:
        lock_person(person_id)
    except PersonGone:
        return False
    return True


def keep_start_payload(*, person_id: int, payload: str, now: datetime) -> bool:
    """Keep what a person's first link said; later ones and what is no payload of Telegram's are left out.

    Locks the person. Raises PersonGone.
    """
    if not START_PAYLOAD.fullmatch(payload):
        return False
    with transaction.atomic(), connection.cursor() as cursor:
        lock_person(person_id)
        cursor.execute(
            "INSERT INTO bot_start_payload (person_id, payload, received_at) VALUES (%s, %s, %s)"
            " ON CONFLICT (person_id) DO NOTHING",
            [person_id, payload, now],
        )
        return bool(cursor.rowcount == 1)


def delete_old_updates(*, now: datetime) -> int:
    """Delete what was handled more than a week ago, and what came more than a day ago from groups that were not approved;
    5,000 rows a statement. Return how many.
    """
    strange = Update.objects.filter(delete_at__lt=now).order_by("delete_at")
    old = Update.objects.filter(handled_at__lt=now - KEEP_UPDATES).order_by("handled_at")
    return sum(delete_rows(rows, at_once=DELETE_AT_ONCE) for rows in (strange, old))


def delete_old_unreadable(*, now: datetime) -> int:
    """Delete what could not be read more than a week ago; return how many."""
    return Unreadable.objects.filter(received_at__lt=now - KEEP_UPDATES).delete()[0]
