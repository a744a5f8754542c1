"""Decoding updates: strict, and never more than Malformed."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.bot.incoming import KINDS, UNANSWERED, Incoming, Malformed, decode
from apps.bot.reading import Unreadable
from apps.users.selectors import guess_language
from tests.bot.updates import GROUP, message, press, private_chat, update, user

BROKEN = {
    "empty": b"",
    "no object": b"[]",
    "no update id": b"{}",
    "a null": b"null",
    "deeper and open": b'{"update_id":1,"x":' + b'{"a":' * 50_000,
    "raw NUL outside": b'{"update_id":1,\x00"x":1}',
    "NaN": b'{"update_id":1,"x":NaN}',
    "infinity": b'{"update_id":1,"x":-Infinity}',
    "a huge id": b'{"update_id":' + b"9" * 5000 + b"}",
    "a float id": b'{"update_id":1.0}',
    "a negative id": b'{"update_id":-1}',
    "a mark before": b'\xef\xbb\xbf{"update_id":1}',
    "UTF-16": '{"update_id":1}'.encode("utf-16"),
    "two objects": b'{"update_id":1}{"update_id":2}',
    "a truth for an id": b'{"update_id":true}',
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_body_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        decode(body)


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode(errors="surrogatepass")))
def test_random_bytes_are_malformed_and_nothing_else(body: bytes) -> None:
    with pytest.raises(Malformed):
        decode(body)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)


@given(
    st.dictionaries(
        st.sampled_from(["update_id", *KINDS, "later_kind"]), _json | st.fixed_dictionaries({"from": _json})
    )
)
def test_any_json_is_an_update_or_malformed(body: dict[str, Any]) -> None:
    try:
        found = decode(json.dumps(body).encode())
    except (Malformed, Unreadable):
        return
    assert found.update_id == body["update_id"]
    assert found.kind is None or body[found.kind] is not None


CHANGE = {"chat": GROUP, "from": user(8), "old_chat_member": {"status": "left", "user": user(9)}}
PARTS: dict[str, dict[str, Any]] = {
    "message": {"from": user(7), "chat": GROUP},
    "edited_message": {"from": user(7), "chat": GROUP},
    "callback_query": {"id": "1", "from": user(7), "message": {"chat": GROUP}},
    "my_chat_member": CHANGE | {"from": user(7), "new_chat_member": {"status": "left", "user": user(1, is_bot=True)}},
    "chat_member": CHANGE | {"new_chat_member": {"status": "member", "user": user(7)}},
    "message_reaction": {"user": user(7), "chat": GROUP, "message_id": 5},
}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("pre_checkout_query", "subscription")])
def test_each_known_kind_is_recognized(kind: str) -> None:
    body = update(kind, PARTS[kind])
    found = decode(json.dumps(body).encode())
    where = {"chat_kind": GROUP["type"], "title": GROUP["title"]}
    assert found._replace(document=b"") == Incoming(
        body["update_id"], kind, 7, GROUP["id"], answered=kind not in ("message", *UNANSWERED), **where
    )
    assert json.loads(found.document).keys() == {kind}
    assert GROUP["title"].encode() not in found.document


@pytest.mark.parametrize(("title", "kept"), [("a\x00b", "ab"), ("x" * 301, None), (5, None), (None, None)])
def test_a_title_that_nobody_can_keep_is_left_out(title: Any, kept: str | None) -> None:
    found = decode(json.dumps(update("message", {"from": user(7), "chat": GROUP | {"title": title}})).encode())
    assert (found.chat, found.title) == (GROUP["id"], kept)


def test_a_subscription_is_read_and_nothing_of_it_is_kept() -> None:
    body = update("subscription", {"user": user(7), "invoice_payload": "p", "state": "canceled"})
    found = decode(json.dumps(body).encode())
    assert (found.kind, found.sender, found.chat, found.adds_sender) == ("subscription", 7, None, False)
    assert found.subscribed is not None
    assert (found.subscribed.user.id, found.subscribed.invoice_payload, found.subscribed.state) == (7, "p", "canceled")
    assert json.loads(found.document) == {}


def test_the_chat_of_a_button_is_that_of_its_message() -> None:
    assert decode(json.dumps(press("v1|top|show|1")).encode()).chat == user()["id"]


def test_a_membership_is_about_whose_it_is_and_not_about_who_changed_it() -> None:
    def sender(member: dict[str, Any]) -> int | None:
        return decode(json.dumps(update("chat_member", CHANGE | {"new_chat_member": member})).encode()).sender

    assert sender({"status": "member", "user": user(9)}) == 9
    assert sender({"status": "member", "user": user(9, is_bot=True)}) is None


UNREADABLE: dict[str, dict[str, Any]] = {
    "a text for a message": {"message": "hello"},
    "a message without a chat": {"message": {"text": "x"}},
    "a chat without an id": {"message": {"chat": {"type": "private"}}},
    "a huge chat": {"message": {"chat": {"id": 2**70}}},
    "a button of nobody": {"callback_query": {"id": "1"}},
    "a button of no number": {"callback_query": {"id": 1, "from": user()}},
    "a membership of nobody": {"chat_member": CHANGE | {"new_chat_member": {"status": "member", "user": "nobody"}}},
    "a membership of a bot or not": {"chat_member": CHANGE | {"new_chat_member": {"user": user(is_bot=5)}}},
    "a membership that is none": {"my_chat_member": CHANGE | {"new_chat_member": 5}},
    "a reaction to nothing": {"message_reaction": {"chat": GROUP}},
    "more errors than anybody makes": {"message": {"chat": GROUP, "entities": [5] * 300}},
}


@pytest.mark.parametrize("part", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_part_that_is_needed_makes_it_unreadable(part: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        decode(json.dumps({"update_id": 1} | part).encode())


@pytest.mark.parametrize("field", ["successful_payment", "refunded_payment"])
def test_of_what_has_to_do_with_money_nothing_is_left_out(field: str) -> None:
    sent = update(body=message("") | {field: {"telegram_payment_charge_id": 5}})
    with pytest.raises(Unreadable, match="payment"):
        decode(json.dumps(sent).encode())


def test_a_reaction_names_its_user() -> None:
    body = update("message_reaction", PARTS["message_reaction"] | {"user": user(8)})
    assert decode(json.dumps(body).encode()).sender == 8


def test_bots_are_no_people() -> None:
    body = update(body=message("beep", sender=user(9, is_bot=True)))
    assert decode(json.dumps(body).encode()).sender is None


def test_an_unknown_kind_has_no_kind() -> None:
    body = update("poll", {"id": "1"})
    assert decode(json.dumps(body).encode()) == Incoming(body["update_id"], None, None, None)


@pytest.mark.parametrize("text", [r"\u0000", r"\ud83d\ude00", "\u202e", "a\u0301" * 300], ids=ascii)
def test_strange_but_valid_text_comes_in(text: str) -> None:
    body = '{"update_id":5,"message":{"from":{"id":1},"chat":{"id":1},"text":"' + text + '"}}'
    assert decode(body.encode()).update_id == 5


QUESTION = {"id": "91", "from": user(7), "currency": "XTR", "total_amount": 250, "invoice_payload": "p"}
PAID = {
    "currency": "XTR",
    "total_amount": 200,
    "invoice_payload": "p",
    "telegram_payment_charge_id": "c",
    "provider_payment_charge_id": "",
}


def test_a_question_before_a_payment_is_read() -> None:
    found = decode(json.dumps(update("pre_checkout_query", QUESTION)).encode())
    assert (found.kind, found.sender, found.chat) == ("pre_checkout_query", 7, None)
    assert found.asked is not None
    assert (found.asked.id, found.asked.total_amount, found.asked.from_.language) == ("91", 250, "en")


@pytest.mark.parametrize(
    "code", [b"5", b"[[]]", b"{}", b"-" + b"9" * 400, b"9" * 5000, rb'"\ud800"'], ids=lambda code: code[:9]
)
def test_a_question_before_a_payment_is_read_whatever_language_its_payer_has(code: bytes) -> None:
    body = json.dumps(update("pre_checkout_query", QUESTION | {"from": user(7, language_code="MARK")})).encode()
    found = decode(body.replace(b'"MARK"', code))
    assert found.asked is not None
    assert (found.asked.from_.id, guess_language(found.asked.from_.language)) == (7, "en")


def test_a_payment_is_read_with_its_time() -> None:
    body = {"from": user(7), "chat": private_chat(7), "date": 1_790_000_000}
    found = decode(json.dumps(update("message", body | {"successful_payment": PAID})).encode())
    assert found.paid is not None
    assert (found.paid.telegram_payment_charge_id, found.answered) == ("c", False)
    assert found.sent_at == datetime.fromtimestamp(1_790_000_000, UTC)
    back = decode(json.dumps(update("message", body | {"refunded_payment": PAID})).encode())
    assert (back.paid, back.refunded.telegram_payment_charge_id) == (None, "c")  # type: ignore[union-attr]
    odd = decode(json.dumps(update("message", body | {"successful_payment": PAID, "date": "now"})).encode())
    assert odd.sent_at is None


@pytest.mark.parametrize("change", [{"id": ""}, {"id": "\x00"}, {"total_amount": -1}, {"currency": None}, {"from": 7}])
def test_a_question_that_is_none_is_unreadable(change: dict[str, object]) -> None:
    with pytest.raises(Unreadable):
        decode(json.dumps(update("pre_checkout_query", QUESTION | change)).encode())
