"""Taking what nobody answers: messages, reactions, people who join; a batch at once, as acts of those who did it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from apps.bot import authors, groups, guidance, seen_messages, selectors, services
from apps.bot.chat_kinds import PRIVATE, place_of_kind
from apps.bot.digests import content_digest
from apps.bot.documents import document_of
from apps.bot.events import CommunityParticipation, GuidanceDue, MessageSent
from apps.bot.models import Update
from apps.bot.reading import Change, Message, Reaction, Unreadable
from apps.bot.seen_messages import GROUPS, KEEP, Place
from apps.bot.turns import act_time
from apps.users import services as users
from diana.events import Envelope, Event, Publication, publish_many

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
    cannot be read is told by bot.update_failed. What was sent in a group is noted: it may be reacted to. What was sent in
    somebody's own chat is answered once an hour, by bot.guidance_due.
    """
    rows = selectors.unhandled_updates(envelope.fields["update"] for envelope in envelopes)
    seen = [_Seen(e, row, _read(row)) for e in envelopes if (row := rows.get(e.fields["update"]))]
    told = [(s, s.found) for s in seen if not isinstance(s.found, Unreadable) and _counts(s.row)]
    counting = groups.approved(what.chat.id for _, what in told)
    told = [(s, what) for s, what in told if what.chat.id in counting]
    noted = [what.chat for _, what in told if _is_act(what) or _may_be_reacted_to(what)]
    chats = services.chats_of({chat.id: chat.type for chat in noted if chat.type != PRIVATE})
    told = _without_the_erased(told)
    there = [what.chat for _, what in told if _is_act(what) or _wants_guidance(what)]
    chats |= services.chats_of({chat.id: chat.type for chat in there if chat.type == PRIVATE})
    unpaid = _unpaid_reactions(told, chats)
    users.act_many([_act(s, what, chats, counts=_is_act(what) and s.row.pk not in unpaid) for s, what in told])
    seen_messages.note(_seen_messages(told, chats))
    _guide(told, chats)
    for _, row, found in seen:
        if isinstance(found, Unreadable):
            services.fail_update(update=row.pk, reason=str(found), person_id=row.person_id, now=now)
    services.finish_messages(updates=list(rows), now=now)


def _unpaid_reactions(told: list[tuple[_Seen, Done]], chats: Mapping[int, int]) -> set[int]:
    """Return the updates with reactions but those to a message of somebody else that was seen within the week before: nobody's
    number can be told from one that was made up, and whoever reacts to nobody but themselves does not take part.
    """
    reactions = [(seen, what) for seen, what in told if isinstance(what, Reaction) and _is_act(what)]
    known = seen_messages.authors({_place(what, chats) for _, what in reactions})

    def is_paid(seen: _Seen, what: Reaction) -> bool:
        message = known.get(_place(what, chats)[1:])
        return (
            message is not None
            and message.person_id != seen.row.person_id
            and message.sent_at >= _moment(seen, what) - KEEP
        )

    return {seen.row.pk for seen, what in reactions if not is_paid(seen, what)}


def _place(reaction: Reaction, chats: Mapping[int, int]) -> Place:
    return Place(reaction.chat.id, chats[reaction.chat.id], seen_messages.number_of(reaction))


def _without_the_erased(told: list[tuple[_Seen, Done]]) -> list[tuple[_Seen, Done]]:
    """Leave out the erased: to note their own chat, or a message of theirs, would bring their id back. Locks all people of the
    batch if somebody wrote; else nothing is asked, acts of the erased are left out anyway.
    """
    if not any(isinstance(what, Message) for _, what in told):
        return told
    there = users.lock_people(_person(seen) for seen, _ in told)
    return [(seen, what) for seen, what in told if _person(seen) in there]


def _seen_messages(told: Iterable[tuple[_Seen, Done]], chats: Mapping[int, int]) -> Iterator[seen_messages.Seen]:
    for seen, what in told:
        if isinstance(what, Message) and seen_messages.is_seen(what):
            number = seen_messages.number_of(what)
            yield seen_messages.Seen(chats[what.chat.id], number, _person(seen), _moment(seen, what))


def _guide(told: Iterable[tuple[_Seen, Done]], chats: Mapping[int, int]) -> None:
    """Have the newest message of each private chat answered, unless one was within the hour before it."""
    asked: dict[int, tuple[datetime, _Seen]] = {}
    for seen, what in told:
        if _wants_guidance(what):
            chat, moment = chats[what.chat.id], _moment(seen, what)
            if chat not in asked or asked[chat][0] <= moment:
                asked[chat] = moment, seen
    if not asked:
        return
    answered = guidance.claim({chat: moment for chat, (moment, _) in asked.items()})
    publish_many(
        [
            Publication(event=GuidanceDue(user_id=_person(seen), update=seen.row.pk), cause=seen.envelope)
            for chat, (_, seen) in sorted(asked.items(), key=lambda one: one[0])
            if chat in answered
        ]
    )


def _wants_guidance(done: Done) -> bool:
    """Say whether it was sent to the bot alone, a text or anything else."""
    return isinstance(done, Message) and done.chat.type == PRIVATE and (done.media or done.text is not None)


def _person(seen: _Seen) -> int:
    assert seen.row.person_id is not None, "what nobody did is no act"
    return seen.row.person_id


def _read(row: Update) -> Done | Unreadable:
    """Return what was done, or why there is nothing."""
    try:
        update = document_of(row)
    except Unreadable as error:
        return error
    return update.message or update.message_reaction or update.chat_member or Unreadable("nothing is there")


def _counts(row: Update) -> bool:
    """Say whether a person did it, and not in a group that was not approved then."""
    return row.person_id is not None and row.delete_at is None


def _is_act(done: Done) -> bool:
    """Say whether anything was done that counts: a text, a reaction given in a group, coming into one."""
    match done:
        case Message():
            return bool(_text(done))
        case Reaction():
            return _in_group(done) and bool(done.new_reaction)
        case Change():
            return _in_group(done) and done.joined


def _in_group(done: Done) -> bool:
    return done.chat.type in GROUPS and not done.chat.is_direct_messages


def _may_be_reacted_to(done: Done) -> bool:
    return isinstance(done, Message) and seen_messages.is_seen(done)


def _moment(seen: _Seen, done: Done) -> datetime:
    return act_time(datetime.fromtimestamp(done.date, UTC) if done.date else None, seen.row.received_at)


def _act(seen: _Seen, done: Done, chats: Mapping[int, int], *, counts: bool) -> users.Act:
    """Return what was done; what does not count tells how its author is called."""
    person, moment, names = _person(seen), _moment(seen, done), authors.names_of(done)
    if not counts:
        return users.Act(person, moment, None, seen.envelope, names=names, counts=False)
    event, key = _event(done, person, chats[done.chat.id])
    return users.Act(person, moment, event, seen.envelope, key, comes_back=done.chat.type == PRIVATE, names=names)


def _event(done: Done, person_id: int, chat: int) -> tuple[Event, str | None]:
    """Return what to publish, and for what counts once the key: a reaction taken away and given again is the same one."""
    match done:
        case Message():
            text = _text(done)
            digest = content_digest(person_id, text)
            place = PRIVATE if done.chat.is_direct_messages else place_of_kind(done.chat.type)
            return MessageSent(user_id=person_id, chat=chat, length=len(text), content_digest=digest, place=place), None
        case Reaction():
            key = f"reaction:{chat}:{seen_messages.number_of(done)}:{person_id}"
            return CommunityParticipation(user_id=person_id, kind="reaction", chat=chat), key
        case Change():
            return CommunityParticipation(user_id=person_id, kind="join", chat=chat), f"join:{chat}:{person_id}"


def _text(message: Message) -> str:
    """Return what the person wrote: in a private chat a text, in a group also what stands below a picture."""
    return message.text or ("" if message.chat.type == "private" else message.caption) or ""
