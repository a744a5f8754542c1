"""One /daily from the webhook to the reply: every step of it is found again by one id."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.gamification.models import Entry
from diana.events import timeline
from diana.events.models import StoredEvent
from diana.events.testing import drain
from diana.sandbox.running import Sandbox
from tests.bot.conftest import sandbox
from tests.bot.updates import ADA, GROUP, say, user

__all__ = ["sandbox"]


def traced(what: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command("trace", what, "--json", stdout=out)
    return json.loads(out.getvalue())


@pytest.mark.usefixtures("sandbox")
def test_the_trace_of_a_daily_reward_holds_update_entry_and_reply(sandbox: Sandbox) -> None:
    row = say("/daily")
    drain()
    found = traced(f"update:{row.pk}")
    by_type = {event["type"]: event for event in found["events"]}
    assert by_type["bot.update_received"]["subscribers"] == {"bot.handle_update": "delivered"}
    assert [fact["text"] for fact in by_type["bot.update_received"]["facts"]] == [
        f"update {row.pk} (message) came in",
        f"update {row.pk} was handled",
    ]
    [entry] = by_type["game.daily_login"]["facts"]
    assert " by daily_login, balance " in entry["text"]
    assert by_type["game.daily_login"]["subscribers"]["gamification.award_points"] == "handled"
    assert by_type["game.points_awarded"]["causation_id"] == by_type["game.daily_login"]["event_id"]
    assert "bot.message_sent" in by_type
    assert traced(entry["text"].split(":")[0].replace("entry ", "entry:"))["correlation_id"] == found["correlation_id"]
    assert {str(c) for c in StoredEvent.objects.values_list("correlation_id", flat=True)} >= {found["correlation_id"]}
    assert str(ADA) not in json.dumps(found), "Telegram's ids are personal data"


def test_the_timeline_of_a_daily_reward_leads_to_entries_and_calls(
    sandbox: Sandbox, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EVENTS_KEEP_VISITS = True
    monkeypatch.setattr(timeline, "REST_SECONDS", 0.0)
    row, other = say("/daily"), say("/profile", sender=user(ADA + 1))
    drain()
    found = timeline.read_timeline(f"telegram_update:{row.update_id}", admin="http://a/admin/", flower="http://f")
    assert found.at_rest
    assert [item.kind for item in found.items][:2] == ["update", "event"]
    assert found.items[0].at_ms == 0
    assert found.items[0].link == f"http://a/admin/bot/update/{row.pk}/change/"
    [entry] = [item for item in found.items if item.kind == "entry" and "daily_login" in item.text]
    [told] = Entry.objects.filter(rule="daily_login")
    assert entry.link == f"http://a/admin/gamification/entry/{told.pk}/change/"
    assert "pays a base of" in entry.text
    assert "That makes " in entry.text
    assert {"bot.handle_update", "gamification.award_points"} <= {i.title for i in found.items if i.kind == "visit"}
    foreign = timeline.read_timeline(f"telegram_update:{other.update_id}")
    assert not {item.event_id for item in found.items} & {item.event_id for item in foreign.items} - {None}
    assert str(ADA) not in str(found), "Telegram's ids are personal data"


@pytest.mark.usefixtures("sandbox")
def test_an_update_that_set_off_nothing_is_at_rest(settings: Any) -> None:
    settings.DIANA_KNOWN_GROUPS = "approved"
    row = say("good morning", chat=GROUP)
    assert (row.event_id, row.handled_at is None) == (None, False)
    words = f"update {row.pk} (message) came in"
    for named in (f"telegram_update:{row.update_id}", f"update:{row.pk}"):
        found = timeline.read_timeline(named, admin="http://a/admin/")
        assert (found.at_rest, found.correlation_id) == (True, None)
        [item] = found.items
        assert (item.kind, item.title, item.link) == ("update", words, f"http://a/admin/bot/update/{row.pk}/change/")
        with pytest.raises(CommandError, match="set off no event"):
            traced(named)
    with pytest.raises(CommandError, match="No event is known"):
        traced("update:404404")
