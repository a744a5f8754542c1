"""`python -m diana.sandbox`: the sandbox without Django."""

import argparse
import os
import sys
from pathlib import Path

from diana import clock
from diana.sandbox import command_line
from diana.sandbox.safety import StartRefusedError


def main() -> None:
    """Serve by the command line's options."""
    parser = argparse.ArgumentParser(prog="python -m diana.sandbox", description=command_line.DESCRIPTION)
    command_line.add_arguments(parser)
    options = vars(parser.parse_args())
    # What Django's settings tell the other processes.
    if directory := os.environ.get("DIANA_STATE_DIR"):
        clock.follow(Path(directory) / clock.FILE_NAME)
    # What its connections to the database are called.
    sys.argv[0] = "sandbox"
    try:
        command_line.run(options)
    except StartRefusedError as refusal:
        sys.exit(str(refusal))


if __name__ == "__main__":
    main()
