"""What people do, the updates that the bot gets of it, and what everybody who watches is told."""

import json

import pytest

from apps.bot import incoming, reading
from diana import clock
from tests.sandbox.chat.conftest import ADA, BORIS, GROUP, LUCIA

BUTTONS = {"inline_keyboard": [[{"text": "Go", "callback_data": "x"}, {"text": "Out", "url": "https://e.org"}]]}
ALL = list(incoming.KINDS)


@pytest.fixture
def updates(api):
    """Return what the bot has not taken yet; each must be as the bot reads it."""
    offset = 0
    api.post("setWebhook", json={"url": "https://e.org/", "allowed_updates": ALL})
    api.post("deleteWebhook")

    def take():
        nonlocal offset
        found = api.get("getUpdates", params={"offset": offset}).json()["result"]
        offset = found[-1]["update_id"] + 1 if found else offset
        for one in found:
            body = json.dumps(one).encode()
            assert incoming.decode(body).kind in one
            reading.read(body)
        return found

    return take


def test_there_are_people_and_a_group_to_begin_with(page):
    state = page.get("state")
    assert [(one["id"], one["first_name"], one["language_code"]) for one in state["people"]] == [
        (ADA, "Ada", "en"),
        (LUCIA, "Lucía", "es"),
        (BORIS, "Boris", "ru"),
    ]
    assert state["groups"] == [
        {"id": GROUP, "title": "Sandbox friends", "type": "supergroup", "members": [ADA, LUCIA, BORIS]}
        | {"bot_is_member": True}
    ]
    assert state["bot"] == {"id": 42, "username": "diana_sandbox_bot", "first_name": "Diana (sandbox)"}
    assert (state["links"], state["can_grant_vip"], state["has_timeline"]) == (
        {"admin": "", "flower": ""},
        False,
        False,
    )


def test_a_text_becomes_a_message_with_its_entities(page, updates):
    said = page.say("/daily@diana_sandbox_bot see 😀 https://e.org/a, @lucia #one")
    [update] = updates()
    assert update["update_id"] == said["update_id"]
    message = update["message"]
    assert message["from"] == {"id": ADA, "is_bot": False, "first_name": "Ada", "language_code": "en"}
    assert message["chat"] == {"id": ADA, "first_name": "Ada", "type": "private"}
    assert [(one["type"], one["offset"], one["length"]) for one in message["entities"]] == [
        ("bot_command", 0, 24),
        ("url", 32, 15),
        ("mention", 49, 6),
        ("hashtag", 56, 4),
    ]
    assert page.messages() == [said["message"]]
    assert said["message"]["chat"] == ADA
    # The message is there before its update is.
    told = {name: value for name, value in said["message"].items() if name != "update_id"}
    assert page.news(until="message") == [("message", {"chat": ADA, "message": told})]


def test_an_answer_comes_in_the_chat_it_was_sent_to(page, api, updates):
    page.say("/top", chat=GROUP)
    api.post("sendMessage", json={"chat_id": GROUP, "text": "for all"})
    api.post("sendMessage", json={"chat_id": LUCIA, "text": "for one"})
    assert [one["text"] for one in page.messages(GROUP)] == ["/top", "for all"]
    assert [one["text"] for one in page.messages(LUCIA)] == ["for one"]
    assert page.messages(ADA) == []
    told = [data for kind, data in page.news(until="message", times=3)]
    assert [(one["chat"], one["message"]["chat"], one["message"]["text"]) for one in told] == [
        (GROUP, GROUP, "/top"),
        (GROUP, GROUP, "for all"),
        (LUCIA, LUCIA, "for one"),
    ]


def test_updates_and_queries_are_numbered_above_those_of_earlier_runs(page, api):
    begun = int(clock.real_now().timestamp()) - 60
    assert page.say("x")["update_id"] > begun
    message = api.post("sendMessage", json={"chat_id": ADA, "text": "x", "reply_markup": BUTTONS}).json()["result"]
    pressed = page.post("press", person=ADA, chat=ADA, message_id=message["message_id"], row=0, column=0)
    assert int(pressed["query_id"]) > (begun - 1_767_225_600) * 1_000


@pytest.mark.parametrize("text", ["a/b", "1/2", "e.g. this", "a@b", "##x", "#1"])
def test_what_only_looks_like_an_entity_is_none(page, text):
    assert "entities" not in page.say(text)["message"]


def test_a_reply_carries_what_it_answers(page, updates, api):
    first = page.say("one")["message"]["message_id"]
    second = page.say("two", reply_to=first)["message"]
    assert second["reply_to_message_id"] == first
    assert updates()[1]["message"]["reply_to_message"]["text"] == "one"
    given = {"chat_id": ADA, "text": "three", "reply_parameters": {"message_id": first}}
    assert api.post("sendMessage", json=given).json()["result"]["reply_to_message"]["text"] == "one"
    given["reply_parameters"] = {"message_id": 1}
    assert api.post("sendMessage", json=given).json()["description"] == "Bad Request: message to be replied not found"


def test_the_numbers_of_a_chat_are_shared_and_do_not_begin_anew(page, api):
    numbers = [page.say("one")["message"]["message_id"]]
    numbers.append(api.post("sendMessage", json={"chat_id": ADA, "text": "x"}).json()["result"]["message_id"])
    numbers.append(page.say("two")["message"]["message_id"])
    assert numbers == list(range(numbers[0], numbers[0] + 3))
    assert numbers[0] > 28_000_000


def test_a_button_is_pressed_and_answered(page, api, updates):
    message = api.post("sendMessage", json={"chat_id": ADA, "text": "x", "reply_markup": BUTTONS}).json()["result"]
    pressed = page.post("press", person=ADA, chat=ADA, message_id=message["message_id"], row=0, column=0)
    [update] = updates()
    query = update["callback_query"]
    assert (update["update_id"], query["id"]) == (pressed["update_id"], pressed["query_id"])
    assert (query["data"], query["message"], query["from"]["id"]) == ("x", message, ADA)
    api.post("answerCallbackQuery", json={"callback_query_id": query["id"], "text": "Done", "show_alert": True})
    notice = {"person": ADA, "query_id": query["id"], "text": "Done", "alert": True}
    assert page.news(until="notice")[-1] == ("notice", notice)


def test_a_button_of_an_edited_message_is_the_new_one(page, api, updates):
    message = api.post("sendMessage", json={"chat_id": ADA, "text": "x", "reply_markup": BUTTONS}).json()["result"]
    other = {"inline_keyboard": [[{"text": "Go", "callback_data": "y"}]]}
    edited = {"chat_id": ADA, "message_id": message["message_id"], "text": "z", "reply_markup": other}
    api.post("editMessageText", json=edited)
    _, news = page.news(until="edited")[-1]
    assert (news["message"]["text"], news["message"]["reply_markup"]) == ("z", other)
    assert page.messages()[-1] == news["message"]
    page.post("press", person=ADA, chat=ADA, message_id=message["message_id"], row=0, column=0)
    assert updates()[0]["callback_query"]["data"] == "y"


def test_only_what_can_be_pressed_is_pressed(page, api):
    message = api.post("sendMessage", json={"chat_id": ADA, "text": "x", "reply_markup": BUTTONS}).json()["result"]
    place = {"person": ADA, "chat": ADA, "message_id": message["message_id"], "row": 0, "column": 0}
    for change, status in (
        ({"column": 1}, 400),
        ({"column": 2}, 404),
        ({"row": -1}, 404),
        ({"message_id": 1}, 404),
        ({"person": LUCIA}, 403),
        ({"person": 5}, 404),
        ({"chat": GROUP}, 404),
        ({"row": "0"}, 400),
    ):
        assert page.refusal("press", **place | change)[0] == status


def test_a_message_of_ones_own_is_edited(page, api, updates):
    said = page.say("one")["message"]
    page.post("edit", person=ADA, chat=ADA, message_id=said["message_id"], text="/two")
    message, edited = updates()
    assert (message["message"]["text"], edited["edited_message"]["text"]) == ("one", "/two")
    assert edited["edited_message"]["entities"][0]["type"] == "bot_command"
    bots = api.post("sendMessage", json={"chat_id": ADA, "text": "x"}).json()["result"]["message_id"]
    assert page.refusal("edit", person=ADA, chat=ADA, message_id=bots, text="mine")[0] == 403
    given = {"chat_id": ADA, "message_id": said["message_id"], "text": "x"}
    assert api.post("editMessageText", json=given).json()["description"] == "Bad Request: message can't be edited"


def test_reactions_are_told_to_a_bot_that_asked_for_them(page, api, updates):
    message = page.say("x", chat=GROUP)["message"]
    place = {"person": LUCIA, "chat": GROUP, "message_id": message["message_id"]}
    for emoji in ("👍", "🎉", "🎉", None):
        page.post("react", **place, emoji=emoji)
    told = [one["message_reaction"] for one in updates()[1:]]
    assert [([e["emoji"] for e in one["old_reaction"]], [e["emoji"] for e in one["new_reaction"]]) for one in told] == [
        ([], ["👍"]),
        (["👍"], ["🎉"]),
        (["🎉"], []),
    ]
    page.post("react", **place, emoji="👍")
    assert page.messages(GROUP)[0]["reactions"] == [{"person": LUCIA, "emoji": "👍"}]
    api.get("getUpdates", params={"allowed_updates": "[]"})
    assert page.post("react", **place, emoji=None) == {"update_id": None}


def test_somebody_is_added_meets_the_bot_and_blocks_it(page, api, updates):
    new = page.post("people", first_name="Chen", username="chen_", language_code="zh", time_zone="Asia/Shanghai")
    assert new["id"] > 9_100_000_000
    send = {"chat_id": new["id"], "text": "x"}
    assert "can't initiate conversation" in api.post("sendMessage", json=send).json()["description"]
    assert page.post("link", person=new["id"], link="https://t.me/diana_sandbox_bot?start=r_abc")["chat"] == new["id"]
    [start] = updates()
    assert (start["message"]["text"], start["message"]["from"]["username"]) == ("/start r_abc", "chen_")
    assert start["message"]["entities"] == [{"offset": 0, "length": 6, "type": "bot_command"}]
    assert api.post("sendMessage", json=send).json()["ok"]
    assert page.post("block", person=new["id"], blocked=True)["blocked"]
    answer = api.post("sendMessage", json=send)
    assert (answer.status_code, answer.json()["description"]) == (403, "Forbidden: bot was blocked by the user")
    assert page.refusal("say", person=new["id"], chat=new["id"], text="x")[0] == 409
    page.post("block", person=new["id"], blocked=False)
    steps = [one["my_chat_member"] for one in updates()]
    assert [(one["old_chat_member"]["status"], one["new_chat_member"]["status"]) for one in steps] == [
        ("member", "kicked"),
        ("kicked", "member"),
    ]
    assert api.post("sendMessage", json=send).json()["ok"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"first_name": " "},
        {"first_name": "x" * 65},
        {"username": "a b"},
        {"language_code": "EN!"},
        {"time_zone": "Mars"},
        {"id": 0},
    ],
)
def test_nobody_impossible_is_added(page, wrong):
    assert page.refusal("people", **{"first_name": "Chen"} | wrong)[0] == 400


def test_nobody_is_added_twice(page):
    assert page.post("people", first_name="Bob", id=77)["id"] == 77
    assert page.refusal("people", first_name="Bob", id=77)[0] == 409


@pytest.mark.parametrize(
    "link",
    [
        "https://e.org",
        "https://t.me/other?start=x",
        "https://t.me/diana_sandbox_bot?start=a%20b",
        "javascript:x",
        "https://t.me/$none",
    ],
)
def test_only_links_to_the_bot_are_opened(page, link):
    assert page.refusal("link", person=ADA, link=link)[0] == 400


def test_a_group_is_made_joined_and_left(page, updates):
    group = page.post("groups", title="Readers", members=[ADA, LUCIA])
    made, joined = updates()
    assert made["my_chat_member"]["new_chat_member"]["user"]["id"] == 42
    assert made["my_chat_member"]["new_chat_member"]["status"] == "administrator"
    assert joined["chat_member"]["new_chat_member"]["user"]["id"] == LUCIA
    assert page.refusal("say", person=BORIS, chat=group["id"], text="x")[0] == 403
    assert page.post(f"groups/{group['id']}/members", person=BORIS, member=True)["members"] == [ADA, LUCIA, BORIS]
    service, change = updates()
    assert service["message"]["new_chat_members"][0]["id"] == BORIS
    steps = change["chat_member"]["old_chat_member"]["status"], change["chat_member"]["new_chat_member"]["status"]
    assert steps == ("left", "member")
    page.post(f"groups/{group['id']}/members", person=BORIS, member=False)
    assert [one["service"] for one in page.messages(group["id"])] == ["joined", "left"]
    assert len(updates()) == 2
    page.post(f"groups/{group['id']}/members", person=BORIS, member=False)
    assert updates() == []


def test_the_bot_counts_a_group_and_leaves_it(page, api, updates):
    assert api.post("getChatMemberCount", json={"chat_id": GROUP}).json()["result"] == 4
    for _ in range(2):
        left = api.post("leaveChat", json={"chat_id": GROUP})
    assert (left.status_code, "not a member" in left.json()["description"]) == (403, True)
    [told] = updates()
    changed = told["my_chat_member"]
    assert (changed["from"]["id"], changed["new_chat_member"]["status"]) == (42, "left")
    [group] = page.get("state")["groups"]
    assert (group["bot_is_member"], group["members"]) == (False, [ADA, LUCIA, BORIS])


def test_the_bot_is_thrown_out_of_a_group(page, api, updates):
    page.post(f"groups/{GROUP}/members", person=42, member=False)
    assert updates()[0]["my_chat_member"]["new_chat_member"]["status"] == "kicked"
    assert page.say("alone", chat=GROUP)["update_id"] is None
    answer = api.post("sendMessage", json={"chat_id": GROUP, "text": "x"})
    assert (answer.status_code, answer.json()["description"]) == (
        403,
        "Forbidden: bot was kicked from the supergroup chat",
    )


def test_commands_are_shown_by_scope_and_language(page, api):
    def set_commands(name, **more):
        api.post("setMyCommands", json={"commands": [{"command": name, "description": "d"}], **more})

    def shown(person, chat):
        return [one["command"] for one in page.get("commands", person=person, chat=chat)["commands"]]

    set_commands("plain")
    set_commands("hola", language_code="es")
    assert (shown(ADA, ADA), shown(LUCIA, LUCIA)) == (["plain"], ["hola"])
    set_commands("together", scope={"type": "all_group_chats"})
    assert (shown(LUCIA, GROUP), shown(ADA, ADA)) == (["together"], ["plain"])
    set_commands("mine", scope={"type": "chat", "chat_id": ADA})
    assert shown(ADA, ADA) == ["mine"]
    assert page.news(until="commands")[-1] == ("commands", {})


def test_typing_is_seen(page, api):
    api.post("sendChatAction", json={"chat_id": ADA, "action": "typing"})
    assert page.news(until="typing") == [("typing", {"chat": ADA, "action": "typing"})]


def test_a_document_is_saved(page, api):
    sent = api.post("sendDocument", data={"chat_id": ADA}, files={"document": ("dáta.json", b'{"a": 1}')}).json()
    document = page.messages()[0]["document"]
    assert document == sent["result"]["document"]
    answer = page.http.get(f"/chat/files/{document['file_id']}")
    assert answer.content == b'{"a": 1}'
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''d%C3%A1ta.json"
    assert page.http.get("/chat/files/sandbox-99").status_code == 404


def test_everything_begins_anew(page, api, updates):
    page.post("people", first_name="Chen")
    page.say("x")
    last = page.get("state")["last"]
    assert page.post("reset") == {"ok": True}
    assert page.news(after=last, until="reset") == [("reset", {})]
    assert (page.messages(), len(page.get("state")["people"])) == ([], 3)
    assert updates() == []


def test_a_message_names_the_update_that_told_the_bot_of_it(page):
    said = page.say("x")
    kept = page.get("messages", chat=ADA)["messages"][-1]
    assert kept["update_id"] == said["update_id"]
