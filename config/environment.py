"""The environment, read once and typed."""

import os
import sys
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from environs import Env

from config.variable import PROCESSES
from diana import deployment

ROOT = Path(__file__).resolve().parent.parent

try:
    KIND = deployment.kind(os.environ)
except deployment.UnknownKind as error:
    sys.exit(str(error))


def read_local_instance() -> None:
    """Take the variables of the running `make run` of this checkout where the process has no database of its own.

    In development only: tests bring their own, and in production the environment is complete or the process does not
    start.
    """
    path = ROOT / ".diana" / os.environ.get("DIANA_INSTANCE", "run") / "env"
    if "DATABASE_URL" in os.environ or KIND != deployment.DEVELOPMENT or not path.exists():
        return
    for line in path.read_text().splitlines():
        name, separator, value = line.partition("=")
        if separator:
            os.environ.setdefault(name, value)


read_local_instance()
env = Env(eager=True)


def process_name() -> str:
    """Return what this process is called in pg_stat_activity and in the logs: as it names itself by DIANA_PROCESS, else as
    the command line lets guess: as in the Procfile, or the command's name. An unknown name ends the process.
    """
    if named := os.environ.get("DIANA_PROCESS", ""):
        if named not in PROCESSES:
            sys.exit(
                f"DIANA_PROCESS is {named!r}: set it to one of {', '.join(PROCESSES)}, as the Procfile does, or unset it."
            )
        return named
    words = [Path(word).name for word in sys.argv]
    if words[:1] == ["manage.py"]:
        return words[1] if len(words) > 1 else "manage"
    if words[:1] == ["celery"]:
        names = [word.partition("@")[0] for word in words if word.endswith("@%h")]
        return names[0] if names else next((word for word in words if word in ("beat", "flower")), "celery")
    if words[:1] == ["granian"]:
        return "door" if any(word.startswith("config.door:") for word in words) else "web"
    return words[0] if words and words[0] else "python"


def process_kind() -> str:
    """Return the process's name in the table of variables: as in the Procfile, or "command" for others of our programs.

    In production only commands of manage.py are taken for what the command line says (config/demands.py).
    """
    name, program = process_name(), Path(sys.argv[0]).name if sys.argv else ""
    return "command" if program in ("manage.py", "celery") and name not in PROCESSES else name


def is_watched(process: str) -> bool:
    """Say whether Flower looks into the process: into the workers of the Procfile, by remote control."""
    return process.startswith(("worker", "telegram"))


def known_groups(*, public: bool) -> str:
    """Return which groups count, `approved` or `all`; where nothing says so, `approved` for a bot that anybody can find."""
    value: str = env.str("DIANA_KNOWN_GROUPS", "") or ("approved" if public else "all")
    if value not in ("approved", "all"):
        raise ImproperlyConfigured(f"DIANA_KNOWN_GROUPS is {value!r}: set it to approved or all, or unset it.")
    return value
