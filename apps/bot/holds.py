"""What Telegram told the bot to wait for, in the words of readiness and metrics; and the pause while it does not take the token.

The holds themselves stand in buckets.py. Names of chats are hashes: only their number is shown.
"""

import logging
from collections.abc import Iterator

from django.conf import settings
from django.utils.crypto import salted_hmac
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from apps.bot import buckets

logger = logging.getLogger(__name__)

METHOD, TOKEN, REFUSED = "method:", "token:", "refused:"
# After a refusal of the token nobody calls for so long; then the next call shows whether it is taken again.
TOKEN_SECONDS = 15.0
# So long it stays in readiness without another call; the first call that works ends it.
SHOWN_SECONDS = 3600.0
# One chat that waits for a little is no trouble of the deployment.
LONG_SECONDS = 60.0


def of_method(method: str) -> str:
    """Return the name of the hold on a method's calls without a chat."""
    return f"{METHOD}{method}"


def of_token() -> str:
    """Return the name of the hold on this token; a corrected one is not held."""
    return f"{TOKEN}{_token_name()}"


def refuse_token() -> None:
    """Note that Telegram does not take the token: nothing is sent for a while."""
    buckets.hold_name(of_token(), TOKEN_SECONDS)
    buckets.hold_name(f"{REFUSED}{_token_name()}", SHOWN_SECONDS)
    logger.error("Telegram does not take the token, nothing is sent: correct TELEGRAM_BOT_TOKEN")


def forget_token() -> None:
    """Note that Telegram takes the token."""
    buckets.release(f"{REFUSED}{_token_name()}")


def _token_name() -> str:
    return salted_hmac("bot.holds", settings.TELEGRAM_BOT_TOKEN, algorithm="sha256").hexdigest()[:16]


def concerns() -> list[str]:
    """Return what Telegram holds up, for readiness."""
    standing = buckets.standing()
    reasons = []
    if f"{REFUSED}{_token_name()}" in standing:
        reasons.append("Telegram does not take the token: correct TELEGRAM_BOT_TOKEN")
    if "all" in standing:
        reasons.append("Telegram takes no messages for the moment")
    methods = sorted(name.removeprefix(METHOD) for name in standing if name.startswith(METHOD))
    reasons += [f"Telegram takes no {method} for the moment" for method in methods]
    if any(_is_chat(name) and left > LONG_SECONDS for name, left in standing.items()):
        reasons.append("Telegram lets chats wait for more than a minute")
    return reasons


def families() -> Iterator[Metric]:
    """Yield how long Telegram lets everybody and methods wait, and how many chats."""
    standing = buckets.standing()
    seconds = GaugeMetricFamily(
        "diana_telegram_hold_seconds", "For how long Telegram takes no calls of this kind.", labels=["what"]
    )
    for name, left in sorted(standing.items()):
        if name == "all" or name.startswith(METHOD):
            seconds.add_metric([name.removeprefix(METHOD)], left)
    yield seconds
    chats = sum(map(_is_chat, standing))
    yield GaugeMetricFamily("diana_telegram_chats_held", "Chats that Telegram lets wait.", value=chats)
    refused = float(f"{REFUSED}{_token_name()}" in standing)
    yield GaugeMetricFamily("diana_telegram_token_refused", "1 while Telegram does not take the token.", value=refused)


def _is_chat(name: str) -> bool:
    return name != "all" and ":" not in name
