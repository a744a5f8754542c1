"""One person's side of a conversation with the bot, for a terminal: say, press, and wait until the bot has been quiet."""

import unicodedata
import zlib
from time import monotonic
from typing import Any

from msgspec import Struct, field

from diana.sandbox.chat.client import ChatClient, ChatRefused, News
from diana.sandbox.chat.people import FIRST_MADE_PERSON

QUIET_SECONDS = 1.0
PATIENCE_SECONDS = 15.0
ASKING_SECONDS = 1.5
# Names that the terminal adds always get the same id, so that the bot knows them again after a restart.
FIRST_NAMED_PERSON = FIRST_MADE_PERSON + 1_000_000_000
Message = dict[str, Any]


class Turn(Struct):
    """What came of one act. `silence` says why there is no answer; `failed`: something is not running."""

    update_id: int | None
    answers: list[Message] = field(default_factory=list)
    notices: list[dict[str, Any]] = field(default_factory=list)
    payments: list[dict[str, Any]] = field(default_factory=list)
    silence: str = ""
    failed: bool = False

    def has_answer(self) -> bool:
        """Say whether anything came."""
        return bool(self.answers or self.notices or self.payments)


class Button(Struct, frozen=True):
    """A button of a message, by its place; `pay` of a bill that has no keyboard."""

    message_id: int
    row: int
    column: int
    label: str
    url: str = ""
    pay: bool = False


class Conversation:
    """A person in a chat: their own with the bot, or a group. Raises ChatRefused and SandboxAway."""

    def __init__(self, client: ChatClient, person: dict[str, Any], chat: int) -> None:
        self.client, self.person, self.chat = client, person, chat

    def say(self, text: str) -> Turn:
        """Send a text and return what came of it."""
        said = self.client.post("say", person=self.person["id"], chat=self.chat, text=text)
        return self._wait(said["update_id"])

    def press(self, wanted: str) -> Turn:
        """Press the newest button of that label, or with that number; raise ChatRefused where there is none."""
        button = choose(self.buttons(), wanted)
        place = {"person": self.person["id"], "chat": self.chat, "message_id": button.message_id}
        if button.pay:
            return self._wait(self.client.post("pay", **place, pay=True)["update_id"], payment=True)
        if button.url:
            opened = self.client.post("link", person=self.person["id"], link=button.url)
            return self._wait(opened["update_id"])
        pressed = self.client.post("press", **place, row=button.row, column=button.column)
        return self._wait(pressed["update_id"])

    def buttons(self) -> list[Button]:
        """Return what can be pressed: the buttons of the newest message first."""
        messages = self.client.get("messages", chat=self.chat)["messages"]
        return [button for message in reversed(messages) for button in buttons_of(message)]

    def _wait(self, update_id: int | None, *, payment: bool = False) -> Turn:
        """Gather what comes until the bot has been quiet, is at rest, or does not answer at all."""
        turn, begun = Turn(update_id), monotonic()
        status: int | str | None = None
        asked = begun
        while monotonic() - begun < PATIENCE_SECONDS:
            news = self.client.next_news(QUIET_SECONDS)
            if news is None:
                if turn.has_answer() and not (payment and not turn.payments):
                    return turn
            elif news.kind == "delivered" and news.data["update_id"] == update_id:
                status = news.data["status"]
            else:
                self._take(turn, news)
            if not turn.has_answer() and status == 200 and monotonic() - asked > ASKING_SECONDS:
                asked = monotonic()
                if self._is_at_rest(update_id):
                    break
        if not turn.has_answer():
            self._explain(turn, status)
        return turn

    def _take(self, turn: Turn, news: News) -> None:
        data = news.data
        if news.kind == "typing" or data.get("chat", self.chat) not in (self.chat, self.person["id"]):
            return
        if news.kind in ("message", "edited") and not self._is_mine(data["message"]):
            turn.answers.append(data["message"])
        elif news.kind == "notice" and data["person"] == self.person["id"] and data["text"]:
            turn.notices.append(data)
        elif news.kind == "payment":
            turn.payments.append(data)

    def _is_mine(self, message: Message) -> bool:
        mine: bool = message["from"]["id"] == self.person["id"]
        return mine

    def _timeline(self, update_id: int | None) -> dict[str, Any]:
        if update_id is None:
            return {}
        try:
            found: dict[str, Any] = self.client.get("timeline", update=update_id)
            return found
        except ChatRefused:
            return {}

    def _is_at_rest(self, update_id: int | None) -> bool:
        return bool(self._timeline(update_id).get("at_rest"))

    def _explain(self, turn: Turn, status: int | str | None) -> None:
        """Say why there is no answer."""
        if turn.update_id is None:
            turn.silence = "The bot does not learn of this."
            return
        timeline = self._timeline(turn.update_id)
        if status != 200:
            turn.failed = True
            what = "nothing answers there" if status in (None, "unreachable") else f"it answers {status}"
            turn.silence = f"The web process does not take the update ({what}): look at its log under .diana/run/logs."
        elif timeline.get("worker_running") is False:
            turn.failed = True
            turn.silence = "No answer: the worker is not running. Look at its log under .diana/run/logs."
        elif timeline.get("at_rest"):
            turn.silence = "The bot has nothing to say to it."
        else:
            turn.silence = f"No answer within {PATIENCE_SECONDS:.0f} seconds; ordinary messages get none."


def buttons_of(message: Message) -> list[Button]:
    """Return the buttons of a message in their order; the one that pays first."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    number = message["message_id"]
    found = [
        Button(number, row, column, button["text"], button.get("url", ""), bool(button.get("pay")))
        for row, buttons in enumerate(rows)
        for column, button in enumerate(buttons)
    ]
    bill = message.get("invoice")
    if bill and not bill["paid"] and not any(button.pay for button in found):
        found.insert(0, Button(number, 0, 0, f"Pay {bill['total_amount']} ⭐", pay=True))
    return found


def choose(buttons: list[Button], wanted: str) -> Button:
    """Return the newest button of that label, else the one that begins so; a number counts in the newest keyboard."""
    newest = [button for button in buttons if button.message_id == buttons[0].message_id]
    if wanted.isascii() and wanted.isdigit() and 0 < int(wanted) <= len(newest):
        return newest[int(wanted) - 1]
    plain = folded(wanted)
    for matches in (
        lambda label: label == plain,
        lambda label: label.strip(" ✓•⭐🔕").startswith(plain),
        lambda label: plain in label,
    ):
        for button in buttons:
            if plain and matches(folded(button.label)):
                return button
    there = ", ".join(button.label for button in newest) or "none"
    raise ChatRefused(f"There is no button {wanted!r}. In the newest message: {there}.")


def folded(name: str) -> str:
    """Return a name as it is compared: without case and accents."""
    parts = unicodedata.normalize("NFKD", name.strip().casefold())
    return "".join(part for part in parts if not unicodedata.combining(part))


def find_person(client: ChatClient, who: str, language: str | None) -> dict[str, Any]:
    """Return the person of that name, username or id; one who is not there is added. Raises ChatRefused."""
    people: list[dict[str, Any]] = client.get("state")["people"]
    number = int(who) if who.isascii() and who.isdigit() else None
    for person in people:
        names = {folded(person["first_name"]), folded(person["username"] or "")} - {""}
        if person["id"] == number or folded(who.lstrip("@")) in names:
            if language and language != person["language_code"]:
                raise ChatRefused(
                    f"{person['first_name']}'s phone speaks {person['language_code']}: --lang is for somebody new."
                )
            return person
    added: dict[str, Any] = client.post(
        "people",
        first_name=f"Person {number}" if number else who[:1].upper() + who[1:],
        id=number or FIRST_NAMED_PERSON + zlib.crc32(folded(who).encode()),
        language_code=language or "en",
    )
    return added


def find_group(client: ChatClient, title: str, person: int) -> int:
    """Return the group of that title or id, with the person in it; one that is not there is made."""
    for group in client.get("state")["groups"]:
        if title == str(group["id"]) or folded(title) == folded(group["title"]):
            if person not in group["members"]:
                client.post(f"groups/{group['id']}/members", person=person, member=True)
            return int(group["id"])
    return int(client.post("groups", title=title, members=[person])["id"])
