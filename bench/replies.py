"""`python -m bench.replies [COMMANDS]`: how many commands a second one Telegram worker answers, each call of the Bot API
taking 100 ms; one JSON object as the last line.
"""

import json
import time
from typing import Any

from bench import arguments, world
from bench.crowd import cpu_seconds
from bench.load import Crowd, Load
from diana.local.errors import LocalError
from diana.local.supervise import Stack
from diana.sandbox.client import SandboxClient

# More than one worker can answer, so that it is what limits.
WARMING, ASKING = Crowd(400, 100, 1, 11), Crowd(400, 200, 1, 12)
ANSWER_SECONDS = 0.1


def measure(here: Any, commands: int) -> dict[str, Any]:
    """Return replies per second, from the first command's POST to the last answer, and the CPU time that each one took."""
    values = here.variables()
    door = (int(values["DOOR_PORT"]), values["TELEGRAM_WEBHOOK_SECRET"])
    with SandboxClient(values["TELEGRAM_API_URL"]) as sandbox:
        Load(*door, WARMING).run(8)
        world.wait_until_at_rest()
        sandbox.behave(delay_seconds=ANSWER_SECONDS)
        before, used = sandbox.count(), cpu_seconds(here)
        started = time.time()
        load = Load(*door, ASKING)
        load.run(commands / ASKING.rate)
        world.wait_until_at_rest(120)
        spent = {name: seconds - used.get(name, 0.0) for name, seconds in cpu_seconds(here).items()}
        calls = sandbox.calls(method="sendMessage", after=before["last"])
    assert set(load.statuses) == {200}, set(load.statuses)
    assert len(calls) == load.commands, f"{len(calls)} answers to {load.commands} commands"
    seconds = max(call.received_at for call in calls) - started
    return {
        "replies_per_second": round(len(calls) / seconds, 1),
        "commands": len(calls),
        "people": ASKING.people,
        "seconds": round(seconds, 1),
        "cpu_ms_per_reply": {name: round(1000 * used / len(calls), 2) for name, used in sorted(spent.items())},
    }


def main() -> None:
    """Start an instance, have it asked, print what was measured."""
    commands = arguments.one_number("bench.replies", __doc__, "COMMANDS", 3_000)
    here = world.instance()
    world.fresh_start(here)
    with Stack(here, procfile=world.without_watchers(here)):
        world.set_up_django(here)
        print(json.dumps(measure(here, commands)))


if __name__ == "__main__":
    try:
        main()
    except LocalError as error:
        raise SystemExit(str(error)) from error
