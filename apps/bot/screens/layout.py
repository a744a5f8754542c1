"""What a screen is made of: text in Telegram's HTML, buttons, and names made harmless."""

import html
import unicodedata
from typing import NamedTuple

from django.utils.translation import gettext as _
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from apps.users.names import visible_name

MAX_NAME_LENGTH = 64
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"


class Screen(NamedTuple):
    """One message: `template` names it in events, `text` is Telegram's HTML."""

    template: str
    text: str
    keyboard: InlineKeyboardMarkup | None = None

    @property
    def keyboard_json(self) -> str | None:
        """The keyboard as the Bot API takes it, None without one."""
        return None if self.keyboard is None else self.keyboard.to_json()


class Document(NamedTuple):
    """A file. `name` is what it is saved as, `caption` Telegram's HTML."""

    template: str
    name: str
    content: bytes
    caption: str = ""


class Invoice(NamedTuple):
    """A bill in Telegram Stars. `payload` comes back with the payment; `subscription_days` renews it by itself, 0 once.
    `refused` is sent in its place where Telegram does not take it.
    """

    template: str
    title: str
    description: str
    payload: str
    stars: int
    refused: Screen
    subscription_days: int = 0


Reply = Screen | Document | Invoice


def display_name(name: str, person_id: int) -> str:
    """Return a name for use in HTML, "Player <id>" for people without one. It cannot leave its place in the line."""
    visible = visible_name(name, limit=MAX_NAME_LENGTH)
    if not visible:
        return html.escape(_("Player %(id)s") % {"id": person_id})
    escaped = html.escape(visible)
    turned = any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in visible)
    return f"{_ISOLATE}{escaped}{_END_ISOLATE}" if turned else escaped


def callback_data(screen: str, verb: str, owner: str, *args: str | int) -> str:
    """Return what a button carries, at most 64 bytes; raises ValueError if it would be more. It works for its owner only."""
    data = f"v1|{screen}|{verb}|{'.'.join(map(str, (owner, *args)))}"
    if len(data.encode()) > 64:
        raise ValueError(f"{data!r} has more than the 64 bytes that Telegram takes: shorten the arguments.")
    return data


def navigation(person_id: int, *, here: str = "") -> InlineKeyboardMarkup:
    """Return the buttons to the points, from there to the profile, and to the menu; they work for this person only."""
    places = {"points": "💠 " + _("Points"), "profile": "🪪 " + _("Profile")}
    beside = next(page for page in places if page != here)
    button = InlineKeyboardButton(places[beside], callback_data=callback_data(beside, "show", str(person_id)))
    return InlineKeyboardMarkup([[button, menu_button(person_id)]])


def menu_button(person_id: int) -> InlineKeyboardButton:
    """Return the button that leads to the menu from everywhere."""
    return InlineKeyboardButton("☰ " + _("Menu"), callback_data=callback_data("menu", "show", str(person_id)))
