"""Which bot this is: whether its token is one of Telegram's, and its username, as Telegram told it to this process."""

import re

_REAL_TOKEN = re.compile(r"[0-9]{6,}:[A-Za-z0-9_-]{30,}")

_known: dict[str, str] = {}


def remember(token: str, username: str) -> None:
    """Keep the name that Telegram gives for the token."""
    _known[token] = username


def link(token: str, payload: str) -> str:
    """Return the link that opens the bot and sends /start with the payload; "" while Telegram has not told the name."""
    username = _known.get(token)
    return f"https://t.me/{username}?start={payload}" if username else ""


def is_real_token(token: str) -> bool:
    """Say whether @BotFather may have given it; the sandbox takes only those of which this is not true."""
    return _REAL_TOKEN.fullmatch(token.strip()) is not None
