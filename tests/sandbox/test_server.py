"""The HTTP face: every way to send parameters, the record of calls, the controls."""

import json
import threading
import time

import httpx
import pytest

from diana import clock
from diana.sandbox.client import SandboxClient
from diana.sandbox.recording import Call, CallFilter, Moment, Recorder
from diana.sandbox.running import running_sandbox
from diana.sandbox.safety import StartRefusedError
from tests.sandbox.conftest import PLAIN

MARKUP = {"inline_keyboard": [[{"text": "Go", "callback_data": "x"}]]}


@pytest.mark.parametrize(
    "send",
    [
        lambda api, given: api.get("sendMessage", params=given),
        lambda api, given: api.post("sendMessage", params=given),
        lambda api, given: api.post("sendMessage", data=given),
        lambda api, given: api.post("sendMessage", json=given),
        lambda api, given: api.post("sendMessage", json=given | {"chat_id": 7, "reply_markup": MARKUP}),
        lambda api, given: api.post("SENDMESSAGE", data=given, files={"extra": ("a.bin", b"abc")}),
    ],
    ids=["query", "post-query", "form", "json", "json-native", "multipart"],
)
def test_it_reads_parameters_from_everywhere(api, sandbox, send):
    answer = send(api, {"chat_id": "7", "text": "héllo", "reply_markup": json.dumps(MARKUP)})
    assert answer.json()["result"]["reply_markup"] == MARKUP
    [call] = sandbox.calls()
    assert call.method == "sendMessage"
    assert {name: call.parameters[name] for name in ("chat_id", "text", "reply_markup")} == {
        "chat_id": 7,
        "text": "héllo",
        "reply_markup": MARKUP,
    }


def test_it_records_files_as_name_and_size(api, sandbox):
    api.post("setWebhook", data={"url": "https://e.org/"}, files={"certificate": ("cert.pem", b"12345")})
    assert sandbox.calls()[0].parameters["certificate"] == {"file_name": "cert.pem", "size_bytes": 5}


@pytest.mark.parametrize("body", [b"{", b"[1]", b'{"text": "\\ud800"}', b"\xff", b"[" * 20_000])
def test_it_refuses_bodies_that_are_not_json_objects(api, sandbox, body):
    answer = api.post("sendMessage", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["ok"]) == (400, False)
    assert sandbox.calls()[0].status == 400


def test_it_refuses_strings_that_are_not_utf8(api):
    answer = api.post("sendMessage?chat_id=7", content=b"text=%ff", headers={"Content-Type": FORM})
    assert answer.json()["description"] == "Bad Request: strings must be encoded in UTF-8"


FORM = "application/x-www-form-urlencoded"


def test_it_knows_only_its_own_token(sandbox):
    answer = httpx.post(f"{sandbox.base_url}43:other/getMe", **PLAIN)
    assert answer.json() == {"ok": False, "error_code": 401, "description": "Unauthorized"}
    assert answer.status_code == 401


@pytest.mark.parametrize("path", ["/bot42:sandbox-abc/getChat", "/file/bot42:sandbox-abc/photo.jpg", "/elsewhere"])
def test_it_finds_nothing_elsewhere(sandbox, path):
    answer = httpx.get(f"{sandbox.url}{path}", **PLAIN)
    assert answer.json() == {"ok": False, "error_code": 404, "description": "Not Found"}


def test_it_does_not_answer_to_other_names(sandbox):
    for host, status in (("evil.example", 404), ("localhost", 200)):
        assert httpx.get(f"{sandbox.url}/sandbox/health", headers={"Host": host}, **PLAIN).status_code == status


def test_it_records_every_call_in_order(api, sandbox):
    before = clock.now().timestamp(), time.monotonic_ns()
    api.post("sendMessage", data={"chat_id": 7, "text": "one"})
    api.post("sendMessage", data={"chat_id": 8, "text": ""})
    api.get("getMe")
    calls = sandbox.calls()
    assert [call.sequence for call in calls] == [1, 2, 3]
    assert [(call.method, call.chat, call.status) for call in calls] == [
        ("sendMessage", 7, 200),
        ("sendMessage", 8, 400),
        ("getMe", None, 200),
    ]
    assert before[0] <= calls[0].received_at <= calls[2].received_at <= clock.now().timestamp()
    assert before[1] <= calls[0].received_monotonic_ns <= calls[2].received_monotonic_ns <= time.monotonic_ns()
    assert calls[0].answer["result"]["text"] == "one"
    assert calls[1].answer["description"] == "Bad Request: message text is empty"
    assert sandbox.count() == {"total": 3, "methods": {"sendMessage": 2, "getMe": 1}, "last": 3}


def test_it_filters_the_record(api, sandbox):
    for chat in (7, 8, 7):
        api.post("sendMessage", data={"chat_id": chat, "text": "x"})
    api.get("getMe")
    assert [call.sequence for call in sandbox.calls(chat=7)] == [1, 3]
    assert [call.sequence for call in sandbox.calls(method="GETME")] == [4]
    assert [call.sequence for call in sandbox.calls(method="sendMessage", after=1)] == [2, 3]


def test_it_lets_wait_for_the_next_call(api, sandbox):
    def send_later():
        time.sleep(0.2)
        api.get("getMe")
        api.post("sendMessage", data={"chat_id": 7, "text": "late"})

    thread = threading.Thread(target=send_later)
    thread.start()
    begun = time.monotonic()
    page = sandbox.page(wait_seconds=10, method="sendMessage")
    thread.join()
    assert [call.parameters["text"] for call in page.calls] == ["late"]
    assert page.last == 2
    assert 0.1 < time.monotonic() - begun < 5


def test_it_ends_a_wait_that_nothing_ends(api, sandbox):
    api.get("getMe")
    begun = time.monotonic()
    page = sandbox.page(after=1, wait_seconds=0.2)
    assert (page.calls, page.last) == ([], 1)
    assert 0.15 < time.monotonic() - begun < 3


def test_it_waits_for_a_call_by_predicate_and_says_what_came_instead(api, sandbox):
    api.post("sendMessage", data={"chat_id": 7, "text": "one"})
    assert sandbox.wait_for(lambda call: call.chat == 7).parameters["text"] == "one"
    with pytest.raises(TimeoutError, match=r"within 0.1 s.*'sendMessage 200': 1"):
        sandbox.wait_for(lambda call: call.chat == 8, timeout=0.1)


def test_it_leads_a_reader_from_before_a_restart_back(sandbox):
    assert sandbox.page(after=900).last == 0


def test_it_forgets_on_reset_but_counts_on(api, sandbox):
    api.post("sendMessage", data={"chat_id": 7, "text": "one"})
    api.post("setWebhook", data={"url": "https://e.org/"})
    sandbox.behave(7, block=True)
    sandbox.reset()
    assert sandbox.calls() == []
    assert api.get("getWebhookInfo").json()["result"]["url"] == ""
    answer = api.post("sendMessage", data={"chat_id": 7, "text": "two"}).json()
    assert answer["result"]["message_id"] == 1
    assert [call.sequence for call in sandbox.calls()] == [3, 4]


@pytest.mark.parametrize(
    ("method", "path", "order"),
    [
        ("POST", "reset", None),
        ("POST", "behaviour", {"chat": 7, "block": True}),
        ("DELETE", "behaviour", None),
        ("POST", "callback-queries", {"id": "1"}),
        ("POST", "pre-checkout-queries", {"id": "1"}),
    ],
)
def test_it_says_that_an_order_was_taken(sandbox, method, path, order):
    answer = httpx.request(method, f"{sandbox.url}/sandbox/{path}", json=order, **PLAIN)
    assert (answer.status_code, answer.json()) == (200, {"ok": True})


@pytest.mark.parametrize("body", [b"{", b'{"blocked": true}', b'{"fail_next": [{"status": 200}]}', b"[]"])
def test_it_says_what_is_wrong_with_an_order(sandbox, body):
    answer = httpx.post(f"{sandbox.url}/sandbox/behaviour", content=body, **PLAIN)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("Send a JSON object: ")
    with pytest.raises(ValueError, match="unknown field"):
        sandbox.behave(blocked=True)


def test_it_says_what_is_wrong_with_a_number(sandbox):
    answer = httpx.get(f"{sandbox.url}/sandbox/calls?after=x", **PLAIN)
    assert (answer.status_code, answer.json()) == (400, {"error": "after must be a number."})


def test_it_orders_everyone_and_takes_it_back(api, sandbox):
    sandbox.behave(block=True)
    assert api.get("sendMessage?chat_id=7&text=x").status_code == 403
    sandbox.behave_well()
    assert api.get("sendMessage?chat_id=7&text=x").status_code == 200


def test_it_sends_retry_after_as_a_header(api, sandbox):
    sandbox.behave(fail_next=[{"status": 429, "retry_after": 3}])
    answer = api.get("getMe")
    assert answer.headers["Retry-After"] == "3"
    assert answer.json()["parameters"] == {"retry_after": 3}
    assert api.get("getMe").status_code == 200


def test_it_writes_the_record_file(tmp_path):
    path = tmp_path / "calls.jsonl"
    for text in ("one", "two\n"):
        with running_sandbox(record=path) as sandbox, httpx.Client(**PLAIN) as http:
            http.post(f"{sandbox.base_url}{sandbox.token}/sendMessage", json={"chat_id": 7, "text": text})
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["parameters"]["text"] for line in lines] == ["one", "two\n"]
    assert [line["answer"]["ok"] for line in lines] == [True, True]
    assert set(lines[0]) == {*Call.__struct_fields__, "answer"} - {"answer_json"}


def test_it_keeps_a_bounded_number_of_calls():
    recorder = Recorder(kept=3)
    for _ in range(5):
        recorder.add(Moment(0.0, 0), "getMe", {}, 200, b"null")
    assert [call.sequence for call in recorder.page(0, CallFilter()).calls] == [3, 4, 5]


def test_a_client_finds_no_sandbox_where_there_is_none(sandbox):
    assert sandbox.is_healthy()
    with running_sandbox() as other:
        url = other.url
    with SandboxClient(url) as client:
        assert not client.is_healthy()


def test_it_refuses_to_run_with_a_real_token():
    with pytest.raises(StartRefusedError, match="looks like a real one"), running_sandbox("123456:" + "a" * 35):
        pass


def test_it_fails_with_the_supergroup_that_a_group_has_become(api, sandbox):
    sandbox.behave(-7, fail_next=[{"status": 400, "migrate_to_chat_id": -1007}])
    answer = api.get("sendMessage?chat_id=-7&text=x")
    assert answer.status_code == 400
    assert answer.json()["description"] == "Bad Request: group chat was upgraded to a supergroup chat"
    assert answer.json()["parameters"] == {"migrate_to_chat_id": -1007}
    assert api.get("sendMessage?chat_id=-7&text=x").status_code == 200


def test_it_fails_the_next_call_of_one_method(api, sandbox):
    sandbox.behave(fail_next=[{"status": 500, "method": "sendmessage"}, {"status": 502}])
    assert api.get("getMe").status_code == 502
    assert api.get("getMe").status_code == 200
    assert api.get("sendMessage?chat_id=7&text=x").status_code == 500
    assert api.get("sendMessage?chat_id=7&text=x").status_code == 200
