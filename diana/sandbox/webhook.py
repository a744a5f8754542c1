"""The webhook that the bot has set. Nothing is delivered to it; as on a local Bot API server, plain HTTP is allowed."""

import re
from typing import Any
from urllib.parse import urlsplit

from diana.sandbox.answers import bad_request
from diana.sandbox.parameters import Parameters, text_of

DEFAULT_CONNECTIONS = 40
MAX_CONNECTIONS = 100
_SECRET = re.compile(r"[A-Za-z0-9_-]*")
_SETTINGS = ("url", "secret_token", "ip_address", "max_connections", "allowed_updates")


class Webhook:
    """Its settings; an empty address is no webhook."""

    def __init__(self) -> None:
        self._settings: dict[str, Any] = {"url": ""}

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
        return "Webhook is already set" if known else "Webhook was set"

    def delete(self) -> str:
        """Delete the webhook; return Telegram's remark."""
        remark = "Webhook was deleted" if self._settings["url"] else "Webhook is already deleted"
        kept = {name: self._settings[name] for name in ("allowed_updates",) if name in self._settings}
        self._settings = {"url": ""} | kept
        return remark

    def info(self) -> dict[str, Any]:
        """Return the WebhookInfo object; nothing is ever pending."""
        settings = self._settings
        info: dict[str, Any] = {"url": settings["url"], "has_custom_certificate": False, "pending_update_count": 0}
        if settings["url"]:
            connections = settings.get("max_connections", DEFAULT_CONNECTIONS)
            info["max_connections"] = min(max(connections, 1), MAX_CONNECTIONS)
            info["ip_address"] = settings.get("ip_address", "127.0.0.1")
        if settings.get("allowed_updates"):
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
