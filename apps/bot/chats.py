"""Chats under ids of our own. A group that becomes a supergroup gets another id at Telegram and stays the same chat here."""

from collections.abc import Mapping
from datetime import UTC, datetime

from django.db import transaction

from apps.bot import additions
from apps.bot.models import Addition, Chat


def chats_of(kinds: Mapping[int, str]) -> dict[int, int]:
    """Return our ids of these chats (Telegram's id: kind), which are there again if they were gone. Two statements for all
    that are known; new ones are inserted in the order of their ids, so that two batches cannot wait for each other.

    In a transaction groups come before any person is locked, and somebody's own chat after: its id is theirs, and they may
    be erased at this moment.
    """
    known = {chat.telegram_id: chat for chat in Chat.objects.filter(telegram_id__in=kinds)}
    missing = sorted(set(kinds) - set(known))
    if missing:
        known |= _added({telegram_id: kinds[telegram_id] for telegram_id in missing})
    back = [chat.pk for chat in known.values() if chat.gone_at is not None]
    if back:
        Chat.objects.filter(pk__in=back).update(gone_at=None)
    return {telegram_id: chat.pk for telegram_id, chat in known.items()}


def add_chat(*, telegram_id: int, kind: str) -> Chat:
    """Return the chat, inserted unless it is there by now; for the id that a group has given up the present one."""
    return _added({telegram_id: kind})[telegram_id]


def _added(kinds: Mapping[int, str]) -> dict[int, Chat]:
    """Insert these chats and return them by id, the present one for an id that a group has given up.

    That is asked after the insert, which waits for whoever moves the group right now (move_chat).
    """
    Chat.objects.bulk_create([Chat(telegram_id=id_, kind=kind) for id_, kind in kinds.items()], ignore_conflicts=True)
    moved = {chat.moved_from: chat for chat in Chat.objects.filter(moved_from__in=kinds) if chat.moved_from is not None}
    if moved:
        Chat.objects.filter(telegram_id__in=moved).delete()
    return {chat.telegram_id: chat for chat in Chat.objects.filter(telegram_id__in=kinds)} | moved


def has_moved(telegram_id: int) -> bool:
    """Say whether this is the id of a group that has become a supergroup: that it is gone says nothing of that one."""
    return Chat.objects.filter(moved_from=telegram_id).exists()


def move_chat(*, old: int, new: int) -> bool:
    """Note that a group has become the supergroup of another id at Telegram; return whether that was not known.

    One chat is left, under our id of the group, with all that is known of either. From then on the old id stands for it.
    Locks both rows: in a transaction it comes before any person is locked.
    """
    if old >= 0 or new >= 0 or old == new:
        return False
    with transaction.atomic():
        if has_moved(old):
            return False  # a group moves once
        # Whoever adds one of them at this moment is waited for.
        wanted = {new: Chat.Kind.SUPERGROUP, old: Chat.Kind.GROUP}
        Chat.objects.bulk_create([Chat(telegram_id=i, kind=wanted[i]) for i in sorted(wanted)], ignore_conflicts=True)
        rows = Chat.objects.select_for_update().filter(telegram_id__in=wanted).order_by("telegram_id")
        found = {chat.telegram_id: chat for chat in rows}
        if old not in found:
            return False  # another call has just moved it
        if found[new].moved_from == old:
            found[old].delete()  # and this one has inserted it again, as soon as that id was free
            return False
        _merge(found[old], found[new])
    return True


def _merge(group: Chat, supergroup: Chat) -> None:
    """Let the group's row take the place of the supergroup's. Whether the group was gone or closed says nothing of the
    supergroup. Of two states the one stays that staff decided last, and one that waits for them gives way.
    """
    supergroup_id = supergroup.pk
    supergroup.delete()
    group.moved_from, group.telegram_id = group.telegram_id, supergroup.telegram_id
    group.kind, group.gone_at = Chat.Kind.SUPERGROUP, supergroup.gone_at
    group.told_unpaid_at = group.told_unpaid_at or supergroup.told_unpaid_at
    group.standing_at, group.standing_update = supergroup.standing_at, supergroup.standing_update
    group.closed_at, group.closed_until = supergroup.closed_at, supergroup.closed_until
    decided = max(group, supergroup, key=_weight_of_state)
    group.state, group.decided_at = decided.state, decided.decided_at
    group.title, group.language = supergroup.title or group.title, group.language or supergroup.language
    group.seen_at = supergroup.seen_at or group.seen_at
    if supergroup.members is not None:
        group.members, group.members_at = supergroup.members, supergroup.members_at
    group.save()
    if not Addition.objects.filter(chat_id=group.pk).exists():
        Addition.objects.filter(chat_id=supergroup_id).update(chat_id=group.pk)
    else:
        Addition.objects.filter(chat_id=supergroup_id).delete()
    if group.state != Chat.State.PENDING:
        additions.forget_unknown(group.pk)


def _weight_of_state(chat: Chat) -> tuple[bool, datetime]:
    return chat.state != Chat.State.PENDING, chat.decided_at or datetime.min.replace(tzinfo=UTC)
