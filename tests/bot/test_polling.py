"""What a poller does when something is away, wrong or late; its process is tried in test_poll.py."""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from apps.bot import intake, services
from apps.bot.models import Refusal, Unreadable, Update
from apps.bot.polling import poller as polling
from apps.bot.polling.batches import fetched
from apps.bot.polling.bot_api import BotApi, TelegramAway
from apps.bot.polling.cutting import cut
from apps.bot.polling.offsets import Offset
from apps.bot.polling.poller import Poller
from apps.bot.polling.stopping import Stop, Stopped
from apps.bot.polling.webhooks import PollingRefused
from diana import clock
from diana.sandbox.running import running_sandbox
from tests.bot.polled_telegram import PolledTelegram, polled_telegram
from tests.bot.stars import question
from tests.bot.test_incoming import BROKEN
from tests.bot.updates import update
from tests.conftest import close_connections
from tests.processes import wait_until
from tests.servers import TESTER, Servers

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
TOKEN = "1:sandbox-test"


@pytest.fixture
def telegram(settings: Any) -> Iterator[PolledTelegram]:
    settings.TELEGRAM_UPDATES = "poll"
    with running_sandbox(settings.TELEGRAM_BOT_TOKEN) as sandbox, polled_telegram(sandbox) as polled:
        settings.TELEGRAM_API_URL = polled.url
        yield polled


@pytest.fixture
def poll(
    telegram: PolledTelegram, committed_db: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., list[BaseException]]]:
    """Start a poller in a thread; it ends with the test. Returns what ended it, once something did."""
    monkeypatch.setattr(polling, "POLL_SECONDS", 1)
    monkeypatch.setattr(polling, "DATABASE_WAIT_SECONDS", 0.1)
    stops: list[tuple[Stop, threading.Thread]] = []

    def start(token: str = TOKEN) -> list[BaseException]:
        stop, ended = Stop(), list[BaseException]()
        api = BotApi(telegram.url, token)

        def run() -> None:
            try:
                Poller(api, stop).run()
            except BaseException as error:
                ended.append(error)
            finally:
                api.close()
                close_connections()

        thread = threading.Thread(target=run, daemon=True)
        stops.append((stop, thread))
        thread.start()
        return ended

    yield start
    for stop, thread in stops:
        stop._asked = True
        thread.join(10)
        assert not thread.is_alive()


def counted() -> dict[str, int]:
    return dict(Refusal.objects.values_list("reason", "count"))


def test_the_offset_is_forgotten_after_six_days_without_updates() -> None:
    offset = Offset()
    assert offset.value(now=NOON) is None
    offset.move([5, 7, 6], now=NOON)
    almost = NOON + timedelta(days=6, seconds=-1)
    assert offset.value(now=almost) == 8
    offset.move([8], now=almost)
    assert offset.value(now=almost + timedelta(days=6, seconds=-1)) == 9
    assert offset.value(now=almost + timedelta(days=6)) is None
    offset.move([3], now=almost + timedelta(days=7))
    assert offset.value(now=almost + timedelta(days=7)) == 4, "numbers began anew, below the old ones"


def test_an_update_without_a_number_is_passed_like_the_next_one() -> None:
    offset = Offset()
    offset.move([None], now=NOON)
    assert offset.value(now=NOON) is None
    offset.move([5, None], now=NOON)
    offset.move([None], now=NOON)
    assert offset.value(now=NOON) == 7


def batch(*bodies: bytes) -> bytes:
    return b'{"ok":true,"result":[' + b",".join(bodies) + b"]}"


def test_it_cuts_a_batch_without_touching_a_byte() -> None:
    bodies = [
        b'{"update_id": 1,  "poll": {"n": 12345678901234567890.123e400, "s": "}],{\\"["}}',
        b'{ "update_id":2}',
        b"[]",
        rb'"\ud800\\"',
        b"7",
    ]
    found = cut(b' { "ok" : true, "result":[ ' + b" , ".join(bodies) + b" ] }")
    assert found == bodies
    assert [fetched(one).update_id for one in found] == [1, 2, None, None, None]


_json = st.recursive(
    st.none() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(st.lists(_json, max_size=5), st.booleans(), st.sampled_from([None, 1]))
def test_it_cuts_any_json_where_a_decoder_would(bodies: list[Any], plain: bool, indent: int | None) -> None:
    content = json.dumps({"ok": True, "result": bodies}, ensure_ascii=plain, indent=indent).encode(
        errors="surrogatepass"
    )
    assert [json.loads(one.decode(errors="surrogatepass")) for one in cut(content)] == bodies


@pytest.mark.parametrize("end", [b"", b"]", b'"}', b'{"update_id": 2', b'{"a": "'])
def test_a_batch_that_breaks_off_is_none(end: bytes) -> None:
    assert cut(b'{"ok":true,"result":[{"update_id": 1},' + end[:-1] + b" ") == []


@pytest.mark.parametrize("name", sorted(set(BROKEN) - {"empty", "deeper and open", "two objects"}))
def test_what_the_webhook_refuses_a_poller_refuses_and_passes(name: str) -> None:
    """Left out is what has no brackets or too few: no update of a list can be like that."""
    found = [fetched(one) for one in cut(batch(b'{"update_id":1}', BROKEN[name], b'{"update_id":3}'))]
    assert [one.update_id for one in (found[0], found[2])] == [1, 3]
    assert found[1].found == intake.Reason.BODY


def test_what_cannot_be_read_is_kept_once_and_passed(
    telegram: PolledTelegram,
    poll: Callable[..., list[BaseException]],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(intake, "MAX_BODY_BYTES", 2_000)
    good = update()
    large = json.dumps({"update_id": 2, "text": "x" * 3_000}).encode()
    deep = b'{"update_id":5,"x":' + b"[" * 900 + b"]" * 900 + rb',"y":"\ud800"}'
    bad = {1: b'{"update_id": 1, "message": []}', 2: large, 3: b"[3]", 4: b'{"update_id": 4, "x": NaN}', 5: deep}
    bad[6] = b'{"update_id": 6, "message": {"chat": 5}}'
    telegram.add_raw(bad)
    telegram.add(good)
    assert services.keep_unreadable(body=bad[1], update_id=1, reason=Unreadable.Reason.BODY, now=clock.now())
    poll()
    wait_until(lambda: not telegram.waiting(), "the batch to be confirmed")
    kept = list(Unreadable.objects.order_by("pk").values_list("update_id", "reason", "body"))
    assert [(number, reason, bytes(body)) for number, reason, body in kept] == [
        (1, "body", bad[1]),
        (2, "size", large[:2_000]),
        (None, "body", bad[3]),
        (4, "body", bad[4]),
        (6, "body", bad[6]),
    ]
    assert "(body): message is not as Telegram documents it" in caplog.text
    assert counted() == {"body": 4, "size": 1, "unknown": 1}
    assert Update.objects.get().update_id == good["update_id"]


def test_what_the_database_refuses_is_set_aside_at_once_and_an_error_of_ours_after_five_attempts(
    telegram: PolledTelegram, poll: Callable[..., list[BaseException]], monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: list[int] = []
    keep = services.receive_update
    refused, wrong, good = update(), update(), update()

    def receive(**given: Any) -> int | None:
        attempts.append(given["incoming"].update_id)
        if attempts[-1] == refused["update_id"]:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 / %s::int", [0])
        if attempts[-1] == wrong["update_id"]:
            raise KeyError("a bug")
        return keep(**given)

    monkeypatch.setattr(services, "receive_update", receive)
    telegram.add(refused, wrong, good)
    poll()
    wait_until(lambda: not telegram.waiting(), "the batch to be confirmed")
    kept = dict(Unreadable.objects.values_list("update_id", "reason"))
    assert kept == {refused["update_id"]: "database", wrong["update_id"]: "error"}
    assert attempts.count(wrong["update_id"]) == polling.ATTEMPTS
    assert attempts.count(good["update_id"]) == 1
    assert Update.objects.get().update_id == good["update_id"]


def test_while_the_database_is_away_nothing_is_confirmed(
    telegram: PolledTelegram, poll: Callable[..., list[BaseException]], servers: Servers, caplog: Any
) -> None:
    ended = poll()
    wait_until(lambda: telegram.asked, "the first question for updates")
    try:
        servers.admin("ALTER ROLE {} NOLOGIN", TESTER)
        cut_sessions(servers)
        with caplog.at_level(logging.WARNING):
            telegram.add(update(), update())
            wait_until(lambda: caplog.text.count("nothing can be kept") >= 3, "some attempts")
        assert len(telegram.waiting()) == 2
    finally:
        servers.admin("ALTER ROLE {} LOGIN", TESTER)
    wait_until(lambda: not telegram.waiting(), "the batch to be confirmed")
    close_connections()
    assert Update.objects.count() == 2
    assert counted() == {}
    assert not ended


def cut_sessions(servers: Servers) -> None:
    with psycopg.connect(servers.postgres.admin_url(), autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'diana%'")


def test_who_loses_the_lock_to_another_one_ends(
    telegram: PolledTelegram, poll: Callable[..., list[BaseException]], servers: Servers, committed_db: str
) -> None:
    ended = poll()
    wait_until(lambda: telegram.asked, "the first question for updates")
    with psycopg.connect(servers.url("diana_app", committed_db), autocommit=True) as other:
        mine = other.info.backend_pid
        with psycopg.connect(servers.postgres.admin_url(), autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = 7305"
                " AND database = (SELECT oid FROM pg_database WHERE datname = %s)",
                [committed_db],
            )
        wait_until(lambda: other.execute("SELECT pg_try_advisory_lock(7305, 0)").fetchone() == (True,), "the lock", 0.9)
        wait_until(lambda: ended, "the poller to end")
    assert f"PostgreSQL session {mine}" in str(ended[0])


def test_nothing_is_kept_on_a_connection_that_has_not_taken_the_lock(
    telegram: PolledTelegram, poll: Callable[..., list[BaseException]], monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: list[int] = []
    keep = services.receive_update

    def receive(**given: Any) -> int | None:
        attempts.append(given["incoming"].update_id)
        found = keep(**given)
        if len(attempts) == 1:
            connection.close()
        return found

    monkeypatch.setattr(services, "receive_update", receive)
    sent = [update(), update()]
    telegram.add(*sent)
    poll()
    wait_until(lambda: not telegram.waiting(), "the batch to be confirmed")
    first, second = (one["update_id"] for one in sent)
    assert attempts == [first, first, second]
    assert Update.objects.count() == 2


def test_while_telegram_is_away_it_tries_again_later_each_time(
    telegram: PolledTelegram, poll: Callable[..., list[BaseException]], caplog: Any
) -> None:
    telegram.refusal = (502, "Bad Gateway")
    with caplog.at_level(logging.WARNING):
        poll()
        wait_until(lambda: caplog.text.count("Telegram is away") >= 2, "two attempts")
    telegram.refusal = None
    telegram.add(update())
    wait_until(lambda: not telegram.waiting(), "the update to be confirmed")
    assert Update.objects.count() == 1
    assert TOKEN not in caplog.text


def test_a_wait_grows_and_is_never_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    stop, waits = Stop(), list[float]()
    monkeypatch.setattr(stop, "sleep", waits.append)
    one = Poller(BotApi("http://127.0.0.1:1", TOKEN), stop)
    for _ in range(12):
        one._wait("x", TelegramAway("y"), 60.0)
    one._wait("x", TelegramAway("y", 7), 60.0, 7)
    for number, wait in enumerate(waits[:12]):
        assert 0.5 * min(2**number, 60) <= wait <= min(2**number, 60)
    assert len(set(waits)) == 13
    assert waits[12] == 7


@pytest.mark.parametrize("token", ["1:sandbox-other-canary", "wrong-canary"])
def test_a_wrong_token_ends_it(poll: Callable[..., list[BaseException]], token: str) -> None:
    ended = poll(token)
    wait_until(lambda: ended, "the poller to end")
    assert isinstance(ended[0], PollingRefused)
    assert str(ended[0]) == "Telegram does not know this token: correct TELEGRAM_BOT_TOKEN."


def test_a_question_is_answered_in_time_by_a_no_where_the_database_hangs(
    telegram: PolledTelegram, poll: Callable[..., list[BaseException]], servers: Servers, committed_db: str
) -> None:
    ended = poll()
    wait_until(lambda: telegram.asked, "the first question for updates")
    asked = question("p" * 32, 100)
    telegram.sandbox.ask_pre_checkout(asked["pre_checkout_query"]["id"])
    with psycopg.connect(servers.url("diana_owner", committed_db)) as holder:
        holder.execute("LOCK TABLE payments_precheckout IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        telegram.add(asked)
        call = telegram.sandbox.wait_for(lambda call: call.method == "answerPreCheckoutQuery", 10)
        assert time.monotonic() - began < 5
    assert call.parameters["ok"] is False
    wait_until(lambda: not telegram.waiting(), "the question to be confirmed")
    assert not ended


def test_it_polls_only_where_it_is_chosen(telegram: PolledTelegram, settings: Any) -> None:
    settings.TELEGRAM_UPDATES = "webhook"
    with pytest.raises(CommandError, match="Set TELEGRAM_UPDATES=poll"):
        call_command("poll")


def test_a_check_says_which_bot_it_is_and_removes_a_webhook(telegram: PolledTelegram) -> None:
    webhook = {"url": "https://example.org/telegram/webhook"}
    telegram.sandbox._http.post(f"/bot{telegram.sandbox.token}/setWebhook", json=webhook)
    with pytest.raises(CommandError, match="--remove-webhook"):
        call_command("poll", "--check")
    out = StringIO()
    call_command("poll", "--check", "--remove-webhook", stdout=out)
    assert out.getvalue() == "https://t.me/diana_sandbox_bot\n"
    call_command("poll", "--check")
    assert telegram.asked == []


def test_a_check_says_that_telegram_cannot_be_reached(settings: Any) -> None:
    settings.TELEGRAM_UPDATES, settings.TELEGRAM_API_URL = "poll", "http://127.0.0.1:1"
    with pytest.raises(CommandError, match="Telegram cannot be reached") as raised:
        call_command("poll", "--check")
    assert TOKEN not in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_stop_that_comes_before_the_wait_is_not_missed() -> None:
    stop = Stop()
    stop._asked = True
    with pytest.raises(Stopped):
        stop.sleep(60)


@pytest.mark.django_db
def test_unreadable_updates_are_deleted_after_a_week() -> None:
    now = clock.now()
    for days in (6, 8):
        at = now - timedelta(days=days)
        services.keep_unreadable(body=b"%d" % days, update_id=None, reason=Unreadable.Reason.BODY, now=at)
    assert services.delete_old_unreadable(now=now) == 1
    assert bytes(Unreadable.objects.get().body) == b"6"
