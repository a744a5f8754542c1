"""What can be asked for: pages by name, and what else buttons do. Each module of this package adds its own here."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from apps.bot.screens.layout import Reply
from apps.users.selectors import Profile


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asked for. `args`: the words after a command, or what a button carries; anybody may have made them up.

    `private`: asked in the person's own chat, where nobody else reads the answer. `arrived_at`: when a button's press came
    in, however long it then waited.
    """

    person: Profile
    now: datetime
    args: tuple[str, ...] = ()
    key_prefix: str = ""
    private: bool = True
    arrived_at: datetime | None = None

    @property
    def at(self) -> datetime:
        """When it was asked for, as far as that is known."""
        return self.arrived_at or self.now

    @property
    def me(self) -> int:
        """Whose request it is."""
        return self.person.person_id

    def key(self, act: str) -> str:
        """Return the key under which an act of this request is done once, however often the update is handled."""
        return f"{self.key_prefix}:{act}"


Builder = Callable[[Request], Reply]


@dataclass(frozen=True, slots=True)
class Page:
    """A page. `private`: in a group it is not shown, but said where to ask for it."""

    build: Builder
    private: bool = False


PAGES: dict[str, Page] = {}
VERBS: dict[tuple[str, str], Builder] = {}


def page(name: str, *, private: bool = False) -> Callable[[Builder], Builder]:
    """Let the function answer the command of this name, if the menu has it, and the buttons `v1|<name>|show|…`."""

    def register(build: Builder) -> Builder:
        assert name not in PAGES, name
        PAGES[name] = Page(build, private)
        return build

    return register


def verb(screen: str, name: str) -> Callable[[Builder], Builder]:
    """Let the function do what the buttons `v1|<screen>|<name>|…` stand for, and return what to show after it.

    It may run again for the same press: whatever it does has a key of the request, or can be done twice.
    """

    def register(build: Builder) -> Builder:
        assert (screen, name) not in VERBS, (screen, name)
        VERBS[screen, name] = build
        return build

    return register
