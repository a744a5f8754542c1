"""`make fuzz`: the corpus on real processes, then its mutations; status 1 if anything is wrong.

A failing mutation prints its seed, its number and its body: `--only N` with the same `--seed` plays it alone.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import django

SEED, COUNT = 53, 10_000
PARTS = ("corpus", "mutations")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is chosen and return the exit status."""
    chosen = _parser().parse_args(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if chosen.page:
        from fuzz import page

        sys.stdout.write(page.markdown())
        return 0
    # Starts nothing as yet, and names in the environment the servers that the settings are to find.
    import tests.servers  # noqa: F401

    django.setup()
    from diana.local.commands import interruptible
    from fuzz import running

    try:
        # SIGTERM ends it as Ctrl-C does: with everything that it has started.
        with interruptible():
            return running.run(chosen, say=say)
    except KeyboardInterrupt:
        say("stopped")
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("--part", choices=PARTS, help="the corpus or the mutations alone (default: both)")
    parser.add_argument("--seed", type=int, default=SEED, metavar="N", help=f"where mutations begin (default: {SEED})")
    parser.add_argument("--count", type=int, default=COUNT, metavar="N", help=f"how many mutations (default: {COUNT})")
    parser.add_argument("--only", type=int, metavar="N", help="this mutation alone, and its body")
    parser.add_argument("--own", action="store_true", help="the corpus in this process, without the real ones: faster")
    parser.add_argument(
        "--lines", default="", metavar="TEXT", help="of the corpus only lines whose name or kind has it"
    )
    parser.add_argument("--extra", type=Path, metavar="FILE", help="a file with more lines for the corpus")
    parser.add_argument(
        "--lost", action="store_true", help="show mutations that were not answered as before, also if few"
    )
    parser.add_argument("--page", action="store_true", help="print docs/updates.md")
    return parser


def say(line: str) -> None:
    """Print a line of progress at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
