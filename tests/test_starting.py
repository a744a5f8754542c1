"""What a process does, and leaves undone, while it starts."""

import os
import subprocess
import sys

from tests.servers import ROOT

SCRIPT = """
import gc
import django
usual = gc.get_threshold()
django.setup()
print(gc.get_stats()[2]["collections"], gc.get_threshold() == usual, gc.get_freeze_count() > 50_000)
"""


def test_no_garbage_is_looked_for_during_the_start_nor_later_in_what_was_imported() -> None:
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "True", "True"]
