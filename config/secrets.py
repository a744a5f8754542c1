"""A new environment for production, with fresh random values."""

import base64
import secrets

from config.redis_access import PASSWORDS
from config.variables import VARIABLES
from diana.redis_users import USERS

_HEAD = """\
# The environment of Diana in production, made by `manage.py make_secrets`. It has secrets: keep it out of repositories
# and logs, readable for its owner alone (chmod 600). docs/environment.md has all variables, and those without a line here.

# development, test or production
DIANA_ENV=production

# === To be filled in by hand ===
"""
# docker-compose.yml makes the addresses of PostgreSQL and Redis of these.
_COMPOSE = {
    "DATABASE_APP_PASSWORD": "password of the role diana_app",
    "DATABASE_STAFF_PASSWORD": "password of the role diana_staff",
    "DATABASE_DOOR_PASSWORD": "password of the role diana_door",
    "DATABASE_OWNER_PASSWORD": "password of the role diana_owner",
    **{PASSWORDS[user.variable]: f"password of {user.name} in Redis or Valkey" for user in USERS},
}


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
        "FLOWER_VIEWER_AUTH": f"viewer:{secrets.token_hex(16)}",
    }


def environment_file() -> str:
    """Return the text of the file."""
    made = fresh()
    by_hand = [v for v in VARIABLES if v.needed and v.name not in made and v.name not in ("DIANA_ENV", "DIANA_PROCESS")]
    lines = [line for v in by_hand for line in (f"# {v.meaning}. {v.cure}", f"{v.name}=")]
    lines += ["", "# === Fresh secrets: once data exist, change them only as docs/operations.md says ==="]
    lines += [line for v in VARIABLES if v.name in made for line in (f"# {v.meaning}", f"{v.name}={made[v.name]}")]
    lines += [
        "",
        "# === For docker-compose.yml, which makes the addresses above of them; roles of your own can have them ===",
    ]
    lines += [line for n, use in _COMPOSE.items() for line in (f"# {use}", f"{n}={secrets.token_hex(24)}")]
    return _HEAD + "\n".join(lines) + "\n"


def _key() -> str:
    return f"main:{base64.b64encode(secrets.token_bytes(32)).decode()}"
