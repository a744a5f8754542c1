"""The demands of production on its environment, told all at once."""

import sys
from collections.abc import Mapping

from config.variables import VARIABLES, needed_by


def problems(environment: Mapping[str, str], process: str) -> list[str]:
    """Return a line for each variable that the process needs and does not have, or whose value is weak; no values."""
    needed = needed_by(process)
    if environment.get("TELEGRAM_UPDATES") == "poll":
        needed.discard("TELEGRAM_WEBHOOK_SECRET")
    found = []
    for variable in VARIABLES:
        value = environment.get(variable.name, "").strip()
        if not value and variable.name in needed:
            found.append(f"{variable.name} is not set ({variable.meaning.partition(';')[0]}). {variable.cure}")
        elif value and variable.only and process not in variable.only:
            found.append(f"{variable.name} is set, and belongs to {' and '.join(variable.only)} alone. Unset it here.")
        elif value and variable.fault and (fault := variable.fault(value, environment)):
            found.append(f"{variable.name} {fault}. {variable.cure}")
    return found


def refuse(environment: Mapping[str, str], process: str) -> None:
    """End the process with status 1 and all problems, if there are any."""
    if found := problems(environment, process):
        sys.exit(
            f"Diana ({process}) does not start in production:\n"
            + "".join(f"- {line}\n" for line in found)
            + "`python manage.py make_secrets` prints a whole environment with fresh values; docs/environment.md has all"
            " variables."
        )
