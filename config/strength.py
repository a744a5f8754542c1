"""The bounds of values in production. Pure; a fault is a clause that follows the variable's name and repeats no value."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from apps.bot.identity import is_real_token
from config.sealing_keys import sealing_keys
from diana.redis_addresses import Address, broker
from diana.redis_users import DRILLS

# Returns the fault of a value that is not empty, in view of the whole environment, or "".
Fault = Callable[[str, Mapping[str, str]], str]

MIN_DIFFERENT = 8
MIN_PASSWORD = 12
TRUE, FALSE = ("true", "1", "yes", "on", "y", "t"), ("false", "0", "no", "off", "n", "f")
# In values of this repository, in those of Django's templates, and in what a person writes until there is a value.
# Seven letters at least: random values do not have them.
PLACEHOLDERS = re.compile(
    r"development|insecure|change.?me|placeholder|example|replace|password|sandbox|secret-of|default|your.?(key|secret|token)"
)
# What Telegram, mail programs and browsers open: a @username, an address of mail, a page.
CONTACTS = (
    re.compile(r"@[A-Za-z][A-Za-z0-9_]{3,31}"),
    re.compile(r"[A-Za-z0-9.+_-]{1,64}@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}"),
    re.compile(r"https://[A-Za-z0-9.-]+\.[A-Za-z]{2,}(?:[/?][!-~]{0,200})?"),
)
PUBLISHED = "is published or a placeholder, which everybody can know"
_SECRET_OF_TELEGRAM = re.compile(r"[A-Za-z0-9_-]{1,256}")
_DATABASES = ("postgres", "postgresql", "pgsql", "postgis")


def secret(least: int) -> Fault:
    """Return the bound of one random secret: its length, and that it looks random."""
    return lambda value, _: _weakness(value, least)


def secrets_by_comma(least: int) -> Fault:
    """Return the bound of several random secrets, separated by commas."""
    return lambda value, _: _first_fault(value, lambda one: _weakness(one, least))


def webhook_secret(value: str, _: Mapping[str, str]) -> str:
    """Return the fault of the webhook's secrets: as random as others, in Telegram's alphabet."""

    def fault(one: str) -> str:
        outside = "" if _SECRET_OF_TELEGRAM.fullmatch(one) else "has characters other than A-Z a-z 0-9 _ -, or too many"
        return outside or _weakness(one, 32)

    return _first_fault(value, fault)


def keys(name: str, *, public: bool = False) -> Fault:
    """Return the bound of a list of keys with ids."""

    def fault(value: str, _: Mapping[str, str]) -> str:
        try:
            found = sealing_keys(name, value)
        except ImproperlyConfigured:
            return "is no list of `id:key` with keys of 32 random bytes in base64, separated by commas"
        if public:
            return ""
        return next((w for key in found.values() if (w := _weakness(key.decode("latin-1"), 32))), "")

    return fault


def flower_account(value: str, _: Mapping[str, str]) -> str:
    """Return the fault of Flower's accounts."""

    def fault(account: str) -> str:
        user, _, password = account.partition(":")
        if not user or not password:
            return "is no `user:password`"
        if len(password) < MIN_PASSWORD:
            return f"has a password of less than {MIN_PASSWORD} characters"
        if user.lower() in password.lower() and len(password.lower().replace(user.lower(), "")) < MIN_PASSWORD:
            return "has a password that repeats the user's name"
        return _weakness(password, MIN_PASSWORD)

    return _first_fault(value, fault)


def hosts(value: str, _: Mapping[str, str]) -> str:
    """Return the fault of the host names of the site."""
    names = [name.strip() for name in value.split(",") if name.strip()]
    if not names:
        return "names no host"
    return "has *, by which any site can speak in the name of this one" if "*" in names else ""


def bot_token(value: str, _: Mapping[str, str]) -> str:
    """Return the fault of the bot's token."""
    if not is_real_token(value):
        return "is not a token of @BotFather's; tokens of the sandbox are for development"
    return _weakness(value.strip().partition(":")[2], 30)


def contact(value: str, _: Mapping[str, str]) -> str:
    """Return the fault of an address that people can write to."""
    return "" if any(shape.fullmatch(value.strip()) for shape in CONTACTS) else "is nothing that people can write to"


def bot_api_url(value: str, environment: Mapping[str, str]) -> str:
    """Return the fault of the Bot API's address: the token is a part of every URL."""
    parts = urlsplit(value)
    near, local = _is_near(parts.hostname or ""), environment.get("TELEGRAM_API_LOCAL", "").lower() in TRUE
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "is no https address"
    if near and not local:
        return "is an address of this machine or its network, and TELEGRAM_API_LOCAL is not true"
    if parts.scheme == "http" and not near:
        return "is not https, so the bot's token could be read on the way"
    return ""


def postgres_url(value: str, _: Mapping[str, str]) -> str:
    """Return the fault of an address of PostgreSQL."""
    parts = urlsplit(value)
    if parts.scheme not in _DATABASES or not parts.username:
        return "is no address like postgresql://role:password@host:5432/diana"
    return PUBLISHED if PLACEHOLDERS.search(unquote(parts.password or "").lower()) else ""


def redis_url(name: str, *, for_broker: bool = False) -> Fault:
    """Return the bound of an address of Redis."""

    def fault(value: str, _: Mapping[str, str]) -> str:
        try:
            address = Address(name, value)
            if for_broker:
                broker(address, 1.0)
        except (ImproperlyConfigured, ValueError):
            also = "" if for_broker else ", redis+cluster://"
            return f"is no address like redis://, rediss://, sentinel://host:26379/service{also}"
        if address.account.get("username") == DRILLS:
            return f"is of {DRILLS}, who may do everything and is for development and drills"
        return PUBLISHED if PLACEHOLDERS.search(address.account.get("password", "").lower()) else ""

    return fault


def one_of(*words: str) -> Fault:
    """Return the bound of a choice."""
    return lambda value, _: "" if value in words else f"is none of {', '.join(words)}"


def boolean(value: str, _: Mapping[str, str]) -> str:
    """Return the fault of a switch."""
    return "" if value.lower() in (*TRUE, *FALSE) else "is neither true nor false"


def number(least: float = float("-inf"), most: float = float("inf"), kind: type[int] | type[float] = int) -> Fault:
    """Return the bound of a number."""

    def fault(value: str, _: Mapping[str, str]) -> str:
        try:
            return "" if least <= kind(value) <= most else "is out of its bounds"
        except ValueError:
            return "is no number"

    return fault


def numbers(value: str, _: Mapping[str, str]) -> str:
    """Return the fault of a list of whole numbers."""
    return _first_fault(value, lambda one: number()(one.strip(), {}))


def never(reason: str) -> Fault:
    """Return the bound of a variable that does not belong into production at all."""
    return lambda _, __: reason


def _first_fault(value: str, fault: Callable[[str], str]) -> str:
    """Return the first fault of the parts between commas; parts that are empty do not count, but one must be there."""
    parts = [part.strip() for part in value.split(",") if part.strip()]
    return next((found for part in parts if (found := fault(part))), "") if parts else "is empty"


def _weakness(value: str, least: int) -> str:
    if PLACEHOLDERS.search(value.lower()):
        return PUBLISHED
    if len(value) < least:
        return f"is shorter than {least} characters"
    if len(set(value)) < MIN_DIFFERENT:
        return f"has less than {MIN_DIFFERENT} different characters"
    return "repeats itself" if value in (value + value)[1:-1] else ""


def _is_near(host: str) -> bool:
    """Say whether a host is this machine or in its network: a private address, or a name without a dot."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host
    return address.is_private or address.is_loopback
