"""What the old version left undone is done by this one, once."""

from io import StringIO
from pathlib import Path

from django.conf import settings
from django.core.management import call_command

from apps.bot import tasks as bot
from apps.bot.models import Notice, Update
from apps.gamification import selectors as game
from apps.gamification import services as gamification
from apps.gamification.models import Entry, Flag, StaffRequest
from apps.gamification.proof.verifying import verify_everything
from apps.users import selectors as users
from apps.users import tasks as user_tasks
from apps.users.models import Person, Staff
from diana import clock
from diana.audit import Actor
from diana.events import deferring
from diana.events.models import Delivery, Failure, StoredEvent
from diana.events.testing import drain
from diana.sandbox.running import Sandbox
from tests.bot.updates import texts
from tests.processes import running_processes, wait_until
from tests.upgrade.conftest import Move
from tests.upgrade.old import EXPECTED, PEOPLE, person, telegram_id

# Whose answer was sent in vain, whose was claimed by a process that died, whose update nobody has handled yet.
WAITING = {23: "Level", 30: "Level", 24: "/points"}


def manager() -> Actor:
    """Return the login of the old version's manager."""
    return Actor(Staff.objects.get(username="manager").pk, "manager", "admin")


def test_answers_that_waited_are_sent_once(sandbox: Sandbox) -> None:
    assert Delivery.objects.count() == 2
    for _ in range(2):
        drain()
    for number, words in WAITING.items():
        [text] = texts(sandbox, telegram_id(number))
        assert words in text, text
    assert not Delivery.objects.exists()
    left = Update.objects.filter(handled_at=None).values_list("person_id", flat=True)
    assert set(left) == {person(25)}, "whose messages are deferred"


def test_a_dead_letter_is_redriven(sandbox: Sandbox) -> None:
    dead = Failure.objects.filter(status="dead")
    assert set(dead.values_list("subscriber", flat=True)) == {"bot.handle_update", "bot.answer_daily"}
    drain()
    assert texts(sandbox, telegram_id(22)) == []
    call_command("redrive", subscriber="bot.answer_daily", reason="Telegram takes it now.", stdout=StringIO())
    for _ in range(2):
        drain()
    [text] = texts(sandbox, telegram_id(22))
    assert "points" in text
    assert dead.count() == 1


def test_deferred_events_are_released_in_their_order(sandbox: Sandbox) -> None:
    assert deferring.waiting() == {"telegram": 3}
    assert deferring.release_due() == 3
    drain()
    assert deferring.waiting() == {}
    said = StoredEvent.objects.filter(type="game.message_sent", user_id=person(25)).order_by("id")
    assert said.count() == 6
    assert [one.occurred_at for one in said] == sorted(one.occurred_at for one in said)


def test_a_notice_that_was_to_come_comes_once(sandbox: Sandbox, move: Move) -> None:
    assert Notice.objects.filter(person_id=person(26), outcome=None).exists()
    drain()
    move(minutes=11)
    for _ in range(2):
        bot.send_due_notices()
        drain()
    [text] = texts(sandbox, telegram_id(26))
    assert "level" in text
    assert not Notice.objects.filter(person_id=person(26), outcome=None).exists()


def test_somebody_is_erased_when_it_is_due_and_the_erased_stay_so(sandbox: Sandbox, move: Move) -> None:
    drain()
    assert users.was_erased(telegram_id(20))
    assert user_tasks.erase_due() == 0
    move(days=5)
    assert user_tasks.erase_due() == 1
    drain()
    assert Person.objects.get(pk=person(19)).status == "erased"
    assert users.was_erased(telegram_id(19))
    assert game.balance(person(19)) == PEOPLE["Person 19"]["balance"]
    assert verify_everything().faults == []


def test_a_request_is_approved_and_a_flag_dismissed(committed_db: str) -> None:
    asked, flag = StaffRequest.objects.get(), Flag.objects.get()
    gamification.approve(request_id=asked.pk, reason="Agreed.", actor=manager(), now=clock.now())
    assert game.balance(person(6)) == PEOPLE["Person 6"]["balance"] + 20_000
    gamification.dismiss_flag(flag_id=flag.pk, reason="A party.", actor=manager(), key="upgrade", now=clock.now())
    drain("gamification.award_points")
    assert Entry.objects.filter(account_id=flag.account_id, rule="message_sent", amount__gt=0).count() == 13


def test_the_log_ends_in_what_this_version_adds(sandbox: Sandbox) -> None:
    drain()
    assert StoredEvent.objects.filter(pk__lte=EXPECTED["log"]["last"]).count() == EXPECTED["log"]["events"]
    assert not Failure.objects.exclude(status="dead").exists()


def test_real_processes_finish_it(sandbox: Sandbox, valkey: str, tmp_path: Path) -> None:
    with running_processes(tmp_path) as processes:
        processes.environment |= {
            "TELEGRAM_API_URL": sandbox.url,
            "LEDGER_CHECKPOINTS": str(settings.LEDGER_CHECKPOINTS),
        }
        # One worker for all queues: what each process takes is not the matter here.
        processes.start(
            "worker",
            "celery -A config worker --queues domain,backfill,telegram --pool threads --concurrency 4",
            REDIS_URL=valkey,
        )
        processes.start("relay")
        wait_until(lambda: not Delivery.objects.exists() and not deferring.waiting(), "the relay to find the work")
        wait_until(lambda: all(texts(sandbox, telegram_id(number)) for number in WAITING), "the answers")
    assert {number: len(texts(sandbox, telegram_id(number))) for number in WAITING} == dict.fromkeys(WAITING, 1)
    assert verify_everything().faults == []
