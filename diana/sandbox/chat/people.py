"""The people and groups of the sandbox, and how Telegram's objects describe them."""

import re
from typing import Any
from zoneinfo import available_timezones

from msgspec import Struct, field

from diana import clock

# Identifiers outside the ranges of the tests and the demo. Those that are made continue after a restart with the
# seconds since EPOCH, because the bot remembers earlier ones.
EPOCH = 1_767_225_600  # 2026-01-01
FIRST_PERSON = 9_000_000_000
FIRST_MADE_PERSON = 9_100_000_000
FIRST_GROUP = -1_009_000_000_000
FIRST_MADE_GROUP = -1_009_100_000_000
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_USERNAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{4,31}")
MAX_NAME_CHARACTERS = 64


class Person(Struct, kw_only=True):
    """Somebody with a phone. `vip` is None where nobody has granted it here; `started`: the bot may write first."""

    id: int
    first_name: str
    last_name: str | None = None
    username: str | None = None
    language_code: str = "en"
    time_zone: str = "UTC"
    blocked: bool = False
    vip: bool | None = None
    started: bool = False

    def shown(self) -> dict[str, Any]:
        """Return the person as the page gets them."""
        return {name: getattr(self, name) for name in self.__struct_fields__ if name != "started"}

    def user(self) -> dict[str, Any]:
        """Return the User object."""
        return {"id": self.id, "is_bot": False} | self._names() | {"language_code": self.language_code}

    def chat(self) -> dict[str, Any]:
        """Return the Chat object of the private chat."""
        return {"id": self.id} | self._names() | {"type": "private"}

    def _names(self) -> dict[str, str]:
        names = {"first_name": self.first_name, "last_name": self.last_name, "username": self.username}
        return {name: value for name, value in names.items() if value}


class Group(Struct, kw_only=True):
    """A supergroup; the bot is its administrator while it is in it."""

    id: int
    title: str
    members: list[int] = field(default_factory=list)
    bot_is_member: bool = True

    def shown(self) -> dict[str, Any]:
        """Return the group as the page gets it."""
        return {name: getattr(self, name) for name in self.__struct_fields__} | {"type": "supergroup"}

    def chat(self) -> dict[str, Any]:
        """Return the Chat object."""
        return {"id": self.id, "title": self.title, "type": "supergroup"}


class NewPerson(Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody to add. `id` is chosen unless it is given."""

    first_name: str
    last_name: str | None = None
    username: str | None = None
    language_code: str = "en"
    time_zone: str = "UTC"
    id: int | None = None

    def problem(self) -> str:
        """Return what is wrong with it, in a sentence that names the cure; nothing where all is well."""
        names = [self.first_name, self.last_name or ""]
        if not self.first_name.strip() or any(len(name) > MAX_NAME_CHARACTERS for name in names):
            return f"Give a first name; a name has at most {MAX_NAME_CHARACTERS} characters."
        if self.username and not _USERNAME.fullmatch(self.username):
            return "A username has 5 to 32 letters, digits and underscores and begins with a letter."
        if not _LANGUAGE.fullmatch(self.language_code):
            return "A language is a code such as en, es, ru or pt-br."
        if self.time_zone not in available_timezones():
            return "A time zone is a name such as Europe/Madrid."
        if self.id is not None and not 0 < self.id < 2**52:
            return "A person's id is a positive number below 2^52."
        return ""


def initial_people() -> list[Person]:
    """Return who is there to begin with: in the three languages of the bot, in three time zones."""
    return [
        Person(id=FIRST_PERSON + 1, first_name="Ada", language_code="en", time_zone="Europe/London", started=True),
        Person(id=FIRST_PERSON + 2, first_name="Lucía", language_code="es", time_zone="Europe/Madrid", started=True),
        Person(id=FIRST_PERSON + 3, first_name="Boris", language_code="ru", time_zone="Asia/Novosibirsk", started=True),
    ]


def initial_groups() -> list[Group]:
    """Return the group that is there to begin with."""
    return [Group(id=FIRST_GROUP - 1, title="Sandbox friends", members=[person.id for person in initial_people()])]


def seconds_since_epoch() -> int:
    """Return where numbering begins after a start; the machine's clock, whatever the bot believes the time to be."""
    return int(clock.real_now().timestamp()) - EPOCH
