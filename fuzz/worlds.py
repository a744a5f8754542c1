"""A world for each posting of an update: people and chats of its own, our bot in place of the corpus's, dates near now; pure.

Nothing of one posting can then depend on another, and whatever the bot did in a world, it did because of that posting.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fuzz.kinds import ACCOUNTS_OF_TELEGRAM, part_of

# How many ids a world has, and where they begin: ids of Telegram are larger than 32 bits.
SIZE, FIRST = 1_000, 7_000_000_000
CORPUS_BOT, CORPUS_BOT_NAME = 6_000_000_001, "DianaBot"
# When the written lines play: what lies before or after keeps its distance.
CORPUS_NOW = 1_795_601_200
# Of other lines only those dates stay as they are that say nothing: 0, and the small ones of made-up updates.
LARGEST_MADE_UP = 10_000
# Names of fields whose number is a chat or a person without anything around it.
IDENTIFIERS = frozenset({"migrate_to_chat_id", "migrate_from_chat_id", "user_chat_id", "chat_id", "user_id"})
DATES = frozenset({"date", "edit_date", "forward_date", "subscription_expiration_date"})
QUERIES = ("callback_query", "pre_checkout_query", "shipping_query", "inline_query")
BILL = "PAYLOAD-OF-A-REAL-BILL-goes-here-000000"


@dataclass
class World:
    """The number of a world, and which ids stand in it for which of the corpus."""

    number: int
    now: int
    bot_id: int
    bot_name: str
    ids: dict[int, int] = field(default_factory=dict)

    @property
    def first(self) -> int:
        """The smallest id of the world; those of groups are negative."""
        return FIRST + self.number * SIZE

    def id_of(self, number: int) -> int:
        """Return the id that stands for the corpus's; Telegram's own accounts are the same in every world."""
        if number in ACCOUNTS_OF_TELEGRAM:
            return number
        if number == CORPUS_BOT:
            return self.bot_id
        if number not in self.ids:
            self.ids[number] = (self.first + len(self.ids)) * (1 if number > 0 else -1)
        return self.ids[number]

    def moved(self, update: Mapping[str, Any], update_id: int) -> dict[str, Any]:
        """Return the update as it comes in this world, under this number."""
        found = {name: self._moved(name, value) for name, value in update.items()} | {"update_id": update_id}
        name, part = part_of(found)
        if name in QUERIES and isinstance(part, dict) and "id" in part:
            part["id"] = str(self.first)
        return found

    def _moved(self, name: str, value: Any) -> Any:
        match value:
            case dict():
                found = {key: self._moved(key, inner) for key, inner in value.items()}
                return self._named(value, found)
            case list():
                return [self._moved(name, inner) for inner in value]
            case str() if name in ("text", "invite_link"):
                return value.replace(CORPUS_BOT_NAME, self.bot_name)
            case bool():
                return value
            case int() if name in IDENTIFIERS:
                return self.id_of(value)
            case int() if name in DATES and value > LARGEST_MADE_UP:
                return self._date(value)
        return value

    def _named(self, value: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
        """Give people and chats their ids, a charge its own, and the bot's name its length."""
        if isinstance(value.get("id"), int) and ("is_bot" in value or "first_name" in value or "type" in value):
            found["id"] = self.id_of(value["id"])
        if "telegram_payment_charge_id" in value:
            found["telegram_payment_charge_id"] = f"{value['telegram_payment_charge_id']}-{self.number}"
        if CORPUS_BOT_NAME in str(value.get("text", "")) and isinstance(found.get("entities"), list):
            longer = len(self.bot_name) - len(CORPUS_BOT_NAME)
            for entity in found["entities"]:
                entity["length"] += longer
        return found

    def _date(self, value: int) -> int:
        """Return when it happens: in the written lines' own distance from now, else now."""
        near = abs(value - CORPUS_NOW) < 40 * 86_400
        return self.now + (value - CORPUS_NOW if near else 0)
