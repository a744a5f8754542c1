"""The page acts for people, so only the page may: no other origin, no other host's name, nobody without the token."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Complaints, Diana
from tests.browser.window import Window

# What a page that somebody happens to visit could try without asking the browser's leave.
ATTACK = """async ([url, token, person]) => {
    const body = JSON.stringify({person, chat: person, text: 'I was never here'});
    const unnamed = new Blob([body]);
    const headers = {'Content-Type': 'application/json', Authorization: 'Bearer ' + token};
    const tries = [
        [url + '/chat/reset', {method: 'POST', mode: 'no-cors', body: new Blob(['{}'])}],
        [url + '/sandbox/reset', {method: 'POST', mode: 'no-cors', body: new Blob(['{}'])}],
        [url + '/sandbox/reset', {method: 'POST', mode: 'no-cors', body: '{}'}],
        [url + '/chat/say', {method: 'POST', mode: 'no-cors', body: unnamed}],
        [url + '/chat/say', {method: 'POST', body, headers}],
    ];
    for (const [address, options] of tries) await fetch(address, options).catch(() => null);
}"""


class Foreign(BaseHTTPRequestHandler):
    """A web site of somebody else's."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Nice pictures</title>")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def foreign_site() -> Iterator[str]:
    """The address of a site of another origin."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Foreign)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_page_of_another_origin_is_not_obeyed(
    diana: Diana, window: Window, browser: Browser, foreign_site: str
) -> None:
    name = window.add_person("Ada")
    window.ask("/start", f"Welcome, {name}!")
    with diana.client() as client:
        people = client.get("/chat/state").json()["people"]
    person = next(one["id"] for one in people if one["first_name"] == name)
    context = browser.new_context()
    page = context.new_page()
    page.goto(foreign_site)
    page.evaluate(ATTACK, [diana.url, diana.token, person])
    context.close()
    with diana.client() as client:
        messages = client.get("/chat/messages", params={"chat": person}).json()["messages"]
    assert "Welcome" in json.dumps(messages)
    assert "I was never here" not in json.dumps(messages)
    expect(window.message(f"Welcome, {name}!")).to_be_visible()


def test_a_page_under_another_name_of_this_machine_gets_nothing(diana: Diana) -> None:
    with diana.client() as client:
        for path in ("/", "/chat/state", "/static/main.js"):
            answer = client.get(path, headers={"Host": "rebound.example"})
            assert answer.status_code in (403, 404)
            assert "sandbox" not in answer.text or "error" in answer.text


def test_without_the_token_the_page_says_where_it_stands(
    diana: Diana, browser: Browser, complaints: Complaints
) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(diana.url)
    expect(page.get_by_role("heading", name="The key is missing")).to_be_visible()
    page.goto(f"{diana.url}/#of-an-earlier-run")
    expect(page.get_by_text("This address is of an earlier run")).to_be_visible()
    context.close()


def test_the_token_leaves_the_address_bar(diana: Diana, window: Window) -> None:
    expect(window.people.locator(".chat-row").first).to_be_visible()
    assert window.page.url == f"{diana.url}/"
    window.page.reload()
    expect(window.people.locator(".chat-row").first).to_be_visible()


def test_the_page_s_policy_lets_nothing_in(diana: Diana) -> None:
    with diana.client() as client:
        policy = client.get("/").headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
