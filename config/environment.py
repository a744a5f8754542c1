"""The environment, read once and typed; what is missing or wrong ends the process with the name of the variable."""

import os
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
