"""Which screens can be asked for, and where their data comes from: acts and reads of the apps below, in the person's
language. One module for each; it is enough that it is here.
"""

from datetime import datetime
from importlib import import_module
from pkgutil import iter_modules
from typing import NamedTuple

from django.utils.translation import gettext as _

from apps.bot.menu import COMMANDS
from apps.bot.pages import achievements, own_chat, vip
from apps.bot.pages.registry import PAGES, VERBS, Builder, Request
from apps.bot.screens.formats import reader
from apps.bot.screens.layout import Reply
from apps.users import selectors as people

# Each module registers its pages and verbs by being imported.
for _found in iter_modules(__path__):
    import_module(f"{__name__}.{_found.name}")


class Button(NamedTuple):
    """What a button carries: `v1|screen|verb|owner.arg.arg`, at most 64 bytes."""

    screen: str
    verb: str
    owner: str
    args: tuple[str, ...] = ()


def parse_callback(data: str) -> Button:
    """Read a button's data; screen and verb are "" for what an older bot may have drawn, or somebody made up."""
    version, _separator, rest = data.partition("|")
    parts = rest.split("|")
    owner, *args = parts[-1].split(".")
    if version != "v1" or len(parts) != 3:
        return Button("", "", owner)
    return Button(parts[0], parts[1], owner, tuple(args))


# What these send, a bill or a file, comes as a new message.
SENT = {("vip", "buy"), ("export", "show")}


def draws(button: Button) -> bool:
    """Say whether the button has a screen put in place of the one that it hangs on."""
    return (button.screen, button.verb) not in SENT


def commands() -> list[str]:
    """Return the commands of the menu that show a page."""
    return [name for name in COMMANDS if name in PAGES]


def show(
    page: str, person_id: int, *, now: datetime, args: tuple[str, ...] = (), key_prefix: str = "", private: bool = True
) -> Reply:
    """Return the page of this name for the person, in their language; help for a name that is none."""
    request = Request(people.profile(person_id), now, args, key_prefix, private)
    found = PAGES.get(page, PAGES["help"])
    with reader(request.person.language, request.person.timezone, now):
        if page.startswith(achievements.CATEGORY_PAGE):
            return achievements.category(page, request)
        if found.private and not private:
            return own_chat.elsewhere(request, page)
        return found.build(request)


def press(
    button: Button,
    person_id: int,
    *,
    now: datetime,
    key_prefix: str,
    private: bool,
    arrived_at: datetime | None = None,
) -> Reply:
    """Do what the button stands for and return what to show after it; for an unknown one the page it hangs on, or help.

    `arrived_at` is when the press came in.
    """
    build: Builder | None = VERBS.get((button.screen, button.verb))
    if build is None:
        page = button.screen if button.verb == "show" or button.screen in PAGES else ""
        return show(page, person_id, now=now, args=button.args, key_prefix=key_prefix, private=private)
    request = Request(people.profile(person_id), now, button.args, key_prefix, private, arrived_at)
    with reader(request.person.language, request.person.timezone, now):
        return build(request)


def opened_by(payload: str) -> str:
    """Return the page that the link behind a /start leads to."""
    return "gift" if vip.is_gift(payload) else own_chat.page_of(payload) or "welcome"


def not_yours(person_id: int, now: datetime) -> str:
    """Return what is said to who presses somebody else's button."""
    person = people.profile(person_id)
    with reader(person.language, person.timezone, now):
        return _("These buttons belong to somebody else: send me the command yourself.")
