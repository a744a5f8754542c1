"""Prints the bill of materials of what runs Diana, from the lock file: one CycloneDX document (`make materials`)."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LINE = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)((?:[^\n]*\\\n)*[^\n]*)", re.MULTILINE)


def main() -> int:
    """Print the document."""
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "diana"}},
        "components": list(components((ROOT / "requirements.txt").read_text())),
    }
    sys.stdout.write(json.dumps(bill, indent=1) + "\n")
    return 0


def components(lock: str) -> Iterator[dict[str, Any]]:
    """Yield each package of a lock file, with the digests of the files that may be installed."""
    for name, version, rest in LINE.findall(lock):
        digests = re.findall(r"sha256:([0-9a-f]{64})", rest)
        yield {
            "type": "library",
            "bom-ref": f"pkg:pypi/{name}@{version}",
            "name": name,
            "version": version,
            "purl": f"pkg:pypi/{name}@{version}",
            "hashes": [{"alg": "SHA-256", "content": digest} for digest in digests],
        }


if __name__ == "__main__":
    sys.exit(main())
