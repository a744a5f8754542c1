"""How updates reach the bot: by the webhook with its secret, in order, again until they are taken; or by getUpdates."""

import threading
import time

import httpx
import pytest

from diana.sandbox import delivery
from diana.sandbox.delivery import called, pause_seconds
from diana.sandbox.running import running_sandbox
from tests.sandbox.chat.conftest import ADA, GROUP, LUCIA, SECRET, Page, running_hook
from tests.sandbox.conftest import PLAIN


def call(sandbox, method, **parameters):
    url = f"{sandbox.base_url}{sandbox.token}/{method}"
    return httpx.post(url, json=parameters, timeout=10, **PLAIN).json()


def texts(updates):
    return [one["message"]["text"] for one in updates]


def test_an_update_is_posted_with_the_secret(hooked, hook):
    page, _ = hooked
    said = page.say("hello")
    [update] = hook.updates(1)
    assert update["update_id"] == said["update_id"]
    headers = hook.deliveries[0][1]
    assert headers["X-Telegram-Bot-Api-Secret-Token"] == SECRET
    assert headers["Content-Type"] == "application/json"
    assert page.news(until="delivered")[-1][1] == {"update_id": said["update_id"], "status": 200}


def test_a_refused_update_comes_again_and_later_ones_of_the_chat_wait(hooked, hook, monkeypatch):
    monkeypatch.setattr(delivery, "pause_seconds", lambda failures: 0.05)
    hook.answers.extend([(503, {}, b""), (404, {}, b"")])
    page, _ = hooked
    for text in ("one", "two"):
        page.say(text)
    assert texts(hook.updates(4)) == ["one", "one", "one", "two"]
    statuses = [data["status"] for kind, data in page.news(until="delivered", times=4) if kind == "delivered"]
    assert statuses == [503, 404, 200, 200]


def test_another_chat_does_not_wait(hooked, hook, monkeypatch):
    monkeypatch.setattr(delivery, "pause_seconds", lambda failures: 60)
    hook.answers.append((500, {}, b""))
    page, sandbox = hooked
    page.say("stuck")
    hook.updates(1)
    page.say("free", person=LUCIA)
    page.say("together", chat=GROUP)
    assert sorted(texts(hook.updates(3))) == ["free", "stuck", "together"]
    page.news(until="delivered", times=3)
    assert call(sandbox, "getWebhookInfo")["result"]["pending_update_count"] == 1


def test_a_webhook_that_is_set_anew_is_tried_at_once(hooked, hook, monkeypatch):
    monkeypatch.setattr(delivery, "pause_seconds", lambda failures: 60)
    hook.answers.append((500, {}, b""))
    page, sandbox = hooked
    page.say("stuck")
    page.news(until="delivered")
    assert call(sandbox, "getWebhookInfo")["result"]["last_error_message"] == "Wrong response from the webhook: 500"
    call(sandbox, "setWebhook", url=hook.url, secret_token="another")
    assert texts(hook.updates(2)) == ["stuck", "stuck"]
    assert hook.deliveries[1][1]["X-Telegram-Bot-Api-Secret-Token"] == "another"


def test_retry_after_is_obeyed(hooked, hook):
    hook.answers.append((429, {"Retry-After": "1"}, b""))
    page, _ = hooked
    page.say("x")
    hook.updates(2)
    assert 0.9 < hook.at[1] - hook.at[0] < 3


def test_pauses_grow_as_telegrams_do():
    assert [pause_seconds(failures) for failures in range(1, 9)] == [0, 2, 4, 8, 16, 32, 60, 60]


@pytest.mark.parametrize("body", [b"", b"ok", b"[]", b"{}", b'{"method": 1}', b"\xff", b"[" * 20_000])
def test_an_answer_without_a_call_is_only_an_answer(body):
    assert called(body) is None


def test_a_webhook_that_cannot_be_reached_gets_it_later(hook, monkeypatch):
    monkeypatch.setattr(delivery, "pause_seconds", lambda failures: 0.05)
    with running_sandbox() as sandbox:
        page = Page(sandbox)
        page.say("early")
        call(sandbox, "setWebhook", url="http://127.0.0.1:1/telegram/webhook")
        assert page.news(until="delivered")[-1][1]["status"] == "unreachable"
        call(sandbox, "setWebhook", url=hook.url)
        assert texts(hook.updates(1)) == ["early"]
        page.http.close()


def test_nothing_is_delivered_to_other_machines(page, sandbox):
    # This machine too, but not by a name that the sandbox takes for it.
    with running_hook("127.0.0.2") as other:
        call(sandbox, "setWebhook", url=other.url)
        page.say("secret")
        time.sleep(0.3)
        assert other.deliveries == []
    assert call(sandbox, "getWebhookInfo")["result"]["pending_update_count"] == 1


def test_a_call_in_the_answer_is_carried_out_and_recorded(hooked, hook):
    hook.answers.append(
        (200, {}, b'{"method": "sendMessage", "chat_id": %d, "text": "<b>hi</b>", "parse_mode": "HTML"}' % ADA)
    )
    page, sandbox = hooked
    page.say("x")
    assert sandbox.wait_for(lambda one: one.method == "sendMessage").parameters["chat_id"] == ADA
    assert page.messages()[-1]["text"] == "hi"


def test_long_polling_waits_takes_and_confirms(page, sandbox):
    threading.Timer(0.2, page.say, ["one"]).start()
    begun = time.monotonic()
    [first] = call(sandbox, "getUpdates", timeout=5)["result"]
    assert 0.1 < time.monotonic() - begun < 4
    page.say("two")
    assert texts(call(sandbox, "getUpdates")["result"]) == ["one", "two"]
    assert texts(call(sandbox, "getUpdates", limit=1)["result"]) == ["one"]
    assert texts(call(sandbox, "getUpdates", offset=-1)["result"]) == ["two"]
    assert texts(call(sandbox, "getUpdates", offset=first["update_id"])["result"]) == ["two"]
    assert call(sandbox, "getUpdates", offset=first["update_id"] + 2)["result"] == []
    assert call(sandbox, "getUpdates", timeout=0)["result"] == []


def test_there_is_no_polling_beside_a_webhook(page, sandbox, hook):
    call(sandbox, "setWebhook", url=hook.url)
    refused = call(sandbox, "getUpdates")
    assert (refused["error_code"], refused["description"][:51]) == (
        409,
        "Conflict: can't use getUpdates method while webhook",
    )
    call(sandbox, "deleteWebhook")
    waiting = {}
    thread = threading.Thread(target=lambda: waiting.update(call(sandbox, "getUpdates", timeout=20)))
    thread.start()
    time.sleep(0.2)
    call(sandbox, "setWebhook", url=hook.url)
    thread.join(5)
    assert waiting["description"] == "Conflict: terminated by setWebhook request"


def test_a_second_poller_ends_the_first(page, sandbox):
    waiting = {}
    thread = threading.Thread(target=lambda: waiting.update(call(sandbox, "getUpdates", timeout=20)))
    thread.start()
    time.sleep(0.2)
    assert call(sandbox, "getUpdates")["result"] == []
    thread.join(5)
    assert waiting["description"] == (
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    )
    assert call(sandbox, "getUpdates")["ok"]


def test_a_poller_that_hung_up_takes_nothing_away(page, sandbox):
    url = f"{sandbox.base_url}{sandbox.token}/getUpdates"
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(url, json={"timeout": 20}, timeout=0.2, **PLAIN)
    page.say("x")
    assert texts(call(sandbox, "getUpdates", timeout=1)["result"]) == ["x"]
    # The first was carried out no further.
    assert [one.status for one in sandbox.calls(method="getUpdates")] == [200]


def test_the_bot_gets_the_kinds_it_asked_for(page, sandbox):
    react = {"person": ADA, "chat": ADA, "message_id": page.say("x")["message"]["message_id"]}
    assert page.post("react", **react, emoji="👍")["update_id"] is None
    call(sandbox, "getUpdates", allowed_updates=["message_reaction"])
    update_id = page.post("react", **react, emoji="🎉")["update_id"]
    assert page.say("y")["update_id"] is None
    assert call(sandbox, "getUpdates")["result"][-1]["update_id"] == update_id
    call(sandbox, "getUpdates", allowed_updates=[])
    assert page.say("z")["update_id"] == update_id + 1


def test_pending_updates_are_dropped_when_asked(page, sandbox):
    page.say("x")
    call(sandbox, "deleteWebhook", drop_pending_updates=True)
    assert call(sandbox, "getUpdates")["result"] == []
