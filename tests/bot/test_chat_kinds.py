"""Where a message was written: events of before do not say so themselves, their chat does."""

import json

import msgspec
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.bot.chat_kinds import forget_places
from apps.bot.events import MessageSent
from apps.bot.models import Chat
from diana.events import Envelope, publish

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _read_anew() -> None:
    """Ids of chats come again in the database of the next test."""
    forget_places()


def written_before(chat: int) -> Envelope:
    """Return a message's event as version 1 stored it."""
    with transaction.atomic():
        stored = publish(MessageSent(user_id=None, chat=chat, length=5, content_digest="a" * 32, place="group"))
    fields = {"chat": chat, "length": 5, "content_digest": "a" * 32}
    return msgspec.structs.replace(stored, version=1, open_payload=json.dumps(fields))


def test_an_old_message_was_written_where_its_chat_is() -> None:
    chats = {kind: Chat.objects.create(telegram_id=n, kind=kind).pk for n, kind in enumerate(Chat.Kind.values, 1)}
    assert {kind: written_before(chat).fields["place"] for kind, chat in chats.items()} == {
        "private": "private",
        "group": "group",
        "supergroup": "group",
        "channel": "group",
    }
    later = Chat.objects.create(telegram_id=9, kind="private").pk
    assert written_before(later).fields["place"] == "private", "a chat that was added meanwhile"
    assert written_before(later + 1_000).fields["place"] == "group", "a chat that is not there any more"


def test_any_number_of_old_messages_takes_one_query() -> None:
    chats = [Chat.objects.create(telegram_id=100 + n, kind="private").pk for n in range(5)]
    old = [written_before(chat) for chat in reversed(chats)]
    with CaptureQueriesContext(connection) as queries:
        assert {envelope.fields["place"] for envelope in old} == {"private"}
    assert len(queries) <= 1
