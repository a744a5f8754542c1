"""Groups that staff have not approved: nothing counts there, nobody becomes known by it, and that is said once."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from apps.bot import groups, services
from apps.bot.models import Addition, Chat, Update
from apps.bot.screens.groups import unpaid
from apps.gamification.models import Entry
from apps.payments.models import Payment
from apps.users.models import Person
from diana import clock
from diana.events.models import Failure, StoredEvent
from diana.events.testing import drain
from diana.sandbox.running import Sandbox
from tests.bot.stars import paid_update
from tests.bot.test_membership import change as change_own
from tests.bot.test_participation import change, react
from tests.bot.updates import ADA, GROUP, answer, deliver, message, press, say, texts, update, user
from tests.flows.test_money_in_any_order import bill_of

THUMB = {"type": "emoji", "emoji": "👍"}
STRANGER = user(ADA + 1)


@pytest.fixture(autouse=True)
def approved(settings: Any) -> None:
    """Let groups count as they do in production."""
    settings.DIANA_KNOWN_GROUPS = "approved"


def acts() -> list[str]:
    """Return which acts and points came of all that was delivered."""
    drain()
    assert not Failure.objects.exists()
    assert not Update.objects.filter(handled_at=None).exists()
    kinds = StoredEvent.objects.filter(type__startswith="game.").order_by("id").values_list("type", flat=True)
    return [*kinds, *(f"entry {rule}" for rule in Entry.objects.values_list("rule", flat=True))]


def do_everything_in(chat: dict[str, Any]) -> None:
    change_own("member", chat=chat, by=user())
    say("hello", chat=chat)
    react(THUMB, chat=chat)
    change("left", "member", chat=chat)
    say("/daily", chat=chat)
    say("/trivia", chat=chat, sender=STRANGER)
    say("/ a text that begins like a command", chat=chat)
    edited = message("edited", chat=chat, sender=STRANGER) | {"edit_date": 1}
    assert deliver(update("edited_message", edited)) == 200


def group(state: str, **fields: Any) -> Chat:
    """Add the group in this state."""
    return Chat.objects.create(telegram_id=GROUP["id"], kind=GROUP["type"], state=state, **fields)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("known", "expected"), [("approved", {5, -3, -31}), ("all", {5, -1, -2, -3, -31, -6})], ids=["approved", "all"]
)
def test_groups_count_by_their_state(settings: Any, known: str, expected: set[int]) -> None:
    settings.DIANA_KNOWN_GROUPS = known
    for telegram_id, state in ((-2, "pending"), (-4, "refused"), (-5, "left")):
        Chat.objects.create(telegram_id=telegram_id, kind="group", state=state)
    Chat.objects.create(telegram_id=-3, kind="supergroup", state="approved", moved_from=-31)
    Chat.objects.create(telegram_id=-6, kind="group")
    asked = [5, -1, -2, -3, -31, -4, -5, -6]
    assert groups.approved(asked) == expected
    assert {chat for chat in asked if groups.is_approved(chat)} == expected


EARLIER, LATER = clock.now() - timedelta(days=2), clock.now() - timedelta(days=1)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (("approved", EARLIER), None, "approved"),
        (("approved", None), ("pending", None), "approved"),
        (("refused", EARLIER), ("pending", None), "refused"),
        (None, ("approved", EARLIER), "approved"),
        (("pending", None), ("approved", None), "approved"),
        (("approved", EARLIER), ("refused", LATER), "refused"),
        (("left", LATER), ("approved", EARLIER), "left"),
        (("pending", None), None, "pending"),
    ],
)
def test_a_supergroup_is_what_staff_decided_of_either(old: Any, new: Any, expected: str) -> None:
    for telegram_id, decided in ((-7, old), (-70, new)):
        if decided is not None:
            state, at = decided
            chat = Chat.objects.create(telegram_id=telegram_id, kind="group", state=state, decided_at=at)
            Addition.objects.create(chat_id=chat.pk, telegram_id=5, added_at=EARLIER)
    services.move_chat(old=-7, new=-70)
    chat = Chat.objects.get()
    assert chat.state == expected
    # The number of an unknown who let the bot in is kept until it is decided.
    kept = [chat.pk] if expected == "pending" else []
    assert list(Addition.objects.values_list("chat_id", flat=True)) == kept
    assert groups.approved([-7, -70]) == ({-7, -70} if expected == "approved" else set())


@pytest.mark.parametrize("known", [False, True], ids=["a stranger", "somebody known"])
def test_in_a_strange_group_nothing_counts_and_that_is_said_once(sandbox: Sandbox, known: bool) -> None:
    if known:
        Person.objects.create(telegram_id=ADA, created_at=clock.now())
    do_everything_in(GROUP)
    assert acts() == []
    say("/daily", chat=GROUP)
    assert acts() == []
    assert texts(sandbox, GROUP["id"]) == [unpaid(telegram_chat_id=GROUP["id"]).text]
    assert sandbox.count()["methods"] == {"getMe": 1, "sendMessage": 1}
    chat = Chat.objects.get()
    assert (chat.state, chat.title, chat.told_unpaid_at is not None) == ("pending", GROUP["title"], True)
    assert list(Person.objects.values_list("telegram_id", "last_act_at")) == ([(ADA, None)] if known else [])
    assert not StoredEvent.objects.filter(type__startswith="user.").exists()


@pytest.mark.parametrize("state", ["refused", "left"])
def test_in_a_refused_group_there_is_silence(sandbox: Sandbox, state: str) -> None:
    group(state)
    say("/points", chat=GROUP)
    pressed = press("v1|top|show|1")
    pressed["callback_query"]["message"]["chat"] = GROUP
    assert deliver(pressed) == 200
    assert acts() == []
    assert sandbox.count()["methods"] == {}
    assert not Person.objects.exists()


def test_in_an_approved_group_everything_counts(sandbox: Sandbox) -> None:
    group("approved")
    do_everything_in(GROUP)
    done = acts()
    assert {"game.message_sent", "game.community_participation", "game.daily_login"} <= set(done)
    assert any(act.startswith("entry") for act in done)
    assert Chat.objects.get(telegram_id=GROUP["id"]).told_unpaid_at is None
    assert not Update.objects.exclude(delete_at=None).exists()


def test_what_came_before_the_approval_is_not_paid_after_it(sandbox: Sandbox) -> None:
    Person.objects.create(telegram_id=ADA, created_at=clock.now())
    do_everything_in(GROUP)
    Chat.objects.update(state="approved")
    assert acts() == []
    assert texts(sandbox, GROUP["id"]) == []
    say("hello", chat=GROUP)
    assert "game.message_sent" in acts()


def test_what_is_handled_after_a_refusal_does_not_count(sandbox: Sandbox) -> None:
    group("approved")
    do_everything_in(GROUP)
    Chat.objects.update(state="refused")
    assert acts() == []
    assert texts(sandbox, GROUP["id"]) == []


def test_an_outcome_is_not_told_where_staff_want_silence(sandbox: Sandbox) -> None:
    group("approved")
    say("/daily", chat=GROUP)
    drain("bot.handle_update", "gamification.award_points")
    Chat.objects.update(state="refused")
    drain()
    assert [call.method for call in sandbox.calls(chat=GROUP["id"])] == ["sendMessage"]


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["pending", "refused"])
def test_what_came_from_a_strange_group_is_kept_for_a_day(state: str) -> None:
    group(state)
    now = clock.now()
    strange = [say("hello", chat=GROUP), say("/points", chat=GROUP)]
    own = say("hello")
    services.delete_old_updates(now=now + timedelta(hours=23, minutes=59))
    assert Update.objects.count() == 3
    assert services.delete_old_updates(now=now + timedelta(hours=24, minutes=1)) == len(strange)
    assert Update.objects.get() == own


def test_a_group_is_one_whatever_its_number(sandbox: Sandbox) -> None:
    """Telegram gives groups negative numbers; one that has none is no person's own chat for that."""
    odd = {"id": 4, "type": "supergroup", "title": "Odd"}
    for body in (message("hello", chat=odd), message("/daily", chat=odd)):
        deliver(update(body=body))
    answer()
    assert not Person.objects.exists()
    assert acts() == []


def test_a_payment_is_booked_wherever_it_is_told(sandbox: Sandbox) -> None:
    group("refused")
    told = paid_update(
        sandbox.pay(STRANGER["id"], bill_of("vip_30", payer=STRANGER["id"]).payload), payer=STRANGER["id"]
    )
    told["message"]["chat"] = GROUP
    assert deliver(told) == 200
    row = Update.objects.latest("pk")
    assert (row.delete_at, Payment.objects.get().person_id) == (None, row.person_id)


@pytest.mark.django_db
def test_a_group_costs_the_way_in_one_lookup() -> None:
    def statements(chat: dict[str, Any] | None) -> int:
        with CaptureQueriesContext(connection) as queries:
            say("hello", chat=chat)
        return len([q for q in queries if "SAVEPOINT" not in q["sql"]])

    chat = group("approved")
    statements(GROUP)
    assert statements(GROUP) == statements(None) + 1
    seen = chat.refresh_from_db() or chat.seen_at
    assert statements(GROUP | {"title": "Synthesists"}) == statements(GROUP | {"title": "Synthesists"}) + 1
    chat.refresh_from_db()
    assert (chat.title, chat.seen_at >= seen) == ("Synthesists", True)


def test_elsewhere_people_go_on_as_before(sandbox: Sandbox) -> None:
    say("/daily", chat=GROUP)
    say("/daily")
    assert "game.daily_login" in acts()
    assert len(texts(sandbox)) >= 1


def test_each_strange_group_is_told_in_the_language_of_who_asked(sandbox: Sandbox) -> None:
    other = GROUP | {"id": -100_600}
    Person.objects.create(telegram_id=ADA, created_at=clock.now(), language="ru")
    say("/points", chat=GROUP)
    say("/points", chat=other, sender=user(8, language_code="ru-RU"))
    answer()
    with translation.override("ru"):
        expected = [unpaid(telegram_chat_id=chat["id"]).text for chat in (GROUP, other)]
    assert [texts(sandbox, chat["id"])[0] for chat in (GROUP, other)] == expected
    assert "группе" in expected[0]
    assert set(Chat.objects.values_list("language", flat=True)) == {"ru"}


def test_it_is_told_in_the_topic_and_unseen_to_who_asked_unseen(sandbox: Sandbox) -> None:
    """An answer that one person alone sees does not tell the group."""
    topic = {"message_thread_id": 77, "is_topic_message": True}
    unseen = {"message_id": 0, "ephemeral_message_id": 5}
    for sent in (message("/points", chat=GROUP) | topic | unseen, message("/points", chat=GROUP) | topic):
        assert deliver(update(body=sent)) == 200
        answer()
    first, second = (call.parameters for call in sandbox.calls(method="sendMessage", chat=GROUP["id"]))
    assert first["message_thread_id"] == second["message_thread_id"] == 77
    assert first["ephemeral_message_parameters"] == {"receiver_user_id": ADA}
    assert second["reply_parameters"]["message_id"] == sent["message_id"]


@pytest.mark.parametrize("text", ["/points@other_bot", "/ban", "/ points"])
def test_what_is_meant_for_others_is_not_answered(sandbox: Sandbox, text: str) -> None:
    say(text, chat=GROUP)
    assert acts() == []
    assert texts(sandbox, GROUP["id"]) == []


def test_a_button_there_does_nothing_but_say_so(sandbox: Sandbox) -> None:
    pressed = press("v1|top|show|1")
    pressed["callback_query"]["message"]["chat"] = GROUP
    sandbox.open_callback_query(pressed["callback_query"]["id"])
    assert deliver(pressed) == 200
    assert acts() == []
    (call,) = sandbox.calls(method="answerCallbackQuery")
    assert call.parameters["text"] == unpaid(telegram_chat_id=GROUP["id"]).text
    assert not Person.objects.exists()


def test_a_group_that_could_not_be_told_is_told_at_the_next_attempt(sandbox: Sandbox) -> None:
    sandbox.behave(GROUP["id"], fail_next=[{"status": 400, "description": "Bad Request: TOPIC_CLOSED"}])
    say("/points", chat=GROUP)
    answer()
    assert Chat.objects.get().told_unpaid_at is None
    say("/points", chat=GROUP)
    answer()
    assert len(sandbox.calls(method="sendMessage")) == 2
    assert Chat.objects.get().told_unpaid_at is not None


def test_the_notice_fits_under_a_button() -> None:
    for language in ("en", "es", "ru"):
        with translation.override(language):
            assert len(unpaid(telegram_chat_id=-(10**15)).text) <= 200
