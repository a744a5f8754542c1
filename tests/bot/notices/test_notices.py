"""Notices from the event to the message: once, together, when it is allowed, and to nobody who is not to be told."""

import random
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.bot import tasks
from apps.bot.events import NoticesDue
from apps.bot.models import Chat, Notice
from apps.bot.notices import making, queueing, settling
from apps.gamification.events import AchievementUnlocked, LevelUp
from apps.payments.events import PaymentRefunded, PaymentSucceeded
from apps.users.events import OnboardingAbandoned, ReferralQualified, VipExpiring, VipGranted, VipRevoked
from apps.users.models import Person
from diana import clock
from diana.events import Envelope, Event, Publication, publish, publish_many
from diana.events.models import Delivery, StoredEvent
from diana.events.testing import drain
from diana.sandbox.running import Sandbox
from tests.bot.updates import ADA, deliver, events, press, say, texts

# No hour is quiet.
AWAKE = {"quiet_from": 5, "quiet_until": 5}

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def ada(sandbox: Sandbox) -> int:
    """Somebody who has written to the bot, for whom no hour is quiet."""
    row = say("hello")
    drain("bot.take_messages")
    assert row.person_id is not None
    Person.objects.filter(pk=row.person_id).update(preferences=AWAKE)
    return row.person_id


def happen(*events_: Event) -> None:
    with transaction.atomic():
        publish_many([Publication(event=event) for event in events_])
    drain("bot.note_notices", "bot.send_notices")


def level(person_id: int, new: int = 2) -> Event:
    return LevelUp(user_id=person_id, old=new - 1, new=new)


def unlocked(person_id: int, key: str = "voice", *, quiet: bool = False) -> Event:
    return AchievementUnlocked(user_id=person_id, achievement=key, tier="bronze", quiet=quiet)


def time_passes() -> None:
    """Ten minutes go by: what is due is sent."""
    queueing.queue_due(now=clock.now() + timedelta(minutes=11))
    drain("bot.send_notices")


def outcomes() -> dict[str, str | None]:
    return dict(Notice.objects.values_list("kind", "outcome"))


def test_what_happens_within_ten_minutes_is_one_message(sandbox: Sandbox, ada: int) -> None:
    happen(level(ada), unlocked(ada), ReferralQualified(user_id=ada, invitee=99))
    happen(unlocked(ada, "quick_mind"))
    assert texts(sandbox) == []
    assert Notice.objects.values("due_at").distinct().count() == 1
    time_passes()
    (text,) = texts(sandbox)
    assert text.count("\n") == 3
    assert "level 2" in text
    assert "<b>Voice (bronze)</b>" in text
    assert set(Notice.objects.values_list("outcome", flat=True)) == {"sent"}
    assert [payload["template"] for _, payload in events("bot.message_sent")] == ["notice_digest"]


def test_what_comes_after_the_message_is_another_one(sandbox: Sandbox, ada: int) -> None:
    happen(level(ada))
    time_passes()
    happen(level(ada, 3))
    assert len(texts(sandbox)) == 1
    time_passes()
    first, second = texts(sandbox)
    assert ("level 2" in first, "level 3" in second) == (True, True)


def test_singles_come_at_once_each_by_itself(sandbox: Sandbox, ada: int) -> None:
    until = (clock.now() + timedelta(days=3)).isoformat()
    happen(
        VipGranted(user_id=ada, grant=1, source="gift", until=until),
        VipExpiring(user_id=ada, hours=72, until=until),
        VipRevoked(user_id=ada, grant=1, until=None),
        OnboardingAbandoned(user_id=ada, step="timezone"),
    )
    assert len(texts(sandbox)) == 4
    assert "72 hours" in texts(sandbox)[1]


def test_a_payment_is_told_at_any_hour_and_to_the_muted(sandbox: Sandbox, ada: int) -> None:
    hour = clock.now().hour
    wishes = {"quiet_from": hour, "quiet_until": (hour + 2) % 24, "notices": False}
    Person.objects.update(preferences=wishes)
    happen(
        PaymentSucceeded(user_id=ada, charge=1, product="vip_30", stars=250, recurring=False, first=True),
        VipGranted(user_id=ada, grant=1, source="purchase", until=None),
        PaymentRefunded(user_id=ada, charge=1),
        level(ada),
    )
    assert ["250 stars" in text for text in texts(sandbox)] == [True, False]
    assert outcomes() == {"payment": "sent", "refund": "sent"}


def test_in_quiet_hours_it_waits(sandbox: Sandbox, ada: int) -> None:
    hour = clock.now().hour
    Person.objects.update(preferences={"quiet_from": hour, "quiet_until": (hour + 2) % 24})
    happen(VipExpiring(user_id=ada, hours=24, until=None))
    assert texts(sandbox) == []
    notice = Notice.objects.get()
    assert notice.due_at.hour == (hour + 2) % 24
    assert tasks.send_due_notices() == 0


def test_the_hours_are_the_persons_own(sandbox: Sandbox, ada: int) -> None:
    Person.objects.update(timezone="Asia/Tokyo", preferences={})
    at_night = datetime.fromisoformat("2026-11-24T15:00:00+00:00")
    making.note([_envelope(VipRevoked(user_id=ada, grant=1, until=None), at_night)], now=at_night)
    assert Notice.objects.get().due_at == datetime.fromisoformat("2026-11-24T23:00:00+00:00")


def _envelope(event: Event, at: datetime) -> Envelope:
    with transaction.atomic():
        return publish(event, occurred_at=at)


def test_each_event_is_told_once(sandbox: Sandbox, ada: int) -> None:
    with transaction.atomic():
        envelopes = publish_many([Publication(event=level(ada)), Publication(event=unlocked(ada))])
    for _ in range(2):
        with transaction.atomic():
            making.note(envelopes, now=clock.now())
    assert Notice.objects.count() == 2
    time_passes()
    time_passes()
    assert len(texts(sandbox)) == 1


def test_a_message_that_was_sent_is_not_sent_again(sandbox: Sandbox, ada: int) -> None:
    happen(level(ada))
    time_passes()
    with transaction.atomic():
        publish(NoticesDue(user_id=ada, notice=Notice.objects.get().pk))
    drain("bot.send_notices")
    assert len(texts(sandbox)) == 1


@pytest.mark.parametrize(
    "gone",
    [
        {"status": "suspended"},
        {"status": "deactivated"},
        {"status": "deletion_requested"},
        {"status": "erased", "telegram_id": None, "first_name": "", "folded_names": ""},
        {"preferences": {"notices": False}},
    ],
    ids=lambda change: next(iter(change)) + str(next(iter(change.values()))),
)
def test_who_is_not_to_be_told_is_not_told(sandbox: Sandbox, ada: int, gone: dict[str, Any]) -> None:
    """Neither what happens afterwards, nor what was on its way."""
    happen(level(ada))
    Person.objects.update(**gone)
    happen(level(ada, 3), VipRevoked(user_id=ada, grant=1, until=None))
    time_passes()
    assert texts(sandbox) == []
    assert list(Notice.objects.values_list("kind", "outcome")) == [("level", "dropped")]


def test_who_never_wrote_in_private_is_not_written_to(sandbox: Sandbox, ada: int) -> None:
    Chat.objects.all().delete()
    happen(VipRevoked(user_id=ada, grant=1, until=None))
    assert sandbox.calls(method="sendMessage") == []
    assert outcomes() == {"vip_revoked": "dropped"}


def test_who_blocks_the_bot_is_marked_and_never_tried_again(sandbox: Sandbox, ada: int) -> None:
    sandbox.behave(ADA, block=True)
    for _ in range(3):
        happen(VipRevoked(user_id=ada, grant=1, until=None))
    assert len(sandbox.calls(method="sendMessage")) == 1
    assert len(events("user.blocked_bot")) == 1
    assert outcomes() == {"vip_revoked": "dropped"}
    assert not Delivery.objects.exists()


def test_old_news_and_quiet_unlocks_are_none(sandbox: Sandbox, ada: int) -> None:
    old = _envelope(level(ada), clock.now() - timedelta(days=4))
    happen(unlocked(ada, quiet=True))
    making.note([old], now=clock.now())
    assert not Notice.objects.exists()


def test_the_button_below_mutes_and_the_next_one_unmutes(sandbox: Sandbox, ada: int) -> None:
    happen(VipRevoked(user_id=ada, grant=1, until=None))
    for verb, notices in (("mute", False), ("unmute", True)):
        assert deliver(press(f"v1|notices|{verb}|{ada}")) == 200
        drain("bot.handle_update")
        assert Person.objects.get().preferences["notices"] is notices
    assert len(sandbox.calls(method="editMessageText")) == 2


def test_nobody_mutes_somebody_else(sandbox: Sandbox, ada: int) -> None:
    deliver(press(f"v1|notices|mute|{ada + 1}"))
    drain("bot.handle_update")
    assert "notices" not in Person.objects.get().preferences


def test_a_batch_takes_a_fixed_number_of_statements(sandbox: Sandbox, ada: int) -> None:
    def statements(count: int) -> int:
        people = Person.objects.bulk_create(
            [Person(created_at=clock.now(), telegram_id=_next(), preferences=AWAKE) for _ in range(count)]
        )
        with transaction.atomic():
            envelopes = publish_many(
                [
                    Publication(event=event)
                    for person in people
                    for event in (level(person.pk), VipRevoked(user_id=person.pk, grant=1, until=None))
                ]
            )
            with CaptureQueriesContext(connection) as captured:
                making.note(envelopes, now=clock.now())
        return len(captured)

    assert statements(2) == statements(40) <= 9


def _next() -> int:
    return random.randrange(10**6, 10**12)


def test_two_schedulers_at_once_queue_a_message_once(sandbox: Sandbox, ada: int) -> None:
    happen(level(ada))
    later = clock.now() + timedelta(minutes=11)
    assert [queueing.queue_due(now=later) for _ in range(2)] == [1, 0]
    assert StoredEvent.objects.filter(type="bot.notices_due").count() == 1


def test_while_telegram_is_away_it_is_kept(sandbox: Sandbox, ada: int, settings: Any) -> None:
    here, settings.TELEGRAM_API_URL = settings.TELEGRAM_API_URL, "http://127.0.0.1:9"
    happen(VipRevoked(user_id=ada, grant=1, until=None))
    assert outcomes() == {"vip_revoked": None}
    settings.TELEGRAM_API_URL = here
    Delivery.objects.update(next_attempt_at=clock.real_now())
    drain("bot.send_notices")
    assert len(texts(sandbox)) == 1


def test_old_ones_are_deleted_and_open_ones_stay(sandbox: Sandbox, ada: int) -> None:
    happen(level(ada), unlocked(ada))
    month = clock.now() + timedelta(days=31)
    first = Notice.objects.earliest("pk")
    settling.drop(notices=[first], now=clock.now())
    assert settling.delete_old(now=month) == 1
    assert Notice.objects.count() == 1


@pytest.mark.parametrize("change", ["outcome = 'sent'", "done_at = now()", "done_at = now(), outcome = 'lost'"])
def test_sql_cannot_half_settle_a_notice(ada: int, change: str) -> None:
    happen(level(ada))
    with pytest.raises(IntegrityError, match="bot_notice_done_or_open"), connection.cursor() as cursor:
        cursor.execute(f"UPDATE bot_notice SET {change}")


def test_what_a_notice_says_cannot_be_changed(ada: int) -> None:
    happen(level(ada))
    with pytest.raises(ProgrammingError, match="permission denied"):
        Notice.objects.update(fields={"new": 99})


def test_there_are_no_other_kinds(ada: int) -> None:
    now = clock.now()
    with pytest.raises(IntegrityError, match="bot_notice_kind_known"):
        Notice.objects.create(person_id=ada, kind="gossip", fields={}, event_id=uuid4(), created_at=now, due_at=now)


def test_a_notice_is_not_due_before_it_is_made(ada: int) -> None:
    now = clock.now()
    with pytest.raises(IntegrityError, match="bot_notice_not_due_before"):
        Notice.objects.create(
            person_id=ada, kind="level", fields={}, event_id=uuid4(), created_at=now, due_at=now - timedelta(seconds=1)
        )
