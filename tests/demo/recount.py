"""What a conversation must lead to, recounted from the rules in words: a second opinion, which shares no code with Diana.

It knows what the conversation makes use of, and refuses the rest: messages and reactions, six kinds of acts, levels below 5.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Any

SILENCE_SECONDS = 30 * 60
KNOWN_KINDS = {"message", "edited_message", "message_reaction"}
AMOUNTS = {
    "game.login": ("login", 10),
    "game.daily_login": ("daily_login", 50),
    "game.message_sent": ("message_sent", 5),
    "game.community_participation": ("community_participation", 30),
}
# Lifetime points at which levels 2, 3 and 4 begin; from 5 on a bonus would apply.
LEVELS = (100, 300, 600)
FIRST_BONUS = 1000
REACTIONS_A_DAY = 20


@dataclass
class Tally:
    """One person."""

    events: Counter[str] = field(default_factory=Counter)
    entries: Counter[tuple[str, int]] = field(default_factory=Counter)
    answers: int = 0
    lifetime: int = 0
    reactions: int = 0
    last_act: int | None = None
    weekend: bool = False

    def act(self, at: int, *types: str) -> None:
        """Come by, and do what the types say."""
        if self.last_act is None:
            self.events["user.active_day"] += 1
            # The first of four weekends in a row is a quarter of the way to Weekend Hero.
            self.events["game.achievement_progressed"] += self.weekend
        if self.last_act is None or at - self.last_act >= SILENCE_SECONDS:
            self._do("game.login")
        assert self.last_act is None or at > self.last_act, "an act that is no later is passed over"
        self.last_act = at
        for event_type in types:
            self._do(event_type)

    def answer(self) -> None:
        """Get a message from the bot."""
        self.answers += 1
        self.events["bot.message_sent"] += 1

    def write(self, at: int, *, private: bool) -> None:
        """Send a text: what is said to the bot alone is told of, earns nothing, and is answered once in an hour."""
        if private:
            self.act(at)
            self.events["game.message_sent"] += 1
            if not self.events["bot.guidance_due"]:
                self.events["bot.guidance_due"] += 1
                self.answer()
        else:
            self.act(at, "game.message_sent")

    def react(self, at: int) -> None:
        """React to a message of somebody else, in a group."""
        self.reactions += 1
        assert self.reactions <= REACTIONS_A_DAY
        self.act(at, "game.community_participation")

    def _do(self, event_type: str) -> None:
        rule, base = AMOUNTS[event_type]
        self.events[event_type] += 1
        if rule == "daily_login" and self.entries[rule, base]:
            assert not self.entries[rule, 0], "of one rule and hour only the first suppressed act is an entry"
            self.entries[rule, 0] += 1
            self.events["game.points_suppressed"] += 1
            return
        self.entries[rule, base] += 1
        self.events["game.points_awarded"] += 1
        self.events["game.level_up"] += sum(self.lifetime < level <= self.lifetime + base for level in LEVELS)
        self.lifetime += base
        assert self.lifetime < FIRST_BONUS


def recount(lines: list[Any], day: date) -> tuple[dict[int, Tally], Counter[str]]:
    """Return what each person, by id at Telegram, must have brought about on that day, and what is refused."""
    people: dict[int, Tally] = {}
    refusals: Counter[str] = Counter()
    seen: set[int] = set()
    authors: dict[int, int] = {}
    for line in lines:
        (kind,) = set(line.update) - {"update_id"}
        reason = _refusal(line, kind, seen)
        if reason:
            refusals[reason] += 1
            continue
        seen.add(line.update["update_id"])
        part = line.update[kind]
        tally = people.setdefault((part.get("from") or part["user"])["id"], Tally(weekend=day.isoweekday() > 5))
        if kind == "edited_message":  # kept, and no event tells of it
            continue
        taken = kind == "message_reaction" or (kind == "message" and not str(part.get("text", "")).startswith("/"))
        tally.events["bot.message_received" if taken else "bot.update_received"] += 1
        if kind == "message":
            _message(tally, part)
            if taken and part["chat"]["type"] == "supergroup":
                authors[part["message_id"]] = part["from"]["id"]
        elif _counts(part, authors):
            tally.react(part["date"])
    return people, refusals


def _counts(reaction: dict[str, Any], authors: dict[int, int]) -> bool:
    """Say whether it was given, in a group, to what somebody else has written there."""
    author = authors.get(reaction["message_id"])
    given = reaction["new_reaction"] and reaction["chat"]["type"] == "supergroup"
    return bool(given) and author not in (None, reaction["user"]["id"])


def _refusal(line: Any, kind: str, seen: set[int]) -> str:
    if line.secret is not None:
        return "secret"
    if kind not in KNOWN_KINDS:
        return "unknown"
    return "copy" if line.update["update_id"] in seen else ""


def _message(tally: Tally, message: dict[str, Any]) -> None:
    text, at = message.get("text"), message["date"]
    if text is None:
        return
    command = text.split()[0].partition("@")[0] if text.startswith("/") else ""
    if command == "/start" and not tally.events["user.registered"]:
        tally.events["user.registered"] += 1
        tally.events["user.onboarding_started"] += 1
    if command == "/daily":
        tally.act(at, "game.daily_login")
    elif command:
        tally.act(at)
    else:
        tally.write(at, private=message["chat"]["type"] == "private")
    if command:
        tally.answer()
