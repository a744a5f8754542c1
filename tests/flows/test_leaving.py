"""Taking a copy, a break, and one's leave: from the webhook to the last trace in tables, Redis and logs."""

import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from django.db import connection
from psycopg import sql

from apps.bot import pages, services
from apps.bot.models import Chat, Update
from apps.bot.screens.layout import Document
from apps.gamification import selectors as ledger
from apps.gamification.boards.refreshing import refresh
from apps.gamification.models import Account, Reason
from apps.gamification.proof.verifying import verify_everything
from apps.users import services as users
from apps.users.models import Person
from diana import clock
from diana.audit import Actor
from diana.events.models import Failure
from diana.events.testing import drain
from diana.logs import LineFormatter
from diana.sandbox.running import Sandbox
from tests.bot.conftest import sandbox
from tests.bot.updates import ADA, GROUP, answer, deliver, events, message, press, say, texts, update, user
from tests.gamification.proof.conftest import checkpoint_file
from tests.gamification.proof.histories import grant, history, seal
from tests.gamification.proof.test_exporting import exported
from tests.gamification.proof.test_tampering import verify_export
from tests.servers import Servers

__all__ = ["checkpoint_file", "sandbox"]

STAFF = Actor(7, "vera", "admin")
NUMBER = 424_242_424_242
SENDER = user(NUMBER, first_name="Canaria", last_name="Byrdcage", username="canaria_byrdcage")
TRACES = (str(NUMBER), "canaria", "byrdcage", "quetzal")


def person_id(telegram_id: int = ADA) -> int:
    found: int = Person.objects.values_list("pk", flat=True).get(telegram_id=telegram_id)
    return found


def tap(screen: str, verb: str, **fields: Any) -> None:
    """Press a button of ours and let the bot answer."""
    assert deliver(press(f"v1|{screen}|{verb}|{person_id()}", **fields)) == 200
    answer()


def redrawn(sandbox: Sandbox) -> list[str]:
    return [call.parameters["text"] for call in sandbox.calls(method="editMessageText")]


def erase_all_due() -> int:
    return users.erase_due(now=clock.now() + timedelta(days=8))


def test_forgetting_is_asked_twice_and_taken_back_with_one_tap(sandbox: Sandbox) -> None:
    say("/start")
    say("/deleteme")
    answer()
    assert "Delete all that says who you are?" in texts(sandbox)[-1]
    assert Person.objects.get().status == "active", "asking to be asked is not asking"
    tap("deleteme", "yes")
    assert Person.objects.get().status == "deletion_requested"
    say("/points")
    say("/deleteme")
    answer()
    assert "You will be deleted on" in texts(sandbox)[-1]
    tap("deleteme", "keep")
    assert Person.objects.get().status == "active"
    assert erase_all_due() == 0
    told = [type_ for type_, _ in events("user.deactivated", "user.deletion_requested", "user.deletion_cancelled")]
    assert told == ["user.deactivated", "user.deletion_requested", "user.deletion_cancelled"]


def test_who_comes_again_after_it_is_somebody_new(sandbox: Sandbox) -> None:
    say("/daily")
    drain()
    old = person_id()
    tap("deleteme", "yes")
    assert erase_all_due() == 1
    say("/start", sender=user(first_name="Grace"))
    drain()
    assert person_id() != old
    assert "Welcome, Grace!" in texts(sandbox)[-1]
    assert ledger.balance(person_id()) < ledger.balance(old)
    assert f"Player {old}" not in pages.show("top", person_id(), now=clock.now()).text


def test_a_break_takes_off_boards(sandbox: Sandbox) -> None:
    say("/daily")
    drain()
    assert ledger.look(person_id()).shown
    tap("privacy", "pause")
    drain()
    assert "you are back with everything that is yours" in " ".join(texts(sandbox) + redrawn(sandbox))
    assert not ledger.look(person_id()).shown


def test_a_break_ends_by_writing_to_the_bot_and_not_by_writing_to_others(sandbox: Sandbox) -> None:
    say("/daily")
    drain()
    users.deactivate(person_id=person_id(), key="k", now=clock.now() - timedelta(minutes=1))
    say("to all of you", chat=GROUP)
    drain()
    assert Person.objects.get().status == "deactivated"
    assert not ledger.look(person_id()).shown
    say("hello again")
    drain()
    assert Person.objects.get().status == "active"
    assert ledger.look(person_id()).shown


@pytest.mark.parametrize("chat", [None, GROUP])
def test_a_command_brings_back_wherever_it_is_given(sandbox: Sandbox, chat: dict[str, Any] | None) -> None:
    say("/start")
    users.deactivate(person_id=person_id(), key="k", now=clock.now() - timedelta(minutes=1))
    say("/points", chat=chat)
    answer()
    assert Person.objects.get().status == "active"


def test_what_is_private_is_not_shown_in_a_group(sandbox: Sandbox) -> None:
    for command in ("/export", "/deleteme"):
        say(command, chat=GROUP)
    answer()
    assert ["between the two of us" in text for text in texts(sandbox, GROUP["id"])] == [True, True]
    assert not events("user.data_exported")
    yes = press(f"v1|deleteme|yes|{person_id()}")
    yes["callback_query"]["message"]["chat"] = GROUP
    deliver(yes)
    answer()
    assert Person.objects.get().status == "active"


def test_nobody_presses_it_for_somebody_else(sandbox: Sandbox) -> None:
    say("/start")
    say("/start", sender=user(7))
    answer()
    deliver(press(f"v1|deleteme|yes|{person_id()}", sender=user(7)))
    answer()
    assert set(Person.objects.values_list("status", flat=True)) == {"active"}


def test_the_copy_holds_what_the_person_wrote(sandbox: Sandbox) -> None:
    say("/start", sender=SENDER)
    say("a quetzal", sender=SENDER)
    say("of nobody else", sender=user(7))
    quoting = message("so it is", sender=SENDER, chat=GROUP)
    deliver(update(body=quoting | {"reply_to_message": message("of nobody else", sender=user(7, first_name="Grace"))}))
    drain()
    reply = pages.show("export", person_id(NUMBER), now=clock.now(), key_prefix="u")
    assert isinstance(reply, Document)
    found = json.loads(reply.content)["sections"]
    assert [u["body"]["message"]["text"] for u in found["bot"]["updates"]] == ["/start", "a quetzal", "so it is"]
    assert found["bot"]["chats"][0]["telegram_id"] == NUMBER
    assert b"of nobody else" not in reply.content
    assert b"Grace" not in reply.content
    assert len(events("user.data_exported")) == 1


def test_replies_that_wait_are_not_sent_to_who_is_gone(sandbox: Sandbox) -> None:
    say("/daily")
    drain("bot.handle_update", "gamification.award_points")
    say("/points")
    users.erase_person(person_id=person_id(), reason="r", actor=STAFF, now=clock.now())
    sent = len(sandbox.calls(chat=ADA))
    drain()
    assert len(sandbox.calls(chat=ADA)) == sent
    assert not Failure.objects.exists()
    assert not Update.objects.filter(handled_at=None).exists()
    assert not Chat.objects.exists()


def test_a_copy_of_an_old_update_makes_nobody_anew(sandbox: Sandbox) -> None:
    sent = update(body=message("/start"))
    deliver(sent)
    answer()
    users.erase_person(person_id=person_id(), reason="r", actor=STAFF, now=clock.now())
    assert deliver(sent) == 200
    assert Person.objects.count() == 1


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """What processes would log in production, from everything that the test does."""
    found: list[str] = []
    formatter = LineFormatter(as_json=True, process="test")

    class Keeping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(formatter.format(record))

    handler = Keeping()
    logging.getLogger().addHandler(handler)
    yield found
    logging.getLogger().removeHandler(handler)


def everything(servers: Servers, database: str) -> dict[str, str]:
    """Return every row of every table as text, by table; bytes as the text they hold."""
    found = dict[str, str]()
    address = servers.postgres.admin_url().rpartition("/")[0] + f"/{database}"
    with psycopg.connect(address) as superuser:
        tables = superuser.execute("SELECT schemaname, tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for schema, table in tables:
            rows = superuser.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(schema, table))).fetchall()
            found[table] = "\n".join(_text(value) for row in rows for value in row)
    return found


def _text(value: Any) -> str:
    return bytes(value).decode(errors="replace") if isinstance(value, bytes | memoryview) else str(value)


def cached(address: str) -> str:
    """Return all keys and values of the server as text."""
    server = redis.Redis.from_url(address)
    read: dict[bytes, Any] = {
        b"string": server.get,
        b"list": lambda key: server.lrange(key, 0, -1),
        b"set": server.smembers,
        b"zset": lambda key: server.zrange(key, 0, -1, withscores=True),
        b"hash": server.hgetall,
        b"stream": server.xrange,
    }
    return "\n".join(f"{key} {read[server.type(key)](key)}" for key in server.scan_iter())


def holding(found: dict[str, str]) -> set[str]:
    return {table for table, text in found.items() if any(trace in text.casefold() for trace in TRACES)}


def test_s54_no_trace_is_left_of_who_was_erased(
    sandbox: Sandbox, valkey: str, servers: Servers, committed_db: str, lines: list[str]
) -> None:
    say("/start r_quetzal", sender=SENDER)
    say("/daily", sender=SENDER)
    say("a quetzal, in private", sender=SENDER)
    say("a quetzal, to everybody", sender=SENDER, chat=GROUP)
    quoted = message("indeed", chat=GROUP) | {"reply_to_message": message("a quetzal", sender=SENDER, chat=GROUP)}
    deliver(update(body=quoted))
    deliver(update(body=message("/quetzal", sender=SENDER) | {"entities": [{"type": "canaria"}]}))
    drain()
    me = person_id(NUMBER)
    services.mark_gone(telegram_chat_id=NUMBER, person_id=me, now=clock.now())
    grant(me, 100, "a")
    users.suspend(person_id=me, until=None, reason="Floods", actor=STAFF, key="s", now=clock.now())
    users.grant_vip(person_id=me, source="gift", days=3, reason="Sorry", actor=STAFF, now=clock.now())
    refresh(clock.now())
    before = everything(servers, committed_db)
    assert holding(before) >= {"users_person", "bot_update", "bot_chat", "bot_start_payload"}, "it would find them"
    assert Reason.objects.filter(entry__account_id=me).exists()

    users.request_deletion(person_id=me, key="d", now=clock.now())
    assert erase_all_due() == 1
    drain()
    refresh(clock.now())

    after = everything(servers, committed_db)
    assert holding(after) == set()
    assert set(after) == set(before)
    assert not Reason.objects.filter(entry__account_id=me).exists()
    in_redis = cached(valkey)
    assert in_redis, "there is something to look through"
    assert holding({"redis": in_redis, "logs": "\n".join(lines)}) == set()
    assert any("update kept" in line for line in lines)
    assert str(NUMBER) not in cached(valkey)


def test_every_proof_holds_after_everybody_is_gone(committed_db: str, checkpoint_file: Path, tmp_path: Path) -> None:
    history()
    balances = dict(Account.objects.values_list("pk", "balance"))
    for somebody in balances:
        users.erase_person(person_id=somebody, reason="r", actor=STAFF, now=clock.now())
    drain()
    seal()
    report = verify_everything()
    assert report.ok, report.faults
    status, output = verify_export(exported(tmp_path / "export.jsonl"), checkpoint_file)
    assert (status, output[:17]) == (0, "The ledger holds:")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM users_person WHERE telegram_id IS NOT NULL")
        assert cursor.fetchone() == (0,)
    assert dict(Account.objects.values_list("pk", "balance")) == balances
