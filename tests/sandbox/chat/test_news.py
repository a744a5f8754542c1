"""News: numbered, bounded, for any number of readers; who missed something reads everything again."""

import threading

from diana.sandbox.chat.news import News
from tests.sandbox.chat.conftest import ADA


def test_a_reader_goes_on_where_it_left_off(page):
    for text in ("one", "two", "three"):
        page.say(text)
    first = page.get("state")["last"] - 2
    assert [data["message"]["text"] for _, data in page.news(after=first, until="message")] == ["two"]
    with page.http.stream("GET", "/chat/news", headers={"Last-Event-ID": str(first + 1)}, timeout=5) as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        lines = answer.iter_lines()
        assert next(line for line in lines if line.startswith("id: ")) == f"id: {first + 2}"


def test_many_readers_get_the_same(page):
    found = []

    def read():
        found.append(page.news(after=0, until="typing"))

    readers = [threading.Thread(target=read) for _ in range(10)]
    for reader in readers:
        reader.start()
    page.say("x")
    page.post("block", person=ADA, blocked=True)
    page.post("block", person=ADA, blocked=False)
    bot = page.http.get("/sandbox/health")
    assert bot.status_code == 200
    page.http.post("/bot42:sandbox-abc/sendChatAction", json={"chat_id": ADA, "action": "typing"})
    for reader in readers:
        reader.join(10)
    assert len(found) == 10
    assert {str(one) for one in found} == {str(found[0])}
    assert [kind for kind, _ in found[0]] == ["message", "people", "people", "typing"]


def test_who_is_ahead_or_far_behind_begins_anew(page):
    page.say("x")
    assert page.news(after=10_000, until="reset") == [("reset", {})]
    news = News(kept=3)
    for _ in range(5):
        news.add("people")
    assert [item.sequence for item in news.after(2)] == [3, 4, 5]
    assert news.after(1) is None
    assert news.after(5) == []
    assert news.after(6) is None
