"""The environment, read once and typed; what is missing or wrong ends the process with the name of the variable."""

import os
import sys
from pathlib import Path

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
