"""Fresh random values for the variables of production."""

import base64
import secrets


def fresh() -> dict[str, str]:
    """Return new values of all secrets that can be made without asking anybody.

    Their characters mean nothing to shells, to docker compose and in URLs.
    """
    return {
        "DJANGO_SECRET_KEY": secrets.token_hex(32),
        "TELEGRAM_WEBHOOK_SECRET": secrets.token_hex(32),
        "LEDGER_SIGNING_KEY": _key(),
        "EVENTS_SEALING_KEYS": _key(),
        "TOMBSTONE_KEY": secrets.token_hex(32),
        "METRICS_TOKEN": secrets.token_hex(32),
        "FLOWER_BASIC_AUTH": f"diana:{secrets.token_hex(16)}",
    }


def _key() -> str:
    return f"main:{base64.b64encode(secrets.token_bytes(32)).decode()}"
