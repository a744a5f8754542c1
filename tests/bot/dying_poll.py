"""manage.py with a poller that dies by SIGKILL when its first batch is committed and nothing of it is confirmed."""

import os
import signal
import sys
from typing import Any

from django.core.management import execute_from_command_line

from apps.bot.polling.offsets import Offset


def die(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    Offset.move = die  # type: ignore[method-assign]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    execute_from_command_line(["manage.py", *sys.argv[1:]])
