"""Paying in the chat: the question to the bot, its answer within ten seconds, the payment, and giving it back."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from diana.sandbox import wall_clock
from diana.sandbox.answers import RefusalError
from diana.sandbox.chat import bodies
from diana.sandbox.chat.errors import ChatError
from diana.sandbox.chat.news import News
from diana.sandbox.chat.people import Person
from diana.sandbox.chat.world import World
from diana.sandbox.invoices import Bill
from diana.sandbox.messages import bill_content
from diana.sandbox.stars import (
    ANSWER_SECONDS,
    Charge,
    Payment,
    PreCheckoutAnswer,
    SubscriptionChange,
    refunded_payment,
)

if TYPE_CHECKING:
    from diana.sandbox.bot_api import BotApi


class Payments:
    """The payments of one sandbox; nobody runs out of Stars."""

    def __init__(self, bot_api: "BotApi", world: World, news: News, next_query: Callable[[], str]) -> None:
        self._bot_api, self._world, self._news, self._next_query = bot_api, world, news, next_query
        self._waiting: set[asyncio.Task[None]] = set()
        bot_api.on_refund = self._tell_refund

    def show(self, bill: Bill, chat: int, *, now: float) -> None:
        """Show a bill in a chat, as opening its link does."""
        message = self._bot_api.messages.add(chat, bill_content(bill, None), seconds=int(now))
        self._bot_api.stars.hang(bill, chat, message["message_id"])

    def pay(self, person_id: int, chat: int, message_id: int, pay: bool, *, now: float) -> dict[str, Any]:
        """Begin to pay the bill that a message shows, or leave it; what came of it is news."""
        person, place = self._world.enter(person_id, chat), (chat, message_id)
        bill = self._bot_api.stars.bill_at(*place)
        if bill is None:
            raise ChatError(404, "There is no bill to pay: read the messages again.")
        if not pay:
            return {"update_id": None, "outcome": "cancelled"}
        if place in self._world.paid:
            raise ChatError(409, "This bill is paid: ask the bot for another one.")
        query = self._next_query()
        answered = asyncio.get_running_loop().create_future()
        self._bot_api.stars.ask(query, at=now, on_answer=lambda answer: _settle(answered, answer))
        content = bodies.pre_checkout_query(query, person, bill.shown(), bill.payload)
        update_id = self._bot_api.updates.add("pre_checkout_query", content, lane=("pay", person_id))
        task = asyncio.create_task(self._finish(person, place, bill, answered))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)
        return {"update_id": update_id, "outcome": "asked"}

    async def _finish(
        self, person: Person, place: tuple[int, int], bill: Bill, answered: asyncio.Future[PreCheckoutAnswer]
    ) -> None:
        """Wait for the bot's answer and take the Stars after a yes."""
        try:
            answer = await asyncio.wait_for(answered, ANSWER_SECONDS)
        except TimeoutError:
            self._tell(place, "timeout", "The bot did not answer within ten seconds. No Stars were taken.")
            return
        if not answer.ok:
            self._tell(place, "refused", answer.words)
        elif place in self._world.paid:
            self._tell(place, "refused", "This bill is paid already. No Stars were taken.")
        elif self._bot_api.messages.find(*place) is not None:
            self._take(person, place, bill)

    def _take(self, person: Person, place: tuple[int, int], bill: Bill) -> None:
        now = wall_clock.seconds()
        told = self._bot_api.stars.pay(Payment(person.id, bill.payload), seconds=int(now))
        self._world.paid.add(place)
        invoice = self._bot_api.messages.find(*place)
        if invoice is not None:
            self._news.add("edited", {"chat": place[0], "message": self._world.shown(invoice)})
        update_id = self._post(person, place[0], {"successful_payment": told}, now)
        self._tell(place, "paid", "", update_id)

    def refund(self, person_id: int, charge: str, *, now: float) -> dict[str, Any]:
        """Give a payment back as Telegram's support does."""
        person = self._world.person(person_id)
        wanted = {"user_id": person.id, "telegram_payment_charge_id": charge}
        try:
            given_back = self._bot_api.stars.refund(wanted, seconds=int(now))
        except RefusalError as refusal:
            raise ChatError(409, f"This cannot be refunded: {refusal.description}.") from refusal
        return {"update_id": self._tell_refund(given_back, now)}

    def _tell_refund(self, charge: Charge, now: float) -> int | None:
        person = self._world.people.get(charge.user)
        if person is None:
            return None
        return self._post(person, person.id, {"refunded_payment": refunded_payment(charge)}, now)

    def change_subscription(self, change: SubscriptionChange) -> dict[str, Any]:
        """Let somebody cancel a subscription, take it up again, or be without the Stars for it."""
        person = self._world.person(change.user)
        try:
            told = self._bot_api.stars.change_subscription(change)
        except RefusalError as refusal:
            raise ChatError(409, f"This cannot be done with it: {refusal.description}.") from refusal
        content = {"user": person.user()} | told
        return {"update_id": self._bot_api.updates.add("subscription", content, lane=person.id)}

    def _post(self, person: Person, chat: int, content: dict[str, Any], now: float) -> int | None:
        message = self._bot_api.messages.add(chat, content, seconds=int(now), sender=person.user())
        return self._bot_api.updates.add("message", message, lane=chat)

    def _tell(self, place: tuple[int, int], outcome: str, text: str, update_id: int | None = None) -> None:
        """Say what came of it; `update_id` is that of the payment, whose timeline can be seen."""
        told = {"chat": place[0], "message_id": place[1], "outcome": outcome, "text": text, "update_id": update_id}
        self._news.add("payment", told)


def _settle(answered: asyncio.Future[PreCheckoutAnswer], answer: PreCheckoutAnswer) -> None:
    if not answered.done():
        answered.set_result(answer)
