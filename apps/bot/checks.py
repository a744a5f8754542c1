"""What keeps a half-configured bot from starting, as Django system checks."""

import re
from typing import Any

from django.conf import settings
from django.core import checks

from apps.bot.identity import is_real_token

MIN_SECRET_LENGTH = 32
# Under which the bot publishes what Telegram delivers.
SOURCES = ("telegram", "telegram_messages", "telegram_presses")
# What Telegram allows as secret_token.
_SECRET = re.compile(r"^[A-Za-z0-9_-]{1,256}$")


def register_checks() -> None:
    """Register the checks; they run at every start through manage.py and in the release step."""
    checks.register(check_secret, "bot")
    checks.register(check_token, "bot")
    checks.register(check_address, "bot")
    checks.register(check_updates, "bot")
    checks.register(check_groups, "bot")
    checks.register(check_limits, "bot")
    checks.register(check_rates, "bot")


def check_secret(**_: Any) -> list[checks.CheckMessage]:
    """The webhook's secret is long enough not to be guessed, and one that Telegram takes."""
    secrets = [secret for secret in settings.TELEGRAM_WEBHOOK_SECRET.split(",") if secret]
    if secrets and all(len(s) >= MIN_SECRET_LENGTH and _SECRET.match(s) for s in secrets):
        return []
    if not secrets and (settings.TELEGRAM_UPDATES == "poll" or not _is_needed("TELEGRAM_WEBHOOK_SECRET")):
        return []
    hint = (
        f"Set TELEGRAM_WEBHOOK_SECRET to at least {MIN_SECRET_LENGTH} characters of A-Z a-z 0-9 _ -; while one"
        " replaces another name both, separated by a comma, the new one first."
    )
    return [checks.Error("TELEGRAM_WEBHOOK_SECRET is too short or has other characters.", hint=hint, id="bot.E001")]


def check_token(**_: Any) -> list[checks.CheckMessage]:
    """The token has the shape of one; in production it is not the sandbox's."""
    if not settings.TELEGRAM_BOT_TOKEN and not _is_needed("TELEGRAM_BOT_TOKEN"):
        return []
    if not re.match(r"^[0-9]+:.", settings.TELEGRAM_BOT_TOKEN):
        hint = "Set TELEGRAM_BOT_TOKEN to what @BotFather gave: digits, a colon, letters."
        return [checks.Error("TELEGRAM_BOT_TOKEN is no token of a bot.", hint=hint, id="bot.E002")]
    if settings.PRODUCTION and not is_real_token(settings.TELEGRAM_BOT_TOKEN):
        hint = "Set TELEGRAM_BOT_TOKEN to the token that @BotFather gave; sandbox tokens are for development."
        return [checks.Error("TELEGRAM_BOT_TOKEN is one for the sandbox.", hint=hint, id="bot.E003")]
    return []


def check_address(**_: Any) -> list[checks.CheckMessage]:
    """In production the token travels encrypted, or to a server of one's own that is near."""
    if not settings.PRODUCTION or settings.TELEGRAM_API_LOCAL or settings.TELEGRAM_API_URL.startswith("https://"):
        return []
    hint = "Set TELEGRAM_API_URL to https://api.telegram.org, or leave it out."
    return [checks.Error("TELEGRAM_API_URL is not https: the token would be readable.", hint=hint, id="bot.E004")]


def check_updates(**_: Any) -> list[checks.CheckMessage]:
    """Updates come in one way: Telegram gives a poller nothing while a webhook is set, and the other way round."""
    if settings.TELEGRAM_UPDATES in ("webhook", "poll"):
        return []
    hint = 'Set TELEGRAM_UPDATES to "webhook", or to "poll" where the process `poll` runs; never both.'
    message = f"TELEGRAM_UPDATES is {settings.TELEGRAM_UPDATES!r}: updates come in one way or the other."
    return [checks.Error(message, hint=hint, id="bot.E005")]


def check_groups(**_: Any) -> list[checks.CheckMessage]:
    """The list of groups of the release before is read no more."""
    if not settings.DIANA_GROUPS:
        return []
    hint = (
        "Unset DIANA_GROUPS: the upgrade took its groups over as approved. Others are approved in the admin, or with"
        " `manage.py groups approve`."
    )
    return [checks.Warning("DIANA_GROUPS is read no more.", hint=hint, id="bot.W001")]


def check_limits(**_: Any) -> list[checks.CheckMessage]:
    """An update is never refused for coming too fast: Telegram would deliver it again, later and out of its order."""
    limits = settings.EVENTS_RATE_LIMITS
    wrong = [source for source in SOURCES if limits.get(source, {}).get("over") != "defer"]
    if not wrong:
        return []
    hint = f'Give "over": "defer" to EVENTS_RATE_LIMITS of {", ".join(wrong)}.'
    return [checks.Error("Updates over their rate limit would be refused.", hint=hint, id="bot.E010")]


def check_rates(**_: Any) -> list[checks.CheckMessage]:
    """The bot may call Telegram at all, and a burst holds at least the one call."""
    rates = (settings.TELEGRAM_RATE_ALL, settings.TELEGRAM_RATE_PER_CHAT)
    bursts = (settings.TELEGRAM_RATE_ALL_BURST, settings.TELEGRAM_RATE_PER_CHAT_BURST)
    if min(rates) > 0 and min(bursts) >= 1 and settings.TELEGRAM_RATE_PER_GROUP_MINUTE >= 1:
        return []
    hint = (
        "Set TELEGRAM_RATE_ALL and TELEGRAM_RATE_PER_CHAT above 0, the two …_BURST and TELEGRAM_RATE_PER_GROUP_MINUTE to 1"
        " at least, or leave them out."
    )
    return [checks.Error("The bot would never be allowed to call Telegram.", hint=hint, id="bot.E011")]


def _is_needed(variable: str) -> bool:
    """Say whether this process must have the variable: beat and Flower call nobody."""
    return variable in settings.NEEDED_VARIABLES
