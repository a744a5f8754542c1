"""Bills in Telegram Stars as the Bot API takes them; it sells nothing for other money here."""

from typing import Any, NamedTuple

from diana.sandbox.answers import bad_request
from diana.sandbox.parameters import Parameters, text_of

STARS = "XTR"
MAX_TITLE_CHARACTERS = 32
MAX_DESCRIPTION_CHARACTERS = 255
MAX_PAYLOAD_BYTES = 128
MAX_STARS = 25_000
SUBSCRIPTION_SECONDS = 2_592_000
MAX_SUBSCRIPTION_STARS = 10_000


class Bill(NamedTuple):
    """What somebody may pay. `payload` comes back with the payment; `subscription_seconds` is 0 for a single one."""

    title: str
    description: str
    payload: str
    stars: int
    subscription_seconds: int

    def shown(self) -> dict[str, Any]:
        """Return the Invoice object; the payload is the bot's alone."""
        words = {"title": self.title, "description": self.description, "start_parameter": ""}
        return words | {"currency": STARS, "total_amount": self.stars}


def read_bill(parameters: Parameters) -> Bill:
    """Return the bill that the parameters describe; raise RefusalError for one that Telegram would not take."""
    title, description = text_of(parameters, "title"), text_of(parameters, "description")
    payload = text_of(parameters, "payload")
    if not 0 < len(title) <= MAX_TITLE_CHARACTERS:
        raise bad_request("INVOICE_TITLE_INVALID")
    if not 0 < len(description) <= MAX_DESCRIPTION_CHARACTERS:
        raise bad_request("INVOICE_DESCRIPTION_INVALID")
    if not 0 < len(payload.encode()) <= MAX_PAYLOAD_BYTES:
        raise bad_request("INVOICE_PAYLOAD_INVALID")
    if text_of(parameters, "currency") != STARS or text_of(parameters, "provider_token"):
        raise bad_request("PAYMENT_PROVIDER_INVALID")
    stars = _stars(parameters.get("prices"))
    return Bill(title, description, payload, stars, _subscription(parameters.get("subscription_period"), stars))


def _stars(prices: Any) -> int:
    """Return the one price that a bill in Stars has."""
    if not isinstance(prices, list) or len(prices) != 1 or not isinstance(prices[0], dict):
        raise bad_request("can't parse prices JSON object: a bill in Stars has exactly one")
    label, amount = prices[0].get("label"), prices[0].get("amount")
    if not isinstance(label, str) or not label or not isinstance(amount, int) or isinstance(amount, bool):
        raise bad_request("can't parse labeled price")
    if not 0 < amount <= MAX_STARS:
        raise bad_request("STARS_INVOICE_INVALID")
    return amount


def _subscription(period: Any, stars: int) -> int:
    if period in (None, "", 0):
        return 0
    if period != SUBSCRIPTION_SECONDS or stars > MAX_SUBSCRIPTION_STARS:
        raise bad_request("SUBSCRIPTION_PERIOD_INVALID")
    return SUBSCRIPTION_SECONDS
