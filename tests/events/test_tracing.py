"""manage.py trace: the whole of what one act set off, and a word of advice where there is nothing."""

import io
import json
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from diana.audit import Actor, record
from diana.events import Envelope, Permanent, Publication, publish, publish_many, tracing
from diana.events.identifiers import uuid7
from diana.events.models import Delivery
from diana.events.testing import drain
from tests.events.conftest import Numbers, Register
from tests.events.declared import Followed, Happened

pytestmark = pytest.mark.usefixtures("committed_db")


def said(what: object) -> str:
    out = io.StringIO()
    call_command("trace", str(what), stdout=out)
    return out.getvalue()


def document(what: object) -> dict[str, Any]:
    out = io.StringIO()
    call_command("trace", str(what), "--json", stdout=out)
    return json.loads(out.getvalue())


def publish_one(number: int = 1, **options: Any) -> Envelope:
    with transaction.atomic():
        return publish(Happened(user_id=7, number=number), **options)


def follow(envelope: Envelope) -> None:
    """Publishes what follows, with a record of it."""
    publish(Followed(user_id=7, number=envelope.fields["number"] + 1))
    record(actor=Actor.command(), act="follow", target=("test", 7), before=None, after=None, reason="a test")


def test_it_shows_the_tree_with_times_subscribers_and_records(register: Register, numbers: Numbers):
    followers = register(follow), register(numbers, "test.followed")
    first = publish_one()
    publish_one(100)
    drain(followers[0].name)
    found = document(first.correlation_id)
    cause, effect = found["events"]
    assert (cause["type"], effect["type"]) == ("test.happened", "test.followed")
    assert effect["causation_id"] == cause["event_id"] == str(first.event_id)
    assert cause["after_ms"] == 0
    assert effect["after_ms"] >= 0
    assert (cause["subscribers"], effect["subscribers"]) == ({"test.follow": "handled"}, {"test.numbers": "waiting"})
    assert "follow of test 7" in found["facts"][0]["text"]
    drain(followers[1].name)
    lines = said(first.correlation_id).splitlines()
    assert lines[0].startswith(f"correlation {first.correlation_id}, begun 20")
    assert lines[1].split(None, 1)[1] == f"test.happened of person 7  {first.event_id}"
    assert lines[2].strip() == "> test.follow: handled"
    assert lines[3].startswith(f"{lines[3].split()[0]:>10}    test.followed of person 7")
    assert lines[4].strip() == "> test.numbers: handled"
    assert "audit record" in lines[5]
    assert len(lines) == 6


def test_it_shows_visits_where_they_are_kept(register: Register, numbers: Numbers, settings: Any):
    subscriber = register(numbers)
    settings.EVENTS_KEEP_VISITS = True
    first, _ = publish_one(1), publish_one(2)
    drain(subscriber.name)
    [event] = document(first.event_id)["events"]
    [visit] = event["visits"]
    told = {name: visit[name] for name in ("subscriber", "outcome", "attempt", "lane", "events", "task_id")}
    assert told == {
        "subscriber": "test.numbers", "outcome": "handled", "attempt": 1, "lane": event["lane"], "events": 2, "task_id": None,
    }  # fmt: skip
    assert visit["after_ms"] >= 0
    line = said(first.event_id).splitlines()[-1]
    assert line.split(None, 1)[1].startswith(f"handled by {visit['process']} in ")
    assert line.endswith(" ms, with 1 other event of its lane")


def test_it_tells_what_failed_and_what_is_to_be_delivered(register: Register, numbers: Numbers):
    def dies(envelope: Envelope) -> None:
        raise Permanent("never")

    def fails(envelope: Envelope) -> None:
        raise ValueError("not yet")

    names = [register(dies).name, register(fails).name]
    sender = register(numbers, external=True)
    first = publish_one()
    drain(*names)
    assert document(first.event_id)["events"][0]["subscribers"] == {
        "test.dies": "dead after 1 attempts",
        "test.fails": "retrying after 1 attempts",
        "test.numbers": "waiting",
    }
    drain(sender.name)
    [event] = document(first.event_id)["events"][:1]
    assert event["subscribers"]["test.numbers"] == "delivered"
    Delivery.objects.create(subscriber=sender.name, lane=event["lane"], position=event["position"], key="7")
    assert document(first.event_id)["events"][0]["subscribers"]["test.numbers"] == "to be delivered, 0 attempts so far"


def test_it_takes_the_id_of_any_event_and_its_beginning(register: Register):
    register(follow)
    first = publish_one()
    drain("test.follow")
    effect = document(first.correlation_id)["events"][1]["event_id"]
    for name in (first.event_id, effect, effect.replace("-", ""), effect[:-2].upper(), f" {effect} "):
        assert document(name)["correlation_id"] == str(first.correlation_id)


def test_it_takes_the_id_of_a_row_whose_app_told_how_to_find_its_event(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tracing, "_tellers", {})
    monkeypatch.setattr(tracing, "_finders", {})
    first = publish_one()
    at = datetime(2026, 1, 1, tzinfo=UTC)
    facts = [tracing.Fact(at, first.event_id, "a row came of it"), tracing.Fact(at, None, "so did this")]
    tracing.register_trace("row", lambda events: facts, find=lambda number: first.event_id if number == 5 else None)
    found = document("row:5")
    assert [fact["text"] for fact in found["events"][0]["facts"]] == ["a row came of it"]
    assert [fact["text"] for fact in found["facts"]] == ["so did this"]
    assert "- a row came of it" in said("row:5")
    for wrong in ("row:6", "row:x", "other:5", "row:" + "9" * 30):
        with pytest.raises(CommandError, match=r"Can be traced: .*row:ID"):
            said(wrong)


@pytest.mark.parametrize("wrong", ["", "hello", "12", "g" * 32, "0" * 33, "%", "'; --"])
def test_it_names_what_it_takes(wrong: str):
    with pytest.raises(CommandError, match="give a correlation id, an event id"):
        said(wrong)


def test_it_says_what_to_check_where_there_is_nothing():
    with pytest.raises(CommandError, match="Was it committed"):
        said(uuid4())
    with pytest.raises(tracing.NothingFound, match="Is it this database"):
        tracing.trace(uuid4())


def test_it_asks_for_more_where_several_begin_so():
    ids = [UUID(f"019a0000-{n:04x}-7000-8000-000000000000") for n in range(8)]
    for one in ids:
        publish_one(event_id=one)
    with pytest.raises(CommandError, match=r"give more of the id\. .* …"):
        said("019a0000")
    assert document("019a00000003")["correlation_id"] == str(ids[3])


def test_a_chain_longer_than_the_stack_is_deep_is_shown_to_its_limit(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tracing, "MAX_EVENTS", 1500)
    first = publish_one()
    ids = [first.event_id, *(uuid7() for _ in range(1600))]
    with transaction.atomic():
        publish_many(
            [
                Publication(
                    event=Followed(user_id=7), event_id=own, cause=msgspec.structs.replace(first, event_id=cause)
                )
                for cause, own in pairwise(ids)
            ]
        )
    lines = said(first.correlation_id).splitlines()
    assert len(lines) == 1502
    assert lines[-1] == "… and more: only the first 1500 events are shown"


def test_it_finds_a_correlation_by_its_index_in_a_large_log(superuser: Any):
    superuser.execute("ALTER TABLE event_log DISABLE TRIGGER USER")
    superuser.execute(
        "INSERT INTO event_log (event_id, type, version, lane, key, occurred_at, utc_offset_minutes, correlation_id, payload)"
        " SELECT id, 'test.happened', 1, 0, 'x', now(), 0, id, '{}' FROM ("
        " SELECT (lpad(to_hex(1700000000000 + n * 50), 12, '0') || '7000800000000000' || lpad(to_hex(n), 4, '0'))::uuid AS id"
        " FROM generate_series(1, 60000) n) ids"
    )
    for trigger in ("event_log_fence", "event_log_append_only", "event_log_role_limit"):
        superuser.execute(f"ALTER TABLE event_log ENABLE ALWAYS TRIGGER {trigger}")
    superuser.execute("VACUUM ANALYZE event_log")
    first = publish_one(event_id=uuid7())
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + tracing._EVENTS, [first.correlation_id, 2001])
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "event_log_correlation" in plan, plan
    assert document(first.correlation_id)["events"][0]["event_id"] == str(first.event_id)
