"""What the bot remembers: a row of each of its tables, and what they refuse."""

from datetime import date
from uuid import uuid4

from apps.bot.models import Addition, Chat, Refusal, SeenMessage, ShownScreen, StartPayload, Unreadable, Update
from tests.gamification.acts import NOON, person
from tests.schema.cases import Case, Effect, Wall

CASES = {
    "bot_chat_telegram_id_key": Case("bot_chat", {"id": "-id", "moved_from": "NULL"}),
    "bot_chat_moved_from_key": Case("bot_chat", {"id": "-id", "telegram_id": "telegram_id - 1"}),
    "bot_chat_kind_known": Case("bot_chat", {"kind": "'forum'"}),
    "bot_chat_closed_until_after": Case(
        "bot_chat",
        {"closed_at": "now()"},
        {"closed_until": "now()"},
        {"closed_at": "now()", "closed_until": "now() - interval '1 second'"},
    ),
    "bot_chat_state_known": Case("bot_chat", {"state": "'unsure'"}),
    "bot_chat_members_counted": Case("bot_chat", {"members": "-1"}),
    "bot_addition_chat_id_key": Case("bot_addition", {"id": "-id"}),
    "bot_addition_by_one": Case("bot_addition", {"telegram_id": "5"}, {"person_id": "NULL"}),
    "bot_refusal_once_a_day": Case("bot_refusal", {"id": "-id"}),
    "bot_refusal_count_positive": Case("bot_refusal", {"count": "0"}),
    "bot_start_payload_person_id_key": Case("bot_start_payload", {"id": "-id"}),
    "bot_start_payload_characters": Case("bot_start_payload", {"payload": "''"}, {"payload": "'a b'"}),
    "bot_unreadable_once": Case("bot_unreadable", {"id": "-id"}),
    "bot_unreadable_reason_known": Case("bot_unreadable", {"reason": "'mood'"}),
    "bot_update_once": Case("bot_update", {"id": "-id"}),
}
TRIGGERS: dict[str, Wall | Effect] = {}


def fill() -> None:
    """Make a row in each of the tables."""
    somebody = person()
    Chat.objects.create(telegram_id=-100_700, kind="supergroup", moved_from=-701)
    SeenMessage.objects.create(chat=1, message=1, person_id=somebody, sent_at=NOON)
    ShownScreen.objects.create(
        person_id=somebody,
        chat_id=1,
        message_id=1,
        correlation_id=uuid4(),
        position=1,
        text="a screen",
        keyboard={},
        shown_at=NOON,
        closed_at=NOON,
        editing_until=NOON,
    )
    Addition.objects.create(chat_id=1, person_id=somebody, added_at=NOON)
    StartPayload.objects.create(person_id=somebody, payload="ref-1", received_at=NOON)
    Update.objects.create(bot_id=1, update_id=1, kind="message", body=b"{}", received_at=NOON)
    Refusal.objects.create(reason="size", day=date(2026, 1, 1), count=1)
    Unreadable.objects.create(bot_id=1, update_id=2, reason="body", body=b"{", received_at=NOON)
