"""Taking what nobody answers: messages, reactions, people who join; a batch at once, as acts of those who did it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from apps.bot import authors, groups, selectors, services
from apps.bot.digests import content_digest
from apps.bot.documents import document_of
from apps.bot.events import CommunityParticipation, MessageSent
from apps.bot.models import Update
from apps.bot.reading import Change, Message, Reaction, Unreadable
from apps.bot.turns import act_time
from apps.users import services as users
from diana.events import Envelope, Event

GROUPS = ("group", "supergroup")

Done = Message | Reaction | Change


class _Seen(NamedTuple):
    """An update of the batch and what stands in it, or why that cannot be read."""

    envelope: Envelope
    row: Update
    found: Done | Unreadable


def take(envelopes: Sequence[Envelope], *, now: datetime) -> None:
    """Note each update's act, its author's names and that it is done, in the caller's transaction; those done before change
    nothing. What nobody did, and what was done where nothing counts, is only noted as done.

    Locks groups that are new, then the people in ascending order, then their own chats (services.chats_of). A body that
    cannot be read is told by bot.update_failed.
    """
    rows = selectors.unhandled_updates(envelope.fields["update"] for envelope in envelopes)
    seen = [_Seen(e, row, _read(row)) for e in envelopes if (row := rows.get(e.fields["update"]))]
    told = [(s, s.found) for s in seen if not isinstance(s.found, Unreadable) and s.row.person_id is not None]
    counting = groups.approved(done.chat.id for _, done in told)
    told = [(s, done) for s, done in told if done.chat.id in counting]
    chats = services.chats_of(
        {done.chat.id: done.chat.type for _, done in told if _is_act(done) and not _private(done)}
    )
    told = _without_the_erased(told)
    chats |= services.chats_of({done.chat.id: done.chat.type for _, done in told if _is_act(done) and _private(done)})
    users.act_many([_act(s, done, person, chats) for s, done in told if (person := s.row.person_id) is not None])
    for _, row, found in seen:
        if isinstance(found, Unreadable):
            services.fail_update(update=row.pk, reason=str(found), person_id=row.person_id, now=now)
    services.finish_messages(updates=list(rows), now=now)


def _without_the_erased(told: list[tuple[_Seen, Done]]) -> list[tuple[_Seen, Done]]:
    """Leave out the erased: to note their own chat would bring their id back. Locks all people of the batch if
    somebody wrote in their own chat; in groups alone nothing is asked, acts of the erased are left out anyway.
    """
    if not any(_private(done) for _, done in told):
        return told
    there = users.lock_people(seen.row.person_id for seen, _ in told if seen.row.person_id is not None)
    return [(seen, done) for seen, done in told if seen.row.person_id in there]


def _private(done: Done) -> bool:
    return done.chat.type == "private"


def _read(row: Update) -> Done | Unreadable:
    """Return what was done, or why there is nothing."""
    try:
        update = document_of(row)
    except Unreadable as error:
        return error
    return update.message or update.message_reaction or update.chat_member or Unreadable("nothing is there")


def _is_act(done: Done) -> bool:
    """Say whether anything was done that counts: a text, a reaction given in a group, coming into one."""
    match done:
        case Message():
            return bool(_text(done))
        case Reaction():
            return done.chat.type in GROUPS and bool(done.new_reaction)
        case Change():
            return done.chat.type in GROUPS and done.joined


def _act(seen: _Seen, done: Done, person_id: int, chats: Mapping[int, int]) -> users.Act:
    """Return what was done; what is no act tells how its author is called."""
    moment = act_time(datetime.fromtimestamp(done.date, UTC) if done.date else None, seen.row.received_at)
    names = authors.names_of(done)
    if not _is_act(done):
        return users.Act(person_id, moment, None, seen.envelope, names=names, counts=False)
    event, key = _event(done, person_id, chats[done.chat.id])
    return users.Act(person_id, moment, event, seen.envelope, key, comes_back=_private(done), names=names)


def _event(done: Done, person_id: int, chat: int) -> tuple[Event, str | None]:
    """Return what to publish, and for what counts once the key: a reaction taken away and given again is the same one."""
    match done:
        case Message():
            text = _text(done)
            digest = content_digest(person_id, text)
            return MessageSent(user_id=person_id, chat=chat, length=len(text), content_digest=digest), None
        case Reaction():
            key = f"reaction:{chat}:{done.message_id}:{person_id}"
            return CommunityParticipation(user_id=person_id, kind="reaction", chat=chat), key
        case Change():
            return CommunityParticipation(user_id=person_id, kind="join", chat=chat), f"join:{chat}:{person_id}"


def _text(message: Message) -> str:
    """Return what the person wrote: in a private chat a text, in a group also what stands below a picture."""
    return message.text or ("" if message.chat.type == "private" else message.caption) or ""
