"""`manage.py say` against a real sandbox whose bot answers each update in the webhook's response."""

import io
import json
import sys

import pytest
from django.core.management import CommandError, call_command

from diana.sandbox.chat import conversation
from diana.sandbox.chat.client import ChatRefused
from diana.sandbox.chat.conversation import buttons_of, choose, folded
from diana.sandbox.chat.printing import render_message, with_links
from diana.sandbox.management.commands import say as command
from tests.sandbox.chat.conftest import ADA, GROUP, LUCIA
from tests.sandbox.chat.test_delivery import call

ROW = [{"text": "✓ Go", "callback_data": "go"}, {"text": "Stay", "callback_data": "stay"}]
OTHER = [
    {"text": "Site", "url": "https://e.org"},
    {"text": "Invite", "url": "https://t.me/diana_sandbox_bot?start=r_1"},
]
KEYBOARD = {"inline_keyboard": [ROW, OTHER]}


def replying(update):
    """Answer a command with a screen, a press with a redrawn one, and other messages with nothing."""
    message, query = update.get("message", {}), update.get("callback_query")
    if query:
        place = {"chat_id": query["message"]["chat"]["id"], "message_id": query["message"]["message_id"]}
        call = {"method": "editMessageText", **place, "text": f"{query['from']['first_name']} pressed {query['data']}"}
    elif message.get("text", "").startswith("/"):
        text = f"<b>{message['from']['first_name']}</b> said {message['text']} <a href='https://e.org/x'>here</a>"
        call = {"method": "sendMessage", "chat_id": message["chat"]["id"], "text": text, "parse_mode": "HTML"}
        call["reply_markup"] = KEYBOARD
    else:
        return b""
    return json.dumps(call).encode()


@pytest.fixture
def talk(hooked, hook, monkeypatch, capsys):
    """Run the command and return what it printed."""
    _, sandbox = hooked
    hook.answers.extend([(200, {}, replying)] * 20)
    monkeypatch.setattr(conversation, "QUIET_SECONDS", 0.2)
    monkeypatch.setattr(conversation, "PATIENCE_SECONDS", 0.6)
    monkeypatch.setenv("TELEGRAM_API_URL", sandbox.url)
    monkeypatch.setenv("SANDBOX_PAGE_TOKEN", sandbox.page_token)

    def run(*words, typed=""):
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        out, err = io.StringIO(), io.StringIO()
        call_command("say", *words, stdout=out, stderr=err)
        printed = capsys.readouterr().out
        return "".join([out.getvalue(), err.getvalue()]) if not typed else f"{printed}{out.getvalue()}{err.getvalue()}"

    return run


def test_it_prints_the_answer_with_its_buttons_and_links(talk):
    assert talk("ada", "/daily") == (
        "Diana (sandbox): Ada said /daily here <https://e.org/x>\n  [1] ✓ Go  [2] Stay  [3] Site  [4] Invite\n"
    )


@pytest.mark.parametrize("who", ["ADA", "lucia", "Lucía", str(LUCIA)])
def test_it_knows_people_by_name_and_id(talk, who):
    name = "Ada" if who == "ADA" else "Lucía"
    assert f"{name} said /x" in talk(who, "/x")


@pytest.mark.parametrize("label", ["go", "✓ Go", "1"])
def test_it_presses_a_button_after_the_text(talk, label):
    assert talk("ada", "/x", "--press", label).endswith("Diana (sandbox) (edited): Ada pressed go\n")


def test_it_presses_a_button_of_what_was_there(talk):
    talk("ada", "/x")
    assert "pressed stay" in talk("ada", "--press", "stay")
    with pytest.raises(CommandError, match=r"no button 'fly'. In the newest message: none"):
        talk("ada", "--press", "fly")


def test_it_opens_an_invitation_as_the_friend_would(talk):
    talk("ada", "/x")
    assert "Ada said /start r_1" in talk("ada", "--press", "invite")


def test_it_adds_who_is_not_there_always_under_one_id(talk, hooked):
    page, _ = hooked
    assert "Chen said /start" in talk("chen", "/start", "--lang", "es")
    [chen] = [one for one in page.get("state")["people"] if one["first_name"] == "Chen"]
    assert chen["language_code"] == "es"
    page.post("reset")
    talk("CHEN", "/start")
    assert chen["id"] in [one["id"] for one in page.get("state")["people"]]
    assert "Person 4242 said" in talk("4242", "/start")
    with pytest.raises(CommandError, match="phone speaks en"):
        talk("chen", "/start", "--lang", "ru")


def test_the_text_may_stand_after_the_options(talk):
    assert "Zed said /help" in talk("zed", "--lang", "ru", "/help")


def test_it_talks_in_a_group(talk, hooked):
    page, _ = hooked
    assert "Ada said /top" in talk("ada", "/top", "--group", "sandbox FRIENDS")
    assert len(page.messages(GROUP)) == 2
    talk("boris", "/top", "--group", "New ones")
    talk("ada", "/top", "--group", "new ones")
    [group] = [one for one in page.get("state")["groups"] if one["title"] == "New ones"]
    assert len(group["members"]) == 2


def test_it_says_when_no_answer_came_and_why(talk, hooked, hook):
    assert talk("ada", "hello") == "No answer within 1 seconds; ordinary messages get none.\n"
    hook.answers.clear()
    hook.answers.append((503, {}, b""))
    hook.answers.append((503, {}, b""))
    with pytest.raises(SystemExit, match="1"):
        talk("boris", "/x")


def test_it_converses_line_by_line(talk):
    told = talk("ada", typed="/x\n\n2\n>nothing\n>stay\n")
    assert "Ctrl-D ends." in told
    assert "A number presses the button" in told
    assert "Ada> /x\n" in told
    assert "Ada pressed stay" in told
    assert "There is no button 'nothing'" in told


def test_it_speaks_to_machines(talk):
    turn = json.loads(talk("ada", "/x", "--json"))
    assert turn["answers"][0]["text"] == "Ada said /x here"
    assert (turn["silence"], turn["failed"], turn["notices"]) == ("", False, [])
    assert [json.loads(line)["failed"] for line in talk("ada", "--json", typed="/x\n").splitlines()] == [False]


def test_it_pays_a_bill(talk, hooked, hook):
    _, sandbox = hooked
    bill = {"title": "VIP", "description": "A month", "payload": "p", "currency": "XTR"}
    call(sandbox, "sendInvoice", chat_id=ADA, **bill, prices=[{"label": "VIP", "amount": 250}])
    hook.answers.clear()

    def agree(update):
        query = update["pre_checkout_query"]["id"]
        return json.dumps({"method": "answerPreCheckoutQuery", "pre_checkout_query_id": query, "ok": True}).encode()

    hook.answers.append((200, {}, agree))
    told = talk("ada", "--press", "pay")
    assert "(payment paid)" in told
    assert "VIP, 250 Stars (paid)" in told


def test_it_names_the_cure_where_nothing_runs(talk, monkeypatch, tmp_path, settings):
    settings.BASE_DIR = tmp_path
    monkeypatch.delenv("SANDBOX_PAGE_TOKEN")
    with pytest.raises(CommandError, match="Start everything with `make run`"):
        talk("ada", "/x")
    monkeypatch.setenv("SANDBOX_PAGE_TOKEN", "wrong")
    with pytest.raises(CommandError, match="Open the address that the sandbox printed"):
        talk("ada", "/x")
    monkeypatch.setenv("TELEGRAM_API_URL", "http://127.0.0.1:1")
    with pytest.raises(CommandError, match=r"No sandbox answers.*make run"):
        talk("ada", "/x")


def test_it_finds_what_make_run_wrote_down(tmp_path, settings):
    (tmp_path / ".diana/run").mkdir(parents=True)
    (tmp_path / ".diana/run/env").write_text("TELEGRAM_API_URL=http://127.0.0.1:9\nSANDBOX_PAGE_TOKEN=t=\n")
    assert command.find_sandbox({}, tmp_path) == ("http://127.0.0.1:9", "t=")
    assert command.find_sandbox({"TELEGRAM_API_URL": "http://127.0.0.1:8"}, tmp_path)[0] == "http://127.0.0.1:8"


def test_it_never_speaks_to_a_real_bot(tmp_path, settings):
    with pytest.raises(CommandError, match="does not run in production"):
        command.find_sandbox({"DIANA_ENV": "production"}, tmp_path)
    with pytest.raises(CommandError, match="another server"):
        command.find_sandbox({"TELEGRAM_API_URL": "https://api.telegram.org", "SANDBOX_PAGE_TOKEN": "x"}, tmp_path)
    settings.TELEGRAM_BOT_TOKEN = "123456:" + "a" * 35
    with pytest.raises(CommandError, match="looks like a real one") as refused:
        command.find_sandbox({}, tmp_path)
    assert "aaaa" not in str(refused.value)


def test_buttons_are_chosen_as_people_name_them():
    newest = buttons_of({"message_id": 2, "reply_markup": {"inline_keyboard": [[{"text": "Álava 1"}, {"text": "1"}]]}})
    older = buttons_of({"message_id": 1, "reply_markup": {"inline_keyboard": [[{"text": "⭐ VIP · 250"}]]}})
    assert choose([*newest, *older], "2").label == "1"
    assert choose([*newest, *older], "alava").label == "Álava 1"
    assert choose([*newest, *older], "vip").message_id == 1
    for wanted in ("", "9", "x"):
        with pytest.raises(ChatRefused):
            choose([*newest, *older], wanted)
    with pytest.raises(ChatRefused, match="none"):
        choose([], "1")
    assert folded(" ÉÑ ") == "en"


def test_everything_that_comes_is_shown():
    sender = {"from": {"first_name": "D"}, "message_id": 1}
    assert with_links("😀ab", [{"type": "text_link", "offset": 2, "length": 1, "url": "u"}]) == "😀a <u>b"
    assert render_message(sender | {"document": {"file_name": "a", "file_size": 2}, "caption": "c"}) == (
        "D: file a, 2 bytes\n  c"
    )
    assert render_message(sender | {"refunded_payment": {"total_amount": 5}}) == "D: got back 5 Stars"
    assert render_message(sender | {"service": "joined", "edit_date": 1}) == "D (edited): joined"
