"""The webhook that the bot has set, and which kinds of updates it asked for.

As on a local Bot API server, plain HTTP is allowed; updates are delivered to this machine only.
"""

import asyncio
import re
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from diana import clock
from diana.sandbox.answers import bad_request
from diana.sandbox.parameters import Parameters, text_of
from diana.sandbox.updates import UNASKED

DEFAULT_CONNECTIONS = 40
MAX_CONNECTIONS = 100
_SECRET = re.compile(r"[A-Za-z0-9_-]*")
_SETTINGS = ("url", "secret_token", "ip_address", "max_connections", "allowed_updates")
_THIS_MACHINE = frozenset({"127.0.0.1", "localhost", "::1"})


class Preset(NamedTuple):
    """A webhook that is there from the start, as if setWebhook had asked for every kind of update."""

    url: str = ""
    secret: str = ""


class Webhook:
    """Its settings; an empty address is no webhook."""

    def __init__(self, preset: Preset = Preset()) -> None:  # noqa: B008  # immutable
        self._settings: dict[str, Any] = {"url": preset.url}
        if preset.url:
            self._settings |= {"secret_token": preset.secret, "allowed_updates": ["*"]}
        self._error: tuple[int, str] | None = None
        self.changed = asyncio.Event()

    @property
    def url(self) -> str:
        """Where updates go; empty for nowhere."""
        url: str = self._settings["url"]
        return url

    @property
    def secret(self) -> str:
        """What Telegram shows to be let in."""
        secret: str = self._settings.get("secret_token", "")
        return secret

    def can_be_reached(self) -> bool:
        """Say whether updates are delivered: never to another machine, whatever the bot has set."""
        return bool(self.url) and urlsplit(self.url).hostname in _THIS_MACHINE

    def allow(self, kinds: list[Any]) -> None:
        """Take these kinds of updates from now on; none of them are Telegram's choice."""
        self._settings["allowed_updates"] = kinds

    def wants(self, kind: str) -> bool:
        """Say whether the bot gets this kind."""
        allowed = self._settings.get("allowed_updates")
        return kind not in UNASKED if not allowed else "*" in allowed or kind in allowed

    def note(self, status: int | str) -> None:
        """Remember what the webhook answered to a delivery."""
        if isinstance(status, int) and 200 <= status < 300:
            return
        words = f"Wrong response from the webhook: {status}" if isinstance(status, int) else "Connection failed"
        self._error = int(clock.real_now().timestamp()), words

    def _change(self) -> None:
        self._error = None
        self.changed.set()
        self.changed = asyncio.Event()

    def set(self, parameters: Parameters) -> str:
        """Set or with an empty address delete the webhook; return Telegram's remark on what happened."""
        if not text_of(parameters, "url"):
            return self.delete()
        _check(parameters)
        wanted = {name: parameters[name] for name in _SETTINGS if parameters.get(name) not in (None, "")}
        # A setWebhook without a list of updates keeps the last one.
        if "allowed_updates" not in wanted and "allowed_updates" in self._settings:
            wanted["allowed_updates"] = self._settings["allowed_updates"]
        known = wanted == self._settings
        self._settings = wanted
        self._change()
        return "Webhook is already set" if known else "Webhook was set"

    def delete(self) -> str:
        """Delete the webhook; return Telegram's remark."""
        remark = "Webhook was deleted" if self._settings["url"] else "Webhook is already deleted"
        kept = {name: self._settings[name] for name in ("allowed_updates",) if name in self._settings}
        self._settings = {"url": ""} | kept
        self._change()
        return remark

    def info(self, pending: int) -> dict[str, Any]:
        """Return the WebhookInfo object."""
        settings = self._settings
        info: dict[str, Any] = {"url": settings["url"], "has_custom_certificate": False}
        info["pending_update_count"] = pending
        if self._error:
            info["last_error_date"], info["last_error_message"] = self._error
        if settings["url"]:
            connections = settings.get("max_connections", DEFAULT_CONNECTIONS)
            info["max_connections"] = min(max(connections, 1), MAX_CONNECTIONS)
            info["ip_address"] = settings.get("ip_address", "127.0.0.1")
        if settings.get("allowed_updates") not in (None, [], ["*"]):
            info["allowed_updates"] = settings["allowed_updates"]
        return info


def _check(parameters: Parameters) -> None:
    secret = text_of(parameters, "secret_token")
    if not _is_web_address(text_of(parameters, "url")):
        raise bad_request("invalid webhook URL specified")
    if len(secret) > 256:
        raise bad_request("secret token is too long")
    if not _SECRET.fullmatch(secret):
        raise bad_request("secret token contains unallowed characters")


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
