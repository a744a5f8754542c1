"""The old version's database as files: what it holds, what its own code said of it, and how it is restored."""

import gzip
import json
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

from diana.local.postgres import binary

HERE = Path(__file__).resolve().parent
DUMP, CHECKPOINTS = HERE / "dump.sql.gz", HERE / "checkpoints.jsonl"
EXPECTED: dict[str, dict[str, Any]] = json.loads((HERE / "expected.json").read_text())
PEOPLE = EXPECTED["people"]
END = datetime.fromisoformat(EXPECTED["story"]["end"])
# Of all logins of staff, as making/playing.py has it.
PASSWORD = "only-for-the-upgrade-test"


def telegram_id(number: int) -> int:
    """Return the invented Telegram id of the person of that number."""
    return int(EXPECTED["story"]["first_telegram_id"]) + number


def person(number: int) -> int:
    """Return our id of the person of that number."""
    return int(PEOPLE[f"Person {number}"]["id"])


def restore(url: str) -> None:
    """Restore the dump into an empty database, as its owner; the first error ends it."""
    command = [binary("psql"), "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", url]
    done = subprocess.run(command, input=gzip.decompress(DUMP.read_bytes()), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
