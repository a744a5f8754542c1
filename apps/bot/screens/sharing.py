"""A button that has Telegram ask whom to pass a link on to, with words beside it that its owner may change."""

from urllib.parse import urlencode

from telegram import InlineKeyboardButton

SHARE = "https://t.me/share/url"


def share_button(label: str, *, link: str, text: str) -> InlineKeyboardButton:
    """Return the button; nothing of it comes back to the bot."""
    return InlineKeyboardButton(label, url=f"{SHARE}?{urlencode({'url': link, 'text': text})}")
