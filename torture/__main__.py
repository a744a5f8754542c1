"""`python -m torture`: every seed, the planted bugs and plain Celery; the last line is one JSON object."""

import os
import sys

from diana.local.commands import interruptible
from diana.local.errors import LocalError
from torture.running import Plan, run


def main() -> int:
    """Run what SEED and MINUTES of the environment ask for; 1 if anything is wrong."""
    seeds = [int(seed) for seed in os.environ.get("SEED", "").replace(",", " ").split()]
    # SIGTERM ends it as Ctrl-C does: with everything that it has started.
    with interruptible():
        return run(Plan.of(seeds, float(os.environ.get("MINUTES") or 20)))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LocalError as error:
        raise SystemExit(str(error)) from error
    except KeyboardInterrupt:
        sys.exit(130)
