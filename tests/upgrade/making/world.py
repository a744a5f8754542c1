"""What the story needs beside the old version's own helpers: a clock that is set by hand, invented people, and beat."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from django.db import transaction

from apps.bot import tasks as bot
from apps.gamification import board_tasks as boards
from apps.gamification import tasks as game
from apps.gamification.proof import tasks as proof
from apps.payments import services as payments
from apps.payments.models import Payment
from apps.users import selectors as people
from apps.users import tasks as users
from apps.users.models import Staff
from diana import clock
from diana.audit import Actor
from diana.events import deliveries, retries
from diana.events.testing import drain
from tests.bot import stars, updates
from tests.flows import test_payments, test_people, test_vip

# The story ends here: what the upgrade test takes for the present moment.
END = datetime(2026, 11, 24, 20, tzinfo=UTC)
BEGINNING = END - timedelta(days=40)
# Far above every id that Telegram has given to anybody.
FIRST_TELEGRAM_ID = 900_000_000_000
GROUPS = [
    {"id": -1_900_000_000_001, "type": "supergroup", "title": "Group 1"},
    {"id": -1_900_000_000_002, "type": "supergroup", "title": "Group 2"},
]
# What beat asks for at least once a day.
BEAT: list[Callable[[], Any]] = [
    game.end_days,
    users.expire_vip,
    users.end_suspensions,
    users.erase_due,
    users.pay_referrals,
    users.remind_onboarding,
    game.expire_requests,
    game.reverse_referrals,
    boards.close_boards,
    boards.forget_board_rows,
    boards.refresh_boards,
]


class Calendar:
    """The clock of the story. It stands still but for a millisecond for each look, so that no two acts are simultaneous."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        self._now += timedelta(milliseconds=1)
        return self._now

    def sleep(self, **duration: float) -> None:
        self._now += timedelta(**duration)

    def go_to(self, moment: datetime) -> None:
        assert moment >= self._now, f"{moment} is over: it is {self._now}"
        self._now = moment


def telegram_id(number: int) -> int:
    """Return the invented Telegram id of the person of that number."""
    return FIRST_TELEGRAM_ID + number


def user(telegram_id: int = FIRST_TELEGRAM_ID + 1, **fields: Any) -> dict[str, Any]:
    """Return a sender as Telegram describes one, named after the number."""
    name = f"Person {telegram_id - FIRST_TELEGRAM_ID}"
    return {"id": telegram_id, "is_bot": False, "first_name": name, "language_code": "en"} | fields


def sender(number: int, **fields: Any) -> dict[str, Any]:
    """Return the person of that number as a sender."""
    return user(telegram_id(number), **fields)


def private_chat(telegram_id: int = FIRST_TELEGRAM_ID + 1) -> dict[str, Any]:
    """Return somebody's chat with the bot."""
    return {"id": telegram_id, "type": "private", "first_name": f"Person {telegram_id - FIRST_TELEGRAM_ID}"}


def take_over() -> Calendar:
    """Give the old version the story's clock, and its helpers the story's people; return the clock."""
    calendar, real = Calendar(BEGINNING), SimpleNamespace(now=clock.now)
    for module in (deliveries, retries):
        # attempts go by real time, as the database does
        module.clock = real
    clock.now = calendar.now
    for module in (updates, stars, test_payments, test_people, test_vip):
        module.user = user
    updates.private_chat = private_chat
    return calendar


def person(number: int) -> int:
    """Return our id of the person of that number."""
    found = people.person_of(telegram_id(number))
    assert found is not None, f"Person {number} has not come by yet"
    return found


def actor(name: str) -> Actor:
    """Return a login of staff as an actor."""
    return Actor(Staff.objects.get(username=name).pk, name, "admin")


def come_by(*numbers: int) -> None:
    """Let people say /start."""
    for number in numbers:
        updates.say("/start", sender=sender(number))
    drain()


def end_of_day(calendar: Calendar, hour: int = 1) -> None:
    """Let the night pass: at that hour of the next day beat does its work, which ends with a seal."""
    calendar.go_to((calendar.now() + timedelta(days=1)).replace(hour=hour, minute=20, second=0, microsecond=0))
    work_of_beat(calendar)


def work_of_beat(calendar: Calendar) -> None:
    """Do the periodic work, what follows from it, and seal; notices that are due go out."""
    for task in BEAT:
        task()
    # At that commit it fails where there is nothing to delete, as a task of Celery's does: beat asks again.
    with suppress(TypeError):
        bot.delete_old_updates()
    drain()
    calendar.sleep(minutes=15)
    bot.send_due_notices()
    drain()
    proof.seal_ledger()
    assert proof.verify_ledger() is not False
    drain()


def charge_of(told: dict[str, Any]) -> Payment:
    """Return the payment that Telegram has told of so."""
    return Payment.objects.get(charge=told["telegram_payment_charge_id"])


def refund(told: dict[str, Any]) -> None:
    """Let staff give a payment back, and the bot call Telegram."""
    payment = charge_of(told)
    with transaction.atomic():
        payments.request_refund(
            payment_id=payment.pk,
            reason="They asked for it.",
            actor=actor("manager"),
            key=f"refund-{payment.pk}",
            now=clock.now(),
        )
    drain()
