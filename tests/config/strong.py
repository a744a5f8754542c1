"""An environment with which production starts: fresh values, and what an operator fills in by hand."""

import secrets

from config.secrets import fresh
from diana.redis_users import USERS

BY_HAND = {
    "DIANA_ENV": "production",
    "ALLOWED_HOSTS": "bot.community.org",
    "DATABASE_URL": "postgresql://diana_app:9f2c1b7a6d@db/diana",
    "DATABASE_STAFF_URL": "postgresql://diana_staff:c4a7705be1@db/diana",
    "DATABASE_DOOR_URL": "postgresql://diana_door:80d3f61e9a@db/diana",
    **{user.variable: f"redis://{user.name}:5d0aa9c1e2@cache:6379/0" for user in USERS},
    "TELEGRAM_BOT_TOKEN": f"123456789:{secrets.token_urlsafe(27)[:35]}",
}


OWNER = {"DATABASE_OWNER_URL": "postgresql://diana_owner:17ab3cc09e@db/diana"}


def strong(process: str = "command") -> dict[str, str]:
    """Return such an environment, the same for all but the release step; no two are alike."""
    return BY_HAND | fresh() | {"DIANA_PROCESS": "command"} | (OWNER if process == "release" else {})
