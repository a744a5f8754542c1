"""The bot's own username, as Telegram told it to this process: links to the bot begin with it."""

_known: dict[str, str] = {}


def remember(token: str, username: str) -> None:
    """Keep the name that Telegram gives for the token."""
    _known[token] = username


def link(token: str, payload: str) -> str:
    """Return the link that opens the bot and sends /start with the payload; "" while Telegram has not told the name."""
    username = _known.get(token)
    return f"https://t.me/{username}?start={payload}" if username else ""
