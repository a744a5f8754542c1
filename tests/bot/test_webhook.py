"""The webhook over HTTP: what is refused, what is kept, and that nothing else happens."""

import io
import json
import socket
from typing import Any

import pytest
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.wsgi import WSGIRequest
from django.db import OperationalError, connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from apps.bot import incoming, services
from apps.bot.models import Chat, Refusal, Unreadable, Update
from apps.bot.webhook import MAX_BODY_BYTES, webhook
from apps.users.models import Person
from diana import clock
from diana.events.models import StoredEvent
from tests.bot.test_incoming import BROKEN
from tests.bot.updates import ADA, deliver, message, press, update, user
from tests.door import DoorClient

pytestmark = pytest.mark.django_db


def counted() -> dict[str, int]:
    return dict(Refusal.objects.values_list("reason", "count"))


def test_an_update_is_kept_with_its_event_and_its_person() -> None:
    sent = update()
    assert deliver(sent) == 200
    row = Update.objects.get()
    assert (row.bot_id, row.update_id, row.kind, row.chat_id) == (1, sent["update_id"], "message", ADA)
    assert json.loads(bytes(row.body)) == sent
    assert row.person_id == Person.objects.get(telegram_id=ADA).pk
    event = StoredEvent.objects.get(type="bot.message_received")
    assert (event.event_id, event.user_id) == (row.event_id, row.person_id)
    assert json.loads(event.payload) == {"update": row.pk}
    assert row.handled_at is None
    assert counted() == {}


@pytest.mark.parametrize("kind", ["message", "callback_query"])
def test_what_may_be_answered_goes_another_way(kind: str) -> None:
    deliver(press("v1|top|show|1") if kind == "callback_query" else update(kind, message("/help")))
    event = StoredEvent.objects.get(type="bot.update_received")
    assert json.loads(event.payload) == {"update": Update.objects.get().pk, "kind": kind}


def test_the_event_holds_nothing_of_telegram() -> None:
    deliver(update())
    event = StoredEvent.objects.get()
    assert str(ADA) not in f"{event.payload}{event.key}"


def test_a_copy_changes_nothing_and_is_counted() -> None:
    sent = update()
    assert [deliver(sent) for _ in range(3)] == [200, 200, 200]
    assert Update.objects.count() == StoredEvent.objects.count() == 1
    assert counted() == {"copy": 2}


def test_of_two_bodies_under_one_id_the_first_wins_and_the_second_is_set_aside(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sent = update()
    deliver(sent)
    other = sent | {"message": sent["message"] | {"text": "a secret"}}
    assert [deliver(body) for body in (other, other, sent)] == [200, 200, 200]
    assert json.loads(bytes(Update.objects.get().body)) == sent
    assert counted() == {"conflict": 1, "copy": 1}
    kept = Unreadable.objects.get()
    assert (kept.update_id, kept.reason, json.loads(bytes(kept.body))) == (sent["update_id"], "conflict", other)
    [said] = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert str(kept.pk) in said
    assert "a secret" not in said


def test_a_copy_of_what_was_emptied_is_not_kept_again() -> None:
    """It may be of somebody who was erased since, and from a release that kept no digests."""
    sent = update()
    deliver(sent)
    Update.objects.update(body=b"", document=b"", body_digest=None)
    assert deliver(sent) == 200
    assert counted() == {"copy": 1}
    assert not Unreadable.objects.exists()


def test_the_second_body_adds_nobody() -> None:
    sent = update()
    deliver(sent)
    deliver(sent | {"message": sent["message"] | {"from": user(ADA + 1)}})
    assert list(Person.objects.values_list("telegram_id", flat=True)) == [ADA]
    assert counted() == {"conflict": 1}


def test_another_bot_may_have_the_same_update_id(settings: Any) -> None:
    sent = update()
    deliver(sent)
    settings.TELEGRAM_BOT_TOKEN = "2:sandbox-test"
    deliver(sent)
    assert Update.objects.count() == 2


def test_an_unknown_kind_is_counted_and_not_kept() -> None:
    assert deliver(update("poll", {"id": "1"})) == 200
    assert Update.objects.count() == StoredEvent.objects.count() == Person.objects.count() == 0
    assert counted() == {"unknown": 1}


def test_an_update_without_a_person_is_kept() -> None:
    deliver(update(body={"from": user(is_bot=True), "chat": {"id": -5}}))
    assert Update.objects.get().person_id is None
    assert StoredEvent.objects.get().key == f"chat:{Chat.objects.get().pk}"


@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete", "options", "trace"])
def test_only_post_comes_in(method: str) -> None:
    response = getattr(DoorClient(), method)("/telegram/webhook")
    assert (response.status_code, response.content, response["Allow"]) == (405, b"", "POST")
    assert counted() == {"method": 1}


@pytest.mark.parametrize("secret", ["", "wrong", "secret-of-the-tests-0123456789abcdeF", "ключ", "x" * 10_000])
def test_a_wrong_secret_is_refused(secret: str) -> None:
    headers = {"X-Telegram-Bot-Api-Secret-Token": secret}
    assert deliver(update(), **headers) == 403
    assert counted() == {"secret": 1}
    assert not Update.objects.exists()


def test_a_missing_secret_is_refused() -> None:
    assert DoorClient().post("/telegram/webhook", b"{}", content_type="application/json").status_code == 403


def test_an_empty_setting_opens_nothing(settings: Any) -> None:
    settings.TELEGRAM_WEBHOOK_SECRET = ""
    assert deliver(update()) == 403


def test_two_secrets_open_while_one_replaces_the_other(settings: Any) -> None:
    new, old = "n" * 32, "o" * 32
    settings.TELEGRAM_WEBHOOK_SECRET = f"{new},{old}"
    header = "X-Telegram-Bot-Api-Secret-Token"
    assert [deliver(update(), **{header: secret}) for secret in (new, old, f"{new},{old}")] == [200, 200, 403]
    settings.TELEGRAM_WEBHOOK_SECRET = new
    assert [deliver(update(), **{header: secret}) for secret in (new, old)] == [200, 403]


def post(body: bytes, content_type: str = "application/json") -> Any:
    headers = {"X-Telegram-Bot-Api-Secret-Token": "secret-of-the-tests-0123456789abcdef"}
    # The test client leaves the type of an empty body out.
    return DoorClient().generic(
        "POST", "/telegram/webhook", body, content_type, headers=headers, CONTENT_TYPE=content_type
    )


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonp"])
def test_only_json_comes_in(content_type: str) -> None:
    response = post(json.dumps(update()).encode(), content_type)
    assert (response.status_code, response.content) == (415, b"")
    assert counted() == {"type": 1}


def test_a_charset_does_no_harm() -> None:
    assert post(json.dumps(update()).encode(), "application/json; charset=utf-8").status_code == 200


def test_the_largest_body_comes_in_and_one_byte_more_does_not() -> None:
    sent = json.dumps(update()).encode()
    padding = b" " * (MAX_BODY_BYTES - len(sent))
    assert post(sent + padding).status_code == 200
    response = post(sent + padding + b" ")
    assert (response.status_code, response.content) == (413, b"")
    assert counted() == {"size": 1}


def test_a_body_of_no_declared_size_is_measured_as_it_is_read() -> None:
    """Under ASGI a chunked body has no Content-Length; under WSGI Django reads no more than was declared."""
    headers = {"content-type": "application/json", "x-telegram-bot-api-secret-token": settings.TELEGRAM_WEBHOOK_SECRET}
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "POST", "path": "/telegram/webhook", "query_string": b"", "headers": raw}
    request = ASGIRequest(scope, io.BytesIO(json.dumps(update()).encode() + b" " * MAX_BODY_BYTES))
    assert webhook(request).status_code == 413
    assert counted() == {"size": 1}


def test_a_body_that_ends_early_is_no_update_even_if_it_reads_like_one() -> None:
    body = json.dumps(update()).encode()
    environ = RequestFactory().post("/telegram/webhook", body, content_type="application/json").environ
    environ |= {"CONTENT_LENGTH": str(len(body) + 1), "wsgi.input": io.BytesIO(body)}
    environ["HTTP_X_TELEGRAM_BOT_API_SECRET_TOKEN"] = settings.TELEGRAM_WEBHOOK_SECRET
    response = webhook(WSGIRequest(environ))
    assert response.status_code == 400
    assert counted() == {"body": 1}


def test_who_is_refused_before_the_body_is_read_is_told_that_the_connection_ends() -> None:
    assert post(b" " * (MAX_BODY_BYTES + 1))["Connection"] == post(b"{}", "text/plain")["Connection"] == "close"
    assert not post(b"{}").has_header("Connection")


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_body_is_answered_400_without_a_word(body: bytes) -> None:
    response = post(body)
    assert (response.status_code, response.content) == (400, b"")
    assert counted() == {"body": 1}
    assert not Update.objects.exists()


def test_it_takes_four_statements_at_most() -> None:
    deliver(update())
    second = update()
    with CaptureQueriesContext(connection) as queries:
        services.receive_update(incoming=incoming.decode(json.dumps(second).encode()), body=b"{}", now=clock.now())
    statements = [q["sql"] for q in queries if "SAVEPOINT" not in q["sql"]]
    assert len(statements) <= 4, statements


def test_it_calls_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the request no address is connected to; PostgreSQL is by now."""
    deliver(update())
    called: list[object] = []
    monkeypatch.setattr(socket.socket, "connect", lambda self, address: called.append(address))
    assert deliver(update()) == 200
    assert called == []


def test_without_a_database_telegram_is_asked_to_come_again() -> None:
    with connection.execute_wrapper(_refuse):
        assert deliver(update()) == 503
        assert deliver(b"{") == 400


def _refuse(*_: object) -> None:
    raise OperationalError("the server is away")


def test_where_updates_are_polled_for_there_is_no_webhook(settings: Any) -> None:
    settings.TELEGRAM_UPDATES = "poll"
    assert deliver(update()) == 404
    assert not Update.objects.exists()
    assert counted() == {}
