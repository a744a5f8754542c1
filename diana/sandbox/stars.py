"""The Stars that people have paid to the bot: bills, questions before paying, charges, refunds, subscriptions."""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from msgspec import Struct

from diana.sandbox.answers import bad_request
from diana.sandbox.invoices import SUBSCRIPTION_SECONDS, Bill
from diana.sandbox.parameters import Parameters, text_of

# Telegram asks before it takes money, and takes none unless it hears a yes in time.
ANSWER_SECONDS = 10
MAX_PAGE = 100
MAX_ERROR_CHARACTERS = 255


class Charge(Struct):
    """One payment. `subscribed` is false for what is paid once, and once a subscription was cancelled; `renews` is the
    charge of the subscription that it renews, `by_bot` whether the bot cancelled it: then its owner cannot take it up again.
    """

    id: str
    user: int
    payload: str
    stars: int
    seconds: int
    subscription_seconds: int = 0
    subscribed: bool = False
    refunded: bool = False
    renews: str | None = None
    by_bot: bool = False


class Payment(Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody pays a bill, as Telegram would carry it out. `charge` continues the subscription that it began.

    `stars` and `payload` stand for a payment of another amount, or of a bill that the bot never made.
    """

    user: int
    payload: str
    stars: int | None = None
    charge: str | None = None


class Refund(Struct, frozen=True, forbid_unknown_fields=True):
    """Telegram's support gives a payment back; what the bot is to be told is the answer, to be told when it suits."""

    user: int
    charge: str


class SubscriptionChange(Struct, frozen=True, forbid_unknown_fields=True):
    """The owner of a subscription cancels it, takes it up again, or cannot pay for it. `charge` began it."""

    user: int
    charge: str
    state: Literal["canceled", "active", "failed"]


class Question(Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody is about to pay; the bot may answer for 10 seconds, counted from `age_seconds` ago."""

    id: str
    age_seconds: float = 0.0


class PreCheckoutAnswer(NamedTuple):
    """What the bot said to a question; `words` are its reason for a no."""

    ok: bool
    words: str


class Stars:
    """Bills by payload, charges by id, transactions in their order. `prefix` begins the identifiers of charges."""

    def __init__(self, prefix: str = "sandbox_charge_") -> None:
        self._prefix = prefix
        self._bills: dict[str, Bill] = {}
        self._links: dict[str, Bill] = {}
        self._hung: dict[tuple[int, int], Bill] = {}
        self._charges: dict[str, Charge] = {}
        self._transactions: list[dict[str, Any]] = []
        self._asked_at: dict[str, float] = {}
        self._answers: dict[str, PreCheckoutAnswer] = {}
        self._listeners: dict[str, Callable[[PreCheckoutAnswer], None]] = {}

    def keep(self, bill: Bill) -> str:
        """Keep a bill and return its link."""
        self._bills[bill.payload] = bill
        link = f"https://t.me/$sandbox{len(self._links) + 1}"
        self._links[link] = bill
        return link

    def bill_of(self, link: str) -> Bill | None:
        """Return the bill that a link stands for."""
        return self._links.get(link)

    def hang(self, bill: Bill, chat: int, message_id: int) -> None:
        """Remember which message shows the bill."""
        self._hung[chat, message_id] = bill

    def bill_at(self, chat: int, message_id: int) -> Bill | None:
        """Return the bill that a message shows."""
        return self._hung.get((chat, message_id))

    def ask(self, query: str, *, at: float, on_answer: Callable[[PreCheckoutAnswer], None] | None = None) -> None:
        """Ask the bot whether somebody may pay: its time begins; `on_answer` is called with what it says."""
        self._asked_at[query] = at
        if on_answer is not None:
            self._listeners[query] = on_answer

    def answer_pre_checkout(self, parameters: Parameters, *, now: float) -> None:
        """Take the bot's answer; raise RefusalError if it is none, too late or the second."""
        query, ok = text_of(parameters, "pre_checkout_query_id"), parameters.get("ok") is True
        words = text_of(parameters, "error_message")
        if query not in self._asked_at or now - self._asked_at[query] > ANSWER_SECONDS:
            raise bad_request("query is too old and response timeout expired or query ID is invalid")
        if not ok and not words.strip():
            raise bad_request("ERROR_TEXT_EMPTY")
        if len(words) > MAX_ERROR_CHARACTERS:
            raise bad_request("MESSAGE_TOO_LONG")
        answer = self._answers.setdefault(query, PreCheckoutAnswer(ok, words))
        if listener := self._listeners.pop(query, None):
            listener(answer)

    def answered(self, query: str) -> bool | None:
        """Return what the bot said, None if it said nothing."""
        answer = self._answers.get(query)
        return answer.ok if answer else None

    def pay(self, payment: Payment, *, seconds: int) -> dict[str, Any]:
        """Let somebody pay and return the SuccessfulPayment that the bot is to be told; raise RefusalError for no bill."""
        bill = self._bills.get(payment.payload)
        if bill is None and payment.stars is None:
            raise bad_request("INVOICE_PAYLOAD_INVALID")
        number = len(self._charges) + 1
        charge = Charge(f"{self._prefix}{number}", payment.user, payment.payload, 0, seconds)
        charge.stars = payment.stars or (bill.stars if bill else 0)
        charge.subscription_seconds = bill.subscription_seconds if bill else 0
        charge.renews = payment.charge if charge.subscription_seconds else None
        charge.subscribed = bool(charge.subscription_seconds)
        self._charges[charge.id] = charge
        self._note(charge, "source", seconds)
        return _told(charge, first=payment.charge is None)

    def refund(self, parameters: Parameters, *, seconds: int) -> Charge:
        """Give a payment back and return it; raise RefusalError for one that is unknown, another's or given back."""
        charge = self._charge(parameters)
        if charge.refunded:
            raise bad_request("CHARGE_ALREADY_REFUNDED")
        charge.refunded = True
        self._note(charge, "receiver", seconds)
        return charge

    def edit_subscription(self, parameters: Parameters) -> None:
        """Cancel a subscription, or let its owner take it up again; raise RefusalError for what is none: it goes by the
        charge that began it, not by those that renewed it.
        """
        charge = self._charge(parameters)
        if not charge.subscription_seconds:
            raise bad_request("SUBSCRIPTION_NOT_FOUND")
        if charge.renews is not None:
            raise bad_request("CHARGE_ID_INVALID")
        charge.by_bot = parameters.get("is_canceled") is True
        charge.subscribed = not charge.by_bot

    def change_subscription(self, change: SubscriptionChange) -> dict[str, Any]:
        """Let the owner change a subscription and return what the bot is told, but for the user; raise RefusalError for what
        Telegram's app does not offer.
        """
        charge = self._charge({"user_id": change.user, "telegram_payment_charge_id": change.charge})
        if not charge.subscription_seconds or charge.renews is not None:
            raise bad_request("SUBSCRIPTION_NOT_FOUND")
        if charge.by_bot or charge.subscribed == (change.state == "active"):
            raise bad_request("SUBSCRIPTION_STATE_INVALID")
        charge.subscribed = change.state == "active"
        return {"invoice_payload": charge.payload, "state": change.state}

    def is_subscribed(self, charge: str) -> bool:
        """Say whether the subscription of this charge goes on."""
        return self._charges[charge].subscribed

    def transactions(self, parameters: Parameters) -> list[dict[str, Any]]:
        """Return a page of what came in and went out, the oldest first."""
        offset, limit = parameters.get("offset", 0), parameters.get("limit", MAX_PAGE)
        if not isinstance(offset, int) or offset < 0:
            raise bad_request("OFFSET_INVALID")
        if not isinstance(limit, int) or not 0 < limit <= MAX_PAGE:
            raise bad_request("LIMIT_INVALID")
        return self._transactions[offset : offset + limit]

    def _charge(self, parameters: Parameters) -> Charge:
        user, charge = parameters.get("user_id"), text_of(parameters, "telegram_payment_charge_id")
        if not isinstance(user, int):
            raise bad_request("invalid user_id specified")
        found = self._charges.get(charge)
        if found is None or found.user != user:
            raise bad_request("CHARGE_NOT_FOUND")
        return found

    def _note(self, charge: Charge, side: str, seconds: int) -> None:
        user = {"id": charge.user, "is_bot": False, "first_name": f"Person {charge.user}"}
        partner: dict[str, Any] = {"type": "user", "transaction_type": "invoice_payment", "user": user}
        partner["invoice_payload"] = charge.payload
        if charge.subscription_seconds:
            partner["subscription_period"] = charge.subscription_seconds
        self._transactions.append({"id": charge.id, "amount": charge.stars, "date": seconds, side: partner})


def refunded_payment(charge: Charge) -> dict[str, Any]:
    """Return the RefundedPayment that tells of it."""
    told: dict[str, Any] = {"currency": "XTR", "total_amount": charge.stars, "invoice_payload": charge.payload}
    return told | {"telegram_payment_charge_id": charge.id, "provider_payment_charge_id": ""}


def _told(charge: Charge, *, first: bool) -> dict[str, Any]:
    told: dict[str, Any] = {"currency": "XTR", "total_amount": charge.stars, "invoice_payload": charge.payload}
    told |= {"telegram_payment_charge_id": charge.id, "provider_payment_charge_id": ""}
    if charge.subscription_seconds:
        told |= {"subscription_expiration_date": charge.seconds + SUBSCRIPTION_SECONDS, "is_recurring": True}
        if first:
            told["is_first_recurring"] = True
    return told
