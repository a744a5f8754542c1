"""A moved clock in running processes: what waits is found, ages are never negative, and who stood still looks first."""

import json
import signal
import subprocess
import sys
from datetime import datetime, timedelta

import httpx
import psutil

from diana import clock
from tests.faults.conftest import Community, community
from tests.processes import ROOT, wait_until

__all__ = ["community"]


def manage(community: Community, *arguments: str) -> str:
    """Run manage.py as one more process of the community and return what it printed."""
    command = [sys.executable, "manage.py", *arguments]
    environment = community.processes.environment
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def days_ahead(moment: object) -> int:
    assert isinstance(moment, datetime)
    return round((moment - clock.real_now()) / timedelta(days=1))


def test_eight_days_later_the_relay_alone_brings_entries_within_two_seconds(community: Community) -> None:
    for name in ("worker", "telegram"):
        community.start_worker(name)
    community.started["relay"] = community.processes.start("relay")
    community.say(1, "before")
    community.settle()
    manage(community, "clock", "--by", "8d")
    for name in ("worker", "telegram"):
        community.started[name].stop()
    community.say_all(range(2, 5), ["after", "/help"])
    # A message becomes an act, and the act an entry: two ways of the relay.
    wait_until(community.effects_are_there, "the relay's work", seconds=10)
    assert community.entries() == community.expected_entries()
    ((acted, posted, took),) = community.sql(
        "SELECT max(l.recorded_at), max(e.recorded_at), max(e.recorded_at - l.recorded_at)"
        " FROM gamification_entry e JOIN event_log l USING (event_id) WHERE e.recorded_at > now() + interval '7 days'"
    )
    assert (days_ahead(acted), days_ahead(posted)) == (8, 8)
    assert isinstance(took, timedelta)
    assert timedelta() <= took < timedelta(seconds=2)
    standings = json.loads(manage(community, "bus_status", "--json"))["subscribers"]
    waiting = [one["seconds_behind"] for one in standings if one["lanes_behind"]]
    assert waiting, "Without a worker, the answers wait."
    assert all(0 < seconds < 60 for seconds in waiting)
    assert all(one["seconds_behind"] >= 0 for one in standings)
    numbers = httpx.get(f"http://127.0.0.1:{community.port}/metrics", trust_env=False).text
    lags = [float(line.rpartition(" ")[2]) for line in numbers.splitlines() if line.startswith("diana_lag_seconds{")]
    assert 0 <= min(lags) < max(lags) < 60


def test_a_process_that_stood_still_meanwhile_answers_by_the_new_clock(community: Community) -> None:
    community.say(1, "before")
    tree = [psutil.Process(community.started["door"].pid)]
    tree += tree[0].children(recursive=True)
    for process in tree:
        process.send_signal(signal.SIGSTOP)
    manage(community, "clock", "--by", "8d")
    for process in reversed(tree):
        process.send_signal(signal.SIGCONT)
    community.say(2, "after")
    ((received,),) = community.sql("SELECT max(received_at) FROM bot_update")
    assert days_ahead(received) == 8
