"""The environment, read once and typed; what is missing or wrong ends the process with the name of the variable."""

import base64
import binascii
import os
import re
import sys
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from environs import Env

ROOT = Path(__file__).resolve().parent.parent


def read_local_instance() -> None:
    """Take the variables of the running `make run` of this checkout where the process has no database of its own.

    Never in production: there the environment is complete or the process does not start.
    """
    path = ROOT / ".diana" / os.environ.get("DIANA_INSTANCE", "run") / "env"
    if "DATABASE_URL" in os.environ or os.environ.get("DIANA_ENV") == "production" or not path.exists():
        return
    for line in path.read_text().splitlines():
        name, separator, value = line.partition("=")
        if separator:
            os.environ.setdefault(name, value)


def sealing_keys(name: str, text: str) -> dict[str, bytes]:
    """Return the keys of a variable that reads `id:base64,id2:base64`, in their order; ends the start if it reads otherwise.

    A key is 32 bytes. What is wrong is told by its place in the list: a key must not come into a log.
    """
    keys: dict[str, bytes] = {}
    for place, part in enumerate(filter(None, map(str.strip, text.split(","))), 1):
        key_id, _, encoded = part.partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,32}", key_id) or len(key) != 32 or key_id in keys:
            raise ImproperlyConfigured(
                f"{name}: entry {place} is no `id:key`. An id is 1 to 32 of A-Z a-z 0-9 _ - and stands once, a key is 32"
                " random bytes in base64: `openssl rand -base64 32` makes one."
            )
        keys[key_id] = key
    return keys


read_local_instance()
env = Env(eager=True)


def process_name() -> str:
    """Return what this process is called in pg_stat_activity and in the logs: as in the Procfile, or the command's name."""
    words = [Path(word).name for word in sys.argv]
    if words[:1] == ["manage.py"]:
        return words[1] if len(words) > 1 else "manage"
    if words[:1] == ["celery"]:
        names = [word.partition("@")[0] for word in words if word.endswith("@%h")]
        return names[0] if names else next((word for word in words if word in ("beat", "flower")), "celery")
    return "web" if words[:1] == ["granian"] else (words[0] if words and words[0] else "python")


def is_watched(process: str) -> bool:
    """Say whether Flower looks into the process: into the workers of the Procfile, by remote control."""
    return process.startswith(("worker", "telegram"))


def known_groups(*, public: bool) -> str:
    """Return which groups count, `approved` or `all`; where nothing says so, `approved` for a bot that anybody can find."""
    value: str = env.str("DIANA_KNOWN_GROUPS", "") or ("approved" if public else "all")
    if value not in ("approved", "all"):
        raise ImproperlyConfigured(f"DIANA_KNOWN_GROUPS is {value!r}: set it to approved or all, or unset it.")
    return value
