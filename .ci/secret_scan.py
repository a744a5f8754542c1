"""Finds secrets in the files of the repository: keys by their shape, and random values that stand under a secret's name.

Part of `make lint`. What is random is told by the number of different characters; what a file may hold is listed here.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHAPES = re.compile(
    r"\b\d{8,10}:[A-Za-z0-9_-]{35}\b"  # a bot's token
    r"|-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"
    r"|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bxox[abprs]-[A-Za-z0-9-]{20,}|\bAIza[A-Za-z0-9_-]{35}\b"
)
NAMED = re.compile(
    r"(?:secret|token|password|passwd|_auth|_key)\w*[\"']?[ \t]*[:=]+[ \t]*[\"']?([A-Za-z0-9+/=_-]{24,})", re.IGNORECASE
)
IN_ADDRESS = re.compile(r"://[^\s:/@]*:([A-Za-z0-9+/=_-]{16,})@")
# A word of this length has fewer different characters than this unless somebody threw dice.
DIFFERENT = 11
WORDS = re.compile(r"0123456789|[a-z]{9,}|(?:[a-z]{3,}[_-]){3,}")
# What may stand where, and why.
ALLOWED: dict[str, str] = {}
# Binary, or of digests alone.
UNREAD = (".png", ".gz", ".mo", ".ico", ".woff2", "requirements.txt", "requirements-dev.txt", "package-lock.json")


def main() -> int:
    """Print each place; return 1 if there is one."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    found = [
        f"{name}:{line}: looks like a secret. Take it out and change it where it is used, or say in {__file__} what it is."
        for name in filter(None, names.split("\0"))
        if not name.endswith(UNREAD) and name not in ALLOWED and (ROOT / name).is_file()
        for line in lines_with_secrets((ROOT / name).read_text(errors="replace"))
    ]
    sys.stdout.write("".join(f"{line}\n" for line in found) or "No secret stands in the repository.\n")
    return bool(found)


def lines_with_secrets(text: str) -> Iterator[int]:
    """Yield the number of each line that holds a secret."""
    places = [found.start() for found in SHAPES.finditer(text)]
    for pattern in (NAMED, IN_ADDRESS):
        places += [found.start() for found in pattern.finditer(text) if is_random(found[1])]
    yield from sorted({text.count("\n", 0, place) + 1 for place in places})


def is_random(value: str) -> bool:
    """Say whether nobody would write such a value by hand."""
    return len(set(value)) >= DIFFERENT and any(map(str.isdigit, value)) and not WORDS.search(value)


if __name__ == "__main__":
    sys.exit(main())
