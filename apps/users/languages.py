"""The languages the bot speaks, and which of them suits somebody; pure."""

LANGUAGES = ("en", "es", "ru")
DEFAULT_LANGUAGE = "en"


def guess_language(language_code: str | None) -> str:
    """Return the language for an IETF tag as Telegram sends it (`es-419` is `es`); English where none fits."""
    tag = (language_code or "").lower().replace("_", "-").partition("-")[0]
    return tag if tag in LANGUAGES else DEFAULT_LANGUAGE
