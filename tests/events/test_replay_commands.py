"""The commands of replay and rebuild: what people read, what machines read, how they end when something is wrong."""

import io
import json
import os
import signal

import pytest
from django.core.management import CommandError
from django.core.management.base import OutputWrapper

from diana.audit.models import AuditRecord
from diana.events import Envelope, replay
from diana.events.management.commands._progress import Progress
from diana.events.models import StoredEvent
from diana.events.subscriptions import Subscriber
from tests.events import counting
from tests.events.conftest import Numbers, Register
from tests.events.people import ANNA, drain, publish_numbers
from tests.events.test_commands import rows, said


@pytest.fixture
def subscriber(db: None, register: Register, numbers: Numbers) -> Subscriber:
    """A subscriber that remembers numbers."""
    return register(numbers)


def test_replay_events_prints_what_it_did_and_leaves_a_record_of_who_and_why(subscriber: Subscriber, numbers: Numbers):
    publish_numbers([1, 2, 3])
    drain(subscriber)
    publish_numbers([4])
    last = StoredEvent.objects.filter(type="test.happened").latest("id").pk
    chosen = ["replay_events", "--subscriber", subscriber.name, "--user", str(ANNA), "--reason", "a test"]
    document = json.loads(said(*chosen, "--json"))
    assert document.pop("events_per_second") > 0
    assert document == {
        "handled": 3, "skipped": 0, "new_effects": 0, "failed": [], "live": 1, "position": last,
    }  # fmt: skip
    assert numbers == [1, 2, 3, 1, 2, 3]
    assert "handled            3" in said(*chosen)
    begun, ended = AuditRecord.objects.order_by("id")[:2]
    assert [(r.act, r.reason, r.origin) for r in (begun, ended)] == [
        ("begin_replay", "a test", "command"),
        ("end_replay", "a test", "command"),
    ]
    assert begun.before == {"user_id": ANNA, "from_position": 1}
    assert ended.after == {"handled": 3, "skipped": 0, "new_effects": 0, "failed": 0, "position": last}


def test_replay_events_only_looks_in_a_dry_run_and_leaves_no_record_of_a_rehearsal(
    subscriber: Subscriber, numbers: Numbers
):
    publish_numbers([1, 2, 3])
    drain(subscriber)
    publish_numbers([4])
    numbers.clear()
    [row] = rows("replay_events", "--subscriber", subscriber.name, "--dry-run")
    assert (row["type"], row["events"], row["last"] - row["first"], numbers) == ("test.happened", 3, 2, [])
    assert row["earliest"] <= row["latest"]
    said(
        "replay_events", "--subscriber", subscriber.name, "--rehearse", "--since", "2020-01-01", "--until", "2120-01-01"
    )
    assert (numbers, AuditRecord.objects.count()) == ([1, 2, 3], 0)


def test_replay_events_ends_with_status_1_and_a_list_if_the_handler_failed(
    subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch
):
    publish_numbers([1])
    drain(subscriber)
    monkeypatch.setattr(subscriber, "function", lambda envelope: 1 / 0)
    err = io.StringIO()
    with pytest.raises(CommandError, match="failed on 1 events"):
        said("replay_events", "--subscriber", subscriber.name, "--reason", "r", stderr=err)
    assert "failed: test.happened at" in err.getvalue()
    assert "division by zero" in err.getvalue()


def test_replay_events_says_where_to_go_on_when_it_is_interrupted(
    subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch
):
    publish_numbers([1, 2, 3])
    drain(subscriber)
    second = StoredEvent.objects.filter(type="test.happened").order_by("id")[1].pk
    monkeypatch.setattr(replay, "WINDOW_ROWS", 1)

    def terminated(envelope: Envelope) -> None:
        if envelope.position == second:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(subscriber, "function", terminated)
    with pytest.raises(CommandError, match=f"interrupted\nGo on with --from-position {second}\\."):
        said("replay_events", "--subscriber", subscriber.name, "--reason", "r")
    assert AuditRecord.objects.get(act="end_replay").after["position"] == second


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--subscriber", "test.nobody", "--reason", "r"], "No subscriber is called 'test.nobody'. There are: "),
        (["--subscriber", "test.numbers"], "reason"),
        (["--subscriber", "test.numbers", "--type", "test.followed", "--reason", "r"], "does not want test.followed"),
        (["--subscriber", "bot.handle_update", "--reason", "r"], "--send-again"),
    ],
)
def test_replay_events_says_what_is_wrong(subscriber: Subscriber, arguments: list[str], message: str):
    with pytest.raises(CommandError) as caught:
        said("replay_events", *arguments)
    assert message in str(caught.value)


def test_rebuild_projection_looks_rebuilds_and_removes(committed_db: str, register: Register):
    counting.create_tables()
    register(counting.count, name=counting.NAME, batch=True, projection=("happened_count", "happened_last"))
    publish_numbers([1, 2])
    [row] = rows("rebuild_projection", counting.NAME, "--dry-run")
    assert (row["type"], row["events"]) == ("test.happened", 2)
    with pytest.raises(CommandError, match="reason"):
        said("rebuild_projection", counting.NAME)
    document = json.loads(said("rebuild_projection", counting.NAME, "--reason", "r", "--json"))
    assert (document["events"], document["in_swap"]) == (2, 2)
    assert counting.projected() == counting.folded()
    assert said("rebuild_projection", counting.NAME, "--abandon") == "there was no shadow\n"
    with pytest.raises(CommandError, match="declares no projection="):
        said("rebuild_projection", "gamification.award_points", "--dry-run")


def test_progress_is_a_line_at_most_once_in_a_second():
    out = io.StringIO()
    progress = Progress(OutputWrapper(out))
    progress.show(10, 5)
    progress._printed -= 1
    progress.show(50, 1000)
    progress.show(60, 1200)
    [line] = out.getvalue().splitlines()
    assert line.startswith(" 50.0 %  1000 events  ")
