#!/usr/bin/env python
"""The command line of Diana: everything it can do has a command here."""

import os
import sys

# They make or tell an environment, and so mind none, whatever it is.
OF_THE_ENVIRONMENT = ("make_secrets", "environment", "redis_users")


def main() -> None:
    """Run the command that the arguments name."""
    if sys.argv[1:2] and sys.argv[1] in OF_THE_ENVIRONMENT:
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.bare_settings"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        from django.core.management import execute_from_command_line
    except ModuleNotFoundError:
        sys.exit("Nothing is installed for this Python: `make run` first, then `.venv/bin/python manage.py …`.")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
