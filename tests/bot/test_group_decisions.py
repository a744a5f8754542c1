"""Staff approve groups, refuse them and have the bot leave: recorded, told to the group once, in the admin and by a command."""

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import translation

from apps.bot import additions, tasks
from apps.bot.decisions import DecidedAlready, UnknownGroup, decide_group, preview_decision
from apps.bot.models import Addition, Chat
from apps.bot.personal_data import export
from apps.bot.screens.groups import approved
from apps.users.models import Person
from apps.users.services import erase_person, lock_person
from diana import clock
from diana.acts import StateChanged
from diana.audit import Actor, ReasonMissing, record
from diana.audit.models import AuditRecord
from diana.events.models import Delivery, Failure, StoredEvent
from diana.events.testing import drain
from diana.sandbox.running import Sandbox
from tests.bot.test_membership import ANONYMOUS, NOBODY, change
from tests.bot.updates import ADA, GROUP, answer, deliver, press, say, texts, user
from tests.conftest import close_connections

MANAGER = Actor(7, "ana", "admin")
STRANGER = user(ADA + 1, language_code="es")


@pytest.fixture(autouse=True)
def in_production(settings: Any) -> None:
    settings.DIANA_KNOWN_GROUPS = "approved"


def add_group(state: str = "pending", **fields: Any) -> Chat:
    values = {"telegram_id": GROUP["id"], "kind": "supergroup", "title": "Analysts", "state": state}
    return Chat.objects.create(**(values | fields))


def decide(chat: Chat, state: str, **fields: Any) -> None:
    values = {"group_id": chat.pk, "state": state, "reason": "Ours.", "actor": MANAGER, "now": clock.now()}
    decide_group(**(values | fields))


def deliver_all() -> None:
    drain()
    assert not Failure.objects.exists()
    assert not Delivery.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("state", "act", "fact"),
    [
        ("approved", "approve_group", "bot.group_approved"),
        ("refused", "refuse_group", "bot.group_refused"),
        ("left", "leave_group", "bot.group_leave_requested"),
    ],
)
def test_a_decision_is_recorded_and_told(state: str, act: str, fact: str) -> None:
    chat = add_group()
    Addition.objects.create(chat_id=chat.pk, telegram_id=ADA, added_at=clock.now())
    decide(chat, state)
    chat.refresh_from_db()
    assert (chat.state, chat.decided_at is not None) == (state, True)
    record = AuditRecord.objects.get()
    assert (record.act, record.object_type, record.object_id) == (act, "bot.Group", str(chat.pk))
    assert (record.before, record.after, record.reason) == ({"state": "pending"}, {"state": state}, "Ours.")
    event = StoredEvent.objects.get(type=fact)
    assert json.loads(event.payload) == {"chat": chat.pk, "actor": 7, "audit": record.pk}
    assert not Addition.objects.exists(), "of who is not known nothing stays when it is decided"
    with pytest.raises(DecidedAlready):
        decide(chat, state)
    assert AuditRecord.objects.count() == 1


@pytest.mark.django_db
def test_what_cannot_be_decided_changes_nothing() -> None:
    chat = add_group()
    own = Chat.objects.create(telegram_id=ADA, kind="private")
    channel = Chat.objects.create(telegram_id=-5, kind="channel")
    for other in (own.pk, channel.pk, 0):
        with pytest.raises(UnknownGroup):
            decide(chat, "approved", group_id=other)
    with pytest.raises(ReasonMissing):
        decide(chat, "approved", reason=" ")
    shown = preview_decision(group_id=chat.pk, state="approved").effect
    Chat.objects.filter(pk=chat.pk).update(state="refused")
    with pytest.raises(StateChanged):
        decide(chat, "approved", shown=shown)
    assert list(Chat.objects.order_by("pk").values_list("state", flat=True)) == ["refused", "pending", "pending"]
    assert not AuditRecord.objects.exists()


def test_an_approved_group_is_told_once_in_its_language(sandbox: Sandbox) -> None:
    change("member", chat=GROUP, by=STRANGER)
    answer()
    chat = Chat.objects.get()
    sandbox.behave(GROUP["id"], fail_next=[{"status": 502, "method": "sendMessage"}])
    decide(chat, "approved")
    drain()
    assert texts(sandbox, GROUP["id"]) != []
    Delivery.objects.update(next_attempt_at=clock.real_now())
    for _ in range(2):
        deliver_all()
    with translation.override("es"):
        expected = approved().text
    sent = sandbox.calls(method="sendMessage", chat=GROUP["id"])
    assert [(call.parameters["text"], call.status) for call in sent] == [(expected, 502), (expected, 200)]
    assert "grupo" in expected


def test_nothing_is_done_that_was_decided_otherwise_since(sandbox: Sandbox) -> None:
    gone, refused, approved_again = (
        add_group(telegram_id=-n, gone_at=clock.now() if n == 1 else None) for n in (1, 2, 3)
    )
    decide(gone, "approved")
    decide(refused, "approved")
    decide(refused, "refused")
    decide(approved_again, "left")
    decide(approved_again, "approved")
    deliver_all()
    assert [call.chat for call in sandbox.calls(method="sendMessage")] == [-3]
    assert sandbox.calls(method="leaveChat") == []


def test_the_bot_leaves_and_leaves_again(sandbox: Sandbox) -> None:
    change("member", chat=GROUP, by=STRANGER)
    answer()
    chat = Chat.objects.get()
    decide(chat, "left")
    deliver_all()
    assert [call.chat for call in sandbox.calls(method="leaveChat")] == [GROUP["id"]]
    assert Chat.objects.get().gone_at is not None
    change("member", chat=GROUP, by=STRANGER)
    deliver_all()
    assert len(sandbox.calls(method="leaveChat")) == 2
    assert texts(sandbox, GROUP["id"]) == []


def test_leaving_ends_well(sandbox: Sandbox) -> None:
    """Where the bot was thrown out before, and where the group has moved."""
    failures = {
        -11: {"status": 403, "description": "Forbidden: bot is not a member of the supergroup chat"},
        -12: {"status": 400, "migrate_to_chat_id": -100_900},
    }
    for telegram_id, failure in failures.items():
        sandbox.behave(telegram_id, fail_next=[failure | {"method": "leaveChat"}])
        decide(add_group(telegram_id=telegram_id, kind="group"), "left")
    deliver_all()
    assert sorted(call.chat for call in sandbox.calls(method="leaveChat")) == [-100_900, -12, -11]
    assert not Chat.objects.filter(gone_at=None).exists()


def test_members_are_counted_once_a_day(sandbox: Sandbox) -> None:
    gone = Chat.objects.create(telegram_id=-8, kind="group", gone_at=clock.now())
    refused = add_group("refused", telegram_id=-100_501)
    counted, silent = add_group("approved"), add_group(telegram_id=-100_502, members=3)
    sandbox.behave(silent.telegram_id, fail_next=[{"status": 403, "description": "Forbidden: bot was kicked"}])
    assert [tasks.count_group_members(), tasks.count_group_members()] == [2, 0]
    rows = {chat.pk: chat for chat in Chat.objects.all()}
    assert rows[counted.pk].members == 2
    assert rows[silent.pk].members == 3
    assert {pk for pk, chat in rows.items() if chat.members_at is None} == {gone.pk, refused.pk}


@pytest.mark.usefixtures("sandbox")
def test_who_let_the_bot_in_is_noted_and_goes_with_them() -> None:
    person = Person.objects.create(telegram_id=ADA, created_at=clock.now()).pk
    adders = {-21: user(), -22: STRANGER, -23: ANONYMOUS, -24: NOBODY, -25: STRANGER}
    for _ in range(2):
        for telegram_id, by in adders.items():
            chat = {"id": telegram_id, "type": "group", "title": "Readers"}
            change("administrator", chat=chat, by=user(9), at=1, was="member")
            answer()
            change("member", chat=chat, by=by)
            answer()
    chats = dict(Chat.objects.values_list("telegram_id", "pk"))
    found = {chat: (person_id, number) for chat, person_id, number in noted()}
    assert found == {
        chats[-21]: (person, None), chats[-22]: (None, STRANGER["id"]), chats[-25]: (None, STRANGER["id"])
    }  # fmt: skip
    assert list(Person.objects.values_list("pk", flat=True)) == [person]
    assert [added["chat_id"] for added in export(person)["groups_added"]] == [chats[-21]]
    change("kicked", chat={"id": -25, "type": "group"}, by=user(9), at=2)
    answer()
    assert {chat for chat, _, _ in noted()} == {chats[-21], chats[-22]}
    stranger = Person.objects.create(telegram_id=STRANGER["id"], created_at=clock.now()).pk
    assert len(export(stranger)["groups_added"]) == 1
    for left, somebody in ((1, person), (0, stranger)):
        erase_person(person_id=somebody, reason="asked", actor=MANAGER, now=clock.now())
        assert len(noted()) == left


def noted() -> list[tuple[int, int | None, int | None]]:
    return list(Addition.objects.values_list("chat_id", "person_id", "telegram_id"))


@pytest.fixture
def browser() -> Client:
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("root", "", "x" * 20))
    return client


def body(response: Any) -> str:
    """Return what stands on the page, without what its tab says."""
    return str(response.content.decode().partition("</head>")[2])


@pytest.mark.django_db
def test_staff_see_the_groups_and_how_many_wait(browser: Client) -> None:
    chat = add_group(members=12)
    add_group("approved", telegram_id=-100_501, title="Known ones")
    Chat.objects.create(telegram_id=-5, kind="channel", title="A channel")
    Addition.objects.create(chat_id=chat.pk, telegram_id=ADA, added_at=clock.now())
    page = body(browser.get(reverse("admin:bot_group_changelist")))
    for shown in ("Analysts", "12", str(ADA), "Known ones", "1 waits for a decision"):
        assert shown in page
    assert "A channel" not in page
    assert not any(f">{choice}<" in re.sub(r"\s+", "", page) for choice in ("private", "channel", "Empty", "Notempty"))
    gone = browser.get(reverse("admin:bot_group_changelist"), {"presence": "gone"}).content.decode()
    assert "Analysts" not in gone
    filtered = browser.get(reverse("admin:bot_group_changelist"), {"state__exact": "pending"}).content.decode()
    assert "Analysts" in filtered
    assert "Known ones" not in filtered
    found = browser.get(reverse("admin:bot_group_changelist"), {"q": str(GROUP["id"])}).content.decode()
    assert ("Analysts" in found, "Known ones" in found) == (True, False)


@pytest.mark.django_db
def test_the_page_of_a_group_is_in_words(browser: Client) -> None:
    chat = add_group()
    Addition.objects.create(chat_id=chat.pk, telegram_id=ADA, added_at=datetime(2026, 2, 3, 14, 5, tzinfo=UTC))
    page = body(browser.get(reverse("admin:bot_group_change", args=[chat.pk])))
    assert f"Analysts · {chat.pk}" in page
    assert "waits for a decision" in page
    assert "pending" not in page
    assert "Feb. 3, 2026, 2:05 PM" in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("page", "label", "state"),
    [("approve", "Approve", "approved"), ("refuse", "Refuse", "refused"), ("leave", "Leave", "left")],
)
def test_staff_decide_after_they_saw_what_it_does(browser: Client, page: str, label: str, state: str) -> None:
    chat = add_group()
    address = reverse(f"admin:bot_group_{page}", args=[chat.pk])
    asked, shown = browser.get(address), browser.post(address, {"reason": "Ours."})
    for seen in (asked, shown):
        assert f"{label}: Analysts · {chat.pk}" in body(seen)
    assert Chat.objects.get().state == "pending"
    assert browser.post(address, {"reason": "Ours.", "shown": shown.context["shown"]}).status_code == 302
    assert Chat.objects.get().state == state
    assert (AuditRecord.objects.get().actor, AuditRecord.objects.get().after) == ("root", {"state": state})
    offered = browser.get(reverse("admin:bot_group_change", args=[chat.pk])).content.decode()
    assert address not in offered


@pytest.mark.django_db
def test_the_history_of_a_group_is_what_was_decided(browser: Client) -> None:
    chat, other = add_group(), add_group(telegram_id=-500)
    decide(chat, "refused", reason="Nobody knows them.")
    decide(other, "approved", reason=f"The friends of {chat.pk}.")
    person = ("users.Person", chat.pk)
    record(actor=MANAGER, act="suspend_user", target=person, before=None, after={}, reason="Somebody else.")
    page = body(browser.get(reverse("admin:bot_group_history", args=[chat.pk]), follow=True))
    found = [reason in page for reason in ("Nobody knows them.", "The friends", "Somebody else.")]
    assert found == [True, False, False]
    stranger = Client()
    stranger.force_login(get_user_model().objects.create_user("nobody", is_staff=True))
    assert stranger.get(reverse("admin:bot_group_history", args=[chat.pk])).status_code == 403


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("groups", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_the_command_lists_and_decides() -> None:
    chat = add_group(members=12)
    other = add_group("approved", telegram_id=-501, moved_from=-500, title="")
    [first, second] = json.loads(run("list", "--json"))
    assert (first["id"], first["telegram_id"], first["state"], first["title"], first["members"]) == (
        chat.pk, GROUP["id"], "pending", "Analysts", 12,
    )  # fmt: skip
    assert second["id"] == other.pk
    assert "Analysts" in run("list", "--state", "pending")
    assert "Analysts" not in run("list", "--state", "approved")
    assert run("approve", str(GROUP["id"]), "--reason", "Ours.", "--dry-run") == (
        f"Group {chat.pk} (Analysts) would be approved.\n"
    )
    assert Chat.objects.get(pk=chat.pk).state == "pending"
    run("approve", str(GROUP["id"]), "--reason", "Ours.")
    assert json.loads(run("refuse", "-500", "--reason", "No.", "--json")) == {
        "group": other.pk, "state": "refused", "dry_run": False,
    }  # fmt: skip
    assert run("leave", str(other.pk), "--reason", "No.") == f"The bot leaves group {other.pk} (without a title).\n"
    assert list(Chat.objects.order_by("pk").values_list("state", flat=True)) == ["approved", "left"]
    assert set(AuditRecord.objects.values_list("origin", flat=True)) == {"command"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("approve", "-77", "--reason", "r"), "manage.py groups list"),
        (("approve", "group", "--reason", "r"), "whole number"),
        (("approve", str(GROUP["id"])), "--reason"),
        (("approve", str(GROUP["id"]), "--reason", " "), "reason"),
        (("refuse", str(GROUP["id"]), "--reason", "r"), "already"),
    ],
)
def test_the_command_says_what_is_wrong(arguments: tuple[str, ...], says: str) -> None:
    add_group("refused")
    with pytest.raises(CommandError, match=says):
        run(*arguments)
    assert Chat.objects.get().state == "refused"


def test_a_press_after_the_approval_is_acknowledged(sandbox: Sandbox) -> None:
    pressed = press("v1|top|show|1")
    pressed["callback_query"]["message"]["chat"] = GROUP
    sandbox.open_callback_query(pressed["callback_query"]["id"])
    say("/points", chat=GROUP)
    deliver(pressed)
    decide(Chat.objects.get(), "approved")
    deliver_all()
    (call,) = sandbox.calls(method="answerCallbackQuery")
    assert "text" not in call.parameters
    assert len(texts(sandbox, GROUP["id"])) == 1


@pytest.mark.usefixtures("committed_db")
def test_who_lets_the_bot_in_again_while_they_are_erased_waits_for_that() -> None:
    person = Person.objects.create(telegram_id=ADA, created_at=clock.now()).pk
    chat = Chat.objects.create(telegram_id=-21, kind="group")

    def let_in() -> None:
        with transaction.atomic():
            additions.note(chat, person_id=person, by=additions.Adder(ADA, None), told_at=clock.now())

    def again() -> None:
        try:
            let_in()
        finally:
            close_connections()

    let_in()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            lock_person(person)
            noting = pool.submit(again)
            time.sleep(0.3)
            Addition.objects.filter(person_id=person).delete()
            assert not noting.done()
        noting.result(10)
