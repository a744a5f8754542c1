"""Who may talk to the sandbox: this run's page alone acts for people, and no page of another origin does anything."""

import httpx
import pytest

from diana.sandbox import server
from diana.sandbox.access import is_own_host
from diana.sandbox.running import running_sandbox
from tests.sandbox.chat.conftest import ADA
from tests.sandbox.conftest import PLAIN

SAY = {"person": ADA, "chat": ADA, "text": "x"}
POSTS = [
    "/chat/say",
    "/chat/reset",
    "/sandbox/reset",
    "/sandbox/behaviour",
    "/sandbox/payments",
    "/bot42:sandbox-abc/getMe",
]


@pytest.fixture(autouse=True)
def static(tmp_path, monkeypatch):
    """A page of the test's own: what it holds is its builder's affair."""
    (tmp_path / "index.html").write_text("<!doctype html><title>the page</title>")
    (tmp_path / "main.js").write_text("export {};")
    monkeypatch.setattr(server, "STATIC", tmp_path)
    return tmp_path


def test_the_page_and_its_parts_need_no_token(sandbox, static):
    answer = httpx.get(sandbox.url, **PLAIN)
    assert answer.text == "<!doctype html><title>the page</title>"
    assert answer.headers["Content-Type"].startswith("text/html")
    part = httpx.get(f"{sandbox.url}/static/main.js", **PLAIN)
    assert (part.text, part.headers["X-Content-Type-Options"]) == ("export {};", "nosniff")
    assert "javascript" in part.headers["Content-Type"]
    (static / "index.html").unlink()
    assert "complete checkout" in httpx.get(sandbox.url, **PLAIN).json()["error"]


def test_the_pages_own_origin_acts(page, sandbox):
    assert page.http.post("/chat/say", json=SAY, headers={"Origin": sandbox.url}).status_code == 200
    assert page.http.post("/chat/say", json=SAY, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1"},
        {"Origin": "http://localhost:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=lambda headers: " ".join(headers.values()),
)
def test_a_foreign_origin_is_refused(page, sandbox, path, headers):
    answer = page.http.post(path, json=SAY, headers=headers)
    assert (answer.status_code, answer.json()) == (
        403,
        {"error": "Only the sandbox's own page may do this: open the address that it printed."},
    )
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert (page.messages(), sandbox.calls()) == ([], [])


def test_an_image_of_another_page_calls_no_method(page, sandbox):
    url = f"/bot{sandbox.token}/sendMessage?chat_id={ADA}&text=x"
    assert page.http.get(url, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert page.http.delete("/sandbox/behaviour", headers={"Origin": "https://evil.example"}).status_code == 403
    assert sandbox.calls() == []


def test_a_preflight_gets_no_permission(page):
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answer = page.http.options("/chat/say", headers=asked)
    assert answer.is_client_error
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize("path", ["/", "/chat/state", "/sandbox/health", "/static/x.js"])
@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1.evil.example:{port}", "[::1]:{port}"]
)
def test_another_hosts_name_is_refused(page, sandbox, path, host):
    port = sandbox.url.rpartition(":")[2]
    assert page.http.get(path, headers={"Host": host.format(port=port)}).status_code in (403, 404)


def test_the_page_is_there_under_its_own_port_alone(page, sandbox):
    port = int(sandbox.url.rpartition(":")[2])
    for path in ("/", "/chat/state"):
        for host, status in ((f"localhost:{port}", 200), ("127.0.0.1", 403), (f"127.0.0.1:{port + 1}", 403)):
            assert page.http.get(path, headers={"Host": host}).status_code == status
    assert [is_own_host(host, 80) for host in ("localhost", "LOCALHOST:80", "localhost:x", "")] == [
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("token", [None, "", "Bearer", "Bearer x", "Basic x", "bearer {token}", "Bearer é"])
def test_the_chat_needs_the_token_of_the_run(sandbox, token):
    headers = {} if token is None else {"Authorization": token.format(token=sandbox.page_token).encode()}
    for method, path in (
        ("GET", "/chat/state"),
        ("POST", "/chat/say"),
        ("GET", "/chat/news"),
        ("GET", "/chat/files/x"),
    ):
        assert httpx.request(method, sandbox.url + path, json=SAY, headers=headers, **PLAIN).status_code == 401


def test_each_run_has_a_token_of_its_own(sandbox):
    with running_sandbox() as other:
        assert other.page_token != sandbox.page_token
        assert len(other.page_token) >= 32


def test_a_token_is_given_by_the_environment(monkeypatch):
    monkeypatch.setenv("SANDBOX_PAGE_TOKEN", "given")
    with running_sandbox() as sandbox:
        headers = {"Authorization": "Bearer given"}
        assert httpx.get(f"{sandbox.url}/chat/state", headers=headers, **PLAIN).status_code == 200


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"],
)
@pytest.mark.parametrize("path", ["/chat/say", "/sandbox/behaviour", "/sandbox/reset"])
def test_a_body_that_a_form_can_send_is_refused(page, path, kind):
    body = (
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n'
        if "boundary" in kind
        else b'{"person": 1}'
    )
    answer = page.http.post(path, content=body, headers={"Content-Type": kind})
    assert answer.status_code == 415


def test_nothing_is_guessed_stored_or_shared(page):
    for path in ("/", "/chat/state", "/sandbox/health"):
        headers = page.http.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert "Access-Control-Allow-Origin" not in headers
    policy = page.http.get("/").headers["Content-Security-Policy"]
    assert "default-src 'none'; " in policy
    assert "script-src 'self'; style-src 'self'; " in policy
    assert "unsafe" not in policy


def test_static_files_stay_in_their_folder(page):
    for path in ("/static/../server.py", "/static/%2e%2e/server.py", "/static//etc/passwd", "/static/"):
        assert page.http.get(path).status_code in (403, 404)


def test_a_strange_body_is_refused_in_words(page):
    for body in (b"", b"{", b"[]", b'{"person": 1, "chat": 1, "text": "x", "more": 1}', b"[" * 20_000, b"\xff"):
        answer = page.http.post("/chat/say", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400
        assert answer.json()["error"].startswith("Send a JSON object: ")
