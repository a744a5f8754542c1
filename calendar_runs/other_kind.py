"""`python -m calendar_runs.other_kind` prints a moment of the other kind of day, weekday or weekend, for `make demo AT=…`."""

import sys

from calendar_runs.moments import day_of_the_other_kind
from diana import clock

if __name__ == "__main__":
    sys.stdout.write(f"{day_of_the_other_kind(clock.real_now()).isoformat()}\n")
